//! Bulk statements, and transactions of several.

use super::{Author, Table};
use crate::oracle::load::MARKERS;
use crate::oracle::plan::{Plan, Step};

impl Author {
    pub(super) fn copy_tasks(&mut self) -> Plan {
        let (from, to, first) = (self.row(Table::Department), self.row(Table::Department), self.next);
        let most = self.rng.i64(10..60);
        self.next += most;
        Plan::one(
            "tasks copied in bulk",
            format!(
                "INSERT INTO workorder_workordertask (id, work_order_process_id, assigned_department_id,
                    assigned_operator_id, status, work_content, production_quantity, created_at, updated_at)
                 SELECT {first} + row_number() OVER (ORDER BY id), work_order_process_id, {to}, assigned_operator_id,
                    status, work_content, production_quantity, created_at, updated_at
                 FROM workorder_workordertask WHERE assigned_department_id = {from} ORDER BY id LIMIT {most}"
            ),
        )
    }

    pub(super) fn move_all_tasks(&mut self) -> Plan {
        let (from, to) = (self.row(Table::Department), self.reference(Table::Department));
        Plan::one(
            "a department's tasks moved in bulk",
            format!(
                "UPDATE workorder_workordertask SET assigned_department_id = {to} WHERE assigned_department_id = {from}"
            ),
        )
    }

    pub(super) fn finish_tasks(&mut self) -> Plan {
        let order = self.row(Table::Order);
        Plan::one(
            "an order's tasks finished in bulk",
            format!(
                "UPDATE workorder_workordertask SET status = 'completed', quantity_completed = production_quantity
                 WHERE work_order_process_id IN
                    (SELECT id FROM workorder_workorderprocess WHERE work_order_id = {order})"
            ),
        )
    }

    /// One statement with a value for each row, as an ORM writes a list of changed objects.
    pub(super) fn update_each(&mut self) -> Plan {
        let cases: Vec<_> =
            (0..20).map(|_| (self.row(Table::Task), self.reference(Table::Department))).collect();
        let whens: String = cases.iter().map(|(id, to)| format!(" WHEN {id} THEN {to}::bigint")).collect();
        let ids: Vec<_> = cases.iter().map(|(id, _)| id.to_string()).collect();
        Plan::one(
            "tasks updated each in bulk",
            format!(
                "UPDATE workorder_workordertask SET assigned_department_id = CASE id{whens} END WHERE id IN ({})",
                ids.join(", ")
            ),
        )
    }

    pub(super) fn delete_tasks(&mut self) -> Plan {
        let operator = self.row(Table::User);
        Plan::one(
            "an operator's tasks deleted in bulk",
            format!(
                "DELETE FROM workorder_workordertask WHERE assigned_operator_id = {operator} AND status = 'cancelled'"
            ),
        )
    }

    pub(super) fn touch_tasks(&mut self) -> Plan {
        let (from, time) = (self.row(Table::Task), self.time());
        Plan::one(
            "tasks' other columns in bulk",
            format!(
                "UPDATE workorder_workordertask SET version = version + 1, updated_at = {time}
                 WHERE id BETWEEN {from} AND least({from} + 200, {MARKERS} - 1)"
            ),
        )
    }

    pub(super) fn copy_logs(&mut self) -> Plan {
        let (operator, first) = (self.row(Table::User), self.next);
        self.next += 50;
        let time = self.time();
        Plan::one(
            "logs created in bulk",
            format!(
                "INSERT INTO workorder_tasklog (id, task_id, log_type, created_at)
                 SELECT {first} + row_number() OVER (ORDER BY id), id, 'complete', {time}
                 FROM workorder_workordertask WHERE assigned_operator_id = {operator} ORDER BY id LIMIT 50"
            ),
        )
    }

    pub(super) fn swap_tasks(&mut self) -> Plan {
        let (one, other) = (self.row(Table::Task), self.row(Table::Task));
        let set = |id, from| {
            format!(
                "UPDATE workorder_workordertask SET (assigned_department_id, assigned_operator_id) =
                    (SELECT assigned_department_id, assigned_operator_id FROM workorder_workordertask WHERE id = {from})
                 WHERE id = {id}"
            )
        };
        Plan::new("two tasks take one another's place", vec![set(one, other), set(other, one)])
    }

    /// Three images of one row in one transaction; the middle one is never seen by a reader.
    pub(super) fn there_and_back(&mut self) -> Plan {
        let (id, away) = (self.row(Table::Task), self.row(Table::Department));
        let home = self.first(&format!(
            "SELECT coalesce(assigned_department_id, 0) FROM workorder_workordertask WHERE id = {id}"
        ));
        let set = |department: &str| {
            format!(
                "UPDATE workorder_workordertask SET assigned_department_id = {department} WHERE id = {id}"
            )
        };
        Plan::new(
            "a task moved there and back",
            vec![set(&away.to_string()), set(&format!("nullif({home}, 0)"))],
        )
    }

    pub(super) fn several(&mut self) -> Plan {
        let count = self.rng.usize(2..6);
        let steps = (0..count).flat_map(|_| self.simple().steps).collect();
        Plan { steps, ..Plan::new("several statements", Vec::new()) }
    }

    pub(super) fn rolled_back(&mut self) -> Plan {
        Plan { kind: "rolled back", commits: false, ..self.several() }
    }

    pub(super) fn partly_rolled_back(&mut self) -> Plan {
        let (before, undone, after) = (self.simple(), self.simple(), self.simple());
        let steps =
            [before.steps, vec![Step::Savepoint], undone.steps, vec![Step::RollBackToSavepoint], after.steps];
        Plan { steps: steps.concat(), ..Plan::new("rolled back to a savepoint", Vec::new()) }
    }

    /// The one that begins first commits last: what it wrote before has the lower position and comes later.
    pub(super) fn overlapping(&mut self) -> Plan {
        let meanwhile = self.simple().statements().map(str::to_owned).collect();
        Plan { kind: "overlapping another", meanwhile, ..self.several() }
    }
}
