//! Departments.

use super::{Author, Table};
use crate::oracle::plan::Plan;

const DEPARTMENT: &str = "UPDATE workorder_department SET";

impl Author {
    pub(super) fn rename_department(&mut self) -> Plan {
        let (id, name) = (self.row(Table::Department), self.new_id());
        Plan::one("department's name", format!("{DEPARTMENT} name = 'Renamed {name}' WHERE id = {id}"))
    }

    /// Of columns that no view reads.
    pub(super) fn reword_department(&mut self) -> Plan {
        let (id, order) = (self.row(Table::Department), self.rng.u32(0..99));
        Plan::one(
            "department's other columns",
            format!("{DEPARTMENT} sort_order = {order}, is_active = NOT is_active WHERE id = {id}"),
        )
    }

    /// Under a number that is free, and which readers may have asked for meanwhile.
    pub(super) fn create_department(&mut self) -> Plan {
        let id = self.free_id(Table::Department);
        let id = if id == 0 { self.new_id() } else { id };
        let task = self.row(Table::Task);
        Plan::new(
            "department created, and a task moved to it",
            vec![
                self.department(id),
                format!("UPDATE workorder_workordertask SET assigned_department_id = {id} WHERE id = {task}"),
            ],
        )
    }

    fn department(&mut self, id: i64) -> String {
        let name = self.new_id();
        format!(
            "INSERT INTO workorder_department (id, name, code) VALUES ({id}, 'Created {name}', 'c{name}')"
        )
    }

    pub(super) fn delete_department(&mut self) -> Plan {
        let id = self.row(Table::Department);
        Plan::one(
            "department deleted, its tasks without one",
            format!("DELETE FROM workorder_department WHERE id = {id}"),
        )
    }

    /// The rows that point to it let go of it before and point to it again after, in one transaction.
    pub(super) fn renumber_department(&mut self) -> Plan {
        let (old, new, task) = (self.row(Table::Department), self.new_id(), self.row(Table::Task));
        let to = self.free_id(Table::Department);
        let to = if to == 0 { self.new_id() } else { to };
        Plan::new(
            "department's primary key",
            vec![
                self.department(new),
                format!("{DEPARTMENT} id = {to} WHERE id = {new}"),
                format!(
                    "UPDATE workorder_workordertask SET assigned_department_id = {to} WHERE assigned_department_id = {old}"
                ),
                format!("UPDATE workorder_workordertask SET assigned_department_id = {to} WHERE id = {task}"),
                format!("DELETE FROM workorder_department WHERE id = {old}"),
            ],
        )
    }
}
