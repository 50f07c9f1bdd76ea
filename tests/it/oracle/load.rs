//! The rows that a run begins with, beside those of the example's seed.

pub const DEPARTMENTS: i64 = 1_200;
pub const USERS: i64 = 2_000;
pub const ORDERS: i64 = 2_000;
pub const PROCESSES: i64 = 6_000;
pub const TASKS: i64 = 20_000;
pub const LOGS: i64 = 12_000;
/// Rows that the run itself makes have ids from here.
pub const CREATED: i64 = 100_000;
/// Rows from here are the markers', and nothing else touches them.
pub const MARKERS: i64 = 1_000_000;

/// A deletion looks for the rows that point to the deleted one: without the indexes it reads whole tables.
/// Rows are spread by a hash of their number, so that they are alike on every run.
pub fn statements() -> String {
    format!(
        "
        BEGIN;
        INSERT INTO auth_user (id, username, first_name, last_name, is_active, is_superuser)
        SELECT n, 'user' || n, CASE WHEN n % 9 = 0 THEN '' ELSE 'First' || n END, 'Last' || n % 50,
            n % 20 <> 0, n % 50 = 1
        FROM generate_series(9::bigint, {USERS}) n;
        INSERT INTO workorder_department (id, name, code, sort_order)
        SELECT n, 'Department ' || n, 'd' || n, n FROM generate_series(7::bigint, {DEPARTMENTS}) n;
        INSERT INTO workorder_workorder (id, order_number, customer_id, priority, order_date, delivery_date)
        SELECT n, 'O-' || n, n % 40, (ARRAY['low', 'normal', 'high', 'urgent'])[1 + abs(hashint8extended(n, 1) % 4)],
            date '2026-01-01' + (n % 300)::int, date '2026-01-20' + (n % 300)::int
        FROM generate_series(13::bigint, {ORDERS}) n;
        INSERT INTO workorder_workorderprocess (id, work_order_id, process_id, department_id, operator_id, sequence)
        SELECT n, 1 + abs(hashint8extended(n, 2) % {ORDERS}), n % 9, 1 + abs(hashint8extended(n, 3) % {DEPARTMENTS}),
            1 + abs(hashint8extended(n, 4) % {USERS}), n % 5
        FROM generate_series(31::bigint, {PROCESSES}) n;
        INSERT INTO workorder_workordertask
            (id, work_order_process_id, assigned_department_id, assigned_operator_id, status, work_content,
             production_quantity, quantity_completed, quantity_defective, deadline, created_at, updated_at)
        SELECT n, 1 + abs(hashint8extended(n, 5) % {PROCESSES}),
            CASE WHEN n % 19 > 0 THEN 1 + abs(hashint8extended(n, 6) % {DEPARTMENTS}) END,
            CASE WHEN n % 17 > 0 THEN 1 + abs(hashint8extended(n, 7) % {USERS}) END,
            (ARRAY['draft', 'pending', 'in_progress', 'completed', 'completed', 'cancelled'])
                [1 + abs(hashint8extended(n, 8) % 6)],
            CASE WHEN n % 100 = 0
                THEN (SELECT string_agg(md5((n * 1000 + part)::text), '') FROM generate_series(1, 400) part)
                ELSE 'Task ' || n END,
            n % 500, n % 400, n % 7, date '2026-01-01' + (n % 300)::int,
            timestamptz '2026-01-05 08:00+00' + n * interval '9 minutes',
            timestamptz '2026-01-05 08:00+00' + n * interval '9 minutes'
        FROM generate_series(61::bigint, {TASKS}) n;
        INSERT INTO workorder_tasklog (id, task_id, log_type, quantity_increment, operator_id, created_at)
        SELECT n, 60 + 1 + abs(hashint8extended(n, 9) % ({TASKS} - 60)),
            (ARRAY['complete', 'update_quantity', 'status_change'])[1 + abs(hashint8extended(n, 10) % 3)],
            n % 30, 1 + abs(hashint8extended(n, 11) % {USERS}), timestamptz '2026-01-06 08:00+00' + n * interval '17 minutes'
        FROM generate_series(1001::bigint, {LOGS}) n;
        COMMIT;
        CREATE INDEX ON workorder_workordertask (parent_task_id);
        CREATE INDEX ON workorder_workorderprocess (department_id);
        CREATE INDEX ON workorder_workorderprocess (operator_id);
        CREATE INDEX ON workorder_tasklog (operator_id);
        ANALYZE;"
    )
}
