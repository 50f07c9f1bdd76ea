"""Django's caches without a server, which tests are often run with."""

import asyncio

import pytest
from django.core.cache import caches
from django.test import override_settings

from freshet_django import aget_or_set, cached, get_or_set, invalidate, register, unleased


@pytest.fixture(params=["locmem.LocMemCache", "dummy.DummyCache"])
def backend(request, monkeypatch):
    monkeypatch.setattr(unleased, "_said", set())
    entry = {"BACKEND": f"django.core.cache.backends.{request.param}", "LOCATION": "unleased"}
    with override_settings(CACHES={"default": entry}):
        caches["default"].clear()
        yield request.param


def test_it_stores_what_such_a_cache_stores(backend, redis):
    computed = []

    @cached("shop_stats", timeout=100)
    def stats(shop_id):
        computed.append(shop_id)
        return shop_id or None

    @cached("shop_stats")
    async def astats(shop_id):
        return stats.__wrapped__(shop_id)

    stores = backend.startswith("locmem")
    assert [stats(5), stats(5), asyncio.run(astats(5))] == [5, 5, 5]
    assert computed == ([5] if stores else [5, 5, 5])
    # None is no value.
    assert stats(0) is stats(0) is None
    assert computed[-2:] == [0, 0]
    get_or_set("shop_stats", {"shop_id": 0}, lambda: None, cache_none=True)
    assert asyncio.run(aget_or_set("shop_stats", {"shop_id": 0}, lambda: 1)) == (None if stores else 1)
    assert redis.keys() == []


def test_invalidate_and_register(backend, redis):
    def shop(shop_id):
        return get_or_set("shop_stats", {"shop_id": shop_id}, lambda: next(values))

    values = iter(range(9))
    shop(5)
    before = shop(6)
    invalidate("shop", shop_id=5)
    assert (shop(6) == before) is backend.startswith("locmem")
    assert shop(5) > 1
    after = shop(6)
    invalidate("shop_stats")
    assert shop(6) > after
    register("report", shop_id=5)
    with pytest.raises(ValueError, match="no hole 'shop'"):
        register("report", shop=5)
    assert redis.keys() == []


def test_it_is_said_once(backend, caplog):
    for shop in (5, 6):
        get_or_set("shop_stats", {"shop_id": shop}, lambda: 1)
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert f"'default' is a {backend.split('.')[1]}" in record.getMessage()
    assert "freshet_django.backends.RedisCache" in record.getMessage()
