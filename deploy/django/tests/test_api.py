import asyncio
import json
import logging
import threading
import time

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis import Redis, ResponseError

from freshet_django import Counts, aget_or_set, cached, counts, get_or_set, invalidate, register
from freshet_django.lease import lease_key
from freshet_django.template import md5_8


@cached("shop_stats", timeout=100)
def shop_stats(shop_id):
    return None if shop_id == 0 else {"shop": shop_id}


@cached("report")
def report(shop_id=None, *, start_date=None, end_date=None):
    return [start_date, end_date, shop_id]


def counted(view):
    return counts().get(view, Counts())


def test_arguments_fill_the_holes(redis):
    assert shop_stats(5) == {"shop": 5}
    redis.set(":1:shop_stats:5", 1)
    assert shop_stats(shop_id=5) == 1
    assert shop_stats.__wrapped__(5) == {"shop": 5}
    redis.delete(":1:shop_stats:5")
    shop_stats(5)
    assert redis.keys() == [b":1:shop_stats:5"]
    assert 98 <= redis.ttl(":1:shop_stats:5") <= 100


def test_none_is_no_value(redis):
    assert shop_stats(0) is None
    assert redis.keys() == []
    assert get_or_set("shop_stats", {"shop_id": 0}, lambda: None, cache_none=True) is None
    assert redis.keys() == [b":1:shop_stats:0"]
    assert shop_stats(0) is None


def test_parameters_are_registered_on_a_miss(redis):
    before = int(time.time())
    report(5, start_date="2026-01-01")
    (member, score), *rest = redis.zrange("freshet:params:report", 0, -1, withscores=True)
    assert rest == []
    assert member == b'["2026-01-01",null,5]'
    assert before <= score <= time.time()
    assert redis.exists(f":1:report:{md5_8('2026-01-01', None, 5)}")

    redis.delete("freshet:params:report")
    report(5, start_date="2026-01-01")
    assert not redis.exists("freshet:params:report")


@pytest.fixture
def no_registrations(redis):
    """A Redis user that may do all but register."""
    redis.execute_command("ACL", "SETUSER", "default", "-zadd")
    yield
    redis.execute_command("ACL", "SETUSER", "default", "+@all")


@pytest.mark.usefixtures("no_registrations")
def test_a_registration_that_redis_refuses_does_not_fail_the_read(redis, caplog):
    """What is not registered goes with every change, so it may be stored."""
    assert report(5) == [None, None, 5]
    assert redis.keys() == [f":1:report:{md5_8(None, None, 5)}".encode()]
    (record,) = caplog.records
    assert "freshet:params:report" in record.getMessage()
    assert "zadd" in record.getMessage()
    with pytest.raises(ResponseError, match="zadd"):
        register("report", shop_id=5)


def test_a_registration_that_fails_gives_the_lease_back(redis, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Redis, "zadd", interrupted)
    with pytest.raises(KeyboardInterrupt):
        report(5)
    assert redis.keys() == []
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(aget_or_set("report", {}, lambda: 1))
    assert redis.keys() == []


def test_plain_parameters_are_registered_and_invalidated(redis):
    def read():
        return get_or_set("sales", {"shop_id": 5}, lambda: 1)

    key = b":1:sales:5:{x}:853ae90f"
    assert read() == 1
    assert redis.exists(key)
    assert redis.zrange("freshet:params:sales", 0, -1) == [b"[5,null,null]"]
    invalidate("sales", **{"shop_id": 5, "from": "2026-01-01"})
    assert redis.exists(key)
    # One that is left out is null.
    invalidate("sales", shop_id=5)
    assert not redis.exists(key)
    read()
    invalidate("sales")
    assert not redis.exists(key)


