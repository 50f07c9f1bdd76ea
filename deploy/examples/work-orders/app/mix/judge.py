"""Whether an answer was true: it is compared with what the database said around the time of the read."""

from dataclasses import dataclass

from mix.truth import History

ALLOWED = 1.0
"""Seconds. An answer is stale if no state of the database in the second before the read gives it."""


@dataclass(frozen=True)
class Version:
    digest: str
    since: float
    until: float


class Truth:
    def __init__(self, history: History, commits: list[tuple[float, float]]) -> None:
        """
        `commits` says of each write the moments right before and right after it.

        In between a reader may get either answer. The writes that a shorter run does not reach change nothing.
        """
        self._versions = {path: _versions(answers, commits) for path, answers in history.items()}

    def stale_for(self, path: str, digest: str, began: float, ended: float) -> float:
        """Seconds since the answer was last true; 0 if it need not be taken for stale."""
        versions = self._versions[path]
        shown = [version for version in versions if version.until >= began - ALLOWED and version.since <= ended]
        if any(version.digest == digest for version in shown):
            return 0.0
        gone = [version.until for version in versions if version.digest == digest and version.until < began]
        if gone:
            return began - max(gone)
        # Statements on both sides of a commit give an answer of no moment. It is as old as the commit.
        return began - shown[0].since if len(shown) == 1 else 0.0


def _versions(answers: list[tuple[int, str]], commits: list[tuple[float, float]]) -> list[Version]:
    reached = [(number, digest) for number, digest in answers if number <= len(commits)]
    since = [commits[number - 1][0] if number else float("-inf") for number, _ in reached]
    until = [commits[number - 1][1] for number, _ in reached[1:]] + [float("inf")]
    return [Version(digest, *times) for (_, digest), *times in zip(reached, since, until, strict=True)]
