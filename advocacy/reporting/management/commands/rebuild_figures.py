"""manage.py rebuild_figures [--organization SLUG] [--check]: kept counts made what the rows say, or compared with them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from advocacy.reporting import counting
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

BATCH = 2_000
WIDTH = 40
MOST_TOLD = 200


class Command(BaseCommand):
    help = (
        "Counts the kept figures again where they are not what the rows say; safe while people work, and safe to repeat."
        " With --check nothing is written: every different cell is named, and the command fails when there is one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", help="Short name of one organization; left out: all of them.")
        parser.add_argument("--check", action="store_true", help="Compare with GROUP BY and write nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        organizations = Organization.objects.order_by("pk")
        if options["organization"]:
            organizations = organizations.filter(slug=options["organization"])
            if not organizations:
                raise CommandError(f"There is no organization {options['organization']}.")
        if options["check"]:
            wrong = sum(self.checked(organization) for organization in organizations)
            if wrong:
                raise CommandError(f"{wrong} cells are not what the rows say. Run rebuild_figures.")
            self.stdout.write("Every cell is what the rows say.")
            return
        for organization in organizations:
            self.stdout.write(self.rebuilt(organization))

    def checked(self, organization: Organization) -> int:
        """How many cells differ; each is told."""
        with counting.one_snapshot(), transaction.atomic(), self._scope(organization):
            found = counting.differences()
        for difference in found[:MOST_TOLD]:
            self.stdout.write(f"{organization.slug}: {difference}")
        if len(found) > MOST_TOLD:
            self.stdout.write(f"{organization.slug}: and {len(found) - MOST_TOLD} more.")
        return len(found)

    def rebuilt(self, organization: Organization) -> str:
        """What was put right, in words. A transaction for each batch, so that a run that is broken off has done its part."""
        with transaction.atomic(), self._scope(organization):
            cases = counting.miscounted_cases()
        for start in range(0, len(cases), BATCH):
            with transaction.atomic(), self._scope(organization):
                counting.recount(cases[start : start + BATCH])
            self._progress(organization.slug, min(start + BATCH, len(cases)), len(cases))
        with transaction.atomic(), self._scope(organization):
            cells = counting.mend()
            counting.compact()
        return f"{organization.slug}: {len(cases)} cases counted again, {cells} cells mended"

    def _scope(self, organization: Organization) -> Any:
        return scoped_to(organization.pk, actor="system:rebuild_figures", actor_label="Recourse")

    def _progress(self, slug: str, done: int, total: int) -> None:
        """A bar on a terminal; elsewhere nothing, the summary says it all."""
        if not sys.stderr.isatty():
            return
        filled = WIDTH * done // max(total, 1)
        self.stderr.write(
            f"\r{slug:<20} [{'#' * filled}{'.' * (WIDTH - filled)}] {done} of {total}", ending=""
        )
        if done >= total:
            self.stderr.write("")
