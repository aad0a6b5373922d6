"""What a run has at hand: the servers of both sizes, the sign-ins, and where results go."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advocacy.embedded import Server
from benchmarks import cluster, web
from benchmarks.measure import Client, Database, Request, Side, StatementLog


@dataclass(frozen=True)
class Line:
    """One line of the table. `value` and `gate` are words for the reader; `met` is None for what has no gate."""

    workload: str
    what: str
    value: str
    gate: str = ""
    met: bool | None = None


@dataclass
class Results:
    lines: list[Line] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    def gate(
        self, workload: str, what: str, value: float, most: float, unit: str = "×", digits: int = 2
    ) -> None:
        """A number that has to stay at or under its gate."""
        self.lines.append(
            Line(
                workload, what, f"{value:.{digits}f}{unit}", f"≤ {most:g}{unit}", round(value, digits) <= most
            )
        )

    def least(self, workload: str, what: str, value: float, least: float, unit: str = "×") -> None:
        """A number that has to reach its gate."""
        self.lines.append(
            Line(workload, what, f"{value:,.0f}{unit}", f"≥ {least:,.0f}{unit}", value >= least)
        )

    def tell(self, workload: str, what: str, value: str) -> None:
        self.lines.append(Line(workload, what, value))


@dataclass
class World:
    """One database with its programs. `known` is what `inside prepare` wrote."""

    cases: int
    server: Server
    database: str
    environment: dict[str, str]
    known: dict[str, Any]
    sides: dict[str, Side] = field(default_factory=dict)

    def side(self, name: str) -> Side:
        return self.sides[name].fresh()


@contextlib.contextmanager
def worlds(server: Server, sizes: list[int], kinds: dict[str, list[str]]) -> Iterator[dict[int, World]]:
    """Everything up: for each size the database and a server of each kind (name and arguments of gunicorn)."""
    with contextlib.ExitStack() as stack:
        found: dict[int, World] = {}
        for cases in sizes:
            name = cluster.made(server, cases)
            given = cluster.environment(server, name)
            file = server.home / f"{name}.json"
            cluster.run(["-m", "benchmarks", "inside", "prepare", str(file)], given)
            world = World(cases, server, name, given, json.loads(file.read_text()))
            database = Database(cluster.postmaster(server), name)
            for kind, arguments in kinds.items():
                more = {"BENCHMARK_KNOWN": str(file)}
                pid, port = stack.enter_context(web.gunicorn(arguments, given | more))
                world.sides[kind] = Side(kind, pid, Client(port), database)
            found[cases] = world
        yield found


def statement_log(world: World) -> contextlib.AbstractContextManager[StatementLog]:
    return StatementLog(cluster.superuser(world.server), world.server.log, world.database)


def fetched(path: str, cookie: str) -> Request:
    return Request("GET", path, {"Cookie": cookie})


Maker = Callable[[int], Request]


def folder(server: Server) -> Path:
    return server.home