def test_sets_that_share_a_key_are_one(redis):
    register("report", shop_id=0)
    register("report", start_date="", end_date=None)
    register("report", shop_id="0")
    members = [json.loads(member) for member in redis.zrange("freshet:params:report", 0, -1)]
    assert sorted(members, key=str) == [[None, None, "0"], [None, None, None]]
    with pytest.raises(ValueError, match="has no parameters"):
        register("shop_stats", shop_id=5)


def test_invalidate_takes_the_key_and_its_lease(redis):
    for shop in (5, 6):
        redis.set(f":1:shop_stats:{shop}", 1)
        redis.set(lease_key(f":1:shop_stats:{shop}"), "token")
    invalidate("shop", shop_id=5)
    assert sorted(redis.keys()) == [b":1:shop_stats:6", b"freshet:lease:{:1:shop_stats:6}"]
    invalidate("shop_stats", shop_id=6)
    assert redis.keys() == []


def test_invalidate_without_holes_takes_every_key_of_the_view_and_no_other(redis):
    ours = [":1:front:a", ":1:front:b:c", ":1:front:{t}:d"]
    others = [":1:fronts", ":1:shop_stats:5", ":2:front:a", "front:a", "x:1:front:a"]
    for key in [*ours, *others]:
        redis.set(key, 1)
        redis.set(lease_key(key), "token")
    invalidate("front_page")
    assert sorted(redis.keys()) == sorted(name.encode() for key in others for name in (key, lease_key(key)))

    redis.set(":1:shop_stats:5:lock", 1)
    invalidate("shop_stats")
    assert redis.exists(":1:shop_stats:5:lock")
    assert not redis.exists(":1:shop_stats:5")


def test_a_fill_between_the_scans_of_an_invalidation_stores_nothing(redis, monkeypatch):
    """Whatever was computed before the invalidation may not be there after it."""
    scan_iter = Redis.scan_iter
    go, filled = threading.Event(), threading.Event()

    def scan_and_let_fill(*arguments, **options):
        yield from scan_iter(*arguments, **options)
        go.set()
        assert filled.wait(10)

    def compute():
        assert go.wait(10)
        return "old"

    def read():
        get_or_set("front_page_of", {"page": 1}, compute)
        filled.set()

    reader = threading.Thread(target=read)
    reader.start()
    while not redis.exists(lease_key(":1:page:1")):
        time.sleep(0.001)
    monkeypatch.setattr(Redis, "scan_iter", scan_and_let_fill)
    invalidate("front_page_of")
    reader.join()
    assert redis.keys() == []


def test_invalidate_revokes_a_lease_whose_key_does_not_exist(redis):
    for act in (lambda: invalidate("report"), lambda: invalidate("report", shop_id=5)):
        assert get_or_set("report", {"shop_id": 5}, lambda act=act: act() or "old") == "old"
        assert redis.keys() == [b"freshet:params:report"]


def test_mistakes():
    with pytest.raises(ValueError, match="did you mean 'shop_stats'"):
        get_or_set("shop_stat", {}, lambda: 1)
    with pytest.raises(ValueError, match="no view and no group 'shops'; did you mean"):
        invalidate("shops", shop_id=5)
    with pytest.raises(ValueError, match="no hole 'shop'"):
        invalidate("shop", shop=5)


def test_a_cache_without_leases_is_refused(settings):
    settings(CACHE="stock")
    with pytest.raises(ImproperlyConfigured, match="has no leases"):
        shop_stats(5)


def test_keys_that_freshet_would_spell_otherwise_are_refused(settings, tmp_path):
    path = tmp_path / "freshet.yaml"
    path.write_text('redis: { key_format: "shop:1:{}" }\nviews: { shop_stats: { key: "shop_stats:{shop_id}" } }\n')
    settings(CONFIG=path)
    with pytest.raises(ImproperlyConfigured, match="make the two agree"):
        shop_stats(5)
    # What the environment fills in is not known here.
    path = tmp_path / "interpolated.yaml"
    path.write_text('redis: { key_format: "${P}:1:{}" }\nviews: { shop_stats: { key: "shop_stats:{shop_id}" } }\n')
    settings(CONFIG=path)
    assert shop_stats(5)


