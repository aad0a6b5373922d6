"""manage.py data_keys: the keys of organizations, which lie wrapped in RECOURSE_KEYSTORE and in no database or backup.

data_keys                   what there is
data_keys prepare           mark the folder as the one keys are made in (deploy/migrate.sh does)
data_keys rewrap --account OPERATOR     wrap every key by the master key of now; no data is touched
data_keys copy FOLDER       make a copy hold what the folder holds, and nothing that was destroyed since
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from advocacy.management.at_terminal import operator_of, prove
from advocacy.tenancy.keystore import INSTALLATION, CannotOpen
from advocacy.tenancy.models import Organization
from advocacy.tenancy.sealing import keystore


class Command(BaseCommand):
    help = "Shows, prepares, wraps anew or copies the keys of organizations (RECOURSE_KEYSTORE)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "action", nargs="?", default="show", choices=["show", "prepare", "rewrap", "copy"]
        )
        parser.add_argument(
            "--account", help="The operator's e-mail address, who types a code of theirs: for rewrap."
        )
        parser.add_argument("folder", nargs="?", type=Path, help="Where the copy lies.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "rewrap":
            if not options["account"]:
                raise CommandError("Say with --account who does it: they type a code of theirs.")
            prove(operator_of(options["account"]))
        try:
            getattr(self, options["action"])(options["folder"])
        except (CannotOpen, OSError) as problem:
            raise CommandError(str(problem)) from None

    def show(self, _folder: Path | None) -> None:
        slugs = dict(Organization.objects.values_list("pk", "slug")) | {INSTALLATION: "(the installation)"}
        for one in keystore().listed():
            name = slugs.get(one.organization_id, "(unknown)")
            if one.destroyed_at:
                self.stdout.write(f"{one.organization_id:>6}  {name}: destroyed at {one.destroyed_at}")
                continue
            older = len(one.keys) - 1
            self.stdout.write(
                f"{one.organization_id:>6}  {name}: seals under {one.current}, {older} older,"
                f" wrapped by {', '.join(one.masters)}"
            )

    def prepare(self, _folder: Path | None) -> None:
        """An empty folder beside a database with organizations is not theirs: a copy has to be put back, or a volume mounted."""
        store = keystore()
        if not store.is_prepared() and not store.listed() and Organization.objects.exists():
            raise CommandError(
                f"{store.folder} holds no keys, and there are organizations. Put the copy of their keys there,"
                " or mount the folder it should be; without them nothing of theirs opens."
            )
        store.prepare()
        self.stdout.write(f"{store.folder} is where keys are made.")

    def rewrap(self, _folder: Path | None) -> None:
        store = keystore()
        living = [one.organization_id for one in store.listed() if not one.destroyed_at]
        changed = sum(store.rewrap(number) for number in living)
        self.stdout.write(f"{changed} keys of {len(living)} are wrapped by the master key of now.")

    def copy(self, folder: Path | None) -> None:
        if folder is None:
            raise CommandError("Say where the copy lies.")
        written = keystore().copy_to(folder)
        self.stdout.write(f"{folder} holds the same keys; {written} files were written.")
