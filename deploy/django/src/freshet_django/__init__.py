"""
Cached values in Django that no reader can fill with a stale one, kept true by freshet.

- ``CACHES[…]["BACKEND"]``: ``freshet_django.backends.RedisCache`` or ``freshet_django.django_redis.RedisCache``.
- ``FRESHET``: where freshet's configuration is, and how long leases are.
- The names below.
"""

from .api import aget_or_set, get_or_set, register
from .counting import Counts, counts
from .decorator import cached
from .invalidation import invalidate
from .lease import LeaseKeyError

__all__ = [
    "Counts",
    "LeaseKeyError",
    "aget_or_set",
    "cached",
    "counts",
    "get_or_set",
    "invalidate",
    "register",
]
