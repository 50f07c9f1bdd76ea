"""The statistics as JSON. The header X-Cache says whether an answer came from the cache."""

from collections.abc import Callable
from datetime import date

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from workorder import cached


def _answer(read: Callable[..., cached.Value | None], *arguments: object) -> JsonResponse:
    with cached.watch() as watch:
        value = read(*arguments)
    headers = {"X-Cache": watch.outcome, "Cache-Control": "no-store"}
    if value is None:
        return JsonResponse({"error": "not found"}, status=404, headers=headers)
    return JsonResponse(value, headers=headers)


@require_safe
def department_workload(request: HttpRequest, department_id: int) -> JsonResponse:
    return _answer(cached.dept_workload, department_id)


@require_safe
def department_task_stats(request: HttpRequest, department_id: int) -> JsonResponse:
    return _answer(cached.task_stats, department_id)


@require_safe
def operator_stats(request: HttpRequest, operator_id: int) -> JsonResponse:
    return _answer(cached.operator_stats, operator_id)


@require_safe
def collaboration_stats(request: HttpRequest) -> JsonResponse:
    """What the reader asked for makes the key as it stands, so only what can be computed may come that far."""
    asked = [request.GET.get(name) or None for name in ("start_date", "end_date", "department_id")]
    try:
        for day in filter(None, asked[:2]):
            if date.fromisoformat(day).isoformat() != day:
                raise ValueError(day)
        if asked[2] and not (asked[2].isascii() and asked[2].isdecimal() and int(asked[2]) < 2**63):
            raise ValueError(asked[2])
    except ValueError:
        return JsonResponse({"error": "dates are YYYY-MM-DD, department_id is a number"}, status=400)
    return _answer(cached.collab_stats, *asked)
