"""Pages to change tasks by hand and to see what that does to the cached answers."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from workorder import cached
from workorder.forms import FilterForm, MoveForm, TaskForm
from workorder.models import Department, WorkOrderTask


def _list_page(request: HttpRequest, move: MoveForm, status: int = 200) -> HttpResponse:
    wanted = FilterForm(request.GET)
    tasks: QuerySet[WorkOrderTask] = WorkOrderTask.objects.select_related(
        "assigned_department", "assigned_operator", "work_order_process__work_order"
    )
    if wanted.is_valid():
        if department := wanted.cleaned_data["department"]:
            tasks = tasks.filter(assigned_department=department)
        if wanted.cleaned_data["status"]:
            tasks = tasks.filter(status=wanted.cleaned_data["status"])
    page = Paginator(tasks.order_by("-id"), 50).get_page(request.GET.get("page"))
    context = {"page": page, "wanted": wanted, "move": move, "departments": Department.objects.all()}
    return render(request, "workorder/tasks.html", context, status=status)


@require_safe
def tasks(request: HttpRequest) -> HttpResponse:
    return _list_page(request, MoveForm())


@require_POST
def move_tasks(request: HttpRequest) -> HttpResponse:
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _list_page(request, form, status=400)
    form.save()
    return redirect("tasks")


def edit_task(request: HttpRequest, task_id: int | None = None) -> HttpResponse:
    task = get_object_or_404(WorkOrderTask, pk=task_id) if task_id else None
    form = TaskForm(request.POST or None, instance=task)
    if form.is_valid():
        form.save()
        return redirect("tasks")
    return render(request, "workorder/task.html", {"form": form, "task": task}, status=400 if form.is_bound else 200)


@require_POST
def delete_task(request: HttpRequest, task_id: int) -> HttpResponse:
    get_object_or_404(WorkOrderTask, pk=task_id).delete()
    return redirect("tasks")


@require_safe
def department(request: HttpRequest, department_id: int) -> HttpResponse:
    with cached.watch() as watch:
        workload = cached.dept_workload(department_id)
    if workload is None:
        raise Http404
    context = {"workload": workload, "outcome": watch.outcome}
    return _cached_page(request, "workorder/department.html", context)


@require_POST
def invalidate_department(request: HttpRequest, department_id: int) -> HttpResponse:
    cached.invalidate_department_stats(department_id)
    return redirect("department", department_id)


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    with cached.watch() as watch:
        overview = cached.overview()
    return _cached_page(request, "workorder/dashboard.html", {"overview": overview, "outcome": watch.outcome})


def _cached_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    response["X-Cache"] = context["outcome"]
    return response
