//! Statements that write many rows each, for runs that are asked for many.

use super::{Author, MARKERS, Plan, Table};

/// One row in so many is written.
const SHARE: i64 = 10;

impl Author {
    /// About two thousand rows of tasks or logs.
    pub fn wide(&mut self) -> Plan {
        let (share, number) = (self.rng.i64(0..SHARE), self.rng.i64(0..4));
        let of = |table: &str, set: &str| {
            format!("UPDATE {table} SET {set} WHERE id % {SHARE} = {share} AND id < {MARKERS}")
        };
        match self.rng.u32(0..4) {
            0 => {
                let department = self.row(Table::Department);
                let set = format!("assigned_department_id = nullif({department}, 0)");
                Plan::one("a tenth of the tasks moves", of(Table::Task.name(), &set))
            }
            1 => {
                let department = format!("(task.id * {number} + task.assigned_department_id) % 500 + 1");
                let statement = format!(
                    "UPDATE {} task SET assigned_department_id = {department}
                     WHERE id % {SHARE} = {share} AND id < {MARKERS}
                     AND EXISTS (SELECT FROM {} WHERE id = {department})",
                    Table::Task.name(),
                    Table::Department.name()
                );
                Plan::one("a tenth of the tasks is spread", statement)
            }
            2 => {
                let set = format!("created_at = created_at + interval '1 hour' * ({number} - 1)");
                Plan::one("a tenth of the logs changes", of(Table::Log.name(), &set))
            }
            _ => {
                let set = format!(
                    "status = (ARRAY['pending', 'in_progress', 'completed', 'cancelled'])[1 + (id + {number}) % 4]"
                );
                Plan::one("a tenth of the tasks progresses", of(Table::Task.name(), &set))
            }
        }
    }
}
