"""The ways in which values are kept, and the processes of each: the app's server, and freshet."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import yaml
from django.conf import settings

SHIPPED = settings.EXAMPLE / "freshet.yaml"
WORKERS = 3


@dataclass(frozen=True)
class Mode:
    name: str
    before: str = ""
    """What the app did before freshet."""
    reads: bool = True
    """Whether the views say which columns they read."""
    warm: bool = False
    """Whether freshet writes the values that the views say."""


MODES = {
    "ttl": Mode("TTL only", before="ttl"),
    "signals": Mode("signal handlers", before="signals"),
    "no-reads": Mode("freshet, views without `reads`", reads=False),
    "reads": Mode("freshet, views with `reads`"),
    "warm": Mode("freshet, two of the views written", warm=True),
}


def configuration(mode: Mode, folder: Path) -> Path:
    """The example's configuration for a consumer group that has no past."""
    content = yaml.safe_load(SHIPPED.read_text())
    content["kafka"]["group"] = f"mix-{time.time_ns()}"
    if not mode.warm:
        for view in content["views"].values():
            view.pop("warm", None)
    if not mode.reads:
        for view in content["views"].values():
            for source in view["from"].values() if isinstance(view["from"], dict) else ():
                source.pop("reads", None)
    path = folder / "freshet.yaml"
    # A value is computed from the first table under `from`.
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


# A process, and what it has logged so far.
Running = tuple[subprocess.Popen, IO[str]]


@contextmanager
def _process(log: Path, environment: dict[str, str], *command: str | Path) -> Iterator[Running]:
    with log.open("w") as written, log.open() as reading:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=written, stderr=written)
        try:
            yield process, reading
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def freshet(config: Path, folder: Path) -> Iterator[None]:
    """Until it is ready: rows are loaded, the group is joined, the views' keys are deleted once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    log = folder / "freshet.log"
    command = [os.environ["FRESHET"], "--config", config, "run"]
    with _process(log, {"FRESHET_HTTP_LISTEN": address}, *command) as (process, _):
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://{address}/readyz", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"freshet is not ready:\n{_end(log)}") from None
                time.sleep(0.1)
        yield


@contextmanager
def server(mode: Mode, config: Path, folder: Path) -> Iterator[str]:
    """The app behind several processes; yields its address."""
    log = folder / "server.log"
    environment = app_environment(mode) | {"FRESHET_CONFIG": str(config), "DEBUG": "0", "PORT": "0"}
    command = [sys.executable, "-m", "gunicorn", "mix.wsgi", f"--workers={WORKERS}", "--keep-alive=60"]
    with _process(log, environment, *command) as (process, lines):
        deadline = time.monotonic() + 60
        while not (match := re.search(r"Listening at: http://(\S+)", lines.readline())):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the app's server has not started:\n{_end(log)}")
            time.sleep(0.01)
        yield match[1]


def app_environment(mode: Mode) -> dict[str, str]:
    return {"FRESHET_BEFORE": mode.before}


def _end(log: Path) -> str:
    """The folder is gone when somebody would look into it."""
    return "".join(log.read_text().splitlines(keepends=True)[-20:])
