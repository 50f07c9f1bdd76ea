"""The statistics as JSON, and pages to change tasks by hand."""

from django.urls import path

from workorder import api, pages

urlpatterns = [
    path("departments/<int:department_id>/workload", api.department_workload, name="department_workload"),
    path("departments/<int:department_id>/tasks/stats", api.department_task_stats, name="department_task_stats"),
    path("operators/<int:operator_id>/stats", api.operator_stats, name="operator_stats"),
    path("collaboration", api.collaboration_stats, name="collaboration_stats"),
    path("", pages.tasks, name="tasks"),
    path("tasks/new", pages.edit_task, name="new_task"),
    path("tasks/move", pages.move_tasks, name="move_tasks"),
    path("tasks/<int:task_id>", pages.edit_task, name="task"),
    path("tasks/<int:task_id>/delete", pages.delete_task, name="delete_task"),
    path("departments/<int:department_id>", pages.department, name="department"),
    path("departments/<int:department_id>/invalidate", pages.invalidate_department, name="invalidate_department"),
    path("dashboard", pages.dashboard, name="dashboard"),
]
