"""The computation: against the SQL of the end-to-end tests on random rows, and by hand where that SQL says less."""

from datetime import date, datetime, timedelta, timezone
from itertools import product
from typing import Any

from django.db import connection
from django.test import TestCase, TransactionTestCase

from tests import oracle, rows
from workorder import statistics
from workorder.models import Department, TaskLog, User, WorkOrderTask

Status = WorkOrderTask.Status
PERIODS = [
    (None, None),
    ("2026-01-10", None),
    (None, "2026-01-20"),
    ("2026-01-12", "2026-01-14"),
    ("2026-01-14", "2026-01-12"),
]


class Against:
    """Compares all of a value but the last digit of what is rounded: SQL rounds decimals, and halves away from zero."""

    def agree(self, value: Any, told: Any) -> None:
        if isinstance(told, dict):
            for name, part in told.items():
                self.agree(value[name], sorted(part) if name == "departments" else part)
        elif isinstance(told, list):
            self.assertEqual(len(value), len(told))
            for part, told_part in zip(value, told, strict=True):
                self.agree(part, told_part)
        elif isinstance(told, float):
            self.assertAlmostEqual(value, told, delta=0.0101)
            self.assertIsInstance(value, float)
        else:
            self.assertEqual(value, told)

    def compare_collaboration(self, start: str | None, end: str | None, department_id: int | None) -> None:
        told = oracle.collab_stats(start, end, department_id)
        results = told["results"] or []
        value = statistics.collab_stats(start, end, department_id)
        self.agree(value["results"], [_zeros(row) for row in results])
        self.assertEqual(value["summary"]["total_operators"], told["total_operators"])
        self.assertEqual(value["summary"]["total_completed_quantity"], told["total_quantity"] or 0)

    def compare_all(self) -> None:
        for department_id in Department.objects.values_list("id", flat=True):
            with self.subTest(department_id=department_id):
                self.assertEqual(statistics.task_stats(department_id), oracle.task_stats(department_id))
                value, told = statistics.dept_workload(department_id), oracle.dept_workload(department_id)
                self.agree(value, told)
                self.assertEqual(value.keys(), told.keys())
                self.assertEqual(value["summary"].keys(), told["summary"].keys())
                self.assertTrue(all(row.keys() == told["operators"][0].keys() for row in value["operators"]))
        for operator_id in User.objects.values_list("id", flat=True):
            with self.subTest(operator_id=operator_id):
                value, told = statistics.operator_stats(operator_id), oracle.operator_stats(operator_id)
                self.assertEqual(value is None, told is None)
                self.agree(value, told and _zeros(told))
        departments = [None, *Department.objects.values_list("id", flat=True)[:3]]
        for (start, end), department_id in product(PERIODS, departments):
            with self.subTest(start=start, end=end, department_id=department_id):
                self.compare_collaboration(start, end, department_id)


def _zeros(row: dict[str, Any]) -> dict[str, Any]:
    """SQL's sum of nothing is NULL."""
    return {name: 0 if name.startswith("total_") and part is None else part for name, part in row.items()}


def _quantity(operator_id: int, day: str) -> int:
    results = statistics.collab_stats(day, day)["results"]
    return next(row["total_completed_quantity"] for row in results if row["operator_id"] == operator_id)


class AgainstSql(Against, TestCase):
    def test_random_rows(self) -> None:
        chance = rows.chance()
        rows.fill(chance)
        for _ in range(3):
            self.compare_all()
            some = chance.sample(list(WorkOrderTask.objects.values_list("id", flat=True)), 60)
            tasks = WorkOrderTask.objects.filter(id__in=some)
            tasks.update(
                status=chance.choice(Status.values), assigned_department=chance.choice(Department.objects.all())
            )
            User.objects.filter(id__in=chance.sample(list(User.objects.values_list("id", flat=True)), 2)).update(
                is_active=chance.random() < 0.5, first_name="Changed"
            )
            WorkOrderTask.objects.filter(id=chance.choice(some)).delete()


class DaysOfTheDatabase(Against, TransactionTestCase):
    def set_zone(self, action: str) -> None:
        database = connection.ops.quote_name(connection.settings_dict["NAME"])
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {database} {action}")
        connection.close()
        statistics._database_zone.cache_clear()

    def test_they_are_not_those_of_django(self) -> None:
        rows.fill(rows.chance())
        evening = datetime(2026, 1, 12, 20, tzinfo=timezone.utc)
        task = rows.task(None, rows.user(), status=Status.COMPLETED, quantity_completed=9)
        task.logs.create(log_type=TaskLog.Type.COMPLETE, created_at=evening)
        anna = task.assigned_operator_id
        self.assertEqual(_quantity(anna, "2026-01-12"), 9)
        self.addCleanup(self.set_zone, "RESET TimeZone")
        self.set_zone("SET TimeZone TO 'Asia/Tokyo'")
        self.assertEqual((_quantity(anna, "2026-01-12"), _quantity(anna, "2026-01-13")), (0, 9))
        for start, end in PERIODS:
            self.compare_collaboration(start, end, None)


