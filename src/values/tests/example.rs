//! The values of the work-orders example, as its application computes them.

use super::scene::{Scene, float, int, map, text};
use crate::values::{Datum, Spelling, Tree};

const TABLES: &str = "
tables:
  task: { topic: app.public.workorder_workordertask, primary_key: id, columns: { status: text } }
  process: { topic: app.public.workorder_workorderprocess, primary_key: id }
  work_order: { topic: app.public.workorder_workorder, primary_key: id COLUMNS_OF_ORDER }
  department: { topic: app.public.workorder_department, primary_key: id COLUMNS_OF_DEPARTMENT }
  user: { topic: app.public.auth_user, primary_key: id COLUMNS_OF_USER }
relations:
  task.department: { column: assigned_department_id, to: department }
  task.operator: { column: assigned_operator_id, to: user }
  task.process: { column: work_order_process_id, to: process }
  process.work_order: { column: work_order_id, to: work_order }
views:
";

const TASK_STATS: &str = "
  task_stats:
    key: \"task_stats:{department_id}\"
    from: { task: { fill: { department_id: assigned_department_id } } }
    ttl: 5m
    value:
      total: count(*)
      pending: count(*) filter (where status = 'pending')
      in_progress: count(*) filter (where status = 'in_progress')
      completed: count(*) filter (where status = 'completed')
";

const DEPT_WORKLOAD: &str = "
  dept_workload:
    key: \"dept_workload:{department_id}\"
    from: { task: { fill: { department_id: assigned_department_id } } }
    ttl: 5m
    value:
      department_id: department_id
      department_name: department.name
      summary:
        total_tasks: count(*)
        pending_tasks: count(*) filter (where status = 'pending')
        completed_tasks: count(*) filter (where status = 'completed')
        completion_rate: coalesce(round(completed_tasks / nullif(total_tasks, 0) * 100, 2), 0)
      operators:
        each: assigned_operator_id
        where: operator.is_active and not operator.is_superuser
        order_by: [total_count desc]
        value:
          operator_id: assigned_operator_id
          operator_name: operator.username
          completed_count: count(*) filter (where status = 'completed')
          total_count: count(*)
          completion_rate: coalesce(round(completed_count / nullif(total_count, 0) * 100, 2), 0)
      priority_distribution:
        urgent: count(*) filter (where process.work_order.priority = 'urgent')
        normal: count(*) filter (where process.work_order.priority = 'normal')
      none_rate: coalesce(round(1 / nullif(0, 0) * 100, 2), 0)
";

const ROWS: [&str; 14] = [
    "department id=5 name=press",
    "user id=1 username=ann is_active=true is_superuser=false",
    "user id=2 username=bob is_active=true is_superuser=false",
    "user id=3 username=root is_active=true is_superuser=true",
    "work_order id=1 priority=urgent",
    "work_order id=2 priority=normal",
    "process id=1 work_order_id=1",
    "process id=2 work_order_id=2",
    "task id=1 assigned_department_id=5 assigned_operator_id=2 work_order_process_id=1 status=completed",
    "task id=2 assigned_department_id=5 assigned_operator_id=1 work_order_process_id=1 status=pending",
    "task id=3 assigned_department_id=5 assigned_operator_id=2 work_order_process_id=2 status=pending",
    "task id=4 assigned_department_id=5 assigned_operator_id=2 work_order_process_id=2 status=cancelled",
    "task id=5 assigned_department_id=5 assigned_operator_id=3 work_order_process_id=2 status=completed",
    "task id=6 assigned_department_id=5 assigned_operator_id=null work_order_process_id=2 status=completed",
];

fn scene(view: &str, far: bool) -> Scene {
    let columns = |columns: &str| if far { format!(", columns: {columns}") } else { String::new() };
    let tables = TABLES
        .replace(" COLUMNS_OF_ORDER", &columns("{ priority: text }"))
        .replace(" COLUMNS_OF_DEPARTMENT", &columns("{ name: text }"))
        .replace(
            " COLUMNS_OF_USER",
            &columns("{ username: text, is_active: boolean, is_superuser: boolean }"),
        );
    let mut scene = Scene::new(&format!("{tables}{view}"));
    for row in ROWS.iter().filter(|row| far || row.starts_with("task")) {
        scene.row(row);
    }
    scene
}

/// What a value names is what a change of it affects the key by.
#[test]
fn a_change_of_what_is_read_affects_the_key() {
    let mut scene = scene(DEPT_WORKLOAD, true);
    for (row, affects) in [
        ("department id=5 name=printing", true),
        ("user id=2 username=rob is_active=true is_superuser=false", true),
        ("user id=2 username=rob is_active=false is_superuser=false", true),
        ("user id=2 username=rob is_active=false is_superuser=false", false),
        ("work_order id=2 priority=urgent", true),
        ("process id=2 work_order_id=1", true),
        ("work_order id=2 priority=normal", false),
        (
            "task id=6 assigned_department_id=5 assigned_operator_id=1 work_order_process_id=2 status=completed",
            true,
        ),
        ("-task id=6", true),
    ] {
        let keys = scene.affected(row);
        assert_eq!(keys.iter().any(|key| key == "dept_workload:5"), affects, "{row}: {keys:?}");
    }
    let value = scene.value("dept_workload:5").expect("a value");
    let Tree::Map(fields) = &value else { panic!("a map") };
    assert_eq!(fields[1].1, text("printing"));
    assert_eq!(fields[4].1, map([("urgent", int(5)), ("normal", int(0))]));
}

#[test]
fn task_stats() {
    let expected =
        map([("total", int(6)), ("pending", int(2)), ("in_progress", int(0)), ("completed", int(3))]);
    assert_eq!(scene(TASK_STATS, false).value("task_stats:5"), Ok(expected));
}

#[test]
fn dept_workload() {
    let operator = |id, name, completed, total, rate| {
        map([
            ("operator_id", int(id)),
            ("operator_name", text(name)),
            ("completed_count", int(completed)),
            ("total_count", int(total)),
            ("completion_rate", float(rate)),
        ])
    };
    let summary = [
        ("total_tasks", int(6)),
        ("pending_tasks", int(2)),
        ("completed_tasks", int(3)),
        ("completion_rate", float(50.0)),
    ];
    let expected = map([
        ("department_id", int(5)),
        ("department_name", text("press")),
        ("summary", map(summary)),
        // A float where something was divided, though nothing is completed.
        ("operators", Tree::List(vec![operator(2, "bob", 1, 3, 33.33), operator(1, "ann", 0, 1, 0.0)])),
        ("priority_distribution", map([("urgent", int(2)), ("normal", int(4))])),
        // The integer where nothing was.
        ("none_rate", int(0)),
    ]);
    let scene = scene(DEPT_WORKLOAD, true);
    let value = scene.value("dept_workload:5").expect("a value");
    assert_eq!(value, expected);
    let Tree::Map(fields) = &value else { panic!("a map") };
    assert_eq!(fields[5].1, Tree::Leaf(Datum::Integer(0)));
    let read: serde_json::Value = serde_pickle::from_slice(
        &scene.bytes("dept_workload:5", Spelling::Pickle).expect("a pickle"),
        serde_pickle::DeOptions::new(),
    )
    .expect("what was written");
    assert_eq!(read["operators"][1]["completion_rate"].to_string(), "0.0");
    assert_eq!(read["none_rate"].to_string(), "0");
}
