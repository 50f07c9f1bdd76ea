"""Rows for tests."""

import os
import random
import sys
from datetime import date, datetime, timedelta, timezone

from workorder.models import Department, TaskLog, User, WorkOrder, WorkOrderProcess, WorkOrderTask

Status, Priority = WorkOrderTask.Status, WorkOrder.Priority


def chance() -> random.Random:
    """SEED repeats a run."""
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}", file=sys.stderr)
    return random.Random(seed)


def department(name: str = "Printing") -> Department:
    return Department.objects.create(name=name, code=name.lower())


def user(username: str = "anna", **columns: object) -> User:
    return User.objects.create(username=username, **columns)


def process(priority: str = "normal") -> WorkOrderProcess:
    number = f"WO-{WorkOrder.objects.count()}"
    days = {"order_date": date(2026, 1, 5), "delivery_date": date(2026, 1, 19)}
    order = WorkOrder.objects.create(order_number=number, customer_id=1, priority=priority, **days)
    return WorkOrderProcess.objects.create(work_order=order, process_id=1, sequence=1)


def task(department: Department | None, operator: User | None = None, **columns: object) -> WorkOrderTask:
    columns.setdefault("work_order_process", WorkOrderProcess.objects.first() or process())
    return WorkOrderTask.objects.create(assigned_department=department, assigned_operator=operator, **columns)


def fill(chance: random.Random, tasks: int = 200) -> None:
    """Random rows: users who do not count, tasks without a department or an operator, logs around midnight."""
    departments = Department.objects.bulk_create(
        Department(name=name, code=name) for name in ("Zinc", "Älter", "archive", "Binding", "Cut", "Print & post")
    )
    users = User.objects.bulk_create(
        User(
            username=f"user{n}",
            first_name=chance.choice(["", "Anna", "Bo"]),
            last_name=chance.choice(["", "Berg", "van Dyk"]),
            is_active=chance.random() < 0.8,
            is_superuser=chance.random() < 0.2,
        )
        for n in range(8)
    )
    day = date(2026, 1, 5)
    orders = WorkOrder.objects.bulk_create(
        WorkOrder(
            order_number=f"R{n}",
            customer_id=1,
            priority=chance.choice(Priority.values),
            order_date=day,
            delivery_date=day,
        )
        for n in range(6)
    )
    processes = WorkOrderProcess.objects.bulk_create(
        WorkOrderProcess(work_order=chance.choice(orders), process_id=1, sequence=n) for n in range(12)
    )
    created = datetime(2026, 1, 1, 8, tzinfo=timezone.utc)
    made = WorkOrderTask.objects.bulk_create(
        WorkOrderTask(
            work_order_process=chance.choice(processes),
            assigned_department=chance.choice([None, *departments[:5]]),
            assigned_operator=chance.choice([None, *users]),
            status=chance.choice([Status.COMPLETED, *Status.values]),
            production_quantity=chance.randrange(1000),
            quantity_completed=chance.randrange(1000),
            quantity_defective=chance.choice([0, 0, chance.randrange(30)]),
            created_at=created + timedelta(seconds=chance.randrange(200_000)),
        )
        for _ in range(tasks)
    )
    midnight = datetime(2026, 1, 8, tzinfo=timezone.utc)
    TaskLog.objects.bulk_create(
        TaskLog(
            task=chance.choice(made),
            log_type=chance.choice([TaskLog.Type.COMPLETE, *TaskLog.Type.values]),
            created_at=midnight
            + timedelta(
                days=chance.randrange(15),
                hours=chance.choice([0, 15, chance.randrange(24)]),
                microseconds=chance.choice([-1, 0, 1, chance.randrange(10**9)]),
            ),
        )
        for _ in range(tasks * 2)
    )
