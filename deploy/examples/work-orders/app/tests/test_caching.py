"""What readers get: a hit asks the database nothing, and a value that was overtaken is not stored."""

import hashlib
import sys
from typing import Any
from unittest import mock, skipIf

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

from tests import rows
from workorder import cached, statistics
from workorder.models import Department, TaskLog, User, WorkOrderTask

Status = WorkOrderTask.Status


def wire() -> redis.Redis:
    return redis.Redis.from_url(settings.CACHES["default"]["LOCATION"])


def lease_of(key: str) -> str:
    return f"freshet:lease:{{{key}}}"


class Cached(TransactionTestCase):
    def setUp(self) -> None:
        cache.clear()
        self.wire = wire()
        self.addCleanup(self.wire.close)
        self.department, self.operator = rows.department(), rows.user()
        rows.task(self.department, self.operator, status=Status.COMPLETED, quantity_completed=7).logs.create(
            log_type=TaskLog.Type.COMPLETE
        )
        rows.task(self.department, self.operator)
        department, operator = self.department.pk, self.operator.pk
        self.answers: dict[str, Any] = {
            f"/departments/{department}/workload": statistics.dept_workload(department),
            f"/departments/{department}/tasks/stats": statistics.task_stats(department),
            f"/operators/{operator}/stats": statistics.operator_stats(operator),
            "/collaboration": statistics.collab_stats(),
            f"/collaboration?start_date=2026-01-01&end_date=2026-01-31&department_id={department}": (
                statistics.collab_stats("2026-01-01", "2026-01-31", str(department))
            ),
        }

    def read(self, path: str, outcome: str | None, status: int = 200) -> HttpResponse:
        response = self.client.get(path)
        self.assertEqual((response.status_code, response.headers.get("X-Cache")), (status, outcome), path)
        return response


class Readers(Cached):
    def test_a_hit_asks_nothing_and_answers_the_same(self) -> None:
        for path, answer in self.answers.items():
            with self.subTest(path), CaptureQueriesContext(connection) as asked:
                self.assertEqual(self.read(path, "MISS").json(), answer)
            print(f"a miss: {len(asked)} queries  {path}", file=sys.stderr)
            self.assertLessEqual(len(asked), 2)
            with self.assertNumQueries(0):
                self.assertEqual(self.read(path, "HIT").json(), answer)

    def test_types_survive(self) -> None:
        empty = Department.objects.create(name="Empty", code="empty")
        for _ in range(2):
            self.assertIs(type(cached.dept_workload(empty.pk)["summary"]["completion_rate"]), int)
            self.assertIs(type(cached.dept_workload(self.department.pk)["summary"]["completion_rate"]), float)

    def test_values_live_for_300_s(self) -> None:
        for path in self.answers:
            self.read(path, "MISS")
        keys = list(self.wire.scan_iter(":1:*"))
        self.assertEqual(len(keys), 5)
        for key in keys:
            self.assertTrue(290_000 < self.wire.pttl(key) <= 300_000, key)

    def test_where_there_is_no_value_nothing_is_cached(self) -> None:
        nobody = User.objects.create(username="nobody")
        for path in (f"/operators/{nobody.pk}/stats", "/departments/999/workload"):
            for _ in range(2):
                self.read(path, "MISS", 404)
        self.assertEqual(list(self.wire.scan_iter("*")), [])

    def test_names_of_the_keys_of_the_collaboration(self) -> None:
        for query, digits in {
            "": "4501c091",
            "start_date=2026-01-01&end_date=2026-01-31&department_id=5": "c51f571a",
            "start_date=2026-01-01": "63c66a5d",
            "department_id=5": "60deb508",
            "department_id=05": "e732b259",
            "department_id=0": "c81df612",
        }.items():
            self.read(f"/collaboration?{query}", "MISS")
            self.assertTrue(self.wire.exists(f":1:collab_stats:{digits}"), query)
        self.read("/collaboration?start_date=&end_date=&department_id=", "HIT")
        with self.assertNumQueries(0):
            cached.collab_stats("", None, 0)
        # The same name as the application always made.
        self.assertEqual(hashlib.md5(b"::5").hexdigest()[:8], "60deb508")

    def test_what_cannot_be_computed_is_refused(self) -> None:
        for query in (
            "start_date=1",
            "end_date=20260101",
            "start_date=2026-02-30",
            "department_id=x",
            "department_id=-1",
            "department_id=%D9%A3",
            f"department_id={2**63}",
            f"department_id={'9' * 5000}",
        ):
            self.read(f"/collaboration?{query}", None, 400)
        self.assertEqual(list(self.wire.scan_iter("*")), [])

    def test_the_dashboard_is_cached_in_its_family(self) -> None:
        self.read("/dashboard", "MISS")
        with self.assertNumQueries(0):
            self.assertContains(self.read("/dashboard", "HIT"), "completed")
        self.assertTrue(self.wire.exists(":1:dashboard:overview"))


@skipIf(settings.FRESHET_BEFORE, "before freshet there were no leases")
class Leased(Cached):
    def test_a_value_that_a_change_overtook_is_not_stored(self) -> None:
        """As freshet does it: after the commit the key and its lease go, while the reader still computes."""
        path, key = f"/departments/{self.department.pk}/workload", f":1:dept_workload:{self.department.pk}"
        compute = statistics.dept_workload

        def overtaken(department_id: int) -> Any:
            value = compute(department_id)
            rows.task(self.department, self.operator, status=Status.DRAFT)
            self.wire.unlink(key, lease_of(key))
            return value

        with mock.patch.object(statistics, "dept_workload", overtaken):
            self.assertEqual(self.read(path, "MISS").json()["summary"]["total_tasks"], 2)
        self.assertEqual(self.read(path, "MISS").json()["summary"]["total_tasks"], 3)
        self.read(path, "HIT")

    def test_invalidation_deletes_the_keys_and_their_leases(self) -> None:
        department, operator = self.department.pk, self.operator.pk
        keys = {
            "department": [f":1:task_stats:{department}", f":1:dept_workload:{department}"],
            "operator": [f":1:operator_stats:{operator}"],
        }
        for group, invalidate in {
            "department": lambda: cached.invalidate_department_stats(department),
            "operator": lambda: cached.invalidate_operator_stats(operator),
        }.items():
            for path in self.answers:
                self.client.get(path)
            leases = [lease_of(key) for key in keys[group]]
            for lease in leases:
                self.wire.set(lease, "token")
            before = self.wire.dbsize()
            invalidate()
            self.assertEqual(self.wire.exists(*keys[group], *leases), 0)
            self.assertEqual(before - self.wire.dbsize(), 2 * len(keys[group]))

    def test_sets_of_parameters_are_registered_on_a_miss(self) -> None:
        self.read("/collaboration?start_date=2026-01-01&department_id=5", "MISS")
        registered = self.wire.zrange("freshet:params:collab_stats", 0, -1)
        self.assertEqual(registered, [b'["2026-01-01",null,"5"]'])
        self.wire.delete("freshet:params:collab_stats")
        self.read("/collaboration?start_date=2026-01-01&department_id=5", "HIT")
        self.assertFalse(self.wire.exists("freshet:params:collab_stats"))
