//! From SQL to Redis through the real PostgreSQL, Debezium and Kafka: which keys go, and which stay.

mod pipeline;
mod universe;

use pipeline::Pipeline;

/// Every writer and every kind of write, on the shipped configuration and PostgreSQL's default replica identity.
#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one stack, one story: each step stands on the rows of the one before"
)]
fn each_write_deletes_the_keys_it_affects_and_no_others() {
    let mut pipeline = Pipeline::start();
    let declared = |keys: &[&str]| -> Vec<String> {
        keys.iter().copied().chain(["dashboard:*", "collab_stats:*"]).map(str::to_owned).collect()
    };
    let large: String = (0..40_000_u64).map(|n| char::from(b'a' + (n * n % 251 % 26) as u8)).collect();

    pipeline.step("nothing", "SELECT 1", &[]);
    pipeline.step(
        "create",
        &format!(
            "INSERT INTO workorder_workordertask
                 (id, work_order_process_id, assigned_department_id, assigned_operator_id, work_content)
             VALUES (1001, 1, 1, 1, '{large}')"
        ),
        &declared(&["task_stats:1", "dept_workload:1", "operator_stats:1"]),
    );
    pipeline.step(
        "update of a column that is read, beside a large one that is not sent again",
        "UPDATE workorder_workordertask SET status = 'completed' WHERE id = 1001",
        &declared(&["task_stats:1", "dept_workload:1", "operator_stats:1"]),
    );
    pipeline.step(
        "update of columns that only the dashboard reads",
        "UPDATE workorder_workordertask SET work_content = 'more', updated_at = now() WHERE id = 1001",
        &["dashboard:*".to_owned()],
    );
    pipeline.step(
        "a move between departments",
        "UPDATE workorder_workordertask SET assigned_department_id = 2 WHERE id = 1001",
        &declared(&[
            "task_stats:1",
            "task_stats:2",
            "dept_workload:1",
            "dept_workload:2",
            "operator_stats:1",
        ]),
    );
    pipeline.step(
        "another operator",
        "UPDATE workorder_workordertask SET assigned_operator_id = 3 WHERE id = 1001",
        &declared(&["dept_workload:2", "operator_stats:1", "operator_stats:3"]),
    );
    pipeline.step(
        "a primary-key change",
        "UPDATE workorder_workordertask SET id = 5001 WHERE id = 1001",
        &declared(&["task_stats:2", "dept_workload:2", "operator_stats:3"]),
    );
    pipeline.step(
        "delete, whose event says that the row had no department",
        "DELETE FROM workorder_workordertask WHERE id = 5001",
        &declared(&["task_stats:2", "dept_workload:2", "operator_stats:3"]),
    );
    pipeline.step(
        "a task without department and operator",
        "INSERT INTO workorder_workordertask (id, work_order_process_id) VALUES (1002, 1)",
        &declared(&[]),
    );
    pipeline.step(
        "its update",
        "UPDATE workorder_workordertask SET status = 'cancelled' WHERE id = 1002",
        &declared(&[]),
    );
    pipeline.step(
        "a transaction that is rolled back",
        "BEGIN; UPDATE workorder_workordertask SET status = 'cancelled'; ROLLBACK",
        &[],
    );
    pipeline.step(
        "a row that moves twice in one transaction",
        "BEGIN;
         UPDATE workorder_workordertask SET assigned_department_id = 3 WHERE id = 1002;
         UPDATE workorder_workordertask SET assigned_department_id = 4 WHERE id = 1002;
         COMMIT",
        &declared(&["task_stats:3", "dept_workload:3", "task_stats:4", "dept_workload:4"]),
    );
    pipeline.step(
        "bulk insert",
        "INSERT INTO workorder_workordertask (id, work_order_process_id, assigned_department_id)
         SELECT 2000 + n, 1, 5 FROM generate_series(1, 500) n",
        &declared(&["task_stats:5", "dept_workload:5"]),
    );
    pipeline.step(
        "bulk update",
        "UPDATE workorder_workordertask SET status = 'in_progress', assigned_department_id = 6 WHERE id > 2000",
        &declared(&["task_stats:5", "task_stats:6", "dept_workload:5", "dept_workload:6"]),
    );
    pipeline.step(
        "bulk delete",
        "DELETE FROM workorder_workordertask WHERE id > 2000",
        &declared(&["task_stats:6", "dept_workload:6"]),
    );
    pipeline.step(
        "a log: its operator is the task's",
        "INSERT INTO workorder_tasklog (id, task_id, log_type)
         SELECT 9001, id, 'complete' FROM workorder_workordertask WHERE assigned_operator_id = 5 LIMIT 1",
        &["operator_stats:5".to_owned(), "collab_stats:*".to_owned()],
    );
    pipeline.step(
        "the log moves to a task of another operator",
        "UPDATE workorder_tasklog SET task_id = (
             SELECT id FROM workorder_workordertask WHERE assigned_operator_id = 6 LIMIT 1
         ) WHERE id = 9001",
        &["operator_stats:5".to_owned(), "operator_stats:6".to_owned(), "collab_stats:*".to_owned()],
    );
    pipeline.step(
        "a log's column that is not read",
        "UPDATE workorder_tasklog SET content = 'seen' WHERE id = 9001",
        &[],
    );
    let departments = |condition: &str| {
        format!(
            "SELECT DISTINCT 'dept_workload:' || task.assigned_department_id
             FROM workorder_workordertask task
             JOIN workorder_workorderprocess process ON process.id = task.work_order_process_id
             WHERE task.assigned_department_id IS NOT NULL AND {condition}"
        )
    };
    let of_user = pipeline.keys(&departments("task.assigned_operator_id = 4"));
    assert!((1..6).contains(&of_user.len()), "{of_user:?} is neither none nor the family");
    pipeline.step(
        "a user's name: the user's own key, and the departments of the user's tasks",
        "UPDATE auth_user SET username = 'chen-li' WHERE id = 4",
        &[of_user, vec!["operator_stats:4".to_owned(), "collab_stats:*".to_owned()]].concat(),
    );
    let operators = |department: i32| {
        format!(
            "SELECT DISTINCT 'operator_stats:' || assigned_operator_id FROM workorder_workordertask
             WHERE assigned_department_id = {department} AND assigned_operator_id IS NOT NULL"
        )
    };
    let of_department = pipeline.keys(&operators(3));
    assert!((1..8).contains(&of_department.len()), "{of_department:?} is neither none nor the family");
    pipeline.step(
        "a department's name: its own key, and the operators of its tasks",
        "UPDATE workorder_department SET name = 'Print' WHERE id = 3",
        &[of_department, vec!["dept_workload:3".to_owned(), "collab_stats:*".to_owned()]].concat(),
    );
    pipeline.step(
        "the name of a department without tasks",
        "UPDATE workorder_department SET name = 'Shelf' WHERE id = 6",
        &["dept_workload:6".to_owned(), "collab_stats:*".to_owned()],
    );
    let of_order = pipeline.keys(&departments("process.work_order_id = 2"));
    assert!((1..6).contains(&of_order.len()), "{of_order:?} is neither none nor the family");
    pipeline.step(
        "a work order's priority, two relations behind its tasks",
        "UPDATE workorder_workorder SET priority = 'urgent' WHERE id = 2",
        &of_order,
    );
    let of_process = pipeline.keys(&departments("process.id = 2"));
    pipeline.step(
        "a process goes to another work order",
        "UPDATE workorder_workorderprocess SET work_order_id = 9 WHERE id = 2",
        &of_process,
    );
    pipeline.step(
        "a process' status",
        "UPDATE workorder_workorderprocess SET status = 'done' WHERE id = 2",
        &["process_load:4".to_owned()],
    );
    let of_department = pipeline.keys(&operators(4));
    pipeline.step(
        "a department's deletion, which the database passes on to its tasks and processes",
        "DELETE FROM workorder_department WHERE id = 4",
        &[of_department, declared(&["task_stats:4", "dept_workload:4", "process_load:4"])].concat(),
    );
    pipeline.let_truncates_through("workorder_tasklog");
    pipeline.step(
        "a table is emptied",
        "TRUNCATE workorder_tasklog",
        &["operator_stats:*".to_owned(), "collab_stats:*".to_owned()],
    );
    assert_eq!(pipeline.stop(), Some(0), "SIGTERM ends it well");
}
