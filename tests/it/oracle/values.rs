//! What the application computes and caches, as text, asked of PostgreSQL.

use postgres::GenericClient;

use super::keys::{COLLAB_SETS, View};

const TASK_STATS: &str = "
    SELECT d.id, json_build_object(
        'total', count(t.id),
        'pending', count(t.id) FILTER (WHERE t.status = 'pending'),
        'in_progress', count(t.id) FILTER (WHERE t.status = 'in_progress'),
        'completed', count(t.id) FILTER (WHERE t.status = 'completed'))::text
    FROM unnest($1::bigint[]) AS d(id) LEFT JOIN workorder_workordertask t ON t.assigned_department_id = d.id
    GROUP BY d.id";

const DEPT_WORKLOAD: &str = "
    WITH task AS (
        SELECT t.assigned_department_id AS department, t.assigned_operator_id AS operator, t.status, o.priority
        FROM workorder_workordertask t
            JOIN workorder_workorderprocess p ON p.id = t.work_order_process_id
            JOIN workorder_workorder o ON o.id = p.work_order_id
        WHERE t.assigned_department_id = ANY ($1)),
    operator AS (
        SELECT department, operator, count(*) AS total, json_build_object(
            'operator_id', operator, 'operator_name', u.username,
            'pending_count', count(*) FILTER (WHERE status = 'pending'),
            'in_progress_count', count(*) FILTER (WHERE status = 'in_progress'),
            'completed_count', count(*) FILTER (WHERE status = 'completed'),
            'cancelled_count', count(*) FILTER (WHERE status = 'cancelled'),
            'total_count', count(*),
            'completion_rate', round(count(*) FILTER (WHERE status = 'completed') * 100.0 / count(*), 2)) AS value
        FROM task JOIN auth_user u ON u.id = operator AND u.is_active AND NOT u.is_superuser
        GROUP BY department, operator, u.username)
    SELECT d.id, json_build_object(
        'department_id', d.id,
        'department_name', (SELECT name FROM workorder_department WHERE id = d.id),
        'summary', (SELECT json_build_object(
            'total_tasks', count(*),
            'pending_tasks', count(*) FILTER (WHERE status = 'pending'),
            'in_progress_tasks', count(*) FILTER (WHERE status = 'in_progress'),
            'completed_tasks', count(*) FILTER (WHERE status = 'completed'),
            'cancelled_tasks', count(*) FILTER (WHERE status = 'cancelled'),
            'completion_rate',
            coalesce(round(count(*) FILTER (WHERE status = 'completed') * 100.0 / nullif(count(*), 0), 2), 0))
            FROM task WHERE department = d.id),
        'operators', (SELECT coalesce(json_agg(value ORDER BY total DESC, operator), '[]')
            FROM operator WHERE department = d.id),
        'priority_distribution', (SELECT json_build_object(
            'urgent', count(*) FILTER (WHERE priority = 'urgent'),
            'high', count(*) FILTER (WHERE priority = 'high'),
            'normal', count(*) FILTER (WHERE priority = 'normal'),
            'low', count(*) FILTER (WHERE priority = 'low'))
            FROM task WHERE department = d.id))::text
    FROM unnest($1::bigint[]) AS d(id)";

/// The collaboration result's rows: of these operators or all, for a period and a department or without.
macro_rules! collaboration {
    ($select:literal) => {
        concat!(
            "
    WITH task AS (
        SELECT t.*, d.name AS department,
            (SELECT max(l.created_at) FROM workorder_tasklog l WHERE l.task_id = t.id AND l.log_type = 'complete')
                AS completed_at
        FROM workorder_workordertask t LEFT JOIN workorder_department d ON d.id = t.assigned_department_id
        WHERE ($1::bigint[] IS NULL OR t.assigned_operator_id = ANY ($1))
            AND ($4::bigint IS NULL OR t.assigned_department_id = $4)),
    judged AS (
        SELECT *, status = 'completed' AND ($2::text IS NULL OR completed_at >= $2::text::date)
            AND ($3::text IS NULL OR completed_at < $3::text::date + 1) AS counts
        FROM task),
    result AS (
        SELECT u.id, coalesce(sum(quantity_completed) FILTER (WHERE counts), 0) AS quantity, json_build_object(
            'operator_id', u.id, 'operator_username', u.username,
            'operator_name', coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username),
            'departments', coalesce(json_agg(DISTINCT department) FILTER (WHERE department IS NOT NULL), '[]'),
            'total_tasks', count(*),
            'completed_tasks', count(*) FILTER (WHERE status = 'completed'),
            'in_progress_tasks', count(*) FILTER (WHERE status = 'in_progress'),
            'pending_tasks', count(*) FILTER (WHERE status = 'pending'),
            'total_completed_quantity', sum(quantity_completed) FILTER (WHERE counts),
            'total_defective_quantity', sum(quantity_defective) FILTER (WHERE counts),
            'total_production_quantity', sum(production_quantity) FILTER (WHERE counts),
            'avg_completion_hours',
            round(avg(extract(epoch FROM completed_at - created_at)) FILTER (WHERE counts) / 3600, 2)) AS value
        FROM judged JOIN auth_user u ON u.id = assigned_operator_id AND u.is_active AND NOT u.is_superuser
        GROUP BY u.id) ",
            $select
        )
    };
}

const OPERATOR_STATS: &str = collaboration!("SELECT id, value::text FROM result");
const COLLAB_STATS: &str = collaboration!(
    "SELECT json_build_object('results', json_agg(value ORDER BY quantity DESC, id),
        'total_operators', count(*), 'total_quantity', sum(quantity))::text FROM result"
);

const DASHBOARDS: [&str; 3] = [
    "SELECT json_object_agg(status, n ORDER BY status)::text
        FROM (SELECT status, count(*) AS n FROM workorder_workordertask GROUP BY status) AS counts",
    "SELECT json_build_object('due', count(*), 'version', sum(version))::text
        FROM workorder_workordertask WHERE deadline BETWEEN '2026-03-16' AND '2026-03-22'",
    "SELECT json_build_object('contents', bit_xor(hashtextextended(work_content, 0)), 'last', max(updated_at))::text
        FROM workorder_workordertask",
];

/// The values of these keys of a view. A key without a value has none here, and the application caches none.
pub fn compute(
    sql: &mut impl GenericClient,
    view: View,
    ids: &[i64],
) -> Result<Vec<(i64, String)>, postgres::Error> {
    let no_text: Option<&str> = None;
    let rows = match view {
        View::TaskStats => sql.query(TASK_STATS, &[&ids])?,
        View::DeptWorkload => sql.query(DEPT_WORKLOAD, &[&ids])?,
        View::OperatorStats => sql.query(OPERATOR_STATS, &[&ids, &no_text, &no_text, &None::<i64>])?,
        View::CollabStats | View::Dashboard => {
            return ids.iter().map(|&id| Ok((id, of_family(sql, view, id)?))).collect();
        }
    };
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn of_family(sql: &mut impl GenericClient, view: View, id: i64) -> Result<String, postgres::Error> {
    let place = usize::try_from(id).unwrap_or(usize::MAX);
    let row = if view == View::Dashboard {
        sql.query_one(DASHBOARDS[place], &[])?
    } else {
        let (_, start, end, department) = COLLAB_SETS[place];
        sql.query_one(COLLAB_STATS, &[&None::<&[i64]>, &start, &end, &department])?
    };
    Ok(row.get(0))
}
