"""What was seen to fail before freshet. FRESHET_BEFORE says which of the two ways is tested."""

from typing import Any
from unittest import mock, skipUnless

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from tests import rows
from tests.test_caching import Cached
from workorder import cached, statistics
from workorder.models import Department, WorkOrderTask


@skipUnless(settings.FRESHET_BEFORE, "the app as it is with freshet")
class Before(Cached):
    def setUp(self) -> None:
        super().setUp()
        self.other = Department.objects.create(name="Other", code="other")
        self.task = WorkOrderTask.objects.first()
        self.stale = f"/departments/{self.department.pk}/workload"

    def test_an_overtaken_value_is_stored_and_stays(self) -> None:
        compute = statistics.dept_workload

        def overtaken(department_id: int) -> Any:
            value = compute(department_id)
            rows.task(self.department)
            return value

        with mock.patch.object(statistics, "dept_workload", overtaken):
            self.read(self.stale, "MISS")
        self.assertEqual(self.read(self.stale, "HIT").json()["summary"]["total_tasks"], 2)

    def test_bulk_writes_leave_everything_stale(self) -> None:
        for path in self.answers:
            self.read(path, "MISS")
        WorkOrderTask.objects.update(assigned_department=self.other, status="draft")
        for path, answer in self.answers.items():
            self.assertEqual(self.read(path, "HIT").json(), answer)

    def test_invalidation_by_hand(self) -> None:
        for path in self.answers:
            self.read(path, "MISS")
        cached.invalidate_department_stats(self.department.pk)
        cached.invalidate_operator_stats(self.operator.pk)
        left = sorted(key.decode().split(":")[2] for key in self.wire.scan_iter(":1:*"))
        self.assertEqual(left, ["collab_stats", "collab_stats"])


@skipUnless(settings.FRESHET_BEFORE == "signals", "the signal handlers")
class Signals(Before):
    def test_a_move_deletes_for_the_new_department_alone(self) -> None:
        for path in (self.stale, f"/departments/{self.other.pk}/workload", f"/operators/{self.operator.pk}/stats"):
            self.read(path, "MISS")
        self.read("/collaboration", "MISS")
        self.read("/dashboard", "MISS")
        self.task.assigned_department = self.other
        self.task.save()
        self.read(f"/departments/{self.other.pk}/workload", "MISS")
        self.read(f"/operators/{self.operator.pk}/stats", "MISS")
        for path in (self.stale, "/collaboration", "/dashboard"):
            self.read(path, "HIT")

    def test_a_deletion_deletes(self) -> None:
        self.read(self.stale, "MISS")
        self.task.delete()
        self.assertEqual(self.read(self.stale, "MISS").json()["summary"]["total_tasks"], 1)

    def test_the_delete_comes_before_the_commit(self) -> None:
        self.read(self.stale, "MISS")
        with transaction.atomic():
            self.task.save()
            self.assertIsNone(cache.get(f"dept_workload:{self.department.pk}"))
            transaction.set_rollback(True)
