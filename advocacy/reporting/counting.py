"""Puts kept counts right and proves them: everything here acts in the organization of the scope, inside a transaction.

Nothing here locks the table: whoever closes a case meanwhile waits at most for that case to be counted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.db import connection
from django.db.models import Count, F, Sum
from django.utils import timezone

from advocacy.reporting.kept import COLUMNS, GRAINS
from advocacy.reporting.models import CountedCell
from advocacy.reporting.own import all_rows
from advocacy.reporting.populations import POPULATIONS
from advocacy.reporting.wording import CODES
from appeals.queries.clocks import day_at

DIMENSIONS: Final = ("year", "month", "payer", "regime", "treatment", "stage", "reason")
Key = tuple[str, str, bool, tuple[str, ...], str]
"""Population, grain, whether restricted, the values of the grain's dimensions in its order, code."""


@dataclass(frozen=True)
class Difference:
    """A cell that is not what the rows say: so many are kept, so many are there."""

    population: str
    grain: str
    values: tuple[str, ...]
    code: str
    is_restricted: bool
    kept: int
    counted: int

    def __str__(self) -> str:
        parts = zip(self.grain.split(","), self.values, strict=True)
        where = ", ".join(f"{name} {value or '(blank)'}" for name, value in parts)
        kind = ", restricted cases" if self.is_restricted else ""
        what = CODES.get(self.code, self.code).lower()
        return f"{self.population} by {self.grain}: {where}, {what}{kind}: {self.kept} kept, {self.counted} there"


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Transactions begun in here see one moment throughout, so that what is changed meanwhile is no difference. Inside a
    transaction nothing changes: it has begun already.
    """
    connection.ensure_connection()
    if connection.in_atomic_block:
        yield
        return
    raw = connection.connection
    before, raw.isolation_level = raw.isolation_level, psycopg.IsolationLevel.REPEATABLE_READ
    try:
        yield
    finally:
        raw.isolation_level = before


def differences() -> list[Difference]:
    """Every cell that differs from GROUP BY over the rows themselves, in the order of its values. Four statements."""
    kept, there = _kept(), _there()
    return [
        Difference(population, grain, values, code, restricted, kept[key], there[key])
        for key in sorted({*kept, *there})
        if kept[key] != there[key]
        for population, grain, restricted, values, code in (key,)
    ]


def _kept() -> Counter[Key]:
    told: dict[str, Any] = {column: F(COLUMNS[column]) for column in COLUMNS}
    lines: Any = (
        CountedCell.objects.order_by()
        .values("population", "grain", "is_restricted", f_code=F("code"), **told)
        .annotate(f_n=Sum("n"))
    )
    found: Counter[Key] = Counter()
    for line in lines:
        values = tuple(str(line[_column(name)] or "") for name in line["grain"].split(","))
        found[line["population"], line["grain"], line["is_restricted"], values, line["f_code"]] += line["f_n"]
    return found


def _there() -> Counter[Key]:
    """The same cells from the rows of the populations, as a figure that is not kept is grouped."""
    found: Counter[Key] = Counter()
    day = day_at(timezone.now(), "UTC")
    for name, grains in GRAINS.items():
        population = POPULATIONS[name]
        restricted = f"{population.case}__is_restricted" if population.case else "is_restricted"
        columns = sorted({*population.dimensions, "f_month", "f_code"})
        for rows in all_rows(population, day):
            for line in rows.order_by().values(*columns, restricted).annotate(f_n=Count("pk")):
                for grain in grains:
                    values = tuple(
                        (line["f_month"][:4] if by == "year" else str(line[_column(by)] or ""))
                        for by in grain.split(",")
                    )
                    found[name, grain, line[restricted], values, line["f_code"]] += line["f_n"]
    return found


def _column(dimension: str) -> str:
    return "f_month" if dimension == "year" else f"f_{dimension}"


def miscounted_cases() -> list[int]:
    """The cases whose counted rows are not what they should be, by their keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search.miscounted_cases()")
        return [row[0] for row in cursor.fetchall()]


def recount(cases: Sequence[int]) -> None:
    """Count these cases again; they are locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search.recount_cases(%s)", [list(cases)])


def mend() -> int:
    """Make the cells what the counted rows say. Returns how many were wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search.mend_cells()")
        return int(cursor.fetchone()[0])


def compact() -> None:
    """Make the rows of each cell one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search.compact_cells()")
