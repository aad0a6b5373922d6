"""manage.py recompute_deadlines: after a change of the rules, every date of every case anew; which moved, and whom to tell."""

from __future__ import annotations

import csv
import gc
import json
import os
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from advocacy.audit.trail import record
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import keystore
from appeals.commands.recompute_many import Outcome, look_at_many, recompute_many
from appeals.queries.recomputed import (
    PROGRAM,
    VERB,
    Batch,
    Done,
    Row,
    done_in,
    fingerprint_of_rules,
    keys_to_do,
    report_of,
    rows_of,
)
from cases.models import Case

BATCH = 500
WIDTH = 40
MOST_TOLD = 20
AGAIN = "Run it again: it goes on where it stopped."


@dataclass(frozen=True)
class Part:
    """A batch of one organization's cases. Without a `run` nothing is written."""

    organization: Organization
    keys: list[int]
    run: str
    rules: str


@dataclass
class Told:
    """What a process tells of its part. `rows` are lines of the report, of a part that wrote nothing."""

    organization: Organization
    cases: int
    changed: int
    told: int
    failed: list[tuple[int, str]]
    rows: list[Row] = field(default_factory=list)


def done_part(part: Part) -> Told:
    """One batch in one transaction, in its organization's scope: the trail says in the same transaction that it is done."""
    organization = part.organization
    actor = f"system:{PROGRAM}"
    with (
        transaction.atomic(),
        scoped_to(organization.pk, actor=actor, actor_label="Recourse", request_id=part.run),
    ):
        at = timezone.now()
        if not part.run:
            seen = look_at_many(part.keys, at=at)
            moves = [(move.case.pk, move.old, move.new) for move in seen.moves]
            nearer = len({move.case.pk for move in seen.moves if move.is_earlier})
            return Told(
                organization, seen.cases, seen.changed, nearer, seen.failed, rows_of(organization, moves)
            )
        outcome = recompute_many(part.keys, run=part.run, at=at)
        record(
            VERB,
            subject=organization,
            detail={"run": part.run, "rules": part.rules, "batch": asdict(_batch(part, outcome))},
        )
    return Told(organization, outcome.cases, outcome.changed, outcome.told, outcome.failed)


def _batch(part: Part, outcome: Outcome) -> Batch:
    return Batch(
        part.keys[0],
        part.keys[-1],
        outcome.cases,
        outcome.changed,
        outcome.told,
        [[m.case.pk, m.old.pk if m.old else None, m.new.pk if m.new else None] for m in outcome.moves],
        [list(pair) for pair in outcome.failed],
    )


