"""What a figure is made of. Pure: no Django."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True)
class Dimension:
    """By what a figure is parted. `field` is where the rows keep it; blank values are told as blank."""

    key: str
    title: str
    field: str


class Kind(StrEnum):
    """What is told of a cell: a share, counts of each sort, a sum of money, or a usual number of days."""

    RATE = "rate"
    MIX = "mix"
    SUM = "sum"
    DAYS = "days"


@dataclass(frozen=True)
class Indicator:
    """One figure. `dimensions` are those it is published by; periods are calendar months, quarters and years.

    For a figure of our own cases `population` names its rows (`advocacy.reporting.populations`), `code` the column that says
    what became of each; `counted` are the codes of its numerator, `of` of its denominator, `apart` those told beside both.
    Figures of one `family` have the same denominator.
    """

    key: str
    title: str
    definition: str
    numerator: str
    denominator: str
    clock: str
    exclusions: str
    source: str
    reads: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    kind: Kind = Kind.RATE
    population: str = ""
    code: str = "f_code"
    counted: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset()
    apart: tuple[tuple[str, str], ...] = ()
    family: str = ""

    def dimension(self, key: str) -> Dimension | None:
        return next((d for d in self.dimensions if d.key == key), None)


MOST_DIMENSIONS: Final = 2
"""A table has at most two: what is masked is proven for a table with its margins, not for a cube."""
