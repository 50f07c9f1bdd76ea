"""
Readers of the example app: its own cached functions over the real Django, in threads as under a server.

Each line of the standard input is an order in JSON, and all but the first and `read` are answered by a line of JSON.
A key is a view and the arguments of its function.

    {"do": "know", "keys": […]}                all keys there are
    {"do": "read", "seed": 7, "delay": 0.2}    reads at random; each value is stored up to so many seconds later
    {"do": "stop"}                             ends that: {"hits", "fills", "refused", "unanswered"}
    {"do": "fill", "keys": […]}                reads each once: the same, and "found", the places of those that were there
    {"do": "compare", "keys": […]}             for each what the cache holds, and what the app computes if that differs

It ends with its input.
"""

import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.postgres.aggregates import BitXor  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import models, transaction  # noqa: E402
from django.db.models import Count, F, Func, Max, Sum, Value  # noqa: E402
from redis.exceptions import RedisError  # noqa: E402

import freshet_django  # noqa: E402
from freshet_django import conf, lease  # noqa: E402
from workorder import before, statistics  # noqa: E402
from workorder.models import WorkOrderTask  # noqa: E402

# A value that expires while a run looks on would seem to have been deleted.
TTL = 3600


def lasting(decorator: Callable[..., Any]) -> Callable[..., Any]:
    return lambda view, timeout: decorator(view, timeout=TTL)


freshet_django.cached, before.cached = lasting(freshet_django.cached), lasting(before.cached)
from workorder import cached  # noqa: E402

cached.TTL = TTL

THREADS = 12
THINKS = 0.01
# Of a hundred reads, so many of a family, and of the others so many within a transaction, or within one that changes
# what is read and is rolled back.
FAMILIES, WITHIN, ROLLED_BACK = 2, 10, 2
LEASED = not settings.FRESHET_BEFORE

Key = tuple[str, list[Any]]

counted: Counter[str] = Counter()
counting = threading.Lock()
stop = threading.Event()
here = threading.local()
delay = 0.0
known: list[Key] = []


class RollBack(Exception):
    pass


def count(what: str) -> None:
    with counting:
        counted[what] += 1


def week() -> dict[str, Any]:
    due = WorkOrderTask.objects.filter(deadline__range=("2026-03-16", "2026-03-22"))
    return due.aggregate(due=Count("id"), version=Sum("version"))


def contents() -> dict[str, Any]:
    hashed = Func(F("work_content"), Value(0), function="hashtextextended", output_field=models.BigIntegerField())
    last = Func(Max("updated_at"), function="to_json", output_field=models.TextField())
    return WorkOrderTask.objects.aggregate(contents=BitXor(hashed), last=last)


def slow(module: Any, name: str) -> None:
    """A reader is slow between what it has read and what it stores, which is in the app's hands or the cache's."""
    compute = getattr(module, name)

    def computed(*arguments: Any) -> Any:
        value = compute(*arguments)
        here.computed = value
        if not getattr(here, "at_once", False) and delay:
            stop.wait(random.uniform(0, delay))
        return value

    setattr(module, name, computed)


def count_fills() -> None:
    fill = lease.fill

    def counted_fill(*arguments: Any) -> bool:
        stored = fill(*arguments)
        count("fills" if stored else "refused")
        return stored

    lease.fill = counted_fill


def dashboard(name: str) -> Any:
    if name == "overview":
        return cached.overview()
    key, compute = f"dashboard:{name}", DASHBOARDS[name]
    if LEASED:
        return cache.get_or_set(key, compute, TTL)
    value = cache.get(key)
    if value is None:
        value = compute()
        cache.set(key, value, TTL)
    return value


DASHBOARDS: dict[str, Callable[[], Any]] = {"week:12": lambda: week(), "contents": lambda: contents()}
this = sys.modules[__name__]


def read(key: Key) -> bool:
    """Whether it was there."""
    view, arguments = key
    here.computed = here
    getattr(this if view == "dashboard" else cached, view)(*arguments)
    found = here.computed is here
    count("hits" if found else "misses")
    if not LEASED and not found and here.computed is not None:
        count("fills")
    return found


