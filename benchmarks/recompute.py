"""What `manage.py recompute_deadlines` takes: when nothing moves, when a rare rule changes and when a common one does.

    python -m benchmarks recompute --cases 1000000

It works on a copy of the generated database, which `--keep` leaves for the next time. What the generator writes as dates are
stand-ins: a first run, which writes every open case and opens its work, brings them to what the program computes; that is
measured too. Then the rules change by a signed pack. Times are CPU of all its processes and of the database's. A thousand
organizations with a few cases each take a batch each, so that the smaller tables say less of a million than their largest
organization does.
"""

from __future__ import annotations

import argparse
import base64
import copy
import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from advocacy.embedded import Server
from appeals.regimes.packs import pack_of, signed, written
from benchmarks import cluster
from benchmarks.measure import Database
from benchmarks.plan import LARGEST, Organization

SEED = bytes(range(32))
KEY = (
    "r1:"
    + base64.urlsafe_b64encode(
        Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
    ).decode()
)
COUNT = r"([\d,]+)"
TOLD = re.compile(
    f"{COUNT} cases in [\\d.]+ s: {COUNT} (?:would have )?changed, {COUNT} dates (?:would have )?moved, {COUNT} owners"
)
LARGE = Organization(LARGEST, 0, 0).slug
RARE, COMMON = "CA", "claims.appeal_1.filing"
"""The time to ask for a review in one state, six months, and the time for the first appeal of most plans, 180 days."""
RUNS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("all written, with work opened", (), ()),
    ("nothing moves", (), ("--again",)),
    ("nothing moves, a fifth of all cases", (), ("--again", "--organization", LARGE)),
    ("a look at a rare rule's change there", (RARE,), ("--dry-run", "--organization", LARGE)),
    ("a rare rule gives a month less there", (RARE,), ("--organization", LARGE)),
    ("a common rule, ten days less there", (RARE, COMMON), ("--organization", LARGE)),
    ("a rare rule gives a month less", (RARE,), ()),
    ("a common rule gives ten days less", (RARE, COMMON), ()),
)


@dataclass(frozen=True)
class Taken:
    """One run: counts as the command told them, seconds of CPU of its processes and of the database, and on the wall."""

    what: str
    cases: int
    changed: int
    moved: int
    told: int
    program: float
    database: float
    wall: float

    def line(self, processes: int) -> str:
        cpu = self.program + self.database
        each = cpu / max(self.cases, 1)
        return (
            f"{self.what:<34} {self.cases:>9,} {self.changed:>9,} {self.moved:>9,} {self.told:>9,}"
            f" {1000 * self.program / max(self.cases, 1):>8.2f} {1000 * self.database / max(self.cases, 1):>8.2f}"
            f" {self.wall:>8.0f} {1_000_000 * each / processes / 60:>8.1f}"
        )


HEAD = (
    f"{'':<34} {'cases':>9} {'changed':>9} {'moved':>9} {'told':>9} {'ms prog.':>8} {'ms datab.':>8} {'wall s':>8}"
    f" {'min/mill.':>8}"
)


def main(arguments: list[str]) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks recompute", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="how many cases the table has")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="use the copy that is there, and leave it there")
    parser.add_argument("--only", action="append", default=[], metavar="WORDS", help="a run, as it is named")
    given = parser.parse_args(arguments)
    if unknown := set(given.only) - {what for what, *_ in RUNS}:
        parser.error(f"there is no run {', '.join(sorted(unknown))}")
    with cluster.running() as server:
        name, new = _copied(server, cluster.made(server, given.cases), keep=given.keep)
        try:
            if not new:
                _taken(server, name, "back to the rules that count", frozenset(), [])
            sys.stdout.write(f"{HEAD}\n")
            for what, changes, more in RUNS if new else RUNS[1:]:
                if given.only and what not in given.only:
                    continue
                options = [*more, "--processes", str(given.processes)]
                taken = _taken(server, name, what, frozenset(changes), options)
                sys.stdout.write(taken.line(given.processes) + "\n")
                sys.stdout.flush()
        finally:
            if not given.keep:
                with cluster.superuser(server) as connection:
                    connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    return 0


def _copied(server: Server, original: str, *, keep: bool) -> tuple[str, bool]:
    """The name of the copy, and whether it was made now."""
    name = f"{original}_recomputed"
    with psycopg.connect(server.address("recourse_owner", "postgres"), autocommit=True) as owner:
        if keep and owner.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchall():
            return name, False
        owner.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        owner.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}" STRATEGY FILE_COPY')
    return name, True


def _taken(server: Server, name: str, what: str, changes: frozenset[str], more: list[str]) -> Taken:
    environment = cluster.environment(server, name) | _rules(server.home, changes)
    database = Database(cluster.postmaster(server), name)
    before, cpu, began = database.ran(), _cpu(), time.monotonic()
    done = subprocess.run(
        [sys.executable, "manage.py", "recompute_deadlines", *more],
        cwd=cluster.CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    wall, program = time.monotonic() - began, _cpu() - cpu
    told = TOLD.search(done.stdout)
    if done.returncode or told is None:
        raise SystemExit(f"recompute_deadlines failed: {done.stdout}")
    cases, changed, moved, asked = (float(word.replace(",", "")) for word in told.groups())
    return Taken(
        what, int(cases), int(changed), int(moved), int(asked), program, (database.ran() - before) / 1e9, wall
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _rules(folder: Path, changes: frozenset[str]) -> dict[str, str]:
    """The environment that gives a process a pack in which these rules give less time."""
    if not changes:
        return {}
    pack: dict[str, Any] = copy.deepcopy(pack_of())
    for rule in pack["regimes"]["rules"]:
        if COMMON in changes and rule["id"] == COMMON:
            rule["calculation"]["n"] -= 10
    for state in pack["states"]["states"]:
        if RARE in changes and state["code"] == RARE:
            state["calculation"]["n"] -= 1
    path = folder / f"rules-{os.getpid()}.json"
    path.write_text(written(signed(pack, "r1", SEED)), encoding="utf-8")
    return {"RECOURSE_RULE_PACK": str(path), "RECOURSE_RULE_KEYS": KEY}
