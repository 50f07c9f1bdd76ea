"""What each value is after each write. The writes are the same in each mode, so this is computed once, before them."""

import hashlib
from urllib.parse import parse_qs, urlsplit

from django.http import JsonResponse

from mix import writes
from mix.plan import UNSEEN, Mix
from workorder import statistics
from workorder.models import WorkOrderTask

History = dict[str, list[tuple[int, str]]]
"""Of each path its answers, and after how many writes each came to be."""


def digest(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()[:12]


def answer(path: str) -> str:
    parts = urlsplit(path)
    match parts.path.strip("/").split("/"):
        case ["departments", pk, "workload"]:
            value = statistics.dept_workload(int(pk))
        case ["departments", pk, "tasks", "stats"]:
            value = statistics.task_stats(int(pk))
        case ["operators", pk, "stats"]:
            value = statistics.operator_stats(int(pk))
        case _:
            value = statistics.collab_stats(**{name: given[0] for name, given in parse_qs(parts.query).items()})
    return digest(JsonResponse({"error": "not found"} if value is None else value).content)


def history(mix: Mix) -> History:
    paths = mix.paths()
    history = {path: [(0, answer(path))] for path in paths}
    planned = mix.planned_writes()
    for number, write in enumerate(planned, 1):
        writing = writes.begin(mix, write)
        tasks = next(writing)
        concerned = _paths(mix, tasks)
        next(writing, None)
        concerned |= _paths(mix, tasks)
        if write.kind in UNSEEN:
            continue
        for path in concerned & history.keys():
            if (now := answer(path)) != history[path][-1][1]:
                history[path].append((number, now))
    if missed := [path for path in paths if answer(path) != history[path][-1][1]]:
        raise AssertionError(f"a write that was not thought to concern them has changed {missed}")
    return history


def _paths(mix: Mix, tasks: list[int]) -> set[str]:
    """What may show these tasks as they are now."""
    places = WorkOrderTask.objects.filter(pk__in=tasks).values_list("assigned_department_id", "assigned_operator_id")
    departments, operators = (set(column) for column in zip(*places, strict=True)) if tasks else (set(), set())
    return {
        *(f"/departments/{n}/workload" for n in departments),
        *(f"/departments/{n}/tasks/stats" for n in departments),
        *(f"/operators/{n}/stats" for n in operators),
        *(path for path in mix.paths() if path.startswith("/collaboration")),
    }
