"""`make demo`: database, roles, migrations, data, web server and job worker, as one family of processes.

Everything started here is a child of this process. Ctrl-C, SIGTERM and SIGHUP end all of it within seconds;
when one child dies the rest are stopped and the reason is said. With DATABASE_URL and DATABASE_OWNER_URL set,
that server is used.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

import psycopg

from advocacy.embedded import Server, demo_server
from advocacy.local_state import CHECKOUT, Make, dies_with_parent, hold, local_dir, private_dir
from advocacy.postgres_programs import EmbeddedError

GRACE = 6.0  # seconds for web server and worker to finish what they are doing
READY_WITHIN = 90.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked for the end."""


class Ended(Exception):
    """It cannot go on; the message says why."""


def say(text: str) -> None:
    """Write a line to the terminal, which may be gone."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


@dataclass
class Child:
    """A started program. `lasting` ones live until the end; `quiet` ones are heard only when they fail."""

    name: str
    process: subprocess.Popen[bytes]
    lasting: bool
    quiet: bool
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=40))
    begun: bytes = b""


class Family:
    """Starts programs, passes their lines on, notices when one ends and stops them all."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.children: list[Child] = []
        self.server: Server | None = None
        self.asked = 0
        self.make = Make()
        self.selector = selectors.DefaultSelector()
        wake, waker = socket.socketpair()
        for end in (wake, waker):
            end.setblocking(False)
        self.sockets = (wake, waker)
        signal.set_wakeup_fd(waker.fileno())  # so that a signal ends the wait for output at once
        self.selector.register(wake, selectors.EVENT_READ, None)
        for number in SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.asked += 1

    def start(
        self, name: str, arguments: Sequence[str], *, lasting: bool = True, quiet: bool = False, **more: str
    ) -> Child:
        """Start a Python program of this checkout, its lines passed on, `more` in its environment."""
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C comes to this process only, which ends its children in order
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
        child = Child(name, process, lasting, quiet)
        self.children.append(child)
        self.selector.register(self._pipe(child), selectors.EVENT_READ, child)
        return child

    def finish(self, name: str, arguments: Sequence[str], *, quiet: bool = True, **more: str) -> str:
        """Run a program to its end and return what it wrote. Raises Ended when it fails."""
        code, written = self.ask(name, arguments, quiet=quiet, **more)
        if code:
            raise Ended(f"The step '{name}' failed:\n{written}" if quiet else f"The step '{name}' failed.")
        return written

    def ask(
        self, name: str, arguments: Sequence[str], *, quiet: bool = True, **more: str
    ) -> tuple[int | None, str]:
        """Run a program to its end; its exit code, and what it wrote."""
        child = self.start(name, arguments, lasting=False, quiet=quiet, **more)
        while child.process.poll() is None:
            self._look_after(0.5)
        self._drain(child)
        self.children.remove(child)
        return child.process.returncode, "\n".join(child.tail)

    def attend(self, seconds: float) -> None:
        """Pass lines on for so long. Raises Stopped after a signal and Ended when a lasting child is gone."""
        end = time.monotonic() + seconds
        self._look_after(0)
        while (left := end - time.monotonic()) > 0:
            self._look_after(min(left, 1))

    def _look_after(self, seconds: float) -> None:
        self._listen(seconds)
        self.asked += self.make.has_given_up()
        if self.asked:
            raise Stopped
        for child in self.children:
            if child.lasting and child.process.poll() is not None:
                self._drain(child)
                raise Ended(f"The {child.name} ended by itself ({_manner(child.process.returncode)}).")
        if self.server and self.server.process and self.server.process.poll() is not None:
            manner = _manner(self.server.process.returncode)
            raise Ended(f"The database server ended by itself ({manner}); its log is {self.server.log}")

    def stop(self) -> None:
        """End all children: politely, then by force; the database last. A second Ctrl-C skips the waiting."""
        asked = self.asked
        for child in self.children:
            if child.process.poll() is None:
                child.process.terminate()
        end = time.monotonic() + GRACE
        while time.monotonic() < end and self.asked <= max(asked, 1):
            if all(child.process.poll() is not None for child in self.children):
                break
            self._listen(0.1)
        for child in self.children:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # its own children too
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._drain(child)
        self.children.clear()
        if self.server:
            self.server.stop()

    def _listen(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self.sockets[0].recv(4096)
            else:
                self._read(key.data)

    def _read(self, child: Child) -> None:
        read = os.read(self._pipe(child).fileno(), 65536)
        if not read:
            self.selector.unregister(self._pipe(child))
        *lines, child.begun = (child.begun + read).split(b"\n")
        if not read and child.begun:
            lines, child.begun = [child.begun], b""
        for line in lines:
            text = line.decode(errors="replace").rstrip().rpartition("\r")[2]
            child.tail.append(text)
            if not child.quiet:
                say(f"{child.name:>10} | {text}")

    def _drain(self, child: Child) -> None:
        pipe = self._pipe(child)
        os.set_blocking(pipe.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            while pipe in self.selector.get_map():
                self._read(child)

    @staticmethod
    def _pipe(child: Child) -> IO[bytes]:
        if child.process.stdout is None:
            raise ValueError("started without a pipe")
        return child.process.stdout


def _manner(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def port_of(environment: dict[str, str]) -> int:
    """PORT, by default 8000. Raises Ended when it is no port or somebody listens there."""
    text = environment.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Ended(f"PORT={text} is not a port number.")
    for family, host in (
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET6, "::1"),
    ):  # a browser tries both for localhost
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, int(text))) == 0:
                other = f"make demo PORT={int(text) % 65535 + 1}"
                raise Ended(f"Port {text} is in use by another program. Choose another: {other}")
    return int(text)


