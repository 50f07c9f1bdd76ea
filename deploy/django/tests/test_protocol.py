"""Races against a real Redis. Other readers and freshet are the bare client, which does what they would do."""

import asyncio
import threading
import time

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.test import override_settings

import services
from freshet_django import lease
from freshet_django.lease import lease_key

K = ":1:k"
L = lease_key(K)


def freshet_deletes(redis):
    redis.unlink(K, L)


def in_thread(act):
    """Runs, and returns a function that waits for the result."""
    result = []
    thread = threading.Thread(target=lambda: result.append(act()))
    thread.start()

    def join():
        thread.join(10)
        assert not thread.is_alive()
        return result[0]

    return join


def test_a_miss_is_stored_and_a_hit_computes_nothing(cache, redis):
    assert cache.get_or_set("k", lambda: {"n": 1}) == {"n": 1}
    assert cache.get_or_set("k", lambda: pytest.fail("computed on a hit")) == {"n": 1}
    assert redis.keys() == [K.encode()]


def test_the_value_is_stored_as_set_stores_it(cache, redis):
    for value in ({"n": 1}, 5, True, None, "text", [1.5]):
        for timeout in (DEFAULT_TIMEOUT, 100, None):
            redis.flushall()
            cache.set("set", value, timeout)
            cache.get_or_set("k", lambda value=value: value, timeout)
            assert redis.get(K) == redis.get(":1:set")
            assert redis.ttl(K) == pytest.approx(redis.ttl(":1:set"), abs=1)
            assert cache.get("k", "nothing") == value


@pytest.mark.parametrize("timeout", [0, -1])
def test_what_may_not_live_is_not_stored(cache, redis, timeout):
    assert cache.get_or_set("k", lambda: 1, timeout) == 1
    assert redis.keys() == []
    cache.set("k", 2)
    assert cache.get_or_set("k", lambda: 1, timeout) == 2


def test_a_delete_between_lease_and_fill_refuses_the_fill(cache, redis):
    def compute():
        freshet_deletes(redis)
        return "old"

    assert cache.get_or_set("k", compute) == "old"
    assert redis.keys() == []


def test_a_lease_that_expired_refuses_the_fill(cache, redis):
    def compute():
        redis.pexpire(L, 1)
        while redis.exists(L):
            pass
        return "old"

    assert cache.get_or_set("k", compute) == "old"
    assert redis.keys() == []


def test_another_readers_lease_refuses_the_fill_and_stays(cache, redis):
    def compute():
        freshet_deletes(redis)
        assert isinstance(lease.read_or_lease(redis, K, 5000), lease.Leased)
        return "old"

    assert cache.get_or_set("k", compute) == "old"
    assert redis.keys() == [L.encode()]


def test_a_value_that_came_meanwhile_is_not_replaced(cache, redis):
    def compute():
        cache.set("k", "set")
        return "computed"

    assert cache.get_or_set("k", compute) == "computed"
    assert cache.get("k") == "set"
    assert not redis.exists(L)


def test_a_plain_delete_does_not_touch_the_lease(cache, redis):
    def compute():
        cache.delete("k")
        assert redis.exists(L)
        return 1

    cache.get_or_set("k", compute)
    assert cache.get("k") == 1


def test_the_lease_lives_as_long_as_the_setting_says(cache, redis, settings):
    settings(LEASE_TTL=7.0)

    def compute():
        assert 6000 < redis.pttl(L) <= 7000

    cache.get_or_set("k", compute)


def test_a_failing_computation_gives_the_lease_back(cache, redis):
    def fails():
        raise OSError("no database")

    with pytest.raises(OSError, match="no database"):
        cache.get_or_set("k", fails)
    assert redis.keys() == []


def test_a_value_that_cannot_be_stored_gives_the_lease_back(cache, redis):
    with pytest.raises(Exception, match="pickle"):
        cache.get_or_set("k", lambda: lambda: None)
    assert redis.keys() == []


