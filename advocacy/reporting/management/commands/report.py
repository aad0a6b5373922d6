"""manage.py report INDICATOR --organization SLUG --by DIM[,DIM]: a figure, cell by cell, for the platform's operator."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from advocacy.access.policy import system_actor
from advocacy.errors import Refused
from advocacy.reporting.indicators import INDICATORS
from advocacy.reporting.queries import Cell, Table, table_of
from advocacy.reporting.shapes import Indicator, Kind
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to


class Command(BaseCommand):
    help = (
        "Prints an indicator by one or two dimensions. Small cells are masked unless --unsuppressed is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("indicator", help=f"One of: {', '.join(INDICATORS)}.")
        parser.add_argument("--organization", required=True, help="The organization's short name.")
        parser.add_argument(
            "--by", required=True, help="One dimension, or two parted by a comma, such as year,type."
        )
        parser.add_argument(
            "--unsuppressed", action="store_true", help="Tell small cells too. Not for handing on."
        )
        parser.add_argument("--json", action="store_true", help="One JSON object instead of a table to read.")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']}.")
        actor = system_actor(organization.pk, "report")
        by = [key.strip() for key in options["by"].split(",")]
        with scoped_to(organization.pk, actor=actor.key, actor_label=actor.label), transaction.atomic():
            try:
                table = table_of(actor, options["indicator"], by, suppressed=not options["unsuppressed"])
            except Refused as refused:
                raise CommandError(" ".join(reason.message for reason in refused.reasons)) from None
        self.stdout.write(
            json.dumps({"rows": as_rows(table)}, ensure_ascii=False) if options["json"] else as_text(table)
        )


def as_rows(table: Table) -> list[dict[str, Any]]:
    """Each cell as {dimension: value, ..., "numerator": n, "denominator": d}; both are null in a masked cell.

    A figure of money adds "sum", one of days "days"; without masking, "apart" says what was counted beside it.
    """
    return [
        dict(zip((d.key for d in table.dimensions), cell.values, strict=True))
        | {
            "numerator": cell.count.numerator if cell.count else None,
            "denominator": cell.count.denominator if cell.count else None,
        }
        | _measured(table.indicator, cell)
        | ({"apart": dict(cell.apart)} if cell.apart else {})
        for cell in table.cells
    ]


def _measured(indicator: Indicator, cell: Cell) -> dict[str, Any]:
    """A sum in US dollars as text with cents, or days; null in a masked cell, absent where the figure tells none."""
    if indicator.kind == Kind.SUM:
        total = cell.measure.total if cell.measure else None
        return {"sum": f"{total:.2f}" if total is not None else None}
    if indicator.kind == Kind.DAYS:
        return {"days": cell.measure.days if cell.measure else None}
    return {}


def as_text(table: Table) -> str:
    counted = (
        "overturned" if table.indicator.kind == Kind.RATE and not table.indicator.population else "counted"
    )
    heading = [*(d.title for d in table.dimensions), counted, "of", _LAST.get(table.indicator.kind, "share")]
    lines = [
        [
            *(str(value) or "(blank)" for value in cell.values),
            str(cell.count.numerator) if cell.count else "masked",
            str(cell.count.denominator) if cell.count else "",
            _last(table.indicator, cell),
        ]
        for cell in table.cells
    ]
    if not lines:
        return f"{table.indicator.title}: nothing is counted in this organization."
    widths = [max(len(line[at]) for line in [heading, *lines]) for at in range(len(heading))]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in [heading, *lines]
    )


_LAST = {Kind.SUM: "US dollars", Kind.DAYS: "days"}


def _last(indicator: Indicator, cell: Cell) -> str:
    if cell.count is None:
        return ""
    if indicator.kind in _LAST:
        return "" if cell.measure is None else str(next(iter(_measured(indicator, cell).values())) or "")
    return f"{cell.count.numerator / cell.count.denominator:.0%}" if cell.count.denominator else ""