def readiness(port: int) -> tuple[int, str]:
    """Status and body of /health/ready; (0, "") when nothing answers."""
    try:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=3)) as connection:
            connection.request("GET", "/health/ready", headers={"Host": "localhost"})
            answer = connection.getresponse()
            return answer.status, answer.read(10_000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""


def unready(body: str) -> str:
    """The checks of a /health/ready body that do not pass."""
    try:
        checks: dict[str, str] = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return "the web server does not answer"
    return ", ".join(name for name, result in checks.items() if result != "ok")


def bring_up(family: Family, port: int) -> str:
    """Prepare the database and start web server and worker; returns the sign-ins when all of it is ready."""
    environment = family.environment
    environment.setdefault(
        "RECOURSE_SECOND_FACTOR", "optional"
    )  # the demonstration's people sign in by what is printed
    environment.setdefault("RECOURSE_TEXTS", "folder")  # text messages are files, as its mails are lines
    given = [name for name in ("DATABASE_URL", "DATABASE_OWNER_URL") if environment.get(name)]
    if len(given) == 1:
        raise Ended(f"{given[0]} is set alone: set DATABASE_URL and DATABASE_OWNER_URL both, or none.")
    if given:
        say("Checking the database server that DATABASE_URL names ...")
        family.finish("roles", ["manage.py", "check_database"])
    else:
        say("Starting the database ...")
        family.server = demo_server()
        if not family.server.start():
            raise Ended("Another command (embedded run) has this checkout's database; end that one first.")
        environment |= family.server.environment()
        code, said = family.ask("data", ["manage.py", "check_data"], RECOURSE_AS_OWNER="1")
        if code:
            raise Ended(f"{said}\n`make clean-data` removes it; then run `make demo` again.")
    family.attend(0)
    say("Bringing the database up to date ...")
    family.finish("migrations", ["manage.py", "prepare_database"], RECOURSE_AS_OWNER="1")
    say("Looking after the demonstration data (the first time this takes a while) ...")
    family.finish("seed", ["manage.py", "seed_demo", "--if-empty"], quiet=False)
    tell_sizes(environment["DATABASE_OWNER_URL"])
    say("Starting web server and job worker ...")
    family.start("web server", ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "advocacy.wsgi"])
    family.start("job worker", ["manage.py", "qcluster"])
    sign_ins = family.finish("sign-ins", ["manage.py", "seed_demo", "--print-sign-ins"])
    end = time.monotonic() + READY_WITHIN
    while (answer := readiness(port))[0] != 200:
        if time.monotonic() > end:
            raise Ended(f"Not ready after {READY_WITHIN:.0f} seconds: {unready(answer[1])}.")
        family.attend(0.3)
    return sign_ins


def tell_sizes(owner_url: str) -> None:
    """As the server does by itself a minute later: until then it plans for empty tables, and counting all figures takes
    minutes, for which whoever uploads a letter would wait.
    """
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("ANALYZE")


def main() -> int:
    """Run until somebody stops it. Returns 0 after Ctrl-C or SIGTERM, 1 when something could not go on."""
    local = private_dir(local_dir())
    lock = hold(local / "demo.lock")
    if lock is None:
        running = (local / "demo.running").read_text() if (local / "demo.running").exists() else ""
        say(f"The demo of this checkout is running already{running}. Stop it there with Ctrl-C first.")
        return 1
    family = Family({**os.environ, "PYTHONUNBUFFERED": "1", "RECOURSE_GRACE_SECONDS": "3"})
    try:
        port = port_of(family.environment)
        family.environment["PORT"] = str(port)
        (local / "demo.running").write_text(f" (process {os.getpid()}, http://localhost:{port}/)")
        (local / "demo.address").write_text(
            f"http://localhost:{port}"
        )  # for links that a command beside it prints
        sign_ins = bring_up(family, port)
        say(f"\nRecourse is ready:  http://localhost:{port}/\n\n{sign_ins}\n")
        say("Ctrl-C stops everything; the data stays.\n")
        while True:
            family.attend(1)
    except Stopped:
        say("\nStopping ...")
        code = 0
    except (Ended, EmbeddedError) as reason:
        say(f"\n{reason}")
        code = 1
    finally:
        started = bool(family.children or family.server)
        family.stop()
        for name in ("demo.running", "demo.address"):
            (local / name).unlink(missing_ok=True)
    if started:
        say("Everything is stopped; the data stays.")
    return code


if __name__ == "__main__":
    sys.exit(main())
