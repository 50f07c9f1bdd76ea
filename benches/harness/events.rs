//! Change events of a task table, as Debezium writes them without schemas: about 740 bytes each.

use std::fmt::Write as _;

/// A task's row. Its department and operator follow from its number, so that every run has the same.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    pub id: u64,
    pub department: u64,
    pub operator: u64,
    pub version: u64,
}

const STATUSES: [&str; 4] = ["pending", "in_progress", "completed", "cancelled"];

/// Writes the update of `task` to its next version into `out`: its status changes. Every tenth moves to another department.
pub fn update(out: &mut String, task: &mut Task, departments: u64) {
    let before = *task;
    task.version += 1;
    if task.version.is_multiple_of(10) {
        task.department = (task.department + 1) % departments;
    }
    out.clear();
    out.push_str(r#"{"before":"#);
    image(out, &before);
    out.push_str(r#","after":"#);
    image(out, task);
    // Writing to a `String` cannot fail.
    let _ = write!(
        out,
        r#","source":{{"version":"3.7.0.Final","connector":"postgresql","name":"bench","ts_ms":1795397421160,"snapshot":"false","db":"bench","sequence":"[null,\"31532936\"]","ts_us":1795397421160175,"schema":"public","table":"task","txId":1187,"lsn":{},"xmin":null}},"transaction":null,"op":"u","ts_ms":1795397421191}}"#,
        31_532_936 + task.version * 1_000 + task.id,
    );
}

fn image(out: &mut String, task: &Task) {
    let _ = write!(
        out,
        r#"{{"id":{},"process_id":{},"department_id":{},"operator_id":{},"task_type":"general","status":"{}","quantity":{},"version":{},"updated_at":"2026-11-23T01:30:21.158945Z"}}"#,
        task.id,
        task.id / 3,
        task.department,
        task.operator,
        STATUSES[usize::try_from(task.version % 4).expect("below four")],
        task.id % 500,
        task.version,
    );
}
