"""manage.py verify_audit: is every event of the trail as it was when it was sealed? Checks in place, changes nothing."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from advocacy.audit import check
from advocacy.audit.seal import NoSealKey, Organization
from advocacy.audit.verifier import Broken, Ring, Unreadable, anchor_lines, read_anchors
from advocacy.tenancy.models import Organization as Row
from advocacy.tenancy.scope import scoped_to

WIDTH = 30


class Command(BaseCommand):
    help = (
        "Checks seals, signatures and events of every organization (or of those named), also against anchors, and names the"
        " first event that is not as it was sealed. Exit code 1 when there is one. Needs the keys of the worker."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", nargs="*", help="Slugs; none: every organization.")
        parser.add_argument(
            "--anchors",
            type=Path,
            nargs="*",
            default=None,
            help="Files or folders of what the witness holds. Left out: RECOURSE_ANCHOR_DIR, where that is set.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Row.objects.order_by("pk")
        if options["organization"]:
            rows = rows.filter(slug__in=options["organization"])
            if missing := set(options["organization"]) - {row.slug for row in rows}:
                raise CommandError(f"No organization is called {sorted(missing)[0]}.")
        try:
            anchors = read_anchors(
                anchor_lines(self.places(options["anchors"])), Ring(settings.KEYS.seal_public)
            )
        except (Unreadable, OSError) as problem:
            raise CommandError(f"The anchors cannot be read: {problem}") from None
        begun, events, broken = time.monotonic(), 0, 0
        for row in rows:
            try:
                verdict = self.one(row, anchors)
            except Broken as problem:
                broken += 1
                self.stdout.write(f"{row.slug}: NOT VALID ({problem.kind}): {problem.sentence}")
            except (NoSealKey, Unreadable) as problem:
                raise CommandError(f"{row.slug}: {problem}") from None
            else:
                events += verdict.events
                self.stdout.write(f"{row.slug}: {verdict}")
        took = max(time.monotonic() - begun, 0.001)
        self.stdout.write(f"{events:,} events in {took:.1f} s ({events / took * 60:,.0f} a minute).")
        if broken:
            raise SystemExit(1)

    @staticmethod
    def places(given: list[Path] | None) -> list[Path]:
        if given is not None:
            return given
        return [settings.ANCHOR_DIR] if settings.ANCHOR_DIR is not None else []

    def one(self, row: Row, anchors: Any) -> Any:
        organization = Organization(row.pk, str(row.public_id))
        with (
            scoped_to(row.pk, actor="system:verify_audit"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            state = check.state_of(cursor, organization)
            try:
                return check.verify(
                    cursor,
                    organization,
                    settings.KEYS,
                    anchors,
                    state=state,
                    tell=lambda done: self.bar(row.slug, done, state.sealed),
                )
            finally:
                self.bar(row.slug, 0, 0)

    @staticmethod
    def bar(name: str, done: int, total: int) -> None:
        """A line that is overwritten, where somebody looks; with nothing to do it is cleared."""
        if not sys.stderr.isatty():
            return
        filled = WIDTH * done // total if total else 0
        drawn = (
            f"{name} [{'#' * filled}{'.' * (WIDTH - filled)}] {done:,} of {total:,} events" if total else ""
        )
        sys.stderr.write(f"\r\033[K{drawn}")
        sys.stderr.flush()
