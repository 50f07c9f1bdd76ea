"""Django's own Redis cache, with leases."""

from __future__ import annotations

from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache as Parent

from .leased import LeasedCache


class RedisCache(LeasedCache, Parent):
    """``django.core.cache.backends.redis.RedisCache`` whose ``get_or_set`` cannot store a stale value."""

    def wire_key(self, key: Any, version: int | None) -> str:
        return self.make_and_validate_key(key, version=version)

    def encode(self, value: Any) -> Any:
        return self._serializer().dumps(value)

    def decode(self, raw: bytes) -> Any:
        return self._serializer().loads(raw)

    def _serializer(self) -> Any:
        client: Any = self._cache
        return client._serializer

    def milliseconds(self, timeout: Any) -> int | None:
        seconds = self.get_backend_timeout(timeout)
        return None if seconds is None else int(seconds) * 1000

    def primary(self) -> redis.Redis:
        client: redis.Redis = self._cache.get_client(write=True)
        return client
