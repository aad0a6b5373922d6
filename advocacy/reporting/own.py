"""Our own cases counted: grouped in the database, summed here, masked once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db.models import CharField, Count, F, Func, Q, Value

from advocacy.access.policy import Actor, under, visible
from advocacy.reporting.measures import half_decided
from advocacy.reporting.own_indicators import OWN
from advocacy.reporting.populations import POPULATIONS, Population, Rows
from advocacy.reporting.protection import months_in, quarter_of
from advocacy.reporting.shapes import Dimension, Indicator, Kind
from advocacy.reporting.suppression import Count as Pair
from appeals.queries.clocks import Day
from cases.models import Case

Value_ = str | int
Line = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """What is told beside a count: a sum in US dollars, or the days within which half were decided."""

    total: Decimal | None = None
    days: int | None = None


@dataclass
class Group:
    """The lines of one cell, added up."""

    codes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    amounts: list[Decimal] = field(default_factory=list)
    decided: Counter[int] = field(default_factory=Counter)
    waiting: Counter[int] = field(default_factory=Counter)

    def pair(self, indicator: Indicator) -> Pair:
        """So many of so many."""
        codes = self.codes[indicator.code]
        return Pair(sum(codes[code] for code in indicator.counted), sum(codes[code] for code in indicator.of))

    def apart(self, indicator: Indicator) -> dict[str, int]:
        return {words: self.codes[indicator.code][code] for code, words in indicator.apart}

    def measure(self, indicator: Indicator) -> Measure | None:
        if indicator.kind == Kind.SUM:
            return Measure(total=sum(self.amounts, Decimal(0)))
        if indicator.kind == Kind.DAYS:
            return Measure(days=half_decided(self.decided, self.waiting))
        return None


def relatives(indicator: Indicator) -> tuple[Indicator, ...]:
    """The figures with the same denominator as this one, itself included."""
    if not indicator.family:
        return (indicator,)
    return tuple(one for one in OWN if one.family == indicator.family)


BLANK: Final = "none"


@dataclass(frozen=True)
class Asked:
    """Which rows: a period ("2026", "2026-Q1" or "2026-03"), and the value of a column each; "" leaves it open, BLANK asks for
    rows without one.
    """

    period: str = ""
    payer: str = ""
    regime: str = ""
    stage: str = ""
    reason: str = ""

    def columns(self) -> dict[str, str]:
        """Column and value of what is not left open."""
        found = {
            "f_payer": self.payer,
            "f_regime": self.regime,
            "f_stage": self.stage,
            "f_reason": self.reason,
        }
        return {column: "" if value == BLANK else value for column, value in found.items() if value}


def all_rows(population: Population, day: Day) -> tuple[Rows, ...]:
    """Every row with its month, restricted cases too: for what is kept of both, and told apart."""
    month = Func(F("f_on"), Value("YYYY-MM"), function="to_char", output_field=CharField())
    return tuple(rows.annotate(f_month=month) for rows in population.rows(day))


def rows_for(population: Population, asked: Asked, day: Day, actor: Actor | None = None) -> tuple[Rows, ...]:
    """The rows asked for, listable: with an actor those of cases this person may see, else those to publish, which are of no
    restricted case. None where the population is not parted by what was asked.
    """
    columns = asked.columns()
    if not set(columns) <= population.dimensions:
        return ()
    seen = Q(is_restricted=False) if actor is None else visible(actor, Case)
    seen = under(population.case, seen) if population.case else seen
    found = []
    for rows in all_rows(population, day):
        rows = rows.filter(seen, **columns)
        if asked.period:
            rows = rows.filter(f_month__in=months_in(asked.period))
        found.append(rows)
    return tuple(found)


def lines_of(parts: Iterable[Rows], population: Population, columns: Collection[str]) -> list[Line]:
    """Grouped in the database, in one statement. `columns` are dimensions; codes come with them."""
    wanted = sorted({*columns, *population.codes, *population.extra})
    counted = [rows.order_by().values(*wanted).annotate(f_n=Count("pk")) for rows in parts]
    return list(counted[0].union(*counted[1:], all=True)) if counted else []


def grouped(
    lines: Iterable[Line], indicator: Indicator, by: Sequence[Dimension]
) -> dict[tuple[Value_, ...], Group]:
    """The cells by these dimensions, in the order of their values."""
    cells: dict[tuple[Value_, ...], Group] = defaultdict(Group)
    for line in lines:
        if line[indicator.code] in indicator.of or line[indicator.code] in dict(indicator.apart):
            _add(cells[tuple(value_of(line, d) for d in by)], line, indicator)
    return {key: cells[key] for key in sorted(cells)}


def _add(group: Group, line: Line, indicator: Indicator) -> None:
    n = line["f_n"]
    for one in relatives(indicator):
        group.codes[one.code][line[one.code]] += n
    if "f_amount" in line and line[indicator.code] in indicator.of:
        group.amounts += [line["f_amount"]] * n
    if "f_end" in line:
        days = max((line["f_end"] - line["f_on"]).days, 0)
        (group.decided if line[indicator.code] in indicator.of else group.waiting)[days] += n


def value_of(line: Line, dimension: Dimension) -> Value_:
    """The value of a dimension on a line; years are numbers, as in the published figures."""
    value = line[dimension.field] or ""
    if dimension.key == "year":
        return int(value[:4])
    return quarter_of(value) if dimension.key == "quarter" else str(value)


def population_of(indicator: Indicator) -> Population:
    return POPULATIONS[indicator.population]
