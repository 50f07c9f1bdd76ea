"""The same values in SQL: the statements that the end-to-end tests of freshet ask PostgreSQL."""

import json
import re
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

SOURCE = (settings.EXAMPLE.parents[2] / "tests/it/oracle/values.rs").read_text()
NAMED = dict(re.findall(r'const (\w+): &str = "(.*?)";', SOURCE, re.DOTALL))
_ROWS = re.search(r'concat!\(\s*"(.*?)",\s*\$select', SOURCE, re.DOTALL)[1]
COLLABORATION = {
    name: _ROWS + select
    for name, select in re.findall(r'const (\w+): &str = collaboration!\(\s*"(.*?)"\s*\);', SOURCE, re.DOTALL)
}


def _ask(statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """In the database's own time zone, as a client that sets none."""
    connection.ensure_connection()
    with psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute("SET TIME ZONE DEFAULT")
        rows = cursor.execute(statement, parameters).fetchall()
        cursor.execute("SET TIME ZONE 'UTC'")
    return rows


def task_stats(department_id: int) -> Any:
    return json.loads(_ask(NAMED["TASK_STATS"], [department_id])[0][1])


def dept_workload(department_id: int) -> Any:
    return json.loads(_ask(NAMED["DEPT_WORKLOAD"], [department_id])[0][1])


def operator_stats(operator_id: int) -> Any:
    rows = _ask(COLLABORATION["OPERATOR_STATS"], [operator_id], None, None, None)
    return json.loads(rows[0][1]) if rows else None


def collab_stats(start_date: str | None, end_date: str | None, department_id: int | None) -> Any:
    rows = _ask(COLLABORATION["COLLAB_STATS"], None, start_date, end_date, department_id)
    return json.loads(rows[0][0])
