"""Computes the deadlines of a file of vectors."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appeals.clock.vectors import BadFile, read_vectors, results_of
from appeals.regimes import book, known_on, using
from appeals.regimes.packs import BadPack, read


class Command(BaseCommand):
    """Reads `vectors` of a JSON file; `expected` and `rule` are not read: the rule is our own data."""

    help = "Compute the deadlines of a file of vectors (regime, stage, inputs) and print them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One file; `--json` prints {"results": [...]}, otherwise a line a vector. By other rules where asked."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
        parser.add_argument("--rules", type=Path, help="compute with this rule pack (a file, or a folder)")
        parser.add_argument(
            "--known-on",
            type=date.fromisoformat,
            metavar="DAY",
            help="compute with what was published and announced by the end of this day",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the results. A file that cannot be read as vectors ends with exit code 2."""
        try:
            rules = read(options["rules"]).book if options["rules"] else book()
            if options["known_on"]:
                rules = known_on(options["known_on"], rules)
            with using(rules):
                results = results_of(read_vectors(options["file"]))
        except (BadFile, BadPack) as problem:
            raise CommandError(str(problem), returncode=2) from problem
        if options["as_json"]:
            self.stdout.write(
                json.dumps({"results": results})
            )  # ASCII: any terminal and any text can take it
            return
        for row in results:
            said = (
                row.get("error")
                or f"{row['deadline']}  work to {row['safe_date'] or row['deadline']}  {row['citation']}"
            )
            ignored = f"  not read: {', '.join(row['ignored_inputs'])}" if "ignored_inputs" in row else ""
            line = f"{row['id']}: {said}{ignored}"
            self.stdout.write(
                line.encode("utf-8", "backslashreplace").decode()
            )  # half a character is no text
