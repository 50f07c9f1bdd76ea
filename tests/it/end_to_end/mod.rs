//! From SQL to Redis through the real PostgreSQL, Debezium and Kafka: which keys go, and which stay.

mod pipeline;
mod universe;

use pipeline::Pipeline;

/// Every writer and every kind of write, on the shipped configuration.
///
/// An insert, a deletion or a task's new operator deletes the family of `operator_stats`, because a task's logs fill its
/// hole through the task.
#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one stack, one story: each step stands on the rows of the one before"
)]
fn each_write_deletes_the_keys_it_affects_and_no_others() {
    let mut pipeline = Pipeline::start();
    let after_start = ["dashboard:*", "collab_stats:*"];
    let plus = |keys: &[&'static str]| -> Vec<&'static str> { [keys, &after_start].concat() };

    pipeline.step("nothing", "SELECT 1", &[]);
    pipeline.step(
        "create",
        "INSERT INTO workorder_workordertask (id, work_order_process_id, assigned_department_id, assigned_operator_id)
         VALUES (1001, 1, 1, 1)",
        &plus(&["task_stats:1", "dept_workload:1", "operator_stats:*"]),
    );
    pipeline.step(
        "update of a column that is read",
        "UPDATE workorder_workordertask SET status = 'completed' WHERE id = 1001",
        &plus(&["task_stats:1", "dept_workload:1", "operator_stats:1"]),
    );
    pipeline.step(
        "update of columns that only the dashboard reads",
        "UPDATE workorder_workordertask SET work_content = 'more', updated_at = now() WHERE id = 1001",
        &["dashboard:*"],
    );
    pipeline.step(
        "a move between departments",
        "UPDATE workorder_workordertask SET assigned_department_id = 2 WHERE id = 1001",
        &plus(&["task_stats:1", "task_stats:2", "dept_workload:1", "dept_workload:2", "operator_stats:1"]),
    );
    pipeline.step(
        "another operator",
        "UPDATE workorder_workordertask SET assigned_operator_id = 3 WHERE id = 1001",
        &plus(&["dept_workload:2", "operator_stats:*"]),
    );
    pipeline.step(
        "a primary-key change",
        "UPDATE workorder_workordertask SET id = 5001 WHERE id = 1001",
        &plus(&["task_stats:2", "dept_workload:2", "operator_stats:*"]),
    );
    pipeline.step(
        "delete",
        "DELETE FROM workorder_workordertask WHERE id = 5001",
        &plus(&["task_stats:2", "dept_workload:2", "operator_stats:*"]),
    );
    pipeline.step(
        "a task without department and operator",
        "INSERT INTO workorder_workordertask (id, work_order_process_id) VALUES (1002, 1)",
        &plus(&["operator_stats:*"]),
    );
    pipeline.step(
        "its update",
        "UPDATE workorder_workordertask SET status = 'cancelled' WHERE id = 1002",
        &after_start,
    );
    pipeline.step(
        "a transaction that is rolled back",
        "BEGIN; UPDATE workorder_workordertask SET status = 'cancelled'; ROLLBACK",
        &[],
    );
    pipeline.step(
        "bulk insert",
        "INSERT INTO workorder_workordertask (id, work_order_process_id, assigned_department_id)
         SELECT 2000 + n, 1, 5 FROM generate_series(1, 500) n",
        &plus(&["task_stats:5", "dept_workload:5", "operator_stats:*"]),
    );
    pipeline.step(
        "bulk update",
        "UPDATE workorder_workordertask SET status = 'in_progress', assigned_department_id = 6 WHERE id > 2000",
        &plus(&["task_stats:5", "task_stats:6", "dept_workload:5", "dept_workload:6"]),
    );
    pipeline.step(
        "bulk delete",
        "DELETE FROM workorder_workordertask WHERE id > 2000",
        &plus(&["task_stats:6", "dept_workload:6", "operator_stats:*"]),
    );
    pipeline.step(
        "a log of a task: its operator lies behind the task",
        "INSERT INTO workorder_tasklog (task_id, log_type) VALUES (1002, 'complete')",
        &["operator_stats:*", "collab_stats:*"],
    );
    pipeline.step(
        "a table is emptied",
        "TRUNCATE workorder_tasklog",
        &["operator_stats:*", "collab_stats:*"],
    );
    pipeline.step(
        "a user's name: the key is the user's own, the department lies behind a task",
        "UPDATE auth_user SET username = 'chen-li' WHERE id = 4",
        &["operator_stats:4", "dept_workload:*", "collab_stats:*"],
    );
    pipeline.step(
        "a department's name",
        "UPDATE workorder_department SET name = 'Print' WHERE id = 3",
        &["dept_workload:3", "operator_stats:*", "collab_stats:*"],
    );
    pipeline.step(
        "a work order's priority",
        "UPDATE workorder_workorder SET priority = 'urgent' WHERE id = 2",
        &["dept_workload:*"],
    );
    pipeline.step(
        "a row whose old image is unknown",
        "UPDATE workorder_workorderprocess SET status = 'done' WHERE id = 2",
        &["process_load:*", "dept_workload:*"],
    );
    pipeline.step(
        "a department's deletion, which the database passes on to its tasks and processes",
        "DELETE FROM workorder_department WHERE id = 4",
        &plus(&["task_stats:4", "dept_workload:*", "operator_stats:*", "process_load:*"]),
    );
    assert_eq!(pipeline.stop(), Some(0), "SIGTERM ends it well");
}
