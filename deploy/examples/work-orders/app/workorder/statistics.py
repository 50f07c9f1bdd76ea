"""The cached values, computed. Whatever else makes these values is compared with this module."""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, DurationField, F, OuterRef, QuerySet, Subquery, Sum

from workorder.models import Department, TaskLog, WorkOrder, WorkOrderTask

Status = WorkOrderTask.Status
Value = dict[str, Any]


def task_stats(department_id: int) -> Value:
    tasks = WorkOrderTask.objects.filter(assigned_department_id=department_id)
    counts = Counter(dict(tasks.values_list("status").annotate(Count("id")).order_by()))
    return {
        "total": counts.total(),
        "pending": counts[Status.PENDING],
        "in_progress": counts[Status.IN_PROGRESS],
        "completed": counts[Status.COMPLETED],
    }


def dept_workload(department_id: int) -> Value | None:
    """None where there is no such department."""
    name = Department.objects.filter(pk=department_id).values_list("name", flat=True).first()
    if name is None:
        return None
    tasks = WorkOrderTask.objects.filter(assigned_department_id=department_id)
    groups = tasks.values_list(
        "status",
        "work_order_process__work_order__priority",
        "assigned_operator_id",
        "assigned_operator__username",
        "assigned_operator__is_active",
        "assigned_operator__is_superuser",
    ).annotate(Count("id"))
    statuses: Counter[str] = Counter()
    priorities: Counter[str] = Counter()
    operators: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for status, priority, operator_id, username, is_active, is_superuser, count in groups.order_by():
        statuses[status] += count
        priorities[priority] += count
        if is_active and not is_superuser:
            operators[operator_id, username][status] += count
    return {
        "department_id": department_id,
        "department_name": name,
        "summary": {
            "total_tasks": statuses.total(),
            "pending_tasks": statuses[Status.PENDING],
            "in_progress_tasks": statuses[Status.IN_PROGRESS],
            "completed_tasks": statuses[Status.COMPLETED],
            "cancelled_tasks": statuses[Status.CANCELLED],
            "completion_rate": _percent(statuses[Status.COMPLETED], statuses.total()),
        },
        "operators": sorted(
            (
                {
                    "operator_id": operator_id,
                    "operator_name": username,
                    "pending_count": counts[Status.PENDING],
                    "in_progress_count": counts[Status.IN_PROGRESS],
                    "completed_count": counts[Status.COMPLETED],
                    "cancelled_count": counts[Status.CANCELLED],
                    "total_count": counts.total(),
                    "completion_rate": _percent(counts[Status.COMPLETED], counts.total()),
                }
                for (operator_id, username), counts in operators.items()
            ),
            key=lambda row: (-row["total_count"], row["operator_id"]),
        ),
        "priority_distribution": {priority.value: priorities[priority] for priority in reversed(WorkOrder.Priority)},
    }


def operator_stats(operator_id: int) -> Value | None:
    """None where the operator has no row in the collaboration result."""
    rows = _collaboration_rows(WorkOrderTask.objects.filter(assigned_operator_id=operator_id), None, None)
    return rows[0] if rows else None


def collab_stats(
    start_date: date | str | None = None,
    end_date: date | str | None = None,
    department_id: int | str | None = None,
) -> Value:
    """What is empty, or the integer 0, is absent: these share a key. The text "0" is a department's id."""
    tasks = WorkOrderTask.objects.all()
    if department_id:
        tasks = tasks.filter(assigned_department_id=int(department_id))
    rows = _collaboration_rows(tasks, _day(start_date), _day(end_date))
    totals = {
        field: sum(row[field] for row in rows)
        for field in ("total_tasks", "completed_tasks", "total_completed_quantity", "total_defective_quantity")
    }
    return {
        "results": rows,
        "summary": {
            "total_operators": len(rows),
            "total_tasks": totals["total_tasks"],
            "total_completed_tasks": totals["completed_tasks"],
            "total_completed_quantity": totals["total_completed_quantity"],
            "total_defective_quantity": totals["total_defective_quantity"],
            "overall_defective_rate": _percent(totals["total_defective_quantity"], totals["total_completed_quantity"]),
        },
    }


def _collaboration_rows(tasks: QuerySet[WorkOrderTask], start: date | None, end: date | None) -> list[Value]:
    tasks = tasks.filter(assigned_operator__is_active=True, assigned_operator__is_superuser=False)
    groups = tasks.values_list(
        "assigned_operator_id",
        "assigned_operator__username",
        "assigned_operator__first_name",
        "assigned_operator__last_name",
        "assigned_department__name",
        "status",
    ).annotate(Count("id"))
    names: dict[int, tuple[str, str]] = {}
    departments: defaultdict[int, set[str]] = defaultdict(set)
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for operator_id, username, first_name, last_name, department, status, count in groups.order_by():
        names[operator_id] = username, f"{first_name} {last_name}".strip() or username
        counts[operator_id][status] += count
        if department is not None:
            departments[operator_id].add(department)

    amounts = {row["assigned_operator_id"]: row for row in _completed(tasks, start, end)}
    rows = []
    for operator_id, (username, name) in names.items():
        total, completed = counts[operator_id].total(), counts[operator_id][Status.COMPLETED]
        amount = amounts.get(operator_id, {"completed": 0, "defective": 0, "production": 0, "timed": 0})
        rows.append(
            {
                "operator_id": operator_id,
                "operator_username": username,
                "operator_name": name,
                "departments": sorted(departments[operator_id]),
                "total_tasks": total,
                "completed_tasks": completed,
                "in_progress_tasks": counts[operator_id][Status.IN_PROGRESS],
                "pending_tasks": counts[operator_id][Status.PENDING],
                "total_completed_quantity": amount["completed"],
                "total_defective_quantity": amount["defective"],
                "total_production_quantity": amount["production"],
                "defective_rate": _percent(amount["defective"], amount["completed"]),
                "completion_rate": _percent(completed, total),
                "avg_completion_hours": _hours(amount["taken"], amount["timed"]) if amount["timed"] else None,
            }
        )
    return sorted(rows, key=lambda row: (-row["total_completed_quantity"], row["operator_id"]))


def _completed(tasks: QuerySet[WorkOrderTask], start: date | None, end: date | None) -> QuerySet[Any, Value]:
    """Sums over the tasks whose latest log of completion lies in the period; without one, over all completed tasks."""
    logs = TaskLog.objects.filter(task=OuterRef("pk"), log_type=TaskLog.Type.COMPLETE).order_by("-created_at")
    tasks = tasks.filter(status=Status.COMPLETED).annotate(completed_at=Subquery(logs.values("created_at")[:1]))
    if start:
        tasks = tasks.filter(completed_at__gte=_midnight(start))
    if end:
        tasks = tasks.filter(completed_at__lt=_midnight(end + timedelta(days=1)))
    return (
        tasks.values("assigned_operator_id")
        .annotate(
            completed=Sum("quantity_completed"),
            defective=Sum("quantity_defective"),
            production=Sum("production_quantity"),
            taken=Sum(F("completed_at") - F("created_at"), output_field=DurationField()),
            timed=Count("completed_at"),
        )
        .order_by()
    )


def _percent(part: int, whole: int) -> float | int:
    return round(part / whole * 100, 2) if whole else 0


def _hours(taken: timedelta, tasks: int) -> float:
    return round(taken / timedelta(hours=1) / tasks, 2)


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else value or None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(_database_zone()))


@cache
def _database_zone() -> str:
    """The database's own time zone. Django gives its connections another, which would move the days' borders."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'")
        return cursor.fetchone()[0]
