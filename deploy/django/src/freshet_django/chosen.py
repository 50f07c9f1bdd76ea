"""The cache that ``FRESHET["CACHE"]`` names."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.exceptions import ImproperlyConfigured

from . import conf
from .leased import LeasedCache
from .unleased import is_local
from .views import Configuration

_PROBE = "freshet-probe"


def chosen_cache() -> BaseCache:
    """One with leases, or one that no other process sees."""
    alias = conf.setting("CACHE")
    cache: BaseCache = caches[alias]
    if is_local(alias, cache):
        return cache
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
