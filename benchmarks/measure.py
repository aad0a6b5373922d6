"""CPU time of an application and of its database's processes, wall time of each request, and the exact statements of one.

CPU is what the kernel accounts to the threads (`schedstat`, nanoseconds) of the application's process tree and of the server
processes that serve the database; what ended meanwhile (parallel workers) is added from the postmaster's own account.
"""

from __future__ import annotations

import http.client
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

IDLE = 60.0
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
LINE = re.compile(r" LOG:  (?:statement|execute [^:]*): (.*)")
FRAME = re.compile(
    r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET |DEALLOCATE|SELECT set_config\([^;]*\)$|SELECT 1$)",
    re.IGNORECASE,
)
"""What opens, scopes, checks and closes a transaction. A connection kept open is asked whether it lives: SELECT 1."""


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(words[1]) == parent:
            found.append(int(entry.name))
    return found


def tree(root: int) -> list[int]:
    """The process and everything under it."""
    found = [root]
    for pid in found:
        found.extend(children(pid))
    return found


def ran(pids: Iterable[int]) -> int:
    """Nanoseconds on a CPU of all threads of these processes so far."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except OSError:
                continue
    return total


def waited(pids: Iterable[int]) -> int:
    """Nanoseconds that threads of these processes were ready to run and waited for a CPU somebody else had."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            try:
                total += int((task / "schedstat").read_text().split()[1])
            except OSError:
                continue
    return total


def ended(pid: int) -> int:
    """Nanoseconds of children of this process that ended, as it was told when they did."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[13]) + int(words[14])) * TICK_NS


class Database:
    """The server processes of one database, seen from outside."""

    def __init__(self, postmaster: int, name: str) -> None:
        self.postmaster, self.name = postmaster, name
        self._most = 0

    def serving(self) -> list[int]:
        """The processes that serve it now."""
        serving = []
        for pid in children(self.postmaster):
            try:
                title = Path(f"/proc/{pid}/cmdline").read_text()
            except OSError:
                continue
            if f" {self.name} " in title and "recourse_" in title:
                serving.append(pid)
        return serving

    def ran(self) -> int:
        """Nanoseconds so far. A process that is just ending is for a moment neither among those that serve nor accounted as
        ended: the reading is then less than the last one, and is taken again.
        """
        for _attempt in range(200):
            now = ran(self.serving()) + ended(self.postmaster)
            if now >= self._most - TICK_NS:
                break
            time.sleep(0.005)
        self._most = max(self._most, now)
        return now


@dataclass
class Taken:
    """What one side took so far. Times in nanoseconds of CPU, walls in seconds."""

    requests: int = 0
    application: int = 0
    database: int = 0
    walls: list[float] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)

    def told(self) -> dict[str, float]:
        """Milliseconds a request: CPU of both, of the application, of the database; p50 and p95 of the time it took without
        what its processes waited for a CPU that others had, and as the clock on the wall has it.
        """
        n = max(self.requests, 1)
        return {
            "requests": self.requests,
            "cpu": (self.application + self.database) / n / 1e6,
            "application": self.application / n / 1e6,
            "database": self.database / n / 1e6,
            "p50": quantile(self.quiet, 50) * 1e3,
            "p95": quantile(self.quiet, 95) * 1e3,
            "wall p50": quantile(self.walls, 50) * 1e3,
            "wall p95": quantile(self.walls, 95) * 1e3,
        }


def quantile(values: list[float], percent: int) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    expect: int = 200


class Client:
    """One keep-alive connection, one request in flight."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.used = time.monotonic()

    def send(self, request: Request) -> tuple[float, bytes]:
        """Seconds until the last byte of the answer, and the answer. Raises when it is not the expected one."""
        if time.monotonic() - self.used > IDLE:
            self.connection.close()  # the next request opens it again; the server would close it soon
        begun = time.perf_counter()
        self.connection.request(request.method, request.path, request.body, request.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        wall, self.used = time.perf_counter() - begun, time.monotonic()
        if answer.status != request.expect:
            raise RuntimeError(f"{request.method} {request.path}: {answer.status} {body[:600]!r}")
        return wall, body


@dataclass
class Side:
    """Who does the work: a server process tree with its client and its database."""

    name: str
    root: int
    client: Client
    database: Database
    taken: Taken = field(default_factory=Taken)

    def fresh(self) -> Side:
        return Side(self.name, self.root, self.client, self.database)

    def block(self, make: Callable[[int], Request], first: int, count: int) -> None:
        """`count` requests in a row, measured together."""
        pids = tree(self.root)
        application, database = ran(pids), self.database.ran()
        everybody = [*pids, *self.database.serving(), os.getpid()]
        for number in range(first, first + count):
            before = waited(everybody)
            wall, _body = self.client.send(make(number))
            self.taken.walls.append(wall)
            self.taken.quiet.append(max(wall - (waited(everybody) - before) / 1e9, 0.0))
        self.taken.application += ran(pids) - application
        self.taken.database += self.database.ran() - database
        self.taken.requests += count


def interleaved(
    sides: list[tuple[Side, Callable[[int], Request]]], *, rounds: int, count: int, warm: int = 3
) -> dict[str, dict[str, float]]:
    """A B C A B C: every side a block in each round. Returns what each took, by its name."""
    for side, make in sides:
        for number in range(warm):
            side.client.send(make(number))
    for turn in range(rounds):
        for side, make in sides:
            side.block(make, warm + turn * count, count)
    return {side.name: side.taken.told() for side, _make in sides}


@dataclass(frozen=True)
class Statements:
    """What one request sent to the database, in order."""

    every: tuple[str, ...]

    @property
    def own(self) -> tuple[str, ...]:
        """Besides BEGIN, SET and COMMIT."""
        return tuple(s for s in self.every if not FRAME.match(s))


class StatementLog:
    """Counts at the server: its log tells every statement, whichever library sent it."""

    def __init__(self, superuser: psycopg.Connection[Any], log: Path, database: str) -> None:
        self.superuser, self.log, self.database = superuser, log, database

    def __enter__(self) -> StatementLog:
        self.superuser.execute("ALTER SYSTEM SET log_statement = 'all'")
        self.superuser.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)
        return self

    def __exit__(self, *_problem: object) -> None:
        self.superuser.execute("ALTER SYSTEM RESET log_statement")
        self.superuser.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)

    def of(self, act: Callable[[], object], warm: int = 2) -> Statements:
        """The statements of one act, after it was done a few times (plans are prepared, caches are full)."""
        for _ in range(warm):
            act()
        time.sleep(0.05)
        begin = self.log.stat().st_size
        act()
        time.sleep(0.1)
        with self.log.open("rb") as file:
            file.seek(begin)
            told = file.read().decode(errors="replace")
        own = [line for line in told.splitlines() if f"] {self.database} " in line]
        return Statements(tuple(m[1].strip() for line in own if (m := LINE.search(line))))
