-- The same rows on every fresh database: ids, times and quantities are computed from the row's number alone.
-- Every table gets rows, so that the connector's snapshot creates every topic.

INSERT INTO auth_user (username, first_name, last_name, is_active, is_superuser) VALUES
    ('admin',  'Ada',    'Admin',  true,  true),
    ('anna',   'Anna',   'Berg',   true,  false),
    ('boris',  'Boris',  'Keller', true,  false),
    ('chen',   'Chen',   'Li',     true,  false),
    ('dana',   'Dana',   'Novak',  true,  false),
    ('emil',   '',       '',       true,  false),
    ('fatima', 'Fatima', 'Haddad', true,  false),
    ('georg',  'Georg',  'Vogt',   false, false);

INSERT INTO workorder_department (name, code, parent_id, sort_order, is_active) VALUES
    ('Production',   'production', NULL, 1, true),
    ('Plate making', 'plates',     1,    2, true),
    ('Printing',     'printing',   1,    3, true),
    ('Finishing',    'finishing',  1,    4, true),
    ('Packaging',    'packaging',  NULL, 5, true),
    ('Archive',      'archive',    NULL, 6, false);

INSERT INTO workorder_workorder
    (order_number, customer_id, status, priority, order_date, delivery_date, approval_status)
SELECT 'WO-2026-' || lpad(n::text, 4, '0'),
       1 + n % 4,
       (ARRAY['pending', 'in_progress', 'completed'])[1 + n % 3],
       (ARRAY['low', 'normal', 'high', 'urgent'])[1 + n % 4],
       date '2026-01-05' + n,
       date '2026-01-19' + n,
       (ARRAY['pending', 'approved'])[1 + n % 2]
FROM generate_series(1, 12) AS n;

INSERT INTO workorder_workorderprocess (work_order_id, process_id, department_id, operator_id, sequence, status)
SELECT 1 + (n - 1) % 12,
       1 + n % 5,
       CASE WHEN n % 6 = 0 THEN NULL ELSE 2 + n % 4 END,
       CASE WHEN n % 7 = 0 THEN NULL ELSE 2 + n % 6 END,
       1 + (n - 1) / 12,
       (ARRAY['pending', 'in_progress', 'completed'])[1 + n % 3]
FROM generate_series(1, 30) AS n;

-- Every tenth task has no department and every eleventh no operator.
INSERT INTO workorder_workordertask
    (work_order_process_id, assigned_department_id, assigned_operator_id, parent_task_id, task_type, status,
     work_content, production_requirements, production_quantity, quantity_completed, quantity_defective,
     deadline, auto_calculate_quantity, created_at, updated_at)
SELECT 1 + (n - 1) % 30,
       CASE WHEN n % 10 = 0 THEN NULL ELSE 1 + n % 5 END,
       CASE WHEN n % 11 = 0 THEN NULL ELSE 2 + n % 7 END,
       CASE WHEN n > 55 THEN n - 50 END,
       (ARRAY['plate_making', 'cutting', 'printing', 'foiling',
              'embossing', 'die_cutting', 'packaging', 'general'])[1 + n % 8],
       (ARRAY['draft', 'pending', 'in_progress', 'completed', 'cancelled'])[1 + n % 5],
       'Task ' || n,
       CASE WHEN n % 3 = 0 THEN 'Coated paper, 135 g' ELSE '' END,
       100 * n,
       CASE n % 5 WHEN 3 THEN 100 * n WHEN 2 THEN 40 * n ELSE 0 END,
       CASE WHEN n % 5 = 3 THEN n % 4 ELSE 0 END,
       CASE WHEN n % 4 = 0 THEN NULL ELSE date '2026-02-01' + n END,
       n % 2 = 0,
       timestamptz '2026-01-10 08:00+00' + n * interval '3 hours',
       timestamptz '2026-01-10 08:00+00' + n * interval '3 hours'
FROM generate_series(1, 60) AS n;

-- A completed task has a log of type complete; a task in progress has one that reports a quantity.
INSERT INTO workorder_tasklog
    (task_id, log_type, content, quantity_increment, status_before, status_after, operator_id, created_at)
SELECT id,
       CASE status WHEN 'completed' THEN 'complete' ELSE 'update_quantity' END,
       '',
       quantity_completed,
       'in_progress',
       status,
       assigned_operator_id,
       created_at + interval '90 minutes' + id * interval '7 minutes'
FROM workorder_workordertask
WHERE status IN ('completed', 'in_progress')
ORDER BY id;
