"""
The readers and the writer of a run, each a process of its own: `python -m mix.load readers|writer MIX [HOST]`.

They say when they are ready, and are told when to begin.
"""

import http.client
import json
import sys
import threading
import time
from itertools import count
from typing import NamedTuple

import django

from mix.plan import Mix

READERS = 16


class Answer(NamedTuple):
    path: str
    began: float
    ended: float
    digest: str
    hit: bool
    statements: int


def read(host: str, mix: Mix, begin: float) -> list[Answer]:
    """Each read at its time, or as soon as one of the readers is free."""
    from mix.truth import digest

    planned, turn = mix.planned_reads(), count()
    answers: dict[int, Answer] = {}

    def reader() -> None:
        client = http.client.HTTPConnection(host, timeout=30)
        while (number := next(turn)) < len(planned):
            at, path = planned[number]
            time.sleep(max(0.0, begin + at - time.time()))
            began = time.time()
            client.request("GET", path)
            response = client.getresponse()
            body = response.read()
            ended = time.time()
            if response.status not in (200, 404):
                raise RuntimeError(f"{path} was answered with {response.status}")
            hit = response.headers["X-Cache"] == "HIT"
            statements = int(response.headers["X-Statements"])
            answers[number] = Answer(path, began, ended, digest(body), hit, statements)

    readers = [threading.Thread(target=reader) for _ in range(READERS)]
    for each in readers:
        each.start()
    for each in readers:
        each.join()
    if len(answers) != len(planned):
        raise RuntimeError(f"{len(planned) - len(answers)} of {len(planned)} reads were not answered")
    return [answers[number] for number in range(len(planned))]


def write(mix: Mix, begin: float) -> list[tuple[float, float]]:
    """Each write at its time, one after the other. The moments right before and right after each."""
    from mix import writes

    commits = []
    for planned in mix.planned_writes():
        time.sleep(max(0.0, begin + planned.at - time.time()))
        writing = writes.begin(mix, planned)
        next(writing)
        before = time.time()
        next(writing, None)
        commits.append((before, time.time()))
    return commits


if __name__ == "__main__":
    django.setup()
    what, mix = sys.argv[1], Mix(**json.loads(sys.argv[2]))
    print("ready", flush=True)
    begin = float(sys.stdin.readline())
    json.dump(read(sys.argv[3], mix, begin) if what == "readers" else write(mix, begin), sys.stdout)
