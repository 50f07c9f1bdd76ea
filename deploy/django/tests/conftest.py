from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import django
import pytest
import redis as redis_py
from django.conf import settings

import services

BACKENDS = {
    "django": "freshet_django.backends.RedisCache",
    "django-redis": "freshet_django.django_redis.RedisCache",
}
BACKEND = os.environ.get("FRESHET_BACKEND", "django")
_running = ExitStack()


def pytest_configure(config):
    redis_url = _running.enter_context(services.redis_server())
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    if services.postgres_bin() is not None:
        port = _running.enter_context(services.postgres_server())
        postgres = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
            "HOST": "127.0.0.1",
            "PORT": port,
        }
        databases |= {
            "postgres": postgres,
            "second": {**postgres},
            "snapshot": {**postgres, "OPTIONS": {"isolation_level": 3}},
        }
    settings.configure(
        CACHES={
            "default": {"BACKEND": BACKENDS[BACKEND], "LOCATION": redis_url},
            "stock": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url},
        },
        DATABASES=databases,
        FRESHET={"CONFIG": Path(__file__).with_name("freshet.yaml"), "WAIT": 5.0},
        SECRET_KEY="tests",
        USE_TZ=True,
    )
    django.setup()


def pytest_unconfigure(config):
    from django.db import connections

    connections.close_all()
    _running.close()


@pytest.fixture(autouse=True)
def redis():
    """What freshet and other programs see: the bare Redis, empty before each test."""
    client = redis_py.Redis.from_url(settings.CACHES["default"]["LOCATION"])
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def cache():
    from django.core.cache import cache

    return cache


@pytest.fixture
def database():
    """A table with one row in PostgreSQL: `row(v)`, v = 1."""
    if "postgres" not in settings.DATABASES:
        pytest.skip("needs PostgreSQL")
    from django.db import connections

    connection = connections["postgres"]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS row")
        cursor.execute("CREATE TABLE row (v int)")
        cursor.execute("INSERT INTO row VALUES (1)")
    yield connection
    connections.close_all()


@pytest.fixture(name="settings")
def freshet_settings():
    """Changes entries of `FRESHET` for one test."""
    from django.test import override_settings

    with ExitStack() as stack:

        def change(**entries):
            stack.enter_context(override_settings(FRESHET={**settings.FRESHET, **entries}))

        yield change
