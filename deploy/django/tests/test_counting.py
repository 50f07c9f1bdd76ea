import signal
from collections import Counter

from freshet_django import counting, counts


def test_a_signal_handler_may_read_while_its_thread_is_counting(monkeypatch):
    class Interrupted(Counter):
        def __missing__(self, key):
            # In the midst of counting.
            if key == ("outer", "hit"):
                signal.raise_signal(signal.SIGUSR1)
            return 0

    def read(*_):
        # Says in a second what would be said never.
        assert counting._lock.acquire(timeout=1), "the lock is held by this very thread"
        counting._lock.release()
        counting.note("miss", "inner", "k")

    monkeypatch.setattr(counting, "_counted", Interrupted())
    before = signal.signal(signal.SIGUSR1, read)
    try:
        counting.note("hit", "outer", "k")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert counts() == {"inner": counting.Counts(miss=1), "outer": counting.Counts(hit=1)}