class ByHand(TestCase):
    def test_a_department_without_tasks(self) -> None:
        department = rows.department()
        workload = statistics.dept_workload(department.pk)
        self.assertEqual(workload["priority_distribution"], {"urgent": 0, "high": 0, "normal": 0, "low": 0})
        self.assertEqual((workload["department_name"], workload["operators"]), ("Printing", []))
        self.assertIs(type(workload["summary"]["completion_rate"]), int)
        nothing = {"total": 0, "pending": 0, "in_progress": 0, "completed": 0}
        self.assertEqual(statistics.task_stats(department.pk), nothing)

    def test_nothing_where_there_is_no_value(self) -> None:
        self.assertIsNone(statistics.dept_workload(1))
        operator = rows.user()
        self.assertIsNone(statistics.operator_stats(operator.pk))
        rows.task(None, operator)
        self.assertIsNotNone(statistics.operator_stats(operator.pk))
        User.objects.update(is_superuser=True)
        self.assertIsNone(statistics.operator_stats(operator.pk))

    def test_halves_are_rounded_to_even(self) -> None:
        department, operator = rows.department(), rows.user()
        for n in range(32):
            rows.task(department, operator, status=Status.COMPLETED if n == 0 else Status.DRAFT)
        workload = statistics.dept_workload(department.pk)
        # 1 of 32 is 3.125 %, which binary holds exactly.
        self.assertEqual(workload["summary"]["completion_rate"], 3.12)
        self.assertEqual(workload["operators"][0]["completion_rate"], 3.12)
        self.assertEqual(workload["summary"]["total_tasks"], 32)

    def test_the_collaboration_result(self) -> None:
        printing, cutting = rows.department("Printing"), rows.department("Cutting")
        anna, bo = rows.user("anna", first_name="Anna", last_name="Berg"), rows.user("bo")
        created = datetime(2026, 1, 1, tzinfo=timezone.utc)
        done = {"status": Status.COMPLETED, "created_at": created, "production_quantity": 10}
        first = rows.task(printing, anna, quantity_completed=8, quantity_defective=12, **done)
        rows.task(cutting, anna, quantity_completed=100, quantity_defective=1, **done)
        rows.task(cutting, bo, status=Status.PENDING, quantity_completed=5)
        for hours in (5, 30, 40):
            kind = TaskLog.Type.UPDATE_QUANTITY if hours == 40 else TaskLog.Type.COMPLETE
            first.logs.create(log_type=kind, created_at=created + timedelta(hours=hours))

        everything = statistics.collab_stats()
        anna_row = {
            "operator_id": anna.pk,
            "operator_username": "anna",
            "operator_name": "Anna Berg",
            "departments": ["Cutting", "Printing"],
            "total_tasks": 2,
            "completed_tasks": 2,
            "in_progress_tasks": 0,
            "pending_tasks": 0,
            "total_completed_quantity": 108,
            "total_defective_quantity": 13,
            "total_production_quantity": 20,
            "defective_rate": 12.04,
            "completion_rate": 100.0,
            "avg_completion_hours": 30.0,
        }
        bo_row = dict.fromkeys(anna_row, 0) | {
            "operator_id": bo.pk,
            "operator_username": "bo",
            "operator_name": "bo",
            "departments": ["Cutting"],
            "total_tasks": 1,
            "pending_tasks": 1,
            "completion_rate": 0.0,
            "avg_completion_hours": None,
        }
        summary = {
            "total_operators": 2,
            "total_tasks": 3,
            "total_completed_tasks": 2,
            "total_completed_quantity": 108,
            "total_defective_quantity": 13,
            "overall_defective_rate": 12.04,
        }
        self.assertEqual(everything, {"results": [anna_row, bo_row], "summary": summary})
        self.assertEqual(statistics.operator_stats(anna.pk), anna_row)
        # The latest completion counts: it was on the second day, and the task without a log on none.
        second = statistics.collab_stats(date(2026, 1, 2), date(2026, 1, 2))["results"][0]
        self.assertEqual((second["total_completed_quantity"], second["defective_rate"]), (8, 150.0))
        first_day = statistics.collab_stats("2026-01-01", "2026-01-01")["results"][0]
        self.assertEqual((first_day["total_completed_quantity"], first_day["completed_tasks"]), (0, 2))
        self.assertIsNone(first_day["avg_completion_hours"])

    def test_a_day_begins_at_midnight_and_ends_before_the_next(self) -> None:
        midnight, instant = datetime(2026, 1, 2, tzinfo=timezone.utc), timedelta(microseconds=1)
        operator, next_midnight = rows.user(), midnight + timedelta(days=1)
        for completed_at, quantity in ((midnight - instant, 1), (midnight, 10), (next_midnight - instant, 100)):
            task = rows.task(None, operator, status=Status.COMPLETED, quantity_completed=quantity)
            task.logs.create(log_type=TaskLog.Type.COMPLETE, created_at=completed_at)
        days = {"2026-01-01": 1, "2026-01-02": 110, "2026-01-03": 0}
        self.assertEqual({day: _quantity(operator.pk, day) for day in days}, days)

    def test_what_is_absent(self) -> None:
        rows.task(rows.department(), rows.user())
        everything = statistics.collab_stats()
        self.assertEqual(len(everything["results"]), 1)
        self.assertEqual(statistics.collab_stats("", "", 0), everything)
        self.assertEqual(statistics.collab_stats(None, None, "0")["results"], [])
