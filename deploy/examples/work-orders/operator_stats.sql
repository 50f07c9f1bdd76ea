-- One row of the collaboration result, as the application computes it (workorder/statistics.py). No row where the operator
-- does not count or has no task: then nothing is cached.
--
-- The column `value` is of type json and not jsonb, which would sort the fields. A number with a point is a float for
-- readers, one without is an integer.
WITH task AS (
    SELECT task.*, department.name AS department,
           (SELECT max(log.created_at) FROM workorder_tasklog AS log
            WHERE log.task_id = task.id AND log.log_type = 'complete') AS completed_at
    FROM workorder_workordertask AS task
    LEFT JOIN workorder_department AS department ON department.id = task.assigned_department_id
    WHERE task.assigned_operator_id = :operator_id
),
counts AS (
    SELECT count(*) AS total,
           count(*) FILTER (WHERE status = 'completed') AS completed,
           count(*) FILTER (WHERE status = 'in_progress') AS in_progress,
           count(*) FILTER (WHERE status = 'pending') AS pending,
           coalesce(sum(quantity_completed) FILTER (WHERE status = 'completed'), 0) AS quantity,
           coalesce(sum(quantity_defective) FILTER (WHERE status = 'completed'), 0) AS defective,
           coalesce(sum(production_quantity) FILTER (WHERE status = 'completed'), 0) AS production,
           extract(epoch FROM sum(completed_at - created_at) FILTER (WHERE status = 'completed')) AS taken,
           count(completed_at) FILTER (WHERE status = 'completed') AS timed,
           -- Python sorts texts by code point.
           coalesce(json_agg(DISTINCT department COLLATE "C" ORDER BY department COLLATE "C")
                    FILTER (WHERE department IS NOT NULL), '[]') AS departments
    FROM task
)
SELECT json_build_object(
    'operator_id', operator.id,
    'operator_username', operator.username,
    'operator_name', coalesce(nullif(btrim(operator.first_name || ' ' || operator.last_name,
        -- What Python's strip() takes.
        E' \t\n\u000b\f\r\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
    ), ''), operator.username),
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
) AS value
FROM counts
JOIN auth_user AS operator ON operator.id = :operator_id AND operator.is_active AND NOT operator.is_superuser
CROSS JOIN LATERAL (
    -- Python's round(x, 2): to the nearest by the exact binary value of x, and of two that are as near to the even one.
    -- A float is m / 2^k with an m of 53 bits. SQL's own round() would first make a decimal of 15 digits of it.
    SELECT array_agg(
               CASE WHEN get_byte(float8send(x), 0) >= 128 THEN '-' ELSE '' END
               || hundredths / 100 || '.' || lpad((hundredths % 100)::text, 2, '0')
               ORDER BY place) AS rounded
    FROM unnest(ARRAY[
             defective::float8 / nullif(quantity, 0)::float8 * 100,
             completed::float8 / nullif(total, 0)::float8 * 100,
             (taken::numeric(60, 30) / 3600)::float8 / nullif(timed, 0)::float8
         ]) WITH ORDINALITY AS given (x, place)
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
) AS rates
WHERE total > 0