def test_settings_that_are_wrong(settings, tmp_path):
    settings(CONFIG=tmp_path / "none.yaml")
    with pytest.raises(ImproperlyConfigured, match=r'none\.yaml cannot be read: No such file.*FRESHET\["CONFIG"\]'):
        shop_stats(5)
    (tmp_path / "latin.yaml").write_bytes("views: größe".encode("latin-1"))
    settings(CONFIG=tmp_path / "latin.yaml")
    with pytest.raises(ImproperlyConfigured, match=r"latin\.yaml is no UTF-8 at byte 9; save it as UTF-8"):
        shop_stats(5)
    settings(CONFIG=None)
    with pytest.raises(ImproperlyConfigured, match=r'FRESHET\["CONFIG"\] is missing'):
        shop_stats(5)
    settings(TTL=5)
    with pytest.raises(ImproperlyConfigured, match="no setting TTL"):
        shop_stats(5)


def test_the_back_end_needs_no_configuration(cache, settings):
    settings(CONFIG=None)
    assert cache.get_or_set("shop_stats:5", lambda: 1) == 1


def test_reads_are_counted_and_logged(cache, redis, settings, caplog):
    settings(WAIT=0.01)
    caplog.set_level(logging.DEBUG, "freshet_django")
    before = counted("shop_stats")
    shop_stats(5)
    shop_stats(5)
    cache.get_or_set("shop_stats:5", lambda: 1)  # By its key, as the view's.
    redis.set(lease_key(":1:shop_stats:6"), "another's")
    shop_stats(6)
    get_or_set("shop_stats", {"shop_id": 7}, lambda: invalidate("shop", shop_id=7))
    get_or_set("shop_stats", {"shop_id": 7}, lambda: invalidate("shop", shop_id=7) or 1)
    after = counted("shop_stats")
    assert after == Counts(before.hit + 2, before.miss + 4, before.wait + 1, before.refused + 1)
    assert [record.getMessage() for record in caplog.records][:4] == [
        "miss view=shop_stats key=:1:shop_stats:5",
        "hit view=shop_stats key=:1:shop_stats:5",
        "hit view=shop_stats key=:1:shop_stats:5",
        "wait view=shop_stats key=:1:shop_stats:6",
    ]
    others = counted("")
    cache.get_or_set("other", 1)
    assert counted("").miss == others.miss + 1


def test_a_view_inside_another_is_computed_too(cache, redis):
    """Else: the outer key is deleted for a change, read and filled with the inner one's old value, which goes later."""
    for key in ("shop_stats:5", "rates"):
        cache.set(key, "old")

    def inner():
        return get_or_set("shop_stats", {"shop_id": 5}, lambda: "new"), cache.get_or_set("rates", lambda: "new")

    async def ainner():
        return await aget_or_set("shop_stats", {"shop_id": 5}, lambda: "new")

    assert get_or_set("shop_load", {"shop_id": 5, "day": 1}, inner) == ("new", "old")
    assert asyncio.run(aget_or_set("shop_load", {"shop_id": 5, "day": 2}, ainner)) == "new"
    assert asyncio.run(aget_or_set("shop_load", {"shop_id": 5, "day": 3}, inner)) == ("new", "old")
    assert get_or_set("shop_stats", {"shop_id": 5}, lambda: "new") == "old"


def test_coroutine_functions(redis):
    @cached("shop_stats")
    async def stats(shop_id):
        return shop_id

    async def main():
        assert [await stats(5), await stats(5)] == [5, 5]
        assert await aget_or_set("shop_stats", {"shop_id": 6}, lambda: 6) == 6

    asyncio.run(main())
    assert sorted(redis.keys()) == [b":1:shop_stats:5", b":1:shop_stats:6"]
