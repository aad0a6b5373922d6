"""Computes the deadlines of a file of vectors."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appeals.clock.vectors import BadFile, read_vectors, results_of


class Command(BaseCommand):
    """Reads `vectors` of a JSON file; `expected` and `rule` are not read: the rule is our own data."""

    help = "Compute the deadlines of a file of vectors (regime, stage, inputs) and print them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One file; `--json` prints {"results": [...]}, otherwise a line a vector."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the results. A file that cannot be read as vectors ends with exit code 2."""
        try:
            results = results_of(read_vectors(options["file"]))
        except BadFile as problem:
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
            self.stdout.write(f"{row['id']}: {said}")