def test_a_task_cancelled_while_it_asks_gives_the_lease_back(cache, redis, monkeypatch):
    asked, go = threading.Event(), threading.Event()
    read_or_lease = lease.read_or_lease

    def slowly(*arguments):
        answer = read_or_lease(*arguments)
        asked.set()
        assert go.wait(10)
        return answer

    monkeypatch.setattr(lease, "read_or_lease", slowly)

    async def main():
        task = asyncio.create_task(cache.aget_or_set("k", lambda: pytest.fail("computed by a cancelled task")))
        await asyncio.to_thread(asked.wait, 10)
        task.cancel()
        # The task gets to know before Redis has answered.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert redis.keys() == [L.encode()]
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert redis.keys() == []


def test_of_many_readers_one_computes(cache):
    computed, start = [], threading.Barrier(8)

    def compute():
        computed.append(1)
        time.sleep(0.05)  # Long enough for the others to ask.
        return len(computed)

    def read():
        start.wait()
        return cache.get_or_set("k", compute)

    readers = [in_thread(read) for _ in range(8)]
    assert [join() for join in readers] == [1] * 8
    assert computed == [1]


def test_a_waiting_reader_takes_the_lease_that_was_revoked(cache, redis):
    redis.set(L, "another's")
    waiting = in_thread(lambda: cache.get_or_set("k", lambda: "new"))
    freshet_deletes(redis)
    assert waiting() == "new"
    assert cache.get("k") == "new"


def test_a_reader_that_waited_long_enough_computes_without_storing(cache, redis, settings):
    settings(WAIT=0.05)
    redis.set(L, "another's")
    assert cache.get_or_set("k", lambda: 1) == 1
    assert redis.keys() == [L.encode()]
    assert redis.get(L) == b"another's"


def test_nobody_fills_while_freshet_holds_the_key(cache, redis, settings):
    settings(WAIT=0.0)
    redis.set(L, "hold", px=200)
    redis.unlink(K)
    assert cache.get_or_set("k", lambda: "from a replica that lags") == "from a replica that lags"
    assert not redis.exists(K)
    settings(WAIT=5.0)
    assert cache.get_or_set("k", lambda: "after the hold") == "after the hold"
    assert cache.get("k") == "after the hold"


def test_a_hold_during_the_computation_refuses_the_fill(cache, redis):
    def compute():
        redis.set(L, "hold", px=60_000)
        redis.unlink(K)
        return "old"

    cache.get_or_set("k", compute)
    assert redis.keys() == [L.encode()]


def test_a_redis_that_forgot_the_scripts_is_told_again(cache, redis):
    for _ in range(2):
        redis.script_flush()
        assert cache.get_or_set("k", lambda: redis.script_flush() and 1) is 1  # noqa: F632
        assert cache.get("k") == 1
        redis.flushall()


def test_versions_have_leases_of_their_own(cache, redis):
    def compute():
        freshet_deletes(redis)
        return 2

    assert cache.get_or_set("k", compute, version=2) == 2
    assert redis.keys() == [b":2:k"]


def test_async(cache, redis):
    async def compute():
        await asyncio.sleep(0)
        return 1

    async def revoked():
        freshet_deletes(redis)
        return "old"

    async def fails():
        raise OSError("no database")

    async def main():
        assert await cache.aget_or_set("k", revoked) == "old"
        assert redis.keys() == []
        with pytest.raises(OSError, match="no database"):
            await cache.aget_or_set("k", fails)
        assert redis.keys() == []
        assert await asyncio.gather(*(cache.aget_or_set("k", compute) for _ in range(5))) == [1] * 5
        assert await cache.aget_or_set("k", lambda: pytest.fail("computed on a hit")) == 1
        assert await cache.aget_or_set("j", lambda: 2) == 2
        assert await cache.aget_or_set("i", 3) == 3

    asyncio.run(main())
    assert sorted(redis.keys()) == [b":1:i", b":1:j", K.encode()]


def test_a_replica_of_redis_is_not_asked(redis):
    """What it knows of leases is late. The one configured here does not even answer."""
    entry = django_settings.CACHES["default"]
    replicas = [entry["LOCATION"], f"redis://127.0.0.1:{services.free_port()}"]
    with override_settings(CACHES={"default": {**entry, "LOCATION": replicas}}):
        assert caches["default"].get_or_set("k", lambda: 1) == 1
        assert caches["default"].get_or_set("k", lambda: pytest.fail("computed on a hit")) == 1
