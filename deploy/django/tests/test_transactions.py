"""Fills inside a transaction of a real PostgreSQL."""

import gc
import threading

import pytest
from django.db import connections, transaction
from django.test import TestCase

from freshet_django import counts, get_or_set, invalidate
from freshet_django.lease import lease_key

K = ":1:k"
L = lease_key(K)


@pytest.fixture(autouse=True)
def _database(database):
    pass


def atomic(**options):
    return transaction.atomic("postgres", **options)


def execute(sql, alias="postgres"):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)


# Its name since Django 6.1.
create = getattr(transaction, "savepoint_create", None) or transaction.savepoint


def row(alias="postgres"):
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT v FROM row")
        return cursor.fetchone()[0]


def test_a_fill_waits_for_the_commit(cache, redis):
    with atomic():
        execute("UPDATE row SET v = 2")
        assert cache.get_or_set("k", row) == 2
        assert redis.keys() == [L.encode()]
    assert cache.get("k") == 2
    assert not redis.exists(L)


def test_a_rollback_stores_nothing_and_gives_the_lease_back(cache, redis):
    class RolledBackError(Exception):
        pass

    with pytest.raises(RolledBackError), atomic():
        execute("UPDATE row SET v = 2")
        assert cache.get_or_set("k", row) == 2
        raise RolledBackError
    gc.collect()
    assert redis.keys() == []
    assert cache.get_or_set("k", row) == 1


def test_a_savepoint_that_is_rolled_back_stores_nothing(cache, redis):
    with atomic():
        with pytest.raises(ZeroDivisionError), atomic():
            execute("UPDATE row SET v = 2")
            cache.get_or_set("k", row)
            raise ZeroDivisionError
        assert row() == 1
    gc.collect()
    assert redis.keys() == []


def test_a_savepoint_made_by_hand_that_is_rolled_back_stores_nothing(cache, redis):
    with atomic():
        savepoint = create("postgres")
        execute("UPDATE row SET v = 2")
        with atomic():
            assert cache.get_or_set("k", row) == 2
        transaction.savepoint_rollback(savepoint, "postgres")
    assert not redis.exists(K)


def test_a_savepoint_of_later_does_not_take_the_fill(cache):
    with atomic():
        cache.get_or_set("k", row)
        with pytest.raises(ZeroDivisionError), atomic():
            raise ZeroDivisionError
    assert cache.get("k") == 1


def test_a_change_between_the_computation_and_the_commit_refuses_the_fill(cache, redis):
    with atomic():
        assert cache.get_or_set("k", row) == 1

        def writer():
            execute("UPDATE row SET v = 2")
            redis.unlink(K, L)
            connections["postgres"].close()

        thread = threading.Thread(target=writer)
        thread.start()
        thread.join()
    assert redis.keys() == []


def test_freshet_may_be_faster_than_the_fill(cache, redis):
    with atomic():
        execute("UPDATE row SET v = 2")
        # The change event of this commit is applied before the fill.
        transaction.on_commit(lambda: redis.unlink(K, L), using="postgres")
        cache.get_or_set("k", row)
    assert redis.keys() == []


def test_nothing_is_stored_above_read_committed(cache, redis):
    with atomic():
        execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert cache.get_or_set("k", row) == 1
        assert redis.keys() == []
    assert redis.keys() == []


def test_a_level_of_the_settings_takes_no_lease(cache, redis):
    with transaction.atomic("snapshot"):
        assert row("snapshot") == 1  # The snapshot is taken, and then overtaken.
        execute("UPDATE row SET v = 2")
        redis.unlink(K, L)
        assert cache.get_or_set("k", lambda: (redis.keys(), row("snapshot"))) == ([], 1)
    assert redis.keys() == []
    # Outside of a transaction each statement has its own snapshot.
    assert cache.get_or_set("k", lambda: row("snapshot")) == 2
    assert cache.get("k") == 2


def test_a_snapshot_does_find_what_is_cached(cache):
    cache.set("k", 5)
    with transaction.atomic("snapshot"):
        assert cache.get_or_set("k", lambda: pytest.fail("computed on a hit")) == 5


def test_a_transaction_inside_the_computation_is_over_when_it_is_stored(cache):
    def compute():
        with transaction.atomic("snapshot"):
            return row("snapshot")

    cache.get_or_set("k", compute)
    assert cache.get("k") == 1


def test_without_autocommit_nothing_is_stored(cache, redis):
    transaction.set_autocommit(False, "postgres")
    try:
        assert cache.get_or_set("k", row) == 1
        assert redis.keys() == []
    finally:
        transaction.rollback("postgres")
        transaction.set_autocommit(True, "postgres")


def test_another_database_s_transaction_stores_nothing(cache, redis):
    with transaction.atomic("default"):
        assert cache.get_or_set("k", lambda: 1) == 1
    assert redis.keys() == []


