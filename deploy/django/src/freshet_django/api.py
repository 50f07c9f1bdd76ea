"""The values of the views of ``freshet.yaml``, by hand, and the parameters that are asked for."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT

from . import conf
from .chosen import chosen_cache
from .leased import LeasedCache
from .reading import Reading
from .unleased import Unleased
from .views import View

logger = logging.getLogger("freshet_django")

T = TypeVar("T")


def get_or_set(
    view: str,
    holes: Mapping[str, Any],
    compute: Callable[[], T],
    timeout: Any = DEFAULT_TIMEOUT,
    *,
    cache_none: bool = False,
) -> T:
    """The view's value for these holes, computed and stored under a lease if there is none."""
    value: T = _reading(view, holes, timeout, cache_none).read(compute)
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
    value: T = await _reading(view, holes, timeout, cache_none).aread(compute)
    return value


def _reading(name: str, holes: Mapping[str, Any], timeout: Any, cache_none: bool) -> Reading | Unleased:
    view, cache = conf.configuration().view(name), chosen_cache()

    def keeps(value: Any) -> bool:
        return cache_none or value is not None

    if not isinstance(cache, LeasedCache):
        return Unleased(cache, name, view.key(holes), timeout, keeps)

    def on_miss() -> None:
        if view.has_parameters:
            _register_if_allowed(cache, view, view.parameters(holes))

    return Reading(cache, view.key(holes), timeout, None, view=name, keeps=keeps, on_miss=on_miss)


def register(view: str, **parameters: Any) -> None:
    """
    Tells freshet that this set of a view's parameters is asked for. One that is left out is None.

    `cached` and `get_or_set` do it when they compute. In a cache without a server there is nobody to tell.
    """
    of, cache = conf.configuration().view(view), chosen_cache()
    member = of.parameters(parameters)
    if isinstance(cache, LeasedCache):
        _register(cache, of, member)


def _register(cache: LeasedCache, view: View, member: str) -> None:
    now = int(time.time())
    cache.with_redis(lambda: cache.primary().zadd(_registered(view), {member: now}), None)


def _register_if_allowed(cache: LeasedCache, view: View, member: str) -> None:
    """
    What is computed may be stored although Redis refuses its registration.

    A change spares only keys that are registered, and deletes every other one of the family.
    """
    try:
        _register(cache, view, member)
    except redis.ResponseError as error:
        logger.warning(
            "Redis refuses to register parameters of the view %s in %s: %s; until it lets its user ZADD there, every "
            "change deletes the keys that could not be registered",
            view.name,
            _registered(view),
            error,
        )


def _registered(view: View) -> str:
    return f"freshet:params:{view.name}"
