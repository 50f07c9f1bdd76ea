"""What each kind of write does. A writer yields the tasks that it concerns, and writes when it is resumed."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from random import Random

from django.db import connection, transaction

from mix.plan import WRITES, Mix, Write
from workorder.models import Department, TaskLog, User, WorkOrder, WorkOrderProcess, WorkOrderTask

Status = WorkOrderTask.Status
Writing = Iterator[list[int]]

# Values must not depend on when a write runs, so that each mode has the same history of values.
_NOW = datetime(2026, 7, 1, tzinfo=timezone.utc)


def begin(mix: Mix, write: Write) -> Writing:
    return _KINDS[write.kind](mix, Random(write.chance))


def _tasks(mix: Mix, chance: Random, count: int) -> list[WorkOrderTask]:
    """Of a department, those that stand beside one another."""
    tasks = WorkOrderTask.objects.filter(assigned_department_id=mix.department(chance)).order_by("id")
    first = chance.randrange(max(1, tasks.count() - count + 1))
    return list(tasks[first : first + count])


def _save(change: Callable[[Mix, Random, WorkOrderTask], None]) -> Callable[[Mix, Random], Writing]:
    def write(mix: Mix, chance: Random) -> Writing:
        for task in _tasks(mix, chance, 1):
            yield [task.pk]
            change(mix, chance, task)

    return write


def _text(mix: Mix, chance: Random, task: WorkOrderTask) -> None:
    task.work_content = f"Content {chance.getrandbits(32)}"
    task.save()


def _status(mix: Mix, chance: Random, task: WorkOrderTask) -> None:
    with transaction.atomic():
        task.status = chance.choice([each for each in Status if each != task.status])
        task.save()
        if task.status == Status.COMPLETED:
            task.logs.create(
                log_type=TaskLog.Type.COMPLETE, created_at=_NOW + timedelta(seconds=chance.randrange(10**6))
            )


def _move(mix: Mix, chance: Random, task: WorkOrderTask) -> None:
    task.assigned_department_id = mix.department(chance)
    task.save()


def _operator(mix: Mix, chance: Random, task: WorkOrderTask) -> None:
    task.assigned_operator_id = mix.operator(chance)
    task.save()


def _new(mix: Mix, chance: Random) -> Writing:
    process = WorkOrderProcess.objects.filter(work_order=mix.order(chance)).first()
    task = WorkOrderTask(
        work_order_process=process,
        assigned_department_id=mix.department(chance),
        assigned_operator_id=mix.operator(chance),
        created_at=_NOW,
    )
    concerned: list[int] = []
    yield concerned
    task.save()
    # Who goes on after this looks at the task as it is now.
    concerned.append(task.pk)


def _update(count: int, change: Callable[[Mix, Random], dict[str, object]]) -> Callable[[Mix, Random], Writing]:
    def write(mix: Mix, chance: Random) -> Writing:
        ids = [task.pk for task in _tasks(mix, chance, count)]
        yield ids
        WorkOrderTask.objects.filter(pk__in=ids).update(**change(mix, chance))

    return write


def _sql(count: int, assignment: str) -> Callable[[Mix, Random], Writing]:
    def write(mix: Mix, chance: Random) -> Writing:
        ids = [task.pk for task in _tasks(mix, chance, count)]
        yield ids
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE workorder_workordertask SET {assignment} WHERE id = ANY(%s)", [ids])

    return write


def _concerned(**where: object) -> list[int]:
    return list(WorkOrderTask.objects.filter(**where).values_list("pk", flat=True))


def _delivery(mix: Mix, chance: Random) -> Writing:
    order = WorkOrder.objects.filter(pk=mix.order(chance))
    yield _concerned(work_order_process__work_order__in=order)
    order.update(delivery_date=_NOW.date() + timedelta(days=chance.randrange(60)))


def _priority(mix: Mix, chance: Random) -> Writing:
    order = WorkOrder.objects.get(pk=mix.order(chance))
    yield _concerned(work_order_process__work_order=order)
    order.priority = chance.choice([each for each in WorkOrder.Priority if each != order.priority])
    order.save()


def _username(mix: Mix, chance: Random) -> Writing:
    user = User.objects.get(pk=mix.operator(chance))
    yield _concerned(assigned_operator=user)
    user.username = f"operator{user.pk} {chance.getrandbits(16)}"
    user.save()


def _department_name(mix: Mix, chance: Random) -> Writing:
    department = Department.objects.get(pk=mix.department(chance))
    yield _concerned(assigned_department=department)
    department.name = f"Department {department.pk} {chance.getrandbits(16)}"
    department.save()


_KINDS: dict[str, Callable[[Mix, Random], Writing]] = {
    "save_text": _save(_text),
    "save_status": _save(_status),
    "save_move": _save(_move),
    "save_operator": _save(_operator),
    "save_new": _new,
    "update_status": _update(5, lambda mix, chance: {"status": chance.choice(Status.values)}),
    "update_move": _update(5, lambda mix, chance: {"assigned_department": mix.department(chance)}),
    "update_delivery": _delivery,
    "sql_quantity": _sql(1, "quantity_completed = quantity_completed + 10"),
    "sql_stock": _sql(20, "stock_accounted_quantity = quantity_completed, version = version + 1"),
    "priority": _priority,
    "username": _username,
    "department_name": _department_name,
}
assert _KINDS.keys() == WRITES.keys()
