"""manage.py import_imr FILE --organization SLUG: California's published Independent Medical Review determinations."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from advocacy.access.policy import system_actor
from advocacy.errors import Refused
from advocacy.management.owner import as_owner
from advocacy.people.organizations import start_reference_organization
from advocacy.reporting.determinations import BadRow, NotThisFile, rows_of
from advocacy.reporting.loading import Loaded, load_determinations
from advocacy.reporting.models import ReferenceDetermination
from advocacy.tenancy.models import Organization

WIDTH = 40
MOST_TOLD = 200


class Command(BaseCommand):
    help = (
        "Loads determinations into an organization's reference table; the organization is made when the short name is new."
        " A second run adds nothing, and a run that was broken off goes on. Rows that cannot be read are told and left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The published file (CSV).")
        parser.add_argument("--organization", required=True, help="Short name of the organization.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            total = sum(1 for _ in rows_of(path))
        except NotThisFile as problem:
            raise CommandError(f"{path.name} is not the published file. {problem}") from None
        except OSError as problem:
            raise CommandError(f"{path.name} cannot be read: {problem.strerror}.") from None
        organization = self._organization(options["organization"])
        loaded = load_determinations(
            actor=system_actor(organization.pk, "import_imr"),
            source=ReferenceDetermination.Source.CA_IMR,
            rows=rows_of(path),
            at=timezone.now(),
            progress=lambda done: self._progress(done, total),
        )
        self._tell(loaded, organization)

    def _organization(self, slug: str) -> Organization:
        found = Organization.objects.filter(slug=slug).first()
        if found is not None:
            return found
        with as_owner():
            try:
                made = start_reference_organization(slug=slug)
            except Refused as refused:
                raise CommandError(" ".join(reason.message for reason in refused.reasons)) from None
        self.stdout.write(f"The organization {made.slug} was made.")
        return made

    def _progress(self, done: int, total: int) -> None:
        """A bar on a terminal; elsewhere nothing, the summary says it all."""
        if not sys.stderr.isatty():
            return
        filled = WIDTH * done // max(total, 1)
        self.stderr.write(f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {done} of {total}", ending="")
        if done >= total:
            self.stderr.write("")

    def _tell(self, loaded: Loaded, organization: Organization) -> None:
        for row in loaded.bad[:MOST_TOLD]:
            self.stderr.write(told(row))
        if len(loaded.bad) > MOST_TOLD:
            self.stderr.write(f"... and {len(loaded.bad) - MOST_TOLD} more rows that were left out.")
        self.stdout.write(
            f"{organization.slug}: {loaded.rows} rows: {loaded.new} new, {loaded.changed} changed, {loaded.same} as before,"
            f" {len(loaded.bad)} left out."
        )


def told(row: BadRow) -> str:
    place = f"Line {row.line}" if row.line else "A later line"
    return f"{place} ({row.reference or 'no reference'}): {' '.join(row.reasons)}"
