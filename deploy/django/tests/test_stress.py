"""
Many readers, a writer and an invalidator on a real Redis. A value that is wrong when all is quiet stays so.

The readers that use no lease show that the race is there to be found; those that use one must never lose it.
"""

import random
import threading
import time

from django.core.cache import caches

from freshet_django.lease import lease_key

READERS, KEYS, ROUNDS, READS = 4, 3, 60, 12


class Rows:
    """The database: each read sees what is committed when it begins, and takes a moment."""

    def __init__(self):
        self.values = [0] * KEYS

    def read(self, row, chance):
        value = self.values[row]
        time.sleep(chance.random() * 0.001)
        return value


def stale_values(alias, redis):
    cache, rows, stale, fills = caches[alias], Rows(), 0, 0
    for number in range(ROUNDS):
        start = threading.Barrier(READERS + 1)

        def read(seed, start=start):
            chance = random.Random(seed)
            start.wait()
            for _ in range(READS):
                row = chance.randrange(KEYS)
                caches[alias].get_or_set(f"row:{row}", lambda row=row: rows.read(row, chance))
                time.sleep(chance.random() * 0.0005)

        def write(seed, start=start):
            chance = random.Random(seed)
            start.wait()
            for _ in range(READS):
                row = chance.randrange(KEYS)
                rows.values[row] += 1  # The commit; what follows is freshet, a moment later.
                time.sleep(chance.random() * 0.0005)
                redis.unlink(f":1:row:{row}", lease_key(f":1:row:{row}"))

        seeds = [number * 100 + reader for reader in range(READERS)]
        threads = [threading.Thread(target=read, args=[seed]) for seed in seeds]
        threads.append(threading.Thread(target=write, args=[number * 100 + 99]))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for row in range(KEYS):
            cached = cache.get(f"row:{row}")
            fills += cached is not None
            stale += cached not in (None, rows.values[row])
    return stale, fills


def test_stock_readers_store_stale_values_and_leased_readers_none(redis):
    stock, stock_values = stale_values("stock", redis)
    redis.flushall()
    leased, leased_values = stale_values("default", redis)
    print(f"stale when quiet: stock {stock} of {stock_values}, leased {leased} of {leased_values}")
    assert stock > 0
    assert leased == 0
    assert leased_values > ROUNDS
