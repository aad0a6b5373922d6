"""manage.py prune_trail SLUG: events of the trail that are older than the organization keeps them go; their hashes stay.

Without --confirm it only says how many. A legal hold, on whomever, stops it.
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from advocacy import registries
from advocacy.audit.prune import prunable, prune
from advocacy.audit.seal import NoSealKey, Organization
from advocacy.audit.trail import record
from advocacy.management.owner import as_owner
from advocacy.tenancy.models import Organization as Row
from advocacy.tenancy.scope import scoped_to


class Command(BaseCommand):
    help = (
        "Deletes events of an organization's trail that are older than it keeps them (six years at least); the seals stay,"
        " and the trail still verifies. Needs the worker's keys and the owner's address."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", help="The organization's slug.")
        parser.add_argument("--confirm", default="", help="The slug once more: then it is done.")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, at = options["organization"], timezone.now()
        row = Row.objects.filter(slug=slug).first()
        if row is None:
            raise CommandError(f"No organization is called {slug}.")
        organization = Organization(row.pk, str(row.public_id))
        with (
            as_owner(),
            scoped_to(row.pk, actor="system:prune_trail", actor_label="Recourse"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            held = [reason.message for asked in registries.holds_on_deletion for reason in asked(None)]
            if held:
                raise CommandError("\n  ".join(["Nothing was done:", *held]))
            found = prunable(cursor, organization, years_before(at, row.retention_years))
            kept = f"{row.name} keeps its trail for {row.retention_years} years"
            if not found.events or options["confirm"] != slug:
                self.stdout.write(f"{kept}: {found.events} events are older. Nothing was done.")
                return
            try:
                gone = prune(cursor, organization, settings.KEYS, through=found.through, at=at)
            except NoSealKey as problem:
                raise CommandError(str(problem)) from None
            record("trail_pruned", subject=row, detail={"through": found.through, "events": gone})
        self.stdout.write(f"{kept}: {gone} older events went, up to seal {found.through}. Their hashes stay.")


def years_before(at: datetime, years: int) -> datetime:
    """The same day so many years ago; of a leap day the day before."""
    try:
        return at.replace(year=at.year - years)
    except ValueError:
        return at.replace(year=at.year - years, day=28)
