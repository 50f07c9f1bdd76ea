"""The forms by which a person changes tasks."""

from typing import Any

from django import forms
from django.db import transaction

from workorder.models import Department, TaskLog, WorkOrderProcess, WorkOrderTask

Status = WorkOrderTask.Status


class TaskForm(forms.ModelForm):
    class Meta:
        model = WorkOrderTask
        fields = (
            "work_order_process",
            "assigned_department",
            "assigned_operator",
            "task_type",
            "status",
            "work_content",
            "production_requirements",
            "production_quantity",
            "quantity_completed",
            "quantity_defective",
            "deadline",
        )
        widgets = {
            "work_content": forms.Textarea({"rows": 2}),
            "production_requirements": forms.Textarea({"rows": 2}),
            "deadline": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        processes = WorkOrderProcess.objects.select_related("work_order").order_by("work_order", "sequence")
        self.fields["work_order_process"].queryset = processes

    def save(self, commit: bool = True) -> WorkOrderTask:
        """The task and the log of its change, in one transaction."""
        created = self.instance.pk is None
        before = "" if created else self.initial["status"]
        with transaction.atomic():
            if not created:
                self.instance.version += 1
            task = super().save(commit)
            if task.status != before:
                completed = task.status == Status.COMPLETED
                task.logs.create(
                    log_type=TaskLog.Type.COMPLETE if completed else TaskLog.Type.STATUS_CHANGE,
                    quantity_increment=task.quantity_completed if completed else 0,
                    status_before=before,
                    status_after=task.status,
                    operator=task.assigned_operator,
                )
        return task


class MoveForm(forms.Form):
    """Moves the ticked tasks to a department, or to none."""

    tasks = forms.ModelMultipleChoiceField(WorkOrderTask.objects.all())
    department = forms.ModelChoiceField(Department.objects.all(), required=False, empty_label="no department")

    def save(self) -> int:
        """One UPDATE. Django sends no signal for it."""
        return self.cleaned_data["tasks"].update(assigned_department=self.cleaned_data["department"])


class FilterForm(forms.Form):
    department = forms.ModelChoiceField(Department.objects.all(), required=False, empty_label="any department")
    status = forms.ChoiceField(choices=[("", "any status"), *Status.choices], required=False)
