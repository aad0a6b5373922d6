"""manage.py simulate: cases of every kind of coverage live through a year, by the real commands; each evening what must hold is
looked at.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date, datetime, timedelta
from datetime import time as hour
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from advocacy.management.seed.cast import HOUSES, Standing, assemble
from advocacy.management.seed.tell import is_empty
from advocacy.management.seed.year.calendar import BEGINS, year_of
from advocacy.management.seed.year.processes import make_ready, side_by_side

COUNTED = (10, 30, 75, 150, 250)
"""After so many days the server looks how many rows there are, as it does by itself every few minutes: a year passes in one."""
BEFORE = timedelta(days=30)
"""Colleagues were there before the year began."""
FULL = 365


def _look_at_sizes() -> None:
    """Where this process knows the owner, who may: statements planned for empty tables are planned anew."""
    owner = settings.OWNER_DATABASE
    if owner["USER"]:
        with psycopg.connect(
            dbname=connection.settings_dict["NAME"],
            host=str(owner["HOST"]),
            port=str(owner["PORT"]) or None,
            user=str(owner["USER"]),
            password=str(owner["PASSWORD"]),
            autocommit=True,
        ) as connected:
            connected.execute("ANALYZE")


class Command(BaseCommand):
    help = (
        "Lets cases live through a simulated year on an empty database, and names everything that did not hold."
        " The same seed gives the same year."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--cases", type=int, default=300, help="How many cases, in both organizations together."
        )
        parser.add_argument("--seed", type=int, default=1, help="Which year: the same number, the same year.")
        parser.add_argument("--days", type=int, default=FULL)
        parser.add_argument(
            "--from", dest="start", type=date.fromisoformat, default=BEGINS, help="Its first day."
        )
        parser.add_argument(
            "--house",
            choices=[house.slug for house in HOUSES],
            help="Only this organization, in this process; else both, in a process each.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Simulated people have a known passphrase: they are not made in production.")
        if not is_empty():
            raise CommandError(
                "There are organizations here already: a simulated year begins on an empty database."
            )
        began = time.monotonic()
        start = options["start"]
        at = datetime.combine(start, hour(12), tzinfo=timezone.get_default_timezone()) - BEFORE
        standing = assemble(at)
        houses = [options["house"]] if options["house"] else [house.slug for house in HOUSES]
        share = {slug: options["cases"] // len(houses) for slug in houses}
        share[houses[0]] += options["cases"] % len(houses)
        if len(houses) == 1:
            held = self._one(standing, houses[0], share[houses[0]], options)
        else:
            held = side_by_side(houses, lambda slug: self._one(standing, slug, share[slug], options))
        self.stdout.write(
            f"{options['cases']} cases, {options['days']} days: {time.monotonic() - began:.1f} s"
        )
        if not held:
            raise CommandError("Something did not hold.")

    def _one(self, standing: dict[str, Standing], slug: str, cases: int, options: dict[str, Any]) -> bool:
        """One organization's year; whether all of it held."""
        make_ready(cases)
        other = next(there for name, there in standing.items() if name != slug)
        year = year_of(
            standing[slug],
            other,
            cases=cases,
            seed=options["seed"],
            start=options["start"],
            days=options["days"],
        )
        # Both years go at the same pace: the sizes are looked at in one of them.
        first = options["house"] or HOUSES[0].slug
        counted = {options["start"] + timedelta(days=n) for n in COUNTED} if slug == first else set()
        broken = year.pass_by(lambda day, _came: _look_at_sizes() if day in counted else None)
        for one in broken:
            self.stdout.write(f"{slug} {one.day} {one.rule}: {one.what}")
        done = ", ".join(f"{what} {count}" for what, count in sorted(year.house.done.items()))
        self.stdout.write(f"{slug}: {done}")
        name = year.house.told.hexdigest()[:16]
        self.stdout.write(
            f"{slug}: {year.watch.looked} looks, {len(broken)} things did not hold; the year is {name}"
        )
        return not broken
