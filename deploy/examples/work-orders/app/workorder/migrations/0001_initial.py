"""The tables of ../../schema.sql; a test holds the two to one another.

The local stack has made them already: `manage.py migrate --fake-initial` takes them as they are.
"""

from typing import Any

from django.db import migrations, models
from django.db.models.deletion import CASCADE, SET_NULL
from django.utils import timezone

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))

TASK_TYPES = ("plate_making", "cutting", "printing", "foiling", "embossing", "die_cutting", "packaging", "general")

# Plain SQL writes to these tables too, so that defaults and what happens on a deletion stand in the database.
RULES = """
ALTER TABLE auth_user
    ALTER first_name SET DEFAULT '',
    ALTER last_name SET DEFAULT '',
    ALTER is_active SET DEFAULT true,
    ALTER is_superuser SET DEFAULT false;

ALTER TABLE workorder_department
    ALTER sort_order SET DEFAULT 0,
    ALTER is_active SET DEFAULT true,
    ADD FOREIGN KEY (parent_id) REFERENCES workorder_department (id) ON DELETE SET NULL;

ALTER TABLE workorder_workorder
    ALTER status SET DEFAULT 'pending',
    ALTER priority SET DEFAULT 'normal',
    ALTER approval_status SET DEFAULT 'pending',
    ADD CHECK (priority IN ('low', 'normal', 'high', 'urgent'));

ALTER TABLE workorder_workorderprocess
    ALTER status SET DEFAULT 'pending',
    ADD FOREIGN KEY (work_order_id) REFERENCES workorder_workorder (id) ON DELETE CASCADE,
    ADD FOREIGN KEY (department_id) REFERENCES workorder_department (id) ON DELETE SET NULL,
    ADD FOREIGN KEY (operator_id) REFERENCES auth_user (id) ON DELETE SET NULL;

ALTER TABLE workorder_workordertask
    ALTER task_type SET DEFAULT 'general',
    ALTER status SET DEFAULT 'pending',
    ALTER work_content SET DEFAULT '',
    ALTER production_requirements SET DEFAULT '',
    ALTER production_quantity SET DEFAULT 0,
    ALTER quantity_completed SET DEFAULT 0,
    ALTER quantity_defective SET DEFAULT 0,
    ALTER stock_accounted_quantity SET DEFAULT 0,
    ALTER auto_calculate_quantity SET DEFAULT true,
    ALTER version SET DEFAULT 1,
    ALTER created_at SET DEFAULT now(),
    ALTER updated_at SET DEFAULT now(),
    ADD CHECK (task_type IN ('plate_making', 'cutting', 'printing', 'foiling',
                             'embossing', 'die_cutting', 'packaging', 'general')),
    ADD CHECK (status IN ('draft', 'pending', 'in_progress', 'completed', 'cancelled')),
    ADD FOREIGN KEY (work_order_process_id) REFERENCES workorder_workorderprocess (id) ON DELETE CASCADE,
    ADD FOREIGN KEY (assigned_department_id) REFERENCES workorder_department (id) ON DELETE SET NULL,
    ADD FOREIGN KEY (assigned_operator_id) REFERENCES auth_user (id) ON DELETE SET NULL,
    ADD FOREIGN KEY (parent_task_id) REFERENCES workorder_workordertask (id) ON DELETE SET NULL;

ALTER TABLE workorder_tasklog
    ALTER content SET DEFAULT '',
    ALTER quantity_increment SET DEFAULT 0,
    ALTER status_before SET DEFAULT '',
    ALTER status_after SET DEFAULT '',
    ALTER created_at SET DEFAULT now(),
    ADD CHECK (log_type IN ('update_quantity', 'complete', 'status_change')),
    ADD FOREIGN KEY (task_id) REFERENCES workorder_workordertask (id) ON DELETE CASCADE,
    ADD FOREIGN KEY (operator_id) REFERENCES auth_user (id) ON DELETE SET NULL;
"""


