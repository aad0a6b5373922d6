"""Fills a migrated, empty database: organizations, people, cases and everything under them, by COPY as the owner.

    python -m benchmarks generate --cases 1000000

A declared bulk load: triggers of the trail are off meanwhile, and the trail keeps one event of it for each organization.
Identifiers are sealed as the fields seal them, and every constraint is checked when it is put back.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings

from benchmarks import casework, organization_rows
from benchmarks.bulk import forced_tables, put_back, take_off
from benchmarks.lines import EVENT_COPY, Lines
from benchmarks.plan import Chunk, Organization, chunks, organizations
from benchmarks.rows import Calendar, Table
from benchmarks.tables import Tables

COUNT = """
INSERT INTO reporting_countedrow
  (organization_id, population, source_id, case_id, is_restricted, month, payer_id, regime, treatment, stage, reason, code)
SELECT organization_id, population, source_id, case_id, is_restricted, month, payer_id, regime, treatment, stage, reason, code
  FROM search.counting WHERE organization_id = %s
"""
SESSION = "-c synchronous_commit=off -c maintenance_work_mem=512MB -c statement_timeout=0"


def connect(database: str = "") -> psycopg.Connection[Any]:
    """As the owner, to the database of the settings or the one named."""
    owner = settings.OWNER_DATABASE
    return psycopg.connect(
        dbname=database or owner["NAME"],
        host=owner["HOST"],
        port=owner["PORT"] or None,
        user=owner["USER"],
        password=owner["PASSWORD"],
        autocommit=True,
        options=SESSION,
    )


def copy_in(connection: psycopg.Connection[Any], lines: Lines) -> int:
    """Send lines to their tables; returns how many."""
    total = 0
    for statement, rows in lines.items():
        audit = statement == EVENT_COPY
        with connection.transaction():
            if audit:
                connection.execute("SET LOCAL ROLE recourse_audit")
            with connection.cursor().copy(statement) as copy:
                copy.write("".join(rows))
        total += len(rows)
    return total


class _Worker:
    """What a process of the pool keeps between parts."""

    def __init__(self, database: str, today: date, seed: int) -> None:
        self.connection, self.calendar, self.seed = connect(database), Calendar(today), seed
        self.tables = Tables()
        self.digest = organization_rows.files()[casework.PACKET].sha256
        found = self.connection.execute(
            "SELECT p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id"
            " WHERE p.codename = 'view_case' AND c.app_label = 'cases'"
        ).fetchone()
        if found is None:
            raise SystemExit("The database is not migrated: it has no permission view_case.")
        self.permission: int = found[0]


_worker: _Worker | None = None


def _start(database: str, today: date, seed: int) -> None:
    global _worker
    _worker = _Worker(database, today, seed)


def _part(chunk: Chunk) -> tuple[int, int, float]:
    assert _worker is not None
    w = _worker
    lines = casework.lines_of(w.tables, chunk, w.calendar, w.seed, w.permission, w.digest)
    return chunk.count, copy_in(w.connection, lines), time.process_time()


class Progress:
    """One line on the terminal: what is under way, how far, how long."""

    def __init__(self, quiet: bool) -> None:
        self.quiet, self.begun, self.shown = quiet, time.monotonic(), 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if self.quiet or (now - self.shown < 0.5 and done < of):
            return
        self.shown = now
        bar = "#" * (30 * done // max(of, 1))
        end = "\n" if done >= of else ""
        sys.stderr.write(f"\r{what:<22} [{bar:<30}] {done:>9,} of {of:,}  {now - self.begun:5.0f} s{end}")
        sys.stderr.flush()


def generate(
    cases: int,
    *,
    database: str = "",
    count: int = 1_000,
    seed: int = 20_260_301,
    today: date | None = None,
    workers: int = 3,
    quiet: bool = False,
) -> dict[str, Any]:
    """Fill the database. Returns rows loaded, seconds and where they went; raises when a constraint does not hold."""
    plan, today = organizations(cases, count), today or datetime.now(UTC).date()
    calendar, tables, progress = Calendar(today), Tables(), Progress(quiet)
    names = sorted({t.name for t in vars(tables).values() if isinstance(t, Table)} | _of_organizations())
    with connect(database) as owner:
        forced = forced_tables(owner, names)
        taken = take_off(owner, names)
        rows = copy_in(owner, organization_rows.lines_of(tables, plan, calendar))
        rows += _load(plan, database or settings.OWNER_DATABASE["NAME"], today, seed, workers, progress)
        loaded = time.monotonic()
        steps, done = len(taken.keys) + len(taken.indexes) + len(taken.foreign), [0]

        def one_more() -> None:
            done[0] += 1
            progress("Indexes, constraints", done[0], steps)

        put_back(lambda: connect(database), taken, names, forced, done=one_more)
        _declare(owner, plan)
        owner.execute("ANALYZE")
        counted = time.monotonic()
        _count(lambda: connect(database), plan, progress)
        owner.execute("SET ROLE recourse_audit")
        owner.execute("ANALYZE audit.event")
        owner.execute("RESET ROLE")
    finished = time.monotonic()
    return {
        "cases": cases,
        "rows": rows,
        "load_seconds": round(loaded - progress.begun, 1),
        "index_seconds": round(counted - loaded, 1),
        "count_seconds": round(finished - counted, 1),
    }


def _of_organizations() -> set[str]:
    labels = (
        "tenancy.Organization",
        "people.Team",
        "people.Membership",
        "cases.Payer",
        "cases.Provider",
        "cases.Blob",
    )
    return {apps.get_model(label)._meta.db_table for label in labels}


def _load(
    plan: list[Organization], database: str, today: date, seed: int, workers: int, progress: Progress
) -> int:
    total, cases, rows = sum(o.cases for o in plan), 0, 0
    parts = list(chunks(plan))
    if workers == 1:
        _start(database, today, seed)
        results: Any = map(_part, parts)
        return sum(r[1] for r in results)
    context = multiprocessing.get_context("fork")
    with context.Pool(workers, _start, (database, today, seed)) as pool:
        for count, sent, _cpu in pool.imap_unordered(_part, parts):
            cases, rows = cases + count, rows + sent
            progress("Cases", cases, total)
    return rows


def _count(
    open_one: Callable[[], psycopg.Connection[Any]], plan: list[Organization], progress: Progress
) -> None:
    """The kept counts of what was loaded past their triggers, by the functions that keep them; two organizations at a time."""
    waiting, done = iter(sorted(plan, key=lambda o: -o.cases)), itertools.count(1)

    def count() -> None:
        with open_one() as connection:
            connection.execute("SET ROLE recourse_search")
            for o in waiting:  # one list for both, the largest first
                connection.execute(COUNT, [o.id])
                progress("Kept counts", next(done), len(plan))

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(count) for _ in range(2)]:
            future.result()


def _declare(owner: psycopg.Connection[Any], plan: list[Organization]) -> None:
    """The one event of the load in each organization's trail."""
    with owner.transaction():
        owner.execute("SET LOCAL ROLE recourse_audit")
        for o in plan:
            owner.execute(
                "SELECT set_config('app.organization', %s, true), set_config('app.actor', 'system:bulk_load', true),"
                " set_config('app.actor_label', 'Recourse', true)",
                [str(o.id)],
            )
            owner.execute(
                "SELECT audit.record('verb', 'bulk_loaded', 'tenancy_organization', %s, '{}', '{}',"
                " jsonb_build_object('cases', %s::int), '')",
                [o.id, o.cases],
            )


def main(arguments: list[str], say: Callable[[str], None] = print) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks generate", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--organizations", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20_260_301)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    given = parser.parse_args(arguments)
    told = generate(given.cases, count=given.organizations, seed=given.seed, workers=given.workers + 1)
    seconds = told["load_seconds"] + told["index_seconds"] + told["count_seconds"]
    say(f"{told['rows']:,} rows of {told['cases']:,} cases in {seconds:.0f} s")
    return 0
