"""manage.py diff_rules: what is not the same between two rule packs, and which dates move."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appeals.clock.vectors import BadFile, read_vectors, results_of
from appeals.regimes import DATA, using
from appeals.regimes.differences import differences
from appeals.regimes.packs import BadPack, Loaded, read

DATES = ("deadline", "safe_date", "permissive_deadline", "original_deadline", "untimely_after", "error")


class Command(BaseCommand):
    """Compares field by field; with `--vectors` it also computes a file of facts by both and prints the dates that differ."""

    help = (
        "Print what differs between two rule packs (files or folders), and with --vectors which dates move."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The older pack, and the newer one (the rules that come with the program where none is named)."""
        parser.add_argument("old", type=Path)
        parser.add_argument("new", type=Path, nargs="?", default=DATA)
        parser.add_argument(
            "--vectors", type=Path, help="a file of facts: print whose dates are not the same"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints one line a difference; what cannot move a date stands last. Exit code 2 for what is no pack."""
        try:
            old, new = read(options["old"]), read(options["new"])
            moved = _moved(old, new, options["vectors"]) if options["vectors"] else []
        except (BadPack, BadFile) as problem:
            raise CommandError(str(problem), returncode=2) from problem
        found = sorted(differences(old.pack, new.pack), key=lambda d: not d.moves_dates)
        if options["as_json"]:
            self.stdout.write(json.dumps({"differences": [asdict(d) for d in found], "moved": moved}))
            return
        for one in found:
            self.stdout.write(f"{'' if one.moves_dates else '(no date) '}{one.sentence}")
        for row in moved:
            dates = "; ".join(
                f"{name} {a or 'none'} -> {b or 'none'}" for name, (a, b) in row["dates"].items()
            )
            self.stdout.write(f"{row['id']}: {dates}")
        telling = sum(d.moves_dates for d in found)
        self.stdout.write(f"{len(found)} differences, {telling} of which may move a date.")
        if options["vectors"]:
            self.stdout.write(f"{len(moved)} rows have other dates.")


def _moved(old: Loaded, new: Loaded, file: Path) -> list[dict[str, Any]]:
    rows = read_vectors(file)
    with using(old.book):
        before = results_of(rows)
    with using(new.book):
        after = results_of(rows)
    found = []
    for one, other in zip(before, after, strict=True):
        dates = {n: [one.get(n), other.get(n)] for n in DATES if one.get(n) != other.get(n)}
        if dates:
            found.append({"id": one["id"], "dates": dates})
    return found
