"""The tables that freshet follows.

Foreign keys leave their constraint to the migration: plain SQL writes to these tables too, so what happens on a
deletion stands in the database, which Django before 6.1 cannot say.
"""

from django.db import models
from django.utils import timezone


class User(models.Model):
    """The columns of auth_user that the statistics need; nobody logs in to this example."""

    username = models.CharField(max_length=150, unique=True)
    first_name = models.CharField(max_length=150, blank=True, default="")
    last_name = models.CharField(max_length=150, blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField(default=False)

    class Meta:
        db_table = "auth_user"

    def __str__(self) -> str:
        return self.username


class Department(models.Model):
    name = models.CharField(max_length=100, unique=True)
    code = models.CharField(max_length=50, unique=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, db_constraint=False)
    sort_order = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("sort_order", "id")

    def __str__(self) -> str:
        return self.name


class WorkOrder(models.Model):
    class Priority(models.TextChoices):
        LOW = "low"
        NORMAL = "normal"
        HIGH = "high"
        URGENT = "urgent"

    order_number = models.CharField(max_length=50, unique=True)
    # Customers, and the kinds of process, feed no cached value; their tables are left out of the example.
    customer_id = models.BigIntegerField()
    status = models.CharField(max_length=20, default="pending")
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.NORMAL)
    order_date = models.DateField()
    delivery_date = models.DateField()
    approval_status = models.CharField(max_length=20, default="pending")

    def __str__(self) -> str:
        return self.order_number


class WorkOrderProcess(models.Model):
    work_order = models.ForeignKey(WorkOrder, models.CASCADE, db_constraint=False)
    process_id = models.BigIntegerField()
    department = models.ForeignKey(Department, models.SET_NULL, null=True, blank=True, db_constraint=False)
    operator = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, db_constraint=False)
    sequence = models.IntegerField()
    status = models.CharField(max_length=20, default="pending")

    def __str__(self) -> str:
        return f"{self.work_order}, step {self.sequence}"


class WorkOrderTask(models.Model):
    class Type(models.TextChoices):
        PLATE_MAKING = "plate_making"
        CUTTING = "cutting"
        PRINTING = "printing"
        FOILING = "foiling"
        EMBOSSING = "embossing"
        DIE_CUTTING = "die_cutting"
        PACKAGING = "packaging"
        GENERAL = "general"

    class Status(models.TextChoices):
        DRAFT = "draft"
        PENDING = "pending"
        IN_PROGRESS = "in_progress"
        COMPLETED = "completed"
        CANCELLED = "cancelled"

    work_order_process = models.ForeignKey(WorkOrderProcess, models.CASCADE, db_constraint=False)
    assigned_department = models.ForeignKey(Department, models.SET_NULL, null=True, blank=True, db_constraint=False)
    assigned_operator = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, db_constraint=False)
    parent_task = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, db_constraint=False)
    task_type = models.CharField(max_length=20, choices=Type.choices, default=Type.GENERAL)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    work_content = models.TextField(blank=True, default="")
    production_requirements = models.TextField(blank=True, default="")
    production_quantity = models.IntegerField(default=0)
    quantity_completed = models.IntegerField(default=0)
    quantity_defective = models.IntegerField(default=0)
    stock_accounted_quantity = models.IntegerField(default=0)
    deadline = models.DateField(null=True, blank=True)
    auto_calculate_quantity = models.BooleanField(default=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Task {self.pk}"


class TaskLog(models.Model):
    class Type(models.TextChoices):
        UPDATE_QUANTITY = "update_quantity"
        COMPLETE = "complete"
        STATUS_CHANGE = "status_change"

    task = models.ForeignKey(WorkOrderTask, models.CASCADE, db_constraint=False, related_name="logs")
    log_type = models.CharField(max_length=20, choices=Type.choices)
    content = models.TextField(blank=True, default="")
    quantity_increment = models.IntegerField(default=0)
    status_before = models.CharField(max_length=20, blank=True, default="")
    status_after = models.CharField(max_length=20, blank=True, default="")
    operator = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, db_constraint=False)
    created_at = models.DateTimeField(default=timezone.now)
