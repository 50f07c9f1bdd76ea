//! Work orders and their processes.

use super::{Author, Table};
use crate::oracle::load::MARKERS;
use crate::oracle::plan::Plan;

const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];
const PROCESS: &str = "UPDATE workorder_workorderprocess SET";
const ORDER: &str = "UPDATE workorder_workorder SET";

impl Author {
    pub(super) fn create_process(&mut self) -> Plan {
        let (order, task) = (self.row(Table::Order), self.row(Table::Task));
        let (insert, id) = self.process_of(order);
        Plan::new(
            "process created, and a task moved to it",
            vec![
                insert,
                format!("UPDATE workorder_workordertask SET work_order_process_id = {id} WHERE id = {task}"),
            ],
        )
    }

    fn process_of(&mut self, order: i64) -> (String, i64) {
        let (id, department) = (self.new_id(), self.reference(Table::Department));
        let insert = format!(
            "INSERT INTO workorder_workorderprocess (id, work_order_id, process_id, department_id, sequence)
             VALUES ({id}, {order}, 1, {department}, 1)"
        );
        (insert, id)
    }

    pub(super) fn move_process(&mut self) -> Plan {
        let (id, order) = (self.row(Table::Process), self.row(Table::Order));
        Plan::one("process to another order", format!("{PROCESS} work_order_id = {order} WHERE id = {id}"))
    }

    /// Of columns that no view reads.
    pub(super) fn reword_process(&mut self) -> Plan {
        let (id, sequence) = (self.row(Table::Process), self.rng.u32(0..99));
        Plan::one(
            "process' other columns",
            format!("{PROCESS} status = 'done', sequence = {sequence} WHERE id = {id}"),
        )
    }

    pub(super) fn delete_process(&mut self) -> Plan {
        let id = self.row(Table::Process);
        Plan::one(
            "process deleted, with its tasks",
            format!("DELETE FROM workorder_workorderprocess WHERE id = {id}"),
        )
    }

    /// The first row with the new key has no tasks; then a task comes.
    pub(super) fn renumber_process(&mut self) -> Plan {
        let (order, task, new) = (self.row(Table::Order), self.row(Table::Task), self.new_id());
        let (insert, id) = self.process_of(order);
        Plan::new(
            "process' primary key",
            vec![
                insert,
                format!("{PROCESS} id = {new} WHERE id = {id}"),
                format!("UPDATE workorder_workordertask SET work_order_process_id = {new} WHERE id = {task}"),
            ],
        )
    }

    pub(super) fn create_order(&mut self) -> Plan {
        let (insert, id) = self.order();
        let (first, first_id) = self.process_of(id);
        let (second, _) = self.process_of(id);
        let task = self.row(Table::Task);
        Plan::new(
            "order created, with processes and a task",
            vec![
                insert,
                first,
                second,
                format!(
                    "UPDATE workorder_workordertask SET work_order_process_id = {first_id} WHERE id = {task}"
                ),
            ],
        )
    }

    fn order(&mut self) -> (String, i64) {
        let (id, priority) = (self.new_id(), self.one_of(&PRIORITIES));
        let insert = format!(
            "INSERT INTO workorder_workorder (id, order_number, customer_id, priority, order_date, delivery_date)
             VALUES ({id}, 'O-{id}', 1, '{priority}', '2026-03-01', '2026-04-01')"
        );
        (insert, id)
    }

    pub(super) fn prioritise(&mut self) -> Plan {
        let (id, priority) = (self.row(Table::Order), self.one_of(&PRIORITIES));
        Plan::one("order's priority", format!("{ORDER} priority = '{priority}' WHERE id = {id}"))
    }

    pub(super) fn prioritise_many(&mut self) -> Plan {
        let (from, priority) = (self.row(Table::Order), self.one_of(&PRIORITIES));
        Plan::one(
            "orders' priority in bulk",
            format!(
                "{ORDER} priority = '{priority}' WHERE id BETWEEN {from} AND least({from} + 15, {MARKERS} - 1)"
            ),
        )
    }

    pub(super) fn reword_order(&mut self) -> Plan {
        let id = self.row(Table::Order);
        Plan::one(
            "order's other columns",
            format!("{ORDER} status = 'in_progress', delivery_date = delivery_date + 1 WHERE id = {id}"),
        )
    }

    pub(super) fn delete_order(&mut self) -> Plan {
        let id = self.row(Table::Order);
        Plan::one(
            "order deleted, with processes and tasks",
            format!("DELETE FROM workorder_workorder WHERE id = {id}"),
        )
    }

    pub(super) fn replace_order(&mut self) -> Plan {
        let (old, new) = (self.row(Table::Order), self.new_id());
        let (insert, id) = self.order();
        Plan::new(
            "order's primary key, and another's processes",
            vec![
                insert,
                format!("{ORDER} id = {new} WHERE id = {id}"),
                format!("{PROCESS} work_order_id = {new} WHERE work_order_id = {old}"),
                format!("DELETE FROM workorder_workorder WHERE id = {old}"),
            ],
        )
    }
}
