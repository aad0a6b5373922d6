"""manage.py break_glass: an operator opens one patient's record in an emergency. Told at once, reviewed by somebody else.

The operator types a code of the account's second factor first.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from advocacy.errors import NotAllowed, Refused
from advocacy.management.at_terminal import prove
from advocacy.management.operator_shell import VARIABLE
from advocacy.people.models import User
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from cases.commands.break_glass import HOURS, break_glass_as_operator


class Command(BaseCommand):
    help = (
        "Opens one patient's record to an operator's account (a superuser without membership) for at most four hours."
        " Supervisors and privacy officers of the organization are told at once, and review it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", help="The case or the patient, such as HB-2026-0001.")
        parser.add_argument("--organization", required=True, help="Its short name, such as harbor.")
        parser.add_argument("--account", required=True, help="The operator's e-mail address.")
        parser.add_argument("--reason", required=True, help="What the emergency is; kept encrypted.")
        parser.add_argument("--hours", type=int, choices=HOURS, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["organization"]).first()
        operator = User.objects.filter(email=options["account"].strip().lower()).first()
        if organization is None or operator is None:
            raise CommandError("There is no such organization." if operator else "There is no such account.")
        if operator.is_superuser:  # everybody else is refused below, and asked for nothing
            prove(operator)
        with scoped_to(organization.pk, actor=f"user:{operator.pk}", actor_label=f"{operator} (operator)"):
            try:
                glass = break_glass_as_operator(
                    operator=operator,
                    organization_id=organization.pk,
                    reference=options["reference"],
                    hours=options["hours"],
                    reason=options["reason"],
                    at=timezone.now(),
                )
            except NotAllowed:
                raise CommandError(
                    "This account is no operator's: it needs to be a superuser who is no member of the organization."
                ) from None
            except Refused as refused:
                raise CommandError(
                    "\n  ".join(["Nothing was opened:", *(r.message for r in refused.reasons)])
                ) from None
            until = glass.expires_at.astimezone(ZoneInfo(organization.time_zone))
            self.stdout.write(
                f"Open to {operator} until {until:%Y-%m-%d %H:%M %Z}. Supervisors and privacy officers are being told.\n"
                f"For a shell: {VARIABLE}={glass.public_id}"
            )
