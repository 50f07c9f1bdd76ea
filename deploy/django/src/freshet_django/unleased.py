"""
Views in a cache that no other process sees, as tests and development use them.

freshet deletes nothing there, and nothing takes a lease.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache

from .counting import note
from .leased import computed

logger = logging.getLogger("freshet_django")

_MISSING = object()
# The aliases that were warned of.
_said: set[str] = set()


def is_local(alias: str, cache: BaseCache) -> bool:
    """Whether the cache is one of Django's two without a server. The first time of each says what that means."""
    if not isinstance(cache, DummyCache | LocMemCache):
        return False
    if alias not in _said:
        _said.add(alias)
        logger.warning(
            "the cache %r is a %s: freshet deletes nothing in it and its values take no leases, which is right for "
            "tests; elsewhere set its BACKEND to freshet_django.backends.RedisCache",
            alias,
            type(cache).__name__,
        )
    return True


class Unleased:
    """One read of one key, stored as Django's ``get_or_set`` does."""

    def __init__(self, cache: BaseCache, view: str, key: str, timeout: Any, keeps: Callable[[Any], bool]) -> None:
        self._cache = cache
        self._view = view
        self._key = key
        self._timeout = timeout
        self._keeps = keeps

    def read(self, compute: Callable[[], Any]) -> Any:
        found = self._find()
        return self._store(compute()) if found is _MISSING else found

    async def aread(self, compute: Callable[..., Any]) -> Any:
        found = self._find()
        return self._store(await computed(compute)) if found is _MISSING else found

    def _find(self) -> Any:
        found = self._cache.get(self._key, _MISSING)
        note("miss" if found is _MISSING else "hit", self._view, self._key)
        return found

    def _store(self, value: Any) -> Any:
        if self._keeps(value):
            self._cache.add(self._key, value, self._timeout)
        return value