def _begin() -> None:
    """A process of the pool: what was imported stays, looking through it for garbage takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


class Command(BaseCommand):
    help = (
        "Recomputes the dates of every open case of every organization by the rules that count here, in batches and in several"
        " processes. Killed, it goes on where it stopped. Owners of cases of which a date came nearer get a task."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would move, and write nothing to the database."
        )
        parser.add_argument(
            "--organization", metavar="SLUG", action="append", help="Only this one (may be repeated)."
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="Write which dates moved and whom to tell: .csv or .json.",
        )
        parser.add_argument("--again", action="store_true", help="From the beginning, not where it stopped.")
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, help="How many at a time (all cores)."
        )
        parser.add_argument("--batch", type=int, default=BATCH, help=f"Cases a transaction ({BATCH}).")

    def handle(self, *args: Any, **options: Any) -> None:
        report: Path | None = options["report"]
        if report is not None and report.suffix not in (".csv", ".json"):
            raise CommandError("The report is a .csv or a .json file.")
        began, rules = time.monotonic(), fingerprint_of_rules()
        organizations = self._organizations(options["organization"])
        with transaction.atomic():
            done = {o.pk: done_in(o, rules) for o in organizations}
            run = "" if options["dry_run"] else self._run(list(done.values()), again=options["again"])
            for o in organizations:
                if done[o.pk].run != run:
                    done[o.pk] = Done(run)
            todo = {o.pk: keys_to_do(o, done[o.pk]) for o in organizations}
        parts = [
            Part(o, keys[start : start + options["batch"]], run, rules)
            for o in organizations
            for keys in [todo[o.pk]]
            for start in range(0, len(keys), options["batch"])
        ]
        with written(report) as lines:
            failed = self._work(parts, options["processes"], run, lines)
            if run:
                self._finish(organizations, run, rules, lines)
        self._sum_up(lines, report, time.monotonic() - began, dry=not run)
        if failed:
            self._tell_of_failures(failed)

    def _organizations(self, slugs: list[str] | None) -> list[Organization]:
        found = list(Organization.objects.order_by("pk"))
        if slugs:
            unknown = set(slugs) - {o.slug for o in found}
            if unknown:
                raise CommandError(f"There is no organization {', '.join(sorted(unknown))}.")
            found = [o for o in found if o.slug in slugs]
        return [o for o in found if not keystore().is_destroyed(o.pk)]

    def _run(self, done: list[Done], *, again: bool) -> str:
        """The run to go on with where one stopped, else a new one. What is finished is finished everywhere, at the end."""
        newest = max((d.run for d in done), default="")
        if not again and any(d.run == newest and d.batches and not d.finished for d in done):
            self.stdout.write("Goes on where it stopped.")
            return newest
        return str(uuid7())

    def _work(self, parts: list[Part], processes: int, run: str, lines: Lines) -> list[Told]:
        """Do the parts; returns those in which cases failed."""
        total, gone, failed = sum(len(p.keys) for p in parts), 0, []
        for told in self._told(parts, processes):
            gone += told.cases
            if not run:
                lines.count(told)
            lines.add(told.rows)
            if told.failed:
                failed.append(told)
            self._progress(gone, total)
        return failed

    def _told(self, parts: list[Part], processes: int) -> Iterator[Told]:
        if processes <= 1 or len(parts) <= 1:
            yield from map(done_part, parts)
            return
        connections.close_all()  # a forked process must not share the parent's connection
        waiting: set[Future[Told]] = set()
        with ProcessPoolExecutor(processes, mp_context=get_context("fork"), initializer=_begin) as pool:
            try:
                for part in parts:
                    waiting.add(pool.submit(done_part, part))
                    if len(waiting) >= 2 * processes:
                        ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in ready)
                for future in waiting:
                    yield future.result()
            except BrokenProcessPool:
                raise CommandError(f"A process was ended from outside. {AGAIN}") from None
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                raise CommandError(f"Stopped. {AGAIN}") from None

    def _finish(self, organizations: Iterable[Organization], run: str, rules: str, lines: Lines) -> None:
        """Report what the whole run did, and note in each organization that it has ended."""
        for o in organizations:
            with transaction.atomic():
                done = done_in(o, rules)
                if done.run != run:
                    continue
                for batch in done.batches:
                    lines.count(batch)
                for rows in report_of(o, done):
                    lines.add(rows)
        with transaction.atomic():
            for o in organizations:
                with scoped_to(o.pk, actor=f"system:{PROGRAM}", actor_label="Recourse"):
                    record(VERB, subject=o, detail={"run": run, "rules": rules, "finished": True})

    def _progress(self, gone: int, total: int) -> None:
        """A bar on a terminal; elsewhere nothing, the summary says it all."""
        if not sys.stderr.isatty():
            return
        filled = WIDTH * gone // max(total, 1)
        bar = "#" * filled + "." * (WIDTH - filled)
        self.stderr.write(f"\r[{bar}] {gone:,} of {total:,} cases", ending="\n" if gone >= total else "")

    def _sum_up(self, lines: Lines, report: Path | None, seconds: float, *, dry: bool) -> None:
        would = "would have " if dry else ""
        self.stdout.write(
            f"{lines.cases:,} cases in {seconds:.1f} s: {lines.changed:,} {would}changed, {lines.moved:,} dates"
            f" {would}moved, {lines.told:,} owners {'would be' if dry else 'were'} asked to look."
        )
        for (title, side, way), count in sorted(lines.kinds.items(), key=lambda one: (-one[1], one[0])):
            self.stdout.write(f"  {count:>9,}  {way:<8} {title} ({side})")
        if report is not None:
            self.stdout.write(f"{report}: which dates, and whom to tell.")

    def _tell_of_failures(self, failed: list[Told]) -> None:
        for told in failed[:MOST_TOLD]:
            with transaction.atomic(), scoped_to(told.organization.pk, actor=f"system:{PROGRAM}"):
                references = dict(
                    Case.objects.filter(pk__in=[pk for pk, _ in told.failed]).values_list("pk", "reference")
                )
            for pk, kind in told.failed[:MOST_TOLD]:
                self.stderr.write(f"{told.organization.slug} {references.get(pk, pk)}: {kind}")
        count = sum(len(told.failed) for told in failed)
        raise CommandError(f"{count} cases could not be recomputed. Their dates stand as they were.")


class Lines:
    """The report as it grows: lines to a file, where one is wanted, and counts."""

    def __init__(self, write: Any = None) -> None:
        self._write = write
        self.cases = self.changed = self.told = self.moved = 0
        self.kinds: Counter[tuple[str, str, str]] = Counter()

    def count(self, part: Told | Batch) -> None:
        """What a part that only looked, or a batch that was written, came to."""
        self.cases, self.changed = self.cases + part.cases, self.changed + part.changed
        self.told += part.told

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.moved += 1
            way = (
                ("earlier" if row.days < 0 else "later")
                if row.was and row.now
                else ("new" if row.now else "ended")
            )
            self.kinds[(row.date, row.side, way)] += 1
            if self._write is not None:
                self._write(asdict(row))


@contextmanager
def written(path: Path | None) -> Iterator[Lines]:
    """Lines into a file that only its owner reads; it is there when the block ends well, whole or not at all."""
    if path is None:
        yield Lines()
        return
    beside = path.with_name(f".{path.name}.part")
    with os.fdopen(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        if path.suffix == ".csv":
            table = csv.DictWriter(file, [f.name for f in fields(Row)])
            table.writeheader()
            yield Lines(table.writerow)
        else:
            begun: list[bool] = []

            def put(row: dict[str, Any]) -> None:
                file.write(("," if begun else "[") + "\n" + json.dumps(row, sort_keys=True))
                begun.append(True)

            yield Lines(put)
            file.write("\n]\n" if begun else "[]\n")
    beside.replace(path)
