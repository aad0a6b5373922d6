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
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import psycopg
from django.apps import apps
from django.conf import settings

from benchmarks import casework, organization_rows
from benchmarks.bulk import AUDIT, analyze, forced_tables, guard, put_back, take_off
from benchmarks.lines import EVENT_COPY, Lines
from benchmarks.plan import CHUNK, Chunk, Organization, chunks, organizations
from benchmarks.rows import Calendar, Table
from benchmarks.tables import Tables

ROW = "population, source_id, case_id, is_restricted, month, payer_id, regime, treatment, stage, reason, code"
CELL = "population, grain, is_restricted, month, payer_id, regime, treatment, stage, reason, code, n"
ALIKE = ROW.replace("source_id, case_id, ", "")
COUNTED = ("reporting_countedrow", "reporting_countedcell")
COUNT = f"""
WITH written AS (
  INSERT INTO reporting_countedrow (organization_id, {ROW})
  SELECT organization_id, {ROW} FROM search.counting WHERE organization_id {{which}}
  RETURNING organization_id, {ROW}),
alike AS (SELECT organization_id, {ALIKE}, count(*) AS times FROM written GROUP BY organization_id, {ALIKE})
INSERT INTO reporting_countedcell (organization_id, {CELL}) SELECT organization_id, {CELL} FROM ({{cells}}) made ORDER BY 1, 2, 3
"""
"""What the triggers of the kept counts write, by the function that they are made of, in one statement and past them."""
STRETCH = 10_000
T = TypeVar("T")
SESSION = "-c synchronous_commit=off -c maintenance_work_mem=512MB -c work_mem=256MB -c statement_timeout=0"


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


def _part(together: list[Chunk]) -> tuple[int, int]:
    """Cases and rows of these parts of the plan, sent as one: a COPY costs the same for seven rows and for seven hundred."""
    assert _worker is not None
    w = _worker
    lines: Lines = defaultdict(list)
    for chunk in together:
        made = casework.lines_of(w.tables, chunk, w.calendar, w.seed, w.permission, w.digest)
        for statement, rows in made.items():
            lines[statement].extend(rows)
    return sum(chunk.count for chunk in together), copy_in(w.connection, lines)


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
        forced = forced_tables(owner, [*names, *COUNTED])
        counts, taken = take_off(owner, COUNTED), take_off(owner, names, besides=[AUDIT])
        rows = copy_in(owner, organization_rows.lines_of(tables, plan, calendar))
        rows += _load(plan, database or settings.OWNER_DATABASE["NAME"], today, seed, workers, progress)
        loaded = time.monotonic()
        steps, done = taken.steps + counts.steps, itertools.count(1)

        def one_more() -> None:
            progress("Indexes, constraints", next(done), steps)

        put_back(lambda: connect(database), taken, done=one_more)
        _declare(owner, plan)
        analyze(lambda: connect(database))
        counted = time.monotonic()
        _count(lambda: connect(database), plan, progress)
        put_back(lambda: connect(database), counts, done=one_more)
        guard(owner, [*names, *COUNTED], forced)
        owner.execute(f"ANALYZE {', '.join(COUNTED)}")
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
    parts = list(gathered(chunks(plan), lambda chunk: chunk.count, CHUNK))
    if workers == 1:
        _start(database, today, seed)
        results: Any = map(_part, parts)
        return sum(r[1] for r in results)
    context = multiprocessing.get_context("fork")
    with context.Pool(workers, _start, (database, today, seed)) as pool:
        for count, sent in pool.imap_unordered(_part, parts):
            cases, rows = cases + count, rows + sent
            progress("Cases", cases, total)
    return rows


def _count(
    open_one: Callable[[], psycopg.Connection[Any]], plan: list[Organization], progress: Progress
) -> None:
    """The kept counts of what was loaded past their triggers, by the view and the function these are made of; two parts of the
    organizations at a time.
    """
    large, small = ([o for o in plan if (o.cases >= STRETCH) is it] for it in (True, False))
    parts = [[o] for o in large] + list(gathered(small, lambda o: o.cases, STRETCH))
    waiting, done = iter(sorted(parts, key=lambda part: -sum(o.cases for o in part))), itertools.count(1)

    def count() -> None:
        with open_one() as connection:
            connection.execute("SET ROLE recourse_search")
            found = connection.execute("SELECT search.cells_sql('alike')").fetchone()
            assert found is not None
            for part in waiting:  # one list for both, the largest first
                # Of one it is said as of one: the planner then asks each table of the view for that organization alone.
                which = f"= {part[0].id}" if len(part) == 1 else f"IN ({', '.join(str(o.id) for o in part)})"
                connection.execute(COUNT.format(cells=found[0], which=which))
                progress("Kept counts", next(done), len(parts))

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(count) for _ in range(2)]:
            future.result()


def gathered(items: Iterable[T], size: Callable[[T], int], least: int) -> Iterator[list[T]]:
    """The items in their order, as many together as come to `least`."""
    together: list[T] = []
    for item in items:
        together.append(item)
        if sum(map(size, together)) >= least:
            yield together
            together = []
    if together:
        yield together


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
