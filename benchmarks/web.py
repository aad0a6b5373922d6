"""Servers of the workloads on loopback: the product, the floor and the conventional way, each gunicorn with one thread."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.cluster import CHECKOUT


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextlib.contextmanager
def gunicorn(arguments: list[str], environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """A server; yields its process and its port when it listens. It ends with the block."""
    port = free_port()
    given = environment | {
        "PORT": str(port),
        "RECOURSE_WEB_PROCESSES": "1",
        "RECOURSE_WEB_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *[a.replace("{port}", str(port)) for a in arguments]],
        cwd=CHECKOUT,
        env=given,
        start_new_session=True,
    )
    try:
        _listens(server, port)
        yield server.pid, port
    finally:
        if server.poll() is None:
            os.kill(server.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(10)
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _listens(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit("A server of the benchmark did not start.")


PRODUCT = ["-c", "deploy/gunicorn.conf.py", "--keep-alive", "900", "advocacy.wsgi"]
PLAIN = [
    "-b",
    "127.0.0.1:{port}",
    "-k",
    "gthread",
    "-w",
    "1",
    "--threads",
    "1",
    "--no-control-socket",
    "--keep-alive",
    "900",
    "--log-level",
    "warning",
]
FLOOR = [*PLAIN, "benchmarks.floor:application"]
CONVENTIONAL = [*PLAIN, "benchmarks.conventional.wsgi:application"]
