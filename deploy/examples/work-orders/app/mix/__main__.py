"""Runs the mix in each mode, and prints a table."""

import argparse
import json
import os
import statistics as arithmetic
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from random import Random

import django

django.setup()

from django.core.cache import cache  # noqa: E402 The settings are read above.

from mix import load, modes, rows, truth  # noqa: E402
from mix.judge import Truth  # noqa: E402
from mix.plan import Mix  # noqa: E402

TTL = 300
HEAD = """\
| | Hit rate | Queries a read | Stale reads | Stale for up to | A read: median, p99 |
|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Row:
    reads: int
    hits: int
    statements: int
    stale: list[float]
    took: list[float]

    def cells(self) -> list[str]:
        slow = arithmetic.quantiles(self.took, n=100)[98]
        return [
            f"{100 * self.hits / self.reads:.1f} %",
            f"{self.statements / self.reads:.3f}",
            f"{len(self.stale)} ({100 * len(self.stale) / self.reads:.2f} %)" if self.stale else "0",
            f"{max(self.stale):.1f} s" if self.stale else "-",
            f"{1000 * arithmetic.median(self.took):.1f} ms, {1000 * slow:.0f} ms",
        ]


def measure(mode: modes.Mode, mix: Mix, history: truth.History, folder: Path) -> Row:
    rows.rewind()
    cache.clear()
    config = modes.configuration(mode, folder)
    with ExitStack() as running:
        if not mode.before:
            running.enter_context(modes.freshet(config, folder))
        address = running.enter_context(modes.server(mode, config, folder))
        fill(address, mix)
        writer = running.enter_context(spawned(mode, config, "writer", mix))
        readers = running.enter_context(spawned(mode, config, "readers", mix, address))
        begin = start(writer, readers)
        answers = [load.Answer(*answer) for answer in result(readers)]
        commits = [tuple(commit) for commit in result(writer)]
    judge = Truth(history, commits)
    late = max(answer.began - begin - read.at for answer, read in zip(answers, mix.planned_reads(), strict=True))
    if late > 1:
        print(f"{mode.name}: the machine is too busy; reads began up to {late:.1f} s late", file=sys.stderr)
    measured = [answer for answer in answers if answer.began >= begin + mix.warm_up]
    ages = [judge.stale_for(each.path, each.digest, each.began, each.ended) for each in measured]
    return Row(
        reads=len(measured),
        hits=sum(each.hit for each in measured),
        statements=sum(each.statements for each in measured),
        stale=[age for age in ages if age],
        took=[each.ended - each.began for each in measured],
    )


def fill(address: str, mix: Mix) -> None:
    """As if the app had long been running: everything is cached, and expires at any time within the TTL."""
    client, chance = HTTPConnection(address), Random(mix.seed)
    for path in mix.paths():
        client.request("GET", path)
        client.getresponse().read()
    redis = cache._cache.get_client(write=True)
    for key in sorted(redis.scan_iter(":1:*")):
        redis.pexpire(key, chance.randrange(1, 1000 * TTL))


@contextmanager
def spawned(mode: modes.Mode, config: Path, what: str, mix: Mix, *more: str) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mix.load", what, json.dumps(asdict(mix)), *more],
        env=os.environ | modes.app_environment(mode) | {"FRESHET_CONFIG": str(config)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def start(*processes: subprocess.Popen) -> float:
    for process in processes:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the readers or the writer failed")
    begin = time.time() + 0.5
    for process in processes:
        process.stdin.write(f"{begin}\n")
        process.stdin.flush()
    return begin


def result(process: subprocess.Popen) -> list:
    told, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("the readers or the writer failed")
    return json.loads(told)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__)
    parser.add_argument("modes", nargs="*", default=list(modes.MODES), help=", ".join(modes.MODES))
    for name in ("seed", "warm-up", "seconds", "reads", "writes", "tasks"):
        default = getattr(Mix, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=type(default), default=default, help=f"default: {default}")
    given = vars(parser.parse_args())
    chosen = [modes.MODES[name] for name in given.pop("modes")]
    mix = Mix(**given)
    print(f"{mix}: what each value is after each of {len(mix.planned_writes())} writes", file=sys.stderr)
    rows.load(mix)
    history = truth.history(mix)
    print(HEAD)
    for mode in chosen:
        with tempfile.TemporaryDirectory() as folder:
            cells = measure(mode, mix, history, Path(folder)).cells()
        print(f"| {mode.name} | {' | '.join(cells)} |", flush=True)


main()
