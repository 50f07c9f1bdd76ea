"""Views of ``freshet.yaml`` from Python: cached functions, and what is done by hand."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.exceptions import ImproperlyConfigured

from . import conf, transactions
from .leased import LeasedCache
from .reading import Reading
from .views import Configuration, View, escape_glob

_PROBE = "freshet-probe"

P = ParamSpec("P")
T = TypeVar("T")


def cached(
    view: str, *, timeout: Any = DEFAULT_TIMEOUT, cache_none: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """
    Caches what a function returns, as a value of the view. A coroutine function stays one.

    The function's arguments that are named like the holes of the view's key fill them; no other argument may change
    what it returns. None says that there is no value, and is stored only with `cache_none`. The function without the
    cache is its ``__wrapped__``.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)

        def holes(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            template = conf.configuration().view(view).template
            names = [] if template is None else template.names
            if missing := [name for name in names if name not in bound.arguments]:
                raise TypeError(f"{function.__name__} has no argument {missing[0]!r}, which the view {view} needs")
            return {name: bound.arguments[name] for name in names}

        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                compute = partial(function, *args, **kwargs)
                return await aget_or_set(view, holes(*args, **kwargs), compute, timeout=timeout, cache_none=cache_none)

            return cast(Callable[P, T], awaited)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            compute = partial(function, *args, **kwargs)
            return get_or_set(view, holes(*args, **kwargs), compute, timeout=timeout, cache_none=cache_none)

        return called

    return decorate


def get_or_set(
    view: str,
    holes: Mapping[str, Any],
    compute: Callable[[], T],
    timeout: Any = DEFAULT_TIMEOUT,
    *,
    cache_none: bool = False,
) -> T:
    """The view's value for these holes, computed and stored under a lease if there is none."""
    cache = _cache()
    value: T = cache.read(_reading(cache, view, holes, timeout, cache_none), compute)
    return value


async def aget_or_set(
    view: str,
    holes: Mapping[str, Any],
    compute: Callable[[], Awaitable[T]] | Callable[[], T],
    timeout: Any = DEFAULT_TIMEOUT,
    *,
    cache_none: bool = False,
) -> T:
    """As `get_or_set`; `compute` may be a coroutine function."""
    cache = _cache()
    value: T = await cache.aread(_reading(cache, view, holes, timeout, cache_none), compute)
    return value


def _reading(cache: LeasedCache, name: str, holes: Mapping[str, Any], timeout: Any, cache_none: bool) -> Reading:
    view = conf.configuration().view(name)
    return Reading(
        cache,
        view.key(holes),
        timeout,
        None,
        view=name,
        keeps=lambda value: cache_none or value is not None,
        on_miss=partial(_register, view, holes) if view.has_parameters else lambda: None,
    )


def register(view: str, **parameters: Any) -> None:
    """
    Tells freshet that this set of a view's parameters is asked for. One that is left out is None.

    `cached` and `get_or_set` do it when they compute.
    """
    _register(conf.configuration().view(view), parameters)


def _register(view: View, parameters: Mapping[str, Any]) -> None:
    member, now = view.parameters(parameters), int(time.time())
    cache = _cache()
    cache.with_redis(lambda: cache.primary().zadd(f"freshet:params:{view.name}", {member: now}), None)


def invalidate(view_or_group: str, /, **holes: Any) -> None:
    """
    Deletes the value, and the lease, of the view's key or of each view of the group; without holes, of every key.

    Within a transaction it does so on commit: before, a reader would only store the old value again.
    """
    views = conf.configuration().view_or_group(view_or_group)
    cache = _cache()
    act: list[Callable[[], None]] = [
        partial(cache.revoke, view.key(holes)) if holes else partial(_invalidate_all, cache, view) for view in views
    ]

    def invalidate_now() -> None:
        for one in act:
            one()

    # Each may commit while another is rolled back.
    commits = [connection for connection in transactions.open_transactions() if connection.in_atomic_block]
    for connection in commits:
        connection.on_commit(invalidate_now, robust=True)
    if not commits:
        invalidate_now()


def _invalidate_all(cache: LeasedCache, view: View) -> None:
    before, after = cache.wire_key(_PROBE, None).split(_PROBE)

    def matches(name: str) -> bool:
        inner = name.removeprefix(before).removesuffix(after)
        return name == before + inner + after and view.pattern.fullmatch(inner) is not None

    cache.revoke_all(escape_glob(before) + view.glob + escape_glob(after), matches)


def _cache() -> LeasedCache:
    alias = conf.setting("CACHE")
    cache = caches[alias]
    if not isinstance(cache, LeasedCache):
        raise ImproperlyConfigured(
            f"the cache {alias!r} has no leases; set its BACKEND to freshet_django.backends.RedisCache "
            "or freshet_django.django_redis.RedisCache"
        )
    configuration = conf.configuration()
    if _agreed.get(cache) is not configuration:
        _check_spelling(alias, cache, configuration.key_format)
        _agreed[cache] = configuration
    return cache


# The configuration whose keys are known to be spelled as this cache spells them.
_agreed: WeakKeyDictionary[LeasedCache, Configuration] = WeakKeyDictionary()


def _check_spelling(alias: str, cache: LeasedCache, written: str) -> None:
    """freshet deletes what it spells itself; if the cache spells keys in another way, nothing is ever deleted."""
    if "${" not in written and written.replace("{}", _PROBE) != cache.wire_key(_PROBE, None):
        raise ImproperlyConfigured(
            f"redis.key_format is {written!r} in {conf.setting('CONFIG')}, but the cache {alias!r} spells "
            f"{_PROBE!r} as {cache.wire_key(_PROBE, None)!r}; make the two agree"
        )
