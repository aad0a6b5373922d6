"""Small counts are masked, and with them whatever would lead back to one through any table of the figure. Pure: no Django.

One figure is published as many tables: by each dimension, by each pair of them, and by years, quarters and months. They are
linked: they share their margins, and an empty cell of one says something about the others. So a mask is made for all of them
at once, from the rows themselves, and is the same whichever table is asked for. Here is what is masked by one dimension and by
periods; `advocacy.reporting.linked` masks the tables of two.

A count is small under eleven (cell size suppression policy of the Centers for Medicare & Medicaid Services, which lets a zero
be told). What is masked is protected when what a reader can still think possible spans `WIDTH` or more; Willenborg and de
Waal, "Elements of Statistical Disclosure Control" (2001), chapter 6, calls that the protection interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from advocacy.reporting.suppression import SMALLEST_SHOWN

WIDTH: Final = SMALLEST_SHOWN - 1
"""How far apart the least and the greatest possible count of a masked cell are at least: as far as from none to ten."""
NARROW: Final = 3
"""The same of a masked cell that is not small itself."""
HIDDEN: Final = "\0hidden"
"""Stands for every hidden value of a dimension."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """Rows that agree in everything: `values` by dimension, `sort` what became of them, `n` how many.

    `month` ("2026-03") where the figure is told by smaller periods; `amount` is the US dollars of each where it sums money.
    """

    values: tuple[str, ...]
    sort: int
    n: int
    month: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True)
class Measures:
    """What is told of a cell, as sets of sorts: `parts` must each reach eleven; `apart` are differences to other figures, which
    must reach eleven or be none.
    """

    sorts: int
    parts: tuple[frozenset[int], ...]
    apart: tuple[frozenset[int], ...] = ()

    @property
    def told(self) -> tuple[frozenset[int], ...]:
        """Every count that a reader has of a told cell."""
        return (frozenset(range(self.sorts)), *self.parts)


class Tally:
    """A cell added up: how many of each sort; of money, the sum and the two largest amounts."""

    __slots__ = ("counts", "first", "n", "second", "total")

    def __init__(self, sorts: int) -> None:
        self.counts, self.n = [0] * sorts, 0
        self.total = self.first = self.second = Decimal(0)

    def add(self, row: Row) -> None:
        self.counts[row.sort] += row.n
        self.n += row.n
        if row.amount is not None:
            self.total += row.amount * row.n
            self._largest(row.amount, row.amount if row.n > 1 else Decimal(0))

    def join(self, other: Tally) -> None:
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.n += other.n
        self.total += other.total
        self._largest(other.first, other.second)

    def _largest(self, *amounts: Decimal) -> None:
        self.first, self.second = sorted((self.first, self.second, *amounts), reverse=True)[:2]

    def of(self, part: Iterable[int]) -> int:
        return sum(self.counts[sort] for sort in part)

    def is_small(self, measures: Measures) -> bool:
        """Whether a count under eleven is told by it, or somebody's own amount stands out.

        A sum is sensitive when without its two largest amounts it is under a tenth of the largest (the p-percent rule with
        p = 10; Federal Committee on Statistical Methodology, Statistical Policy Working Paper 22, 2005).
        """
        if self.n < SMALLEST_SHOWN or any(self.of(part) < SMALLEST_SHOWN for part in measures.parts):
            return True
        if any(0 < self.of(part) < SMALLEST_SHOWN for part in measures.apart):
            return True
        return bool(self.first) and self.total - self.first - self.second < self.first / 10


def joined(tallies: Iterable[Tally], sorts: int) -> Tally:
    found = Tally(sorts)
    for tally in tallies:
        found.join(tally)
    return found


@dataclass(frozen=True)
class Mask:
    """What of a figure is not told, for every table of it.

    `nothing`: not even the whole. `values`: by dimension. `silent`: dimensions of which not even the values are listed, since
    knowing that there is one of each would be enough. `periods`: quarters and months, empty ones beside small ones too.
    `pairs`: cells of two told values, by their dimensions, empty ones too. `whole`: a dimension, its value and another
    dimension by which all of it is told, so that its other cells are known to hold nothing.
    """

    dimensions: tuple[str, ...]
    nothing: bool = False
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    periods: frozenset[str] = frozenset()
    pairs: Mapping[tuple[str, str], frozenset[Pair]] = field(default_factory=dict)
    whole: frozenset[tuple[str, str, str]] = frozenset()

    def hides(self, by: Sequence[str], key: Sequence[str]) -> bool:
        """Whether a cell is masked: its dimensions (or "quarter", "month"; none for the whole) and their values."""
        if self.nothing or any(name in self.silent for name in by):
            return True
        if len(by) == 1 and by[0] not in self.dimensions:
            return key[0] in self.periods
        if len(by) == 2 and ((by[0], key[0], by[1]) in self.whole or (by[1], key[1], by[0]) in self.whole):
            return False
        if any(value in self.values.get(name, ()) for name, value in zip(by, key, strict=True)):
            return True
        if len(by) < 2:
            return False
        if (by[0], by[1]) in self.pairs:
            return (key[0], key[1]) in self.pairs[by[0], by[1]]
        return (key[1], key[0]) in self.pairs.get((by[1], by[0]), ())


@dataclass(frozen=True)
class Hidden:
    """The values of one dimension that are masked; `is_silent` when not even which there are may be listed."""

    values: frozenset[str]
    is_silent: bool = False


def hidden_values(
    cells: Mapping[str, Tally], measures: Measures, more: frozenset[str] = frozenset()
) -> Hidden:
    """The values of a dimension whose whole is told, that are masked: the small ones, `more`, and the next smallest until what
    is masked together is no small count either and leaves each value room. Each listed one is at least one.
    """
    hidden = {value for value, tally in cells.items() if tally.is_small(measures)} | (more & cells.keys())
    rest = sorted(cells.keys() - hidden, key=lambda value: (cells[value].n, value))
    while hidden:
        together = joined((cells[value] for value in hidden), measures.sorts)
        if len(hidden) > 1 and not together.is_small(measures) and together.n - len(hidden) >= WIDTH:
            break
        if not rest:
            return Hidden(frozenset(hidden), is_silent=True)
        hidden.add(rest.pop(0))
    return Hidden(frozenset(hidden))


def hidden_parts(cells: Mapping[str, Tally], calendar: Sequence[str], measures: Measures) -> frozenset[str]:
    """The same of the parts of a period that is told. Beside a small part the empty ones are masked too, so none is known to
    hold anything.
    """
    hidden = {part for part, tally in cells.items() if tally.is_small(measures)}
    if not hidden:
        return frozenset()
    rest = sorted(cells.keys() - hidden, key=lambda part: (cells[part].n, part))
    hidden |= set(calendar) - cells.keys()
    while rest and joined((cells[part] for part in hidden if part in cells), measures.sorts).is_small(
        measures
    ):
        hidden.add(rest.pop(0))
    return frozenset(hidden)


def quarter_of(month: str) -> str:
    return f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"


def quarters_in(year: str) -> list[str]:
    return [f"{year}-Q{quarter}" for quarter in range(1, 5)]


def months_in(period: str) -> list[str]:
    """The calendar months of a year, a quarter or a month."""
    if len(period) == 4:
        return [f"{period}-{month:02d}" for month in range(1, 13)]
    if "Q" in period:
        first = 3 * int(period[-1]) - 2
        return [f"{period[:4]}-{month:02d}" for month in range(first, first + 3)]
    return [period]


def hidden_periods(rows: Iterable[Row], hidden_years: Iterable[str], measures: Measures) -> frozenset[str]:
    """Quarters and months that are masked. Inside a period that is told its parts are masked as above; inside one that is
    masked, every part is.
    """
    quarters: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(lambda: Tally(measures.sorts)))
    months: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(lambda: Tally(measures.sorts)))
    for row in rows:
        if row.month:
            quarters[row.month[:4]][quarter_of(row.month)].add(row)
            months[quarter_of(row.month)][row.month].add(row)
    masked: set[str] = set()
    for year, parts in quarters.items():
        if year in hidden_years:
            masked |= set(quarters_in(year))
        else:
            masked |= hidden_parts(parts, quarters_in(year), measures)
    for quarter in {quarter for year in quarters for quarter in quarters_in(year)}:
        if quarter in masked:
            masked |= set(months_in(quarter))
        elif quarter in months:
            masked |= hidden_parts(months[quarter], months_in(quarter), measures)
    return frozenset(masked)
