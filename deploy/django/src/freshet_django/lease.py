"""The lease protocol in Redis' own terms: names, scripts and their answers. No Django in here."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import NoScriptError

PREFIX = "freshet:lease:"


class LeaseKeyError(ValueError):
    """A key that no lease can share a slot of Redis Cluster with."""


def lease_key(key: str) -> str:
    """
    The lease's key of a cached value's key.

    Both must lie in one slot. Redis takes as the hash tag what stands between the first ``{`` and the first ``}``
    behind it, unless that is empty. A key with a tag keeps it as the first one; a key without is the tag itself, which
    a ``}`` in it would cut short.
    """
    if hash_tag(key) is not None:
        return PREFIX + key
    if "}" in key:
        raise LeaseKeyError(
            f"the key {key!r} has a '}}' and no hash tag, so its lease would lie in another slot of Redis; "
            "leave the '}' out, or put the part that names the slot into braces"
        )
    return f"{PREFIX}{{{key}}}"


def hash_tag(key: str) -> str | None:
    opening = key.find("{")
    closing = key.find("}", opening + 1)
    return key[opening + 1 : closing] if opening >= 0 and closing > opening + 1 else None


class Script:
    """A Lua script that is sent by its digest, and as a whole to a Redis that does not know it (yet, or any more)."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: redis.Redis, key: str, *arguments: Any) -> Any:
        words = (2, key, lease_key(key), *arguments)
        try:
            return client.evalsha(self.digest, *words)
        except NoScriptError:
            return client.eval(self.source, *words)


# KEYS: K L. ARGV: token, milliseconds of the lease.
_READ_OR_LEASE = Script("""
local value = redis.call('GET', KEYS[1])
if value then return {1, value} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {2} end
return {3}
""")

# KEYS: K L. ARGV: token, value, milliseconds of the value or nothing for ever.
# The token that was held is given back in any case: its reader is done.
_FILL = Script("""
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
""")

_RELEASE = Script("""
if redis.call('GET', KEYS[2]) == ARGV[1] then return redis.call('DEL', KEYS[2]) end
return 0
""")


@dataclass(frozen=True)
class Found:
    """The value as it lies in Redis."""

    raw: bytes


@dataclass(frozen=True)
class Leased:
    """Nothing is there, and this reader fills."""

    token: str


@dataclass(frozen=True)
class Waiting:
    """Nothing is there, and another reader fills, or freshet holds the key."""


def read_or_lease(client: redis.Redis, key: str, milliseconds: int) -> Found | Leased | Waiting:
    token = secrets.token_hex(16)
    answer = _READ_OR_LEASE(client, key, token, milliseconds)
    match answer[0]:
        case 1:
            return Found(answer[1])
        case 2:
            return Leased(token)
        case _:
            return Waiting()


def fill(client: redis.Redis, key: str, token: str, raw: Any, milliseconds: int | None) -> bool:
    """Stores the value if nobody overtook it: the lease is still held, and nothing is there."""
    return bool(_FILL(client, key, token, raw, "" if milliseconds is None else milliseconds))


def release(client: redis.Redis, key: str, token: str) -> None:
    """Gives a lease back, so that another reader need not wait until it expires."""
    _RELEASE(client, key, token)


def names(key: str) -> list[str]:
    """What a delete takes: the value and its lease. A key that can have no lease has none."""
    try:
        return [key, lease_key(key)]
    except LeaseKeyError:
        return [key]
