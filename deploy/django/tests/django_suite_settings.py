"""
Settings for Django's own tests, with our back end in the place of Django's.

Django runs its Redis tests for a cache that is configured by the name of its own class, and patches that name. So the
name leads to our class.
"""

import os

from django.core.cache.backends import redis
from test_sqlite import *  # noqa: F403

from freshet_django.backends import RedisCache

redis.RedisCache = RedisCache

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
    }
}
