"""A Redis and a PostgreSQL of our own, on free ports. They end with the block, or with this process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running(name: str, command: list[str], answers, stop: str) -> Iterator[None]:
    # If this process is killed, nobody else ends the service.
    command = ["setpriv", "--pdeathsig", stop, *command]
    with tempfile.TemporaryFile() as log:
        service = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        try:
            deadline = time.monotonic() + 30
            while not answers():
                if service.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{name} does not answer:\n{log.read().decode(errors='replace')}")
                time.sleep(0.05)
            yield
        finally:
            service.send_signal({"TERM": 15, "INT": 2}[stop])
            service.wait(30)


@contextmanager
def redis_server() -> Iterator[str]:
    url = f"redis://127.0.0.1:{(port := free_port())}"

    def answers() -> bool:
        try:
            return redis.Redis.from_url(url).ping()
        except redis.ConnectionError:
            return False

    with tempfile.TemporaryDirectory() as folder:
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", folder, "--save", "", "--appendonly", "no"]
        with running("redis", ["redis-server", *options], answers, "TERM"):
            yield url


def postgres_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


@contextmanager
def postgres_server() -> Iterator[int]:
    """The port. The superuser `postgres` has no password."""
    binaries = postgres_bin()
    assert binaries is not None
    # PostgreSQL refuses to run as root, and its user must reach the folder.
    drop = ["--reuid", "postgres", "--regid", "postgres", "--init-groups"] if os.geteuid() == 0 else []
    folder = tempfile.mkdtemp(dir="/tmp", prefix="freshet-django-")
    try:
        if drop:
            shutil.chown(folder, "postgres", "postgres")
        subprocess.run(
            [*(["setpriv", *drop] if drop else []), binaries / "initdb", "-D", folder, "-U", "postgres",
             "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"],
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip
        port = free_port()
        ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
        options = {
            "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off",
            "shared_buffers": "16MB", "max_connections": 30,
        }  # fmt: skip
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [*drop, str(binaries / "postgres"), "-D", folder, *settings]
        with running("postgres", command, lambda: subprocess.run(ready).returncode == 0, "INT"):
            yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)
