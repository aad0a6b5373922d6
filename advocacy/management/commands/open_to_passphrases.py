"""manage.py open_to_passphrases: an organization whose own sign-in is broken lets its people in by passphrase again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from advocacy.people.providers import let_passphrases_in
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to


class Command(BaseCommand):
    help = "Takes back that an organization's own sign-in is the only way in. Its provider stays; the trail keeps the act."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", help="Its short name, such as harbor.")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            raise CommandError("There is no such organization.")
        with scoped_to(organization.pk, actor="system:operator", actor_label="Operator"):
            changed = let_passphrases_in(at=timezone.now())
        self.stdout.write(
            f"{organization.name} opens to passphrases again."
            if changed
            else "Its own sign-in was not the only way in."
        )
