"""``get_or_set`` by lease, for any back end whose values lie in Redis as they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from inspect import isawaitable, iscoroutinefunction
from typing import TYPE_CHECKING, Any

import redis
from asgiref.sync import sync_to_async
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from . import lease
from .reading import Reading, computing

if TYPE_CHECKING:
    Base = BaseCache
else:
    # The back end itself is the second base of a class that uses this one.
    Base = object


class LeasedCache(Base):
    """
    Gives a back end over Redis a ``get_or_set`` that cannot store a stale value.

    A subclass says below how its parent spells keys and values. All else stays as the parent has it.
    """

    def wire_key(self, key: Any, version: int | None) -> str:
        raise NotImplementedError

    def encode(self, value: Any) -> Any:
        raise NotImplementedError

    def decode(self, raw: bytes) -> Any:
        raise NotImplementedError

    def milliseconds(self, timeout: Any) -> int | None:
        """How long a value lives: None for ever, 0 or less not at all."""
        raise NotImplementedError

    def primary(self) -> redis.Redis:
        """The connection that writes go to. A lease is no lease on a replica."""
        raise NotImplementedError

    def with_redis(self, act: Callable[[], Any], otherwise: Any) -> Any:
        """Runs commands. A parent that ignores a failing Redis answers with `otherwise`."""
        return act()

    def get_or_set(
        self,
        key: Any,
        default: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> Any:
        """
        The value of a key, computed and stored if there is none, under a lease.

        A default that is not callable was there before the lease was taken, so the lease cannot protect it.
        """
        compute = default if callable(default) else lambda: default
        return self.read(Reading(self, key, timeout, version), compute)

    async def aget_or_set(
        self,
        key: Any,
        default: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> Any:
        """As `get_or_set`. The default may be a coroutine function; another runs in Django's thread for such."""
        compute = default if callable(default) else lambda: default
        return await self.aread(Reading(self, key, timeout, version), compute)

    def read(self, reading: Reading, compute: Callable[[], Any]) -> Any:
        try:
            for pause in reading.pauses():
                time.sleep(pause)
            if reading.found:
                return reading.value
            with computing():
                value = compute()
            reading.fill(value)
        except BaseException:
            reading.abandon()
            raise
        return value

    async def aread(self, reading: Reading, compute: Callable[..., Any]) -> Any:
        pauses = reading.pauses()
        ask = sync_to_async(lambda: next(pauses, None))
        try:
            while (pause := await ask()) is not None:
                await asyncio.sleep(pause)
            if reading.found:
                return reading.value
            with computing():
                value = await computed(compute)
            await sync_to_async(reading.fill)(value)
        except BaseException:
            # If a cancelled task was asking, its question goes on in the one thread that this too waits for: a lease
            # that it gets is given back.
            await sync_to_async(reading.abandon)()
            raise
        return value

    def revoke(self, key: Any, version: int | None = None) -> None:
        """Deletes a value and its lease, so that whoever computes it now does not store it."""
        names = lease.names(self.wire_key(key, version))
        self.with_redis(lambda: self.primary().unlink(*names), None)

    def revoke_all(self, glob: str, matches: Callable[[str], bool]) -> None:
        """
        Deletes the values, and the leases, whose names on the wire match.

        All leases go first. The other way round a fill between the two would store a value that no scan returns any
        more: it was not there when the one began, and its lease is not there when the other does.
        """

        def is_lease(name: str) -> bool:
            key = name.removeprefix(lease.PREFIX)
            return matches(key) or (key[:1] == "{" and key[-1:] == "}" and matches(key[1:-1]))

        def act() -> None:
            client = self.primary()
            for pattern, is_ours in ((f"{lease.PREFIX}*{glob}*", is_lease), (glob, matches)):
                found = client.scan_iter(match=pattern, count=1000)
                names = [name for name in found if is_ours(name.decode(errors="surrogateescape"))]
                for start in range(0, len(names), 1000):
                    client.unlink(*names[start : start + 1000])

        self.with_redis(act, None)


async def computed(compute: Callable[..., Any]) -> Any:
    """What a coroutine function returns, or another one, which runs in Django's thread for such."""
    value = await (compute if iscoroutinefunction(compute) else sync_to_async(compute))()
    return await value if isawaitable(value) else value