def choices(*values: str) -> list[tuple[str, str]]:
    return [(value, value.replace("_", " ").title()) for value in values]


def required(to: str, **options: Any) -> models.ForeignKey:
    return models.ForeignKey(db_constraint=False, on_delete=CASCADE, to=f"workorder.{to}", **options)


def optional(to: str) -> models.ForeignKey:
    return models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=SET_NULL, to=f"workorder.{to}")


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            "User",
            [
                ID,
                ("username", models.CharField(max_length=150, unique=True)),
                ("first_name", models.CharField(blank=True, default="", max_length=150)),
                ("last_name", models.CharField(blank=True, default="", max_length=150)),
                ("is_active", models.BooleanField(default=True)),
                ("is_superuser", models.BooleanField(default=False)),
            ],
            options={"db_table": "auth_user"},
        ),
        migrations.CreateModel(
            "Department",
            [
                ID,
                ("name", models.CharField(max_length=100, unique=True)),
                ("code", models.CharField(max_length=50, unique=True)),
                ("parent", optional("department")),
                ("sort_order", models.IntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={"ordering": ("sort_order", "id")},
        ),
        migrations.CreateModel(
            "WorkOrder",
            [
                ID,
                ("order_number", models.CharField(max_length=50, unique=True)),
                ("customer_id", models.BigIntegerField()),
                ("status", models.CharField(default="pending", max_length=20)),
                (
                    "priority",
                    models.CharField(
                        choices=choices("low", "normal", "high", "urgent"), default="normal", max_length=10
                    ),
                ),
                ("order_date", models.DateField()),
                ("delivery_date", models.DateField()),
                ("approval_status", models.CharField(default="pending", max_length=20)),
            ],
        ),
        migrations.CreateModel(
            "WorkOrderProcess",
            [
                ID,
                ("work_order", required("workorder")),
                ("process_id", models.BigIntegerField()),
                ("department", optional("department")),
                ("operator", optional("user")),
                ("sequence", models.IntegerField()),
                ("status", models.CharField(default="pending", max_length=20)),
            ],
        ),
        migrations.CreateModel(
            "WorkOrderTask",
            [
                ID,
                ("work_order_process", required("workorderprocess")),
                ("assigned_department", optional("department")),
                ("assigned_operator", optional("user")),
                ("parent_task", optional("workordertask")),
                ("task_type", models.CharField(choices=choices(*TASK_TYPES), default="general", max_length=20)),
                (
                    "status",
                    models.CharField(
                        choices=choices("draft", "pending", "in_progress", "completed", "cancelled"),
                        default="pending",
                        max_length=20,
                    ),
                ),
                ("work_content", models.TextField(blank=True, default="")),
                ("production_requirements", models.TextField(blank=True, default="")),
                ("production_quantity", models.IntegerField(default=0)),
                ("quantity_completed", models.IntegerField(default=0)),
                ("quantity_defective", models.IntegerField(default=0)),
                ("stock_accounted_quantity", models.IntegerField(default=0)),
                ("deadline", models.DateField(blank=True, null=True)),
                ("auto_calculate_quantity", models.BooleanField(default=True)),
                ("version", models.IntegerField(default=1)),
                ("created_at", models.DateTimeField(default=timezone.now)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            "TaskLog",
            [
                ID,
                ("task", required("workordertask", related_name="logs")),
                (
                    "log_type",
                    models.CharField(choices=choices("update_quantity", "complete", "status_change"), max_length=20),
                ),
                ("content", models.TextField(blank=True, default="")),
                ("quantity_increment", models.IntegerField(default=0)),
                ("status_before", models.CharField(blank=True, default="", max_length=20)),
                ("status_after", models.CharField(blank=True, default="", max_length=20)),
                ("operator", optional("user")),
                ("created_at", models.DateTimeField(default=timezone.now)),
            ],
        ),
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
    ]
