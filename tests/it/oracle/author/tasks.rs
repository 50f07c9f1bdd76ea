//! Tasks and their logs.

use super::{Author, Table};
use crate::oracle::plan::Plan;

const STATUS: [&str; 5] = ["draft", "pending", "in_progress", "completed", "cancelled"];
const LOG_TYPES: [&str; 3] = ["update_quantity", "complete", "status_change"];
const TASK: &str = "UPDATE workorder_workordertask SET";

impl Author {
    pub(super) fn create_task(&mut self) -> Plan {
        Plan::one("task created", self.task_with("'new'"))
    }

    /// More than a page even when compressed, so PostgreSQL stores it apart and later updates leave it out.
    pub(super) fn create_large_task(&mut self) -> Plan {
        let seed = self.new_id();
        let content = format!(
            "(SELECT string_agg(md5(({seed}::bigint * 1000 + part)::text), '') FROM generate_series(1, 600) part)"
        );
        Plan::one("task with a large column created", self.task_with(&content))
    }

    fn task_with(&mut self, content: &str) -> String {
        let (id, process) = (self.new_id(), self.row(Table::Process));
        let (department, operator) = (self.reference(Table::Department), self.reference(Table::User));
        let (status, time, quantity) = (self.one_of(&STATUS), self.time(), self.rng.u32(0..900));
        format!(
            "INSERT INTO workorder_workordertask (id, work_order_process_id, assigned_department_id,
                assigned_operator_id, status, work_content, production_quantity, quantity_completed, created_at, updated_at)
             VALUES ({id}, {process}, {department}, {operator}, '{status}', {content}, {quantity}, {quantity} / 2, {time}, {time})"
        )
    }

    pub(super) fn progress(&mut self) -> Plan {
        let (id, status) = (self.row(Table::Task), self.one_of(&STATUS));
        let (quantity, defective) = (self.rng.u32(0..900), self.rng.u32(0..9));
        Plan::one(
            "task's status and quantities",
            format!(
                "{TASK} status = '{status}', quantity_completed = {quantity}, quantity_defective = {defective} WHERE id = {id}"
            ),
        )
    }

    pub(super) fn move_task(&mut self) -> Plan {
        let (id, department) = (self.row(Table::Task), self.reference(Table::Department));
        Plan::one(
            "task to another department",
            format!("{TASK} assigned_department_id = {department} WHERE id = {id}"),
        )
    }

    pub(super) fn assign_task(&mut self) -> Plan {
        let (id, operator) = (self.row(Table::Task), self.reference(Table::User));
        Plan::one(
            "task to another operator",
            format!("{TASK} assigned_operator_id = {operator} WHERE id = {id}"),
        )
    }

    /// Of columns that no view but the dashboard reads.
    pub(super) fn touch_task(&mut self) -> Plan {
        let (id, time, text) = (self.row(Table::Task), self.time(), self.new_id());
        let content = if self.rng.bool() { format!("work_content = 'text {text}', ") } else { String::new() };
        Plan::one("task's other columns", format!("{TASK} {content}updated_at = {time} WHERE id = {id}"))
    }

    pub(super) fn other_process(&mut self) -> Plan {
        let (id, process) = (self.row(Table::Task), self.row(Table::Process));
        Plan::one(
            "task to another process",
            format!("{TASK} work_order_process_id = {process} WHERE id = {id}"),
        )
    }

    /// Of a task that nothing points to: the schema passes no new key on.
    pub(super) fn renumber_task(&mut self) -> Plan {
        let id = self.row_where(
            Table::Task,
            "NOT EXISTS (SELECT 1 FROM workorder_tasklog WHERE task_id = row.id) AND id > 60",
        );
        Plan::one("task's primary key", format!("{TASK} id = {} WHERE id = {id}", self.new_id()))
    }

    /// A new primary key with the logs taken along.
    pub(super) fn replace_task(&mut self) -> Plan {
        let (old, new) = (self.row(Table::Task), self.new_id());
        Plan::new(
            "task replaced, with its logs",
            vec![
                format!(
                    "INSERT INTO workorder_workordertask (id, work_order_process_id, assigned_department_id,
                        assigned_operator_id, status, work_content, production_quantity, created_at, updated_at)
                     SELECT {new}, work_order_process_id, assigned_department_id, assigned_operator_id, status,
                        work_content, production_quantity, created_at, updated_at
                     FROM workorder_workordertask WHERE id = {old}"
                ),
                format!("UPDATE workorder_tasklog SET task_id = {new} WHERE task_id = {old}"),
                format!("DELETE FROM workorder_workordertask WHERE id = {old}"),
            ],
        )
    }

    pub(super) fn delete_task(&mut self) -> Plan {
        let id = self.row(Table::Task);
        Plan::one("task deleted", format!("DELETE FROM workorder_workordertask WHERE id = {id}"))
    }

    pub(super) fn create_log(&mut self) -> Plan {
        let (id, task, kind) = (self.new_id(), self.row(Table::Task), self.one_of(&LOG_TYPES));
        let (operator, time) = (self.reference(Table::User), self.time());
        Plan::one(
            "log created",
            format!(
                "INSERT INTO workorder_tasklog (id, task_id, log_type, operator_id, created_at)
                 VALUES ({id}, {task}, '{kind}', {operator}, {time})"
            ),
        )
    }

    pub(super) fn change_log(&mut self) -> Plan {
        let (id, kind, time) = (self.row(Table::Log), self.one_of(&LOG_TYPES), self.time());
        Plan::one(
            "log's type and time",
            format!("UPDATE workorder_tasklog SET log_type = '{kind}', created_at = {time} WHERE id = {id}"),
        )
    }

    pub(super) fn reword_log(&mut self) -> Plan {
        let (id, text) = (self.row(Table::Log), self.new_id());
        Plan::one(
            "log's other columns",
            format!("UPDATE workorder_tasklog SET content = 'text {text}' WHERE id = {id}"),
        )
    }

    pub(super) fn delete_log(&mut self) -> Plan {
        let id = self.row(Table::Log);
        Plan::one("log deleted", format!("DELETE FROM workorder_tasklog WHERE id = {id}"))
    }

    pub(super) fn move_log(&mut self) -> Plan {
        let (id, task) = (self.row(Table::Log), self.row(Table::Task));
        Plan::one(
            "log to another task",
            format!("UPDATE workorder_tasklog SET task_id = {task} WHERE id = {id}"),
        )
    }
}
