"""The mix: what is read and written, how often and of what. The same numbers give the same reads and writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import NamedTuple

# Rows of the mix have ids from here on; those below are the local stack's.
FIRST = 1001

READS = {"dept_workload": 40, "task_stats": 20, "operator_stats": 25, "collab_stats": 15}
"""Of 100 reads."""

WRITES = {
    "save_text": 24,  # save() of a task's work_content, which no value shows
    "save_status": 20,  # save() of a task's status, with a log when it is completed
    "save_move": 6,  # save() of another department
    "save_operator": 6,  # save() of another operator
    "save_new": 4,  # save() of a new task
    "update_status": 8,  # QuerySet.update() of the status of 5 tasks of a department
    "update_move": 5,  # QuerySet.update() of the department of 5 tasks
    "update_delivery": 8,  # QuerySet.update() of a work order's delivery date, which no value shows
    "sql_quantity": 6,  # plain SQL: the quantity of a task
    "sql_stock": 7,  # plain SQL: the stock that is accounted for 20 tasks, which no value shows
    "priority": 4,  # save() of a work order's priority
    "username": 1,  # save() of an operator's username
    "department_name": 1,  # save() of a department's name
}
"""Of 100 writes."""

UNSEEN = {"save_text", "update_delivery", "sql_stock"}
"""The writes that change no value."""

_SETS = [
    "",
    "department_id=1001",
    "start_date=2026-03-01&end_date=2026-03-31",
    "department_id=1002",
    "department_id=1001&start_date=2026-03-01&end_date=2026-03-31",
    "department_id=1003",
    "start_date=2026-01-01&end_date=2026-06-30",
    "department_id=1004",
]


class Read(NamedTuple):
    at: float
    path: str


class Write(NamedTuple):
    at: float
    kind: str
    chance: int


@dataclass(frozen=True)
class Mix:
    seed: int = 1
    warm_up: float = 20
    seconds: float = 90
    reads: float = 100
    """A second."""
    writes: float = 3
    departments: int = 30
    operators: int = 100
    orders: int = 1500
    tasks: int = 6000

    @property
    def duration(self) -> float:
        return self.warm_up + self.seconds

    def department(self, chance: Random) -> int:
        return FIRST + _zipf(chance, self.departments)

    def operator(self, chance: Random) -> int:
        return FIRST + _zipf(chance, self.operators)

    def order(self, chance: Random) -> int:
        return FIRST + chance.randrange(self.orders)

    def paths(self) -> list[str]:
        """Everything that can be read."""
        departments = [FIRST + n for n in range(self.departments)]
        return [
            *(f"/departments/{n}/workload" for n in departments),
            *(f"/departments/{n}/tasks/stats" for n in departments),
            *(f"/operators/{FIRST + n}/stats" for n in range(self.operators)),
            *(f"/collaboration?{parameters}" for parameters in _SETS),
        ]

    def planned_reads(self) -> list[Read]:
        chance = Random(self.seed)
        return [Read(at, self._path(chance)) for at in _arrivals(chance, self.reads, self.duration)]

    def planned_writes(self) -> list[Write]:
        chance = Random(self.seed + 1)
        kinds, weights = list(WRITES), list(WRITES.values())
        return [
            Write(at, chance.choices(kinds, weights)[0], chance.getrandbits(32))
            for at in _arrivals(chance, self.writes, self.duration)
        ]

    def _path(self, chance: Random) -> str:
        match chance.choices(list(READS), list(READS.values()))[0]:
            case "dept_workload":
                return f"/departments/{self.department(chance)}/workload"
            case "task_stats":
                return f"/departments/{self.department(chance)}/tasks/stats"
            case "operator_stats":
                return f"/operators/{self.operator(chance)}/stats"
            case _:
                return f"/collaboration?{_SETS[_zipf(chance, len(_SETS))]}"


def _arrivals(chance: Random, rate: float, duration: float) -> Iterator[float]:
    """As independent people come: at random moments."""
    at = chance.expovariate(rate)
    while at < duration:
        yield at
        at += chance.expovariate(rate)


def _zipf(chance: Random, count: int) -> int:
    """The n-th of them is asked for 1/n as often as the first."""
    return chance.choices(range(count), cum_weights=list(accumulate(1 / n for n in range(1, count + 1))))[0]
