"""When the benchmark takes an answer for stale."""

from django.test import SimpleTestCase

from mix.judge import Truth


class Judge(SimpleTestCase):
    def setUp(self) -> None:
        # The value is a, from the second write on b, and from the third on c. A fourth write is not reached.
        history = {"/": [(0, "a"), (2, "b"), (3, "c"), (4, "d")]}
        self.truth = Truth(history, [(5.0, 5.1), (10.0, 10.1), (20.0, 20.1)])

    def check(self, digest: str, began: float, stale_for: float, took: float = 0.1) -> None:
        self.assertAlmostEqual(self.truth.stale_for("/", digest, began, began + took), stale_for, msg=digest)

    def test_what_is_true_is_not_stale(self) -> None:
        for digest, began in {"a": 3.0, "b": 15.0, "c": 30.0}.items():
            self.check(digest, began, 0.0)

    def test_what_was_true_a_second_ago_is_not_stale(self) -> None:
        self.check("a", 11.0, 0.0)
        self.check("a", 11.2, 1.1)
        self.check("a", 50.0, 39.9)
        self.check("b", 20.5, 0.0)

    def test_what_becomes_true_during_the_read_is_not_stale(self) -> None:
        self.check("b", 9.5, 0.0, took=1.0)
        self.check("c", 9.5, 0.0, took=11.0)

    def test_what_was_never_true_is_as_old_as_the_last_commit(self) -> None:
        self.check("torn", 10.5, 0.0)
        self.check("torn", 15.0, 5.0)
