"""django-redis, with leases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.exceptions import ImproperlyConfigured
from django_redis.cache import RedisCache as Parent
from django_redis.client.herd import HerdClient
from django_redis.client.sharded import ShardClient

from .leased import LeasedCache


class RedisCache(LeasedCache, Parent):  # type: ignore[misc, unused-ignore]
    """``django_redis.cache.RedisCache`` whose ``get_or_set`` cannot store a stale value."""

    def wire_key(self, key: Any, version: int | None) -> str:
        return str(self.client.make_key(key, version=version))

    def encode(self, value: Any) -> Any:
        return self.client.encode(value)

    def decode(self, raw: bytes) -> Any:
        return self.client.decode(raw)

    def milliseconds(self, timeout: Any) -> int | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else int(seconds * 1000)

    def primary(self) -> redis.Redis:
        client = self.client
        if isinstance(client, HerdClient | ShardClient):
            # The one stores values in a form of its own, the other on several servers, of which freshet knows one.
            raise ImproperlyConfigured(
                f"{type(client).__name__} has no leases; set CLIENT_CLASS to django_redis.client.DefaultClient"
            )
        connection: redis.Redis = client.get_client(write=True)
        return connection

    def with_redis(self, act: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return act()
        except redis.RedisError:
            if not self._ignore_exceptions:
                raise
            if self.logger is not None:
                self.logger.exception("Exception ignored")
            return otherwise
