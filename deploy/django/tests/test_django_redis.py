"""What only django-redis has."""

import logging

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

import services
from freshet_django import cached, invalidate
from freshet_django.lease import lease_key

BACKEND = "freshet_django.django_redis.RedisCache"


@pytest.fixture
def configured(redis):
    """Makes the default cache anew with these options."""
    from django.conf import settings

    change = []

    def configure(location=None, **options):
        entry = {"BACKEND": BACKEND, "LOCATION": location or settings.CACHES["default"]["LOCATION"], "OPTIONS": options}
        change.append(override_settings(CACHES={"default": entry}))
        change[-1].enable()
        return caches["default"]

    yield configure
    while change:
        change.pop().disable()


@pytest.mark.parametrize("serializer", ["pickle.PickleSerializer", "json.JSONSerializer"])
@pytest.mark.parametrize("compressor", ["identity.IdentityCompressor", "zlib.ZlibCompressor"])
def test_values_are_stored_as_set_stores_them(configured, redis, serializer, compressor):
    cache = configured(
        SERIALIZER=f"django_redis.serializers.{serializer}", COMPRESSOR=f"django_redis.compressors.{compressor}"
    )
    for value in ({"name": "x" * 100}, 5, None):
        redis.flushall()
        cache.set("set", value)
        assert cache.get_or_set("k", lambda value=value: value) == value
        assert redis.get(":1:k") == redis.get(":1:set")
        assert cache.get_or_set("k", lambda: pytest.fail("computed on a hit")) == value


def test_a_timeout_may_be_a_part_of_a_second(configured, redis):
    configured().get_or_set("k", lambda: 1, 0.5)
    assert 0 < redis.pttl(":1:k") <= 500


def test_a_redis_that_is_away_may_be_ignored(configured, settings, caplog):
    away = f"redis://127.0.0.1:{services.free_port()}"
    with override_settings(DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS=True), caplog.at_level(logging.ERROR):
        cache = configured(away, IGNORE_EXCEPTIONS=True)

        @cached("report")
        def report(shop_id, start_date=None, end_date=None):
            return shop_id

        assert cache.get_or_set("k", lambda: 1) == 1
        assert report(5) == 5
        invalidate("report")
        invalidate("report", shop_id=5)
    assert "Exception ignored" in caplog.text
    with pytest.raises(Exception, match="refused"):
        configured(away).get_or_set("k", lambda: 1)


@pytest.mark.parametrize("client", ["HerdClient", "ShardClient"])
def test_clients_that_store_otherwise_have_no_leases(configured, client):
    cache = configured(CLIENT_CLASS=f"django_redis.client.{client}")
    cache.set("k", 1)
    assert cache.get("k") == 1
    with pytest.raises(ImproperlyConfigured, match=f"{client} has no leases"):
        cache.get_or_set("k", lambda: 1)


def test_a_delete_between_lease_and_fill_refuses_the_fill(configured, redis):
    cache = configured()
    assert cache.get_or_set("k", lambda: redis.unlink(":1:k", lease_key(":1:k"))) == 1
    assert redis.keys() == []