def test_a_failed_statement_stores_nothing(cache, redis):
    from django.db import DatabaseError

    with atomic(), pytest.raises(DatabaseError):
        execute("SELECT 1/0")
        # The commit of a transaction that failed is a rollback.
    with atomic():
        with pytest.raises(DatabaseError):
            execute("SELECT 1/0")
        assert cache.get_or_set("k", lambda: 1) == 1
    assert redis.keys() == []


def test_each_open_transaction_must_commit(cache, redis):
    with atomic():
        with transaction.atomic("second"):
            cache.get_or_set("k", row)
        assert not redis.exists(K)
    assert cache.get("k") == 1

    with atomic(), pytest.raises(ZeroDivisionError), transaction.atomic("second"):
        cache.get_or_set("j", row)
        raise ZeroDivisionError
    gc.collect()
    assert redis.keys() == [K.encode()]


def test_the_same_transaction_does_not_wait_for_itself(cache, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("waited"))
    with atomic():
        assert cache.get_or_set("k", row) == 1
        execute("UPDATE row SET v = 2")
        assert cache.get_or_set("k", row) == 2


def test_a_redis_that_fails_on_commit_does_not_fail_the_request(cache, redis, monkeypatch):
    from redis.exceptions import ConnectionError as RedisConnectionError

    from freshet_django import lease

    def away(*_):
        raise RedisConnectionError

    with atomic():
        execute("UPDATE row SET v = 2")
        cache.get_or_set("k", row)
        monkeypatch.setattr(lease, "fill", away)
    assert row() == 2


def test_refusals_are_counted():
    before = counts().get("shop_stats")
    refused = before.refused if before else 0
    with pytest.raises(ZeroDivisionError), atomic():
        get_or_set("shop_stats", {"shop_id": 1}, row)
        raise ZeroDivisionError
    with atomic():
        execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        get_or_set("shop_stats", {"shop_id": 1}, row)
    gc.collect()
    assert counts()["shop_stats"].refused == refused + 2


def test_an_invalidation_waits_for_the_commit(cache):
    cache.set("shop_stats:5", 1)
    with atomic():
        invalidate("shop", shop_id=5)
        assert cache.get("shop_stats:5") == 1
    assert cache.get("shop_stats:5") is None


def test_an_invalidation_is_rolled_back_too(cache):
    cache.set("shop_stats:5", 1)
    with pytest.raises(ZeroDivisionError), atomic():
        invalidate("shop", shop_id=5)
        raise ZeroDivisionError
    assert cache.get("shop_stats:5") == 1


def test_an_invalidation_without_autocommit_does_not_wait_for_a_commit_that_django_does_not_tell(cache):
    connection = connections["postgres"]
    connection.set_autocommit(False)
    try:
        cache.set("shop_stats:5", 1)
        invalidate("shop", shop_id=5)
        assert cache.get("shop_stats:5") is None

        cache.set("shop_stats:5", 1)
        with atomic():
            invalidate("shop", shop_id=5)
            assert cache.get("shop_stats:5") is None
        connection.commit()
    finally:
        connection.rollback()
        connection.set_autocommit(True)


def test_an_invalidation_beside_a_connection_without_autocommit_comes_now_and_on_commit(cache):
    second = connections["second"]
    second.set_autocommit(False)
    try:
        cache.set("shop_stats:5", 1)
        with atomic():
            invalidate("shop", shop_id=5)
            assert cache.get("shop_stats:5") is None
            cache.set("shop_stats:5", 2)
        assert cache.get("shop_stats:5") is None
    finally:
        second.rollback()
        second.set_autocommit(True)


def test_a_block_without_autocommit_takes_no_lease(cache, redis):
    """It does not commit, so the lease would be held until somebody switches autocommit on."""
    connection = connections["postgres"]
    connection.set_autocommit(False)
    try:
        with atomic():
            assert cache.get_or_set("k", row) == 1
        assert redis.keys() == []
    finally:
        connection.rollback()
        connection.set_autocommit(True)


def test_in_a_test_case_of_django_it_behaves_as_outside(cache):
    """Its transactions never commit, so a fill that waited for them would never come."""
    seen = []

    class Case(TestCase):
        databases = {"postgres"}  # noqa: RUF012

        def test(self):
            cache.get_or_set("k", row)
            seen.append(cache.get("k"))
            with self.captureOnCommitCallbacks(using="postgres", execute=True), atomic():
                cache.get_or_set("j", row)
                seen.append(cache.get("j"))
            seen.append(cache.get("j"))

    case = Case("test")
    Case.setUpClass()
    try:
        case.run()
    finally:
        Case.tearDownClass()
        Case.doClassCleanups()
    assert seen == [1, None, 1]
