//! Users.

use super::{Author, Table};
use crate::oracle::plan::Plan;

const USER: &str = "UPDATE auth_user SET";

impl Author {
    pub(super) fn rename_user(&mut self) -> Plan {
        let (id, name) = (self.row(Table::User), self.new_id());
        let column = self.one_of(&["username", "first_name", "last_name"]);
        Plan::one("user's name", format!("{USER} {column} = 'name{name}' WHERE id = {id}"))
    }

    pub(super) fn switch_user(&mut self) -> Plan {
        let id = self.row(Table::User);
        let column = self.one_of(&["is_active", "is_active", "is_active", "is_superuser"]);
        Plan::one("user's rights", format!("{USER} {column} = NOT {column} WHERE id = {id}"))
    }

    /// Under a number that is free, changed once more in the same transaction.
    pub(super) fn create_user(&mut self) -> Plan {
        let (free, name, task) = (self.free_id(Table::User), self.new_id(), self.row(Table::Task));
        let id = if free == 0 { self.new_id() } else { free };
        let renumbered = self.new_id();
        Plan::new(
            "user created, renumbered, and a task assigned",
            vec![
                format!("INSERT INTO auth_user (id, username) VALUES ({renumbered}, 'created{name}')"),
                format!("{USER} id = {id} WHERE id = {renumbered}"),
                format!("UPDATE workorder_workordertask SET assigned_operator_id = {id} WHERE id = {task}"),
            ],
        )
    }

    pub(super) fn delete_user(&mut self) -> Plan {
        let id = self.row(Table::User);
        Plan::one("user deleted, tasks without one", format!("DELETE FROM auth_user WHERE id = {id}"))
    }
}
