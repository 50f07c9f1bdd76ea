"""The statistics as readers get them: from the cache for 300 s, unless a change has deleted them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count

from workorder import statistics
from workorder.models import WorkOrderTask
from workorder.statistics import Value

if settings.FRESHET_BEFORE:
    from workorder.before import cached, invalidate
else:
    from freshet_django import cached, invalidate

TTL = 300


@dataclass
class Watch:
    computed: bool = False

    @property
    def outcome(self) -> str:
        return "MISS" if self.computed else "HIT"


_watch: ContextVar[Watch] = ContextVar("watch")


@contextmanager
def watch() -> Iterator[Watch]:
    """Sees whether a value that is read inside had to be computed."""
    watch = Watch()
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


def _computing() -> None:
    if watch := _watch.get(None):
        watch.computed = True


@cached("task_stats", timeout=TTL)
def task_stats(department_id: int) -> Value:
    _computing()
    return statistics.task_stats(department_id)


@cached("dept_workload", timeout=TTL)
def dept_workload(department_id: int) -> Value | None:
    _computing()
    return statistics.dept_workload(department_id)


@cached("operator_stats", timeout=TTL)
def operator_stats(operator_id: int) -> Value | None:
    _computing()
    return statistics.operator_stats(operator_id)


@cached("collab_stats", timeout=TTL)
def collab_stats(
    start_date: date | str | None = None,
    end_date: date | str | None = None,
    department_id: int | str | None = None,
) -> Value:
    _computing()
    return statistics.collab_stats(start_date, end_date, department_id)


def overview() -> Value:
    """All tasks by status. Dashboards are no view with a template: any key under `dashboard:` is in the family."""
    return cache.get_or_set("dashboard:overview", _overview, TTL)


def _overview() -> Value:
    _computing()
    return dict(WorkOrderTask.objects.values_list("status").annotate(Count("id")).order_by("status"))


def invalidate_department_stats(department_id: int) -> None:
    """Both keys of a department. freshet deletes them by itself; this is for what no row tells."""
    invalidate("department", department_id=department_id)


def invalidate_operator_stats(operator_id: int) -> None:
    invalidate("operator", operator_id=operator_id)
