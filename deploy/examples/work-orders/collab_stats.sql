-- The collaboration result for a period and a department, as the application computes it (workorder/statistics.py). The
-- latest completion of a task decides whether its amounts count; days begin at midnight in the database's own time zone.
--
-- The column `value` is of type json and not jsonb, which would sort the fields. A number with a point is a float for
-- readers, one without is an integer.
WITH asked AS (
    SELECT :start_date::text AS first, :end_date::text AS last, :department_id::text AS department
),
period AS (
    -- Before the first day and after the last one nothing counts; a day that is absent is no bound.
    SELECT first::date::timestamptz AS since, (last::date + 1)::timestamptz AS until, department::bigint AS department_id
    FROM asked
    -- PostgreSQL takes more for a day than the application does, such as `today`.
    WHERE coalesce(first, '0001-01-01') ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
      AND coalesce(last, '0001-01-01') ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
),
task AS (
    SELECT task.*, operator.username, operator.first_name, operator.last_name, department.name AS department,
           log.completed_at,
           task.status = 'completed'
               AND (since IS NULL OR coalesce(log.completed_at >= since, false))
               AND (until IS NULL OR coalesce(log.completed_at < until, false)) AS counts
    FROM period
    CROSS JOIN workorder_workordertask AS task
    JOIN auth_user AS operator ON operator.id = task.assigned_operator_id
    LEFT JOIN workorder_department AS department ON department.id = task.assigned_department_id
    LEFT JOIN (
        SELECT task_id, max(created_at) AS completed_at
        FROM workorder_tasklog WHERE log_type = 'complete' GROUP BY task_id
    ) AS log ON log.task_id = task.id
    WHERE operator.is_active AND NOT operator.is_superuser
      AND (period.department_id IS NULL OR task.assigned_department_id = period.department_id)
),
operators AS (
    SELECT assigned_operator_id AS id, username, first_name, last_name,
           count(*) AS total,
           count(*) FILTER (WHERE status = 'completed') AS completed,
           count(*) FILTER (WHERE status = 'in_progress') AS in_progress,
           count(*) FILTER (WHERE status = 'pending') AS pending,
           coalesce(sum(quantity_completed) FILTER (WHERE counts), 0) AS quantity,
           coalesce(sum(quantity_defective) FILTER (WHERE counts), 0) AS defective,
           coalesce(sum(production_quantity) FILTER (WHERE counts), 0) AS production,
           extract(epoch FROM sum(completed_at - created_at) FILTER (WHERE counts)) AS taken,
           count(completed_at) FILTER (WHERE counts) AS timed,
           -- Python sorts texts by code point.
           coalesce(json_agg(DISTINCT department COLLATE "C" ORDER BY department COLLATE "C")
                    FILTER (WHERE department IS NOT NULL), '[]') AS departments
    FROM task
    GROUP BY assigned_operator_id, username, first_name, last_name
),
totals AS (
    SELECT count(*) AS operators,
           coalesce(sum(total), 0) AS total,
           coalesce(sum(completed), 0) AS completed,
           coalesce(sum(quantity), 0) AS quantity,
           coalesce(sum(defective), 0) AS defective
    FROM operators
),
-- The last one, without an id, is of the summary.
numbers AS (
    SELECT id, ARRAY[
        defective::float8 / nullif(quantity, 0)::float8 * 100,
        completed::float8 / nullif(total, 0)::float8 * 100,
        (taken::numeric(60, 30) / 3600)::float8 / nullif(timed, 0)::float8
    ] AS given
    FROM operators
    UNION ALL
    SELECT NULL, ARRAY[defective::float8 / nullif(quantity, 0)::float8 * 100] FROM totals
),
rates AS (
    SELECT id, rounded
    FROM numbers
    CROSS JOIN LATERAL (
        -- Python's round(x, 2): to the nearest by the exact binary value of x, and of two that are as near to the even one.
        -- A float is m / 2^k with an m of 53 bits. SQL's own round() would first make a decimal of 15 digits of it.
        SELECT array_agg(
                   CASE WHEN get_byte(float8send(x), 0) >= 128 THEN '-' ELSE '' END
                   || hundredths / 100 || '.' || lpad((hundredths % 100)::text, 2, '0')
                   ORDER BY place) AS rounded
        FROM unnest(given) WITH ORDINALITY AS each (x, place)
        CROSS JOIN LATERAL (
            SELECT ('x' || encode(float8send(abs(x)), 'hex'))::bit(64)::bigint AS bits OFFSET 0
        ) AS of_x
        CROSS JOIN LATERAL (
            SELECT 100 * ((bits & 4503599627370495) | 4503599627370496) AS m, 1075 - (bits >> 52)::integer AS k OFFSET 0
        ) AS parts
        CROSS JOIN LATERAL (
            -- Beyond 62 the number is less than half a hundredth.
            SELECT CASE WHEN k > 62 THEN 0
                   ELSE (m >> k) + CASE WHEN (m & ((1::bigint << k) - 1)) + ((m >> k) & 1) > (1::bigint << (k - 1))
                                        THEN 1 ELSE 0 END
                   END AS hundredths OFFSET 0
        ) AS nearest
    ) AS nearest_of_each
),
rows AS (
    SELECT json_agg(json_build_object(
        'operator_id', id,
        'operator_username', username,
        'operator_name', coalesce(nullif(btrim(first_name || ' ' || last_name,
            -- What Python's strip() takes.
            E' \t\n\u000b\f\r\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
        ), ''), username),
        'departments', departments,
        'total_tasks', total,
        'completed_tasks', completed,
        'in_progress_tasks', in_progress,
        'pending_tasks', pending,
        'total_completed_quantity', quantity,
        'total_defective_quantity', defective,
        'total_production_quantity', production,
        'defective_rate', coalesce(rounded[1], '0')::json,
        'completion_rate', coalesce(rounded[2], '0')::json,
        'avg_completion_hours', rounded[3]::json
    ) ORDER BY quantity DESC, id) AS results
    FROM operators JOIN rates USING (id)
)
SELECT json_build_object(
    'results', coalesce(results, '[]'),
    'summary', json_build_object(
        'total_operators', operators,
        'total_tasks', total,
        'total_completed_tasks', completed,
        'total_completed_quantity', quantity,
        'total_defective_quantity', defective,
        'overall_defective_rate', coalesce(rounded[1], '0')::json
    )
) AS value
FROM totals JOIN rates ON rates.id IS NULL CROSS JOIN rows
WHERE EXISTS (SELECT FROM period)
