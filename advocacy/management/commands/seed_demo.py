"""manage.py seed_demo: two organizations with a lived-in caseload: the year of `simulate` with a written cast, up to now."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from advocacy.management.seed.sign_ins import sign_ins
from advocacy.management.seed.tell import is_empty, is_ours, tell_side_by_side, unmade

WIDTH = 40


class Command(BaseCommand):
    help = (
        "Makes the demonstration's organizations, people and cases. An organization is made whole or not at all; one in which"
        " there is a patient stays as it is."
    )

    said = 0

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="Do nothing where other organizations exist or the demonstration is complete.",
        )
        parser.add_argument(
            "--print-sign-ins", action="store_true", help="Only print who can sign in, with one-time codes."
        )
        parser.add_argument(
            "--at",
            type=datetime.fromisoformat,
            help="The moment its months end with, with its zone (ISO 8601); now when left out.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print_sign_ins"]:
            self.stdout.write(sign_ins())
            return
        if settings.PRODUCTION:
            raise CommandError("The demonstration has a known passphrase: it is not made in production.")
        if not is_ours():
            if options["if_empty"]:
                return
            raise CommandError("There are other organizations here: the demonstration keeps away from them.")
        if options["if_empty"] and not is_empty() and not unmade():
            return
        try:
            told = tell_side_by_side(options["at"] or timezone.now(), self._progress)
        except RuntimeError as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"{told} patients came; the demonstration is complete.")

    def _progress(self, done: int, total: int) -> None:
        """A bar on a terminal; elsewhere a line now and then."""
        if total == 0:
            return
        if self.stderr.isatty():
            filled = WIDTH * done // total
            end = "\n" if done == total else ""
            self.stderr.write(
                f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total} patients", ending=end
            )
        elif done // 10 > self.said // 10:
            self.stdout.write(f"{done} of {total} patients")
        self.said = done
