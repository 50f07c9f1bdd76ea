"""The rows that each mode begins with."""

from datetime import datetime, timedelta, timezone
from random import Random

from django.db import connection, transaction

from mix.plan import FIRST, Mix
from workorder.models import Department, TaskLog, User, WorkOrder, WorkOrderProcess, WorkOrderTask

# A child is deleted before its parent.
_MODELS = (TaskLog, WorkOrderTask, WorkOrderProcess, WorkOrder, Department, User)
_PROCESSES = 3


@transaction.atomic
def load(mix: Mix) -> None:
    """Writes the rows, and keeps a copy of all tables where Debezium does not look."""
    chance = Random(mix.seed)
    created = datetime(2026, 1, 1, 8, tzinfo=timezone.utc)
    User.objects.bulk_create(User(id=FIRST + n, username=f"operator{FIRST + n}") for n in range(mix.operators))
    Department.objects.bulk_create(
        Department(id=FIRST + n, name=f"Department {FIRST + n}", code=f"d{FIRST + n}") for n in range(mix.departments)
    )
    WorkOrder.objects.bulk_create(
        WorkOrder(
            id=FIRST + n,
            order_number=f"M-{n}",
            customer_id=1,
            priority=chance.choice(WorkOrder.Priority.values),
            order_date=created.date(),
            delivery_date=created.date(),
        )
        for n in range(mix.orders)
    )
    WorkOrderProcess.objects.bulk_create(
        WorkOrderProcess(id=FIRST + n, work_order_id=FIRST + n // _PROCESSES, process_id=1, sequence=n % _PROCESSES)
        for n in range(mix.orders * _PROCESSES)
    )
    tasks = WorkOrderTask.objects.bulk_create(
        WorkOrderTask(
            work_order_process_id=FIRST + chance.randrange(mix.orders * _PROCESSES),
            assigned_department_id=mix.department(chance),
            assigned_operator_id=mix.operator(chance),
            status=chance.choice(WorkOrderTask.Status.values),
            production_quantity=1000,
            quantity_completed=chance.randrange(1000),
            quantity_defective=chance.randrange(20),
            created_at=created + timedelta(minutes=chance.randrange(200_000)),
        )
        for _ in range(mix.tasks)
    )
    TaskLog.objects.bulk_create(
        TaskLog(task=task, log_type="complete", created_at=task.created_at + timedelta(hours=chance.randrange(1, 90)))
        for task in tasks
        if task.status == WorkOrderTask.Status.COMPLETED
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS mix CASCADE; CREATE SCHEMA mix")
        for model in _MODELS:
            table = model._meta.db_table
            cursor.execute(f"CREATE TABLE mix.{table} AS TABLE {table}; ALTER TABLE mix.{table} ADD PRIMARY KEY (id)")
        cursor.execute("ANALYZE")


@transaction.atomic
def rewind() -> None:
    """The rows as they were loaded. Only what differs is written, so that there is little to read from Kafka."""
    with connection.cursor() as cursor:
        for model in _MODELS:
            table = model._meta.db_table
            columns = ", ".join(field.column for field in model._meta.concrete_fields)
            cursor.execute(f"DELETE FROM {table} AS t WHERE NOT EXISTS (SELECT FROM mix.{table} WHERE id = t.id)")
            cursor.execute(
                f"UPDATE {table} AS t SET ({columns}) = (SELECT {columns} FROM mix.{table} WHERE id = t.id) "
                f"FROM mix.{table} AS b WHERE t.id = b.id AND t.* IS DISTINCT FROM b.*"
            )
