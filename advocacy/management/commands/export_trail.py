"""manage.py export_trail: one organization's whole trail with its seals, for advocacy/audit/verifier.py to check anywhere."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.policy import system_actor
from advocacy.audit.check import export
from advocacy.audit.seal import NoSealKey, Organization
from advocacy.audit.trail import record
from advocacy.management.at_terminal import operator_of, prove
from advocacy.tenancy.models import Organization as Row
from advocacy.tenancy.scope import scoped_to


class Command(BaseCommand):
    help = (
        "Writes the trail of an organization as a bundle (JSON lines; compressed where the name ends in .gz). Identifiers in it"
        " are ciphertext; who did what to which case is plain. The trail keeps that it was taken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", help="The organization's slug.")
        parser.add_argument("file", type=Path, help="A file that is not there yet.")
        parser.add_argument("--reason", required=True, help="For whom and why; kept in the trail, sealed.")
        parser.add_argument(
            "--account", required=True, help="The operator's e-mail address, who types a code of theirs."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        row = Row.objects.filter(slug=options["organization"]).first()
        if row is None:
            raise CommandError(f"No organization is called {options['organization']}.")
        operator = operator_of(options["account"])
        prove(operator)
        try:
            with (
                scoped_to(row.pk, actor=f"user:{operator.pk}", actor_label=f"{operator} (operator)"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                disclose(
                    actor=system_actor(row.pk, "export_trail"),
                    door=Door.TRAIL,
                    purpose=Purpose.OVERSIGHT,
                    to=Recipient(Party.OPERATOR, "Whoever runs the installation", str(options["file"])),
                )
                record("trail_exported", subject=row, reason=options["reason"])
                seals, events = export(
                    cursor, Organization(row.pk, str(row.public_id)), settings.KEYS, options["file"]
                )
        except (NoSealKey, OSError) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(
            f"{events:,} events in {seals:,} seals. Check it: python advocacy/audit/verifier.py {options['file']}"
        )
