"""manage.py create_organization SLUG: a new organization from nothing, its first admin invited by an expiring link."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from advocacy.errors import Refused
from advocacy.management.owner import as_owner
from advocacy.people.organizations import start_organization
from advocacy.people.places import TIME_ZONES


class Command(BaseCommand):
    help = (
        "Makes an organization and invites its first admin; the link is mailed and printed."
        " It needs the owner's address (DATABASE_OWNER_URL): the serving role makes no organizations."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="A short name in small letters, such as harbor.")
        parser.add_argument("--name", required=True, help="The name as it stands on letters.")
        parser.add_argument(
            "--prefix", required=True, help="In front of case references: HB makes HB-2026-0001."
        )
        parser.add_argument(
            "--time-zone", required=True, help=f"Where it works, one of: {', '.join(TIME_ZONES)}."
        )
        parser.add_argument("--admin-email", required=True, help="Who is invited as the first admin.")
        parser.add_argument("--admin-name", default="", help="Their name; they can correct it.")

    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner():
            try:
                started = start_organization(
                    slug=options["slug"],
                    name=options["name"],
                    prefix=options["prefix"],
                    time_zone=options["time_zone"],
                    admin_email=options["admin_email"],
                    admin_name=options["admin_name"],
                    at=timezone.now(),
                )
            except Refused as refused:
                raise CommandError(
                    "\n  ".join(["Nothing was made:", *(r.message for r in refused.reasons)])
                ) from None
        sent = started.sent
        ends = sent.invitation.expires_at.astimezone(ZoneInfo(started.organization.time_zone))
        how = "It was mailed too." if sent.mailed else "The mail server did not take the mail: hand it over."
        self.stdout.write(
            f"{started.organization.name} is there. Its first admin opens this link once,"
            f" until {ends:%Y-%m-%d %H:%M %Z}:\n{sent.url}\n{how}"
        )
