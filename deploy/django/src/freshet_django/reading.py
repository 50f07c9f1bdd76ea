"""One read of one key: what its blocking and its asynchronous form do between their waits."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis

from . import conf, lease, transactions
from .counting import note

if TYPE_CHECKING:
    from .leased import LeasedCache

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.05

_computing: ContextVar[bool] = ContextVar("freshet_computing", default=False)


@contextmanager
def computing() -> Iterator[None]:
    """
    A value is computed. What it is made of comes from the database, also where that is a view of its own.

    A change deletes the keys of several views one after the other. If the outer key is deleted, read, leased and filled
    before the inner key is deleted, it was made from the inner one's old value, and nobody deletes it again.
    """
    token = _computing.set(True)
    try:
        yield
    finally:
        _computing.reset(token)


class Reading:
    """
    Asks, and fills what was computed.

    `view` names it for the counts. `keeps` tells whether a computed value is to be stored at all. `on_miss` is called
    before a value is computed.
    """

    def __init__(
        self,
        cache: LeasedCache,
        key: Any,
        timeout: Any,
        version: int | None,
        *,
        view: str | None = None,
        keeps: Callable[[Any], bool] = lambda value: True,
        on_miss: Callable[[], None] = lambda: None,
    ) -> None:
        self._cache = cache
        self._key = cache.wire_key(key, version)
        self._lifetime = cache.milliseconds(timeout)
        self._view = conf.view_of(str(key)) if view is None else view
        self._keeps = keeps
        self._on_miss = on_miss
        self._held: Held | None = None
        # Said here, and not when a value has been computed in vain.
        lease.lease_key(self._key)
        self.found = False
        self.value: Any = None

    def read(self, compute: Callable[[], Any]) -> Any:
        return self._cache.read(self, compute)

    async def aread(self, compute: Callable[..., Any]) -> Any:
        return await self._cache.aread(self, compute)

    def pauses(self) -> Iterator[float]:
        """Asks until there is a value, a lease, or no time left, and yields how long to wait before it asks again."""
        if self._view and _computing.get():
            note("miss", self._view, self._key)
            return
        pause = _FIRST_PAUSE
        deadline: float | None = None
        while isinstance(answer := self._ask(), lease.Waiting):
            now = time.monotonic()
            if deadline is None:
                note("wait", self._view, self._key)
                deadline = now + conf.setting("WAIT")
            if now >= deadline or self._waits_for_itself():
                break
            yield min(pause, deadline - now)
            pause = min(2 * pause, _LONGEST_PAUSE)
        if isinstance(answer, lease.Found):
            self.found, self.value = True, self._cache.decode(answer.raw)
            note("hit", self._view, self._key)
            return
        # First of all, so that whatever ends this read gives the lease back.
        if isinstance(answer, lease.Leased):
            self._held = Held(self._cache, self._key, answer.token, self._lifetime, self._view)
        note("miss", self._view, self._key)
        self._on_miss()

    def _ask(self) -> lease.Found | lease.Leased | lease.Waiting | None:
        def act() -> lease.Found | lease.Leased | lease.Waiting | None:
            client = self._cache.primary()
            if (self._lifetime is None or self._lifetime > 0) and transactions.may_store():
                return lease.read_or_lease(client, self._key, conf.milliseconds("LEASE_TTL"))
            raw: Any = client.get(self._key)
            return None if raw is None else lease.Found(raw)

        answer: lease.Found | lease.Leased | lease.Waiting | None = self._cache.with_redis(act, None)
        return answer

    def _waits_for_itself(self) -> bool:
        """Whether the lease is this thread's own, of a fill that waits for the commit."""
        return any(
            isinstance(fill := getattr(call, "__self__", None), FillOnCommit) and fill.held.key == self._key
            for connection in transactions.open_transactions()
            for call in transactions.callbacks(connection)
        )

    def fill(self, value: Any) -> None:
        """Stores what was computed, if this read holds the lease and no transaction forbids it."""
        if self._held is None:
            return
        if not self._keeps(value):
            self._held.release()
            return
        waits_for = transactions.open_transactions()
        if not all(transactions.may_store_on_commit(connection) for connection in waits_for):
            self._held.refuse()
            return
        raw = self._cache.encode(value)
        if waits_for:
            FillOnCommit(self._held, raw, len(waits_for)).await_commits(waits_for)
        else:
            self._held.fill(raw)

    def abandon(self) -> None:
        """No value was stored, and none will be."""
        if self._held is not None:
            self._held.release()


@dataclass(frozen=True)
class Held:
    """A lease that this reader holds, and what it is to be used for."""

    cache: LeasedCache
    key: str
    token: str
    lifetime: int | None
    view: str

    def fill(self, raw: Any) -> None:
        def act() -> bool:
            return lease.fill(self.cache.primary(), self.key, self.token, raw, self.lifetime)

        if not self.cache.with_redis(act, False):
            note("refused", self.view, self.key)

    def release(self) -> None:
        """Without the lease others would wait for nothing until it expires. That is all it costs if Redis fails now."""
        with suppress(redis.RedisError):
            lease.release(self.cache.primary(), self.key, self.token)

    def refuse(self) -> None:
        note("refused", self.view, self.key)
        self.release()


class FillOnCommit:
    """
    A fill that happens when each of the open transactions has committed.

    Django drops the callbacks of a transaction that is rolled back and tells nobody. So this object is theirs alone,
    and the lease is given back when it is gone without having filled.
    """

    def __init__(self, held: Held, raw: Any, commits: int) -> None:
        self.held = held
        self._raw = raw
        self._left = commits
        self._on_rollback = weakref.finalize(self, held.refuse)
        self._on_rollback.atexit = False

    def await_commits(self, connections: list[Any]) -> None:
        for connection in connections:
            transactions.on_commit(connection, self.committed)

    def committed(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._on_rollback.detach()
            self.held.fill(self._raw)