def try_read(key: Key) -> bool:
    try:
        return read(key)
    except RedisError:
        count("unanswered")
        return False


@contextmanager
def at_once() -> Iterator[None]:
    here.at_once = True
    try:
        yield
    finally:
        here.at_once = False


def read_within(key: Key) -> None:
    with transaction.atomic():
        try_read(key)


def read_and_roll_back(key: Key) -> None:
    """What it computes has been true for nobody else, and nothing tells freshet of it."""
    column = "assigned_operator_id" if key[0] == "operator_stats" else "assigned_department_id"
    task = WorkOrderTask.objects.filter(**{column: key[1][0]}).values_list("id", flat=True).first()
    # The writer waits for no row for long, so nobody holds one while he is slow.
    with at_once():
        try:
            with transaction.atomic():
                WorkOrderTask.objects.filter(id=task).update(status="cancelled", version=F("version") + 1)
                try_read(key)
                raise RollBack
        except RollBack:
            pass


def read_until_stopped(seed: int) -> None:
    chance = random.Random(seed)
    families = [key for key in known if key[0] in ("collab_stats", "dashboard")]
    others = [key for key in known if key not in families]
    while not stop.wait(THINKS):
        key = chance.choice(families if chance.randrange(100) < FAMILIES else others)
        way = chance.randrange(100)
        if way < WITHIN:
            read_within(key)
        # Without a lease such a value is stored, whoever deletes what, and says nothing of the race.
        elif way < WITHIN + ROLLED_BACK and LEASED and key not in families:
            read_and_roll_back(key)
        else:
            try_read(key)


def name_of(key: Key) -> str:
    view, arguments = key
    if view == "dashboard":
        return f"dashboard:{arguments[0]}"
    template = conf.configuration().view(view).template
    return template.spell(dict(zip(template.names, arguments, strict=True)))


def compute(key: Key) -> Any:
    view, arguments = key
    if view != "dashboard":
        return getattr(cached, view).__wrapped__(*arguments)
    return (cached._overview if arguments == ["overview"] else DASHBOARDS[arguments[0]])()


def held_of(key: Key) -> Any:
    """What freshet renews may be away for a moment, when its fence was lost."""
    for _ in range(100):
        held = cache.get(name_of(key))
        if held is not None:
            return held
        time.sleep(0.02)
    return None


def compare(key: Key) -> dict[str, Any]:
    with at_once():
        held, right = held_of(key), compute(key)
    told = {"cached": held}
    # As text 0 and 0.0 are two values, as they are for who reads them as JSON.
    if json.dumps(held, sort_keys=True) != json.dumps(right, sort_keys=True):
        told["right"] = right
    return told


def counts() -> dict[str, Any]:
    with counting:
        answer = {name: counted[name] for name in ("hits", "fills", "refused", "unanswered")}
        counted.clear()
    return answer


def fill(key: Key) -> bool:
    with at_once():
        return try_read(key)


def serve() -> None:
    global delay
    pool = ThreadPoolExecutor(THREADS)
    running: list[Any] = []
    for line in sys.stdin:
        order = json.loads(line)
        match order["do"]:
            case "know":
                known[:] = order["keys"]
                continue
            case "read":
                delay = order["delay"]
                stop.clear()
                running = [pool.submit(read_until_stopped, order["seed"] + place) for place in range(THREADS)]
                continue
            case "stop":
                stop.set()
                for each in running:
                    each.result()
                answer: Any = counts()
            case "fill":
                found = list(pool.map(fill, order["keys"]))
                answer = counts() | {"found": [place for place, there in enumerate(found) if there]}
            case "compare":
                answer = list(pool.map(compare, order["keys"]))
        print(json.dumps(answer), flush=True)
    stop.set()


for function in ("task_stats", "dept_workload", "operator_stats", "collab_stats"):
    slow(statistics, function)
slow(cached, "_overview")
slow(this, "week")
slow(this, "contents")
if LEASED:
    count_fills()
serve()
