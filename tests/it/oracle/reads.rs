//! What each key's value reads, as the shipped configuration says it, as one number a key: two numbers differ where a
//! read differs. It knows nothing of the statements that are run.

use std::collections::{HashMap, HashSet};

use postgres::GenericClient;

use super::keys::{Key, View};

/// Linking columns count as read. A row that goes or comes changes what is read.
const READS: &str = "
    SELECT view, id, bit_xor(read) FROM (
        SELECT 0 AS view, assigned_department_id AS id, hashtextextended((id, status)::text, 0) AS read
        FROM workorder_workordertask
        UNION ALL
        SELECT 1, t.assigned_department_id, hashtextextended((t.id, t.status, t.assigned_operator_id, u.username,
            u.is_active, u.is_superuser, t.work_order_process_id, p.work_order_id, o.priority)::text, 1)
        FROM workorder_workordertask t
            JOIN workorder_workorderprocess p ON p.id = t.work_order_process_id
            JOIN workorder_workorder o ON o.id = p.work_order_id
            LEFT JOIN auth_user u ON u.id = t.assigned_operator_id
        UNION ALL
        SELECT 1, id, hashtextextended(name, 2) FROM workorder_department
        UNION ALL
        SELECT 2, t.assigned_operator_id, hashtextextended((t.id, t.status, t.production_quantity,
            t.quantity_completed, t.quantity_defective, t.created_at, t.assigned_department_id, d.name)::text, 3)
        FROM workorder_workordertask t LEFT JOIN workorder_department d ON d.id = t.assigned_department_id
        UNION ALL
        SELECT 2, t.assigned_operator_id, hashtextextended((l.id, l.task_id, l.log_type, l.created_at)::text, 4)
        FROM workorder_tasklog l JOIN workorder_workordertask t ON t.id = l.task_id
        UNION ALL
        SELECT 2, id, hashtextextended((username, first_name, last_name, is_active, is_superuser)::text, 5)
        FROM auth_user
    ) AS reads WHERE id IS NOT NULL GROUP BY view, id";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads(HashMap<Key, i64>);

impl Reads {
    pub fn look(sql: &mut impl GenericClient) -> Result<Self, postgres::Error> {
        let rows = sql.query(READS, &[])?;
        let of = |row: &postgres::Row| {
            let view = View::BY_ID[usize::try_from(row.get::<_, i32>(0)).unwrap_or(usize::MAX)];
            (Key { view, id: row.get(1) }, row.get(2))
        };
        Ok(Self(rows.iter().map(of).collect()))
    }

    /// The keys whose reads differ.
    pub fn changed(&self, later: &Self) -> HashSet<Key> {
        let keys = self.0.keys().chain(later.0.keys());
        keys.filter(|key| self.0.get(key) != later.0.get(key)).copied().collect()
    }
}
