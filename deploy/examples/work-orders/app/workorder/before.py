"""What the app did before freshet, kept to be measured: FRESHET_BEFORE=ttl or FRESHET_BEFORE=signals.

With freshet none of this is left.
"""

import logging
from collections.abc import Callable
from functools import wraps
from hashlib import md5
from inspect import signature
from typing import Any

from django.core.cache import cache
from django.db.models.signals import post_delete, post_save

from workorder.models import WorkOrderTask

log = logging.getLogger(__name__)


def _collaboration(start_date: object, end_date: object, department_id: object) -> str:
    parameters = f"{start_date or ''}:{end_date or ''}:{department_id or ''}"
    return f"collab_stats:{md5(parameters.encode(), usedforsecurity=False).hexdigest()[:8]}"


KEYS: dict[str, Callable[..., str]] = {
    "task_stats": "task_stats:{department_id}".format,
    "dept_workload": "dept_workload:{department_id}".format,
    "operator_stats": "operator_stats:{operator_id}".format,
    "collab_stats": _collaboration,
}
GROUPS = {"department": ("task_stats", "dept_workload"), "operator": ("operator_stats",)}


def cached(view: str, timeout: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Read, compute, store: whatever changed in between, the value that was read first stays for its TTL."""

    def decorate(compute: Callable[..., Any]) -> Callable[..., Any]:
        parameters = signature(compute)

        @wraps(compute)
        def read(*args: object, **kwargs: object) -> Any:
            call = parameters.bind(*args, **kwargs)
            call.apply_defaults()
            key = KEYS[view](**call.arguments)
            value = cache.get(key)
            if value is None:
                value = compute(*args, **kwargs)
                if value is not None:
                    cache.set(key, value, timeout)
            return value

        return read

    return decorate


def invalidate(group: str, **holes: object) -> None:
    cache.delete_many([KEYS[view](**holes) for view in GROUPS[group]])


def connect_signals() -> None:
    for signal in (post_save, post_delete):
        signal.connect(_task_changed, sender=WorkOrderTask, dispatch_uid="statistics")


def _task_changed(sender: type[WorkOrderTask], instance: WorkOrderTask, **_: object) -> None:
    """The department and the operator that the task has now: those that it had before stay stale."""
    if instance.assigned_department_id:
        invalidate("department", department_id=instance.assigned_department_id)
    if instance.assigned_operator_id:
        invalidate("operator", operator_id=instance.assigned_operator_id)
    try:
        # No back end's client has this method, so that no dashboard was ever deleted.
        cache._cache.delete_pattern("dashboard:*")
    except AttributeError:
        log.debug("pattern delete is not supported")
