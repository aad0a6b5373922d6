"""Figures: counted in the database, masked once, told the same to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count as Counted
from django.db.models import Q
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.errors import Reason, Refused
from advocacy.reporting.indicators import INDICATORS
from advocacy.reporting.kept import kept_lines
from advocacy.reporting.masks import Masks, columns_for, listed
from advocacy.reporting.models import ReferenceDetermination
from advocacy.reporting.own import Asked as AllRows
from advocacy.reporting.own import Group, Line, Measure, grouped, lines_of, population_of, rows_for
from advocacy.reporting.own_indicators import PERIODS, SMALLER_PERIODS
from advocacy.reporting.protection import Mask
from advocacy.reporting.shapes import MOST_DIMENSIONS, Dimension, Indicator, Kind
from advocacy.reporting.suppression import SMALLEST_SHOWN, Count, masked_cells, masked_values
from advocacy.tenancy.models import Organization
from appeals.queries.clocks import Day, day_at

Value = str | int
NOTHING_RECORDED, TOO_FEW = "nothing_recorded", "too_few"
Key = tuple[Value, ...]


@dataclass(frozen=True)
class Cell:
    """One cell: the value of each dimension in order, and its count; None when it is masked.

    `measure` is the sum or the days of a figure that tells one; `apart` what is counted beside it, in figures that are not
    masked only.
    """

    values: Key
    count: Count | None
    measure: Measure | None = None
    apart: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The cells of an indicator by some of its dimensions, ordered by their values."""

    indicator: Indicator
    dimensions: tuple[Dimension, ...]
    cells: tuple[Cell, ...]
    empty: str | None = None
    """Why there is no cell: NOTHING_RECORDED or TOO_FEW."""


def table_of(
    actor: Actor, indicator: str, by: Sequence[str], *, suppressed: bool = True, at: datetime | None = None
) -> Table:
    """An indicator by one or two of its dimensions. Masked unless `suppressed` is False, which only the program itself may.

    By none it is one cell, the whole, where `has_whole`. `at` is the moment it is told (aware; now when it is not given): what is
    overdue depends on it. Raises NotAllowed for who reads no figures, Refused with every reason for an unknown indicator or
    dimension.
    """
    require(actor, Permission.SEE_FIGURES)
    if not suppressed and not actor.system:
        raise Refused([Reason("masked", "Figures are told with small cells masked.")])
    asked = INDICATORS.get(indicator)
    if asked is None:
        known = ", ".join(INDICATORS)
        raise Refused(
            [
                Reason(
                    "indicator_unknown", f"There is no indicator {indicator}. There is: {known}.", "indicator"
                )
            ]
        )
    dimensions = _dimensions(asked, by)
    if asked.population:
        population = population_of(asked)
        columns = {d.field for d in dimensions}
        months = any(d.key in SMALLER_PERIODS for d in dimensions)
        lines = kept_lines(population.key, columns, months=months, restricted=False)
        if lines is None:
            day = day_in_organization(actor, at or timezone.now())
            columns |= columns_for(asked) if suppressed else set()
            lines = lines_of(rows_for(population, AllRows(), day), population, columns)
        live = lines
        mask = Masks(lambda _one: live, [population.key]).of(asked) if suppressed else None
        found = cells_of(asked, dimensions, grouped(lines, asked, dimensions), mask)
        return Table(asked, dimensions, found, _why_empty(found, lines, asked))
    rows = (
        ReferenceDetermination.objects.filter(visible(actor, ReferenceDetermination))
        .order_by(*(d.field for d in dimensions))
        .values_list(*(d.field for d in dimensions))
        .annotate(n=Counted("pk", filter=Q(is_overturned=True)), d=Counted("pk"))
    )
    counts = {tuple(row[:-2]): Count(row[-2], row[-1]) for row in rows}
    masked = _masked(counts) if suppressed else frozenset()
    cells = (Cell(key, None if key in masked else count) for key, count in counts.items())
    return Table(asked, dimensions, tuple(cells), None if counts else NOTHING_RECORDED)


def day_in_organization(actor: Actor, at: datetime) -> Day:
    """The moment and the day it is where the organization works."""
    return day_at(at, Organization.objects.get(pk=actor.organization_id).time_zone)


def _why_empty(cells: Sequence[Cell], lines: Sequence[Line], indicator: Indicator) -> str | None:
    if cells:
        return None
    recorded = any(line[indicator.code] in indicator.of for line in lines)
    return TOO_FEW if recorded else NOTHING_RECORDED


def cells_of(
    indicator: Indicator, dimensions: tuple[Dimension, ...], groups: Mapping[Key, Group], mask: Mask | None
) -> tuple[Cell, ...]:
    """The cells of a figure of our own; masked ones have no count, no measure and nothing apart. Without a mask everything."""
    pairs = {key: group.pair(indicator) for key, group in groups.items()}
    holding = {key for key, pair in pairs.items() if pair.denominator}
    wholes = _wholes(indicator, dimensions, pairs)
    names = [d.key for d in dimensions]
    found = []
    for key in groups if mask is None else listed(mask, dimensions, groups, holding):
        if mask is not None and mask.hides(names, [str(value) for value in key]):
            found.append(Cell(key, None))
            continue
        pair, group = pairs[key], groups[key]
        if mask is not None and _is_small(indicator, pair):
            # What was recorded between the mask and the count: told only when the mask is made of it too.
            found.append(Cell(key, None))
            continue
        if indicator.kind == Kind.MIX:
            pair = Count(pair.numerator, wholes[_beside(dimensions, key)])
        found.append(
            Cell(key, pair, group.measure(indicator), group.apart(indicator) if mask is None else {})
        )
    return tuple(found)


def _is_small(indicator: Indicator, pair: Count) -> bool:
    return pair.is_small if indicator.kind == Kind.RATE else pair.denominator < SMALLEST_SHOWN


def _beside(dimensions: tuple[Dimension, ...], key: Key) -> Key:
    """The values of a mix beside what it is a mix of."""
    return tuple(value for d, value in zip(dimensions, key, strict=True) if d.key != "reason")


def _wholes(
    indicator: Indicator, dimensions: tuple[Dimension, ...], pairs: Mapping[Key, Count]
) -> dict[Key, int]:
    """Of how many each part of a mix is: the sum over what it is a mix of. That is told wherever one of its cells is."""
    sums: dict[Key, int] = {}
    if indicator.kind == Kind.MIX:
        for key, count in pairs.items():
            beside = _beside(dimensions, key)
            sums[beside] = sums.get(beside, 0) + count.denominator
    return sums


def has_whole(indicator: Indicator) -> bool:
    """Whether the figure is told undivided: one of our own that is no mix. Its mask reckons with the whole being known; that of
    published reviews does not."""
    return bool(indicator.population) and indicator.kind != Kind.MIX


def _dimensions(indicator: Indicator, by: Sequence[str]) -> tuple[Dimension, ...]:
    reasons = []
    if not (by or has_whole(indicator)) or len(by) > MOST_DIMENSIONS or len(set(by)) < len(by):
        reasons.append(Reason("dimensions", "Name one dimension, or two different ones.", "by"))
    found = [indicator.dimension(key) for key in by]
    known = ", ".join(d.key for d in indicator.dimensions)
    reasons += [
        Reason("dimension_unknown", f"There is no dimension {key}. There is: {known}.", "by")
        for key, dimension in zip(by, found, strict=True)
        if dimension is None
    ]
    periods = {d.key for d in PERIODS} if indicator.population else set()
    if len(by) > 1 and (SMALLER_PERIODS & set(by) & periods or len(periods & set(by)) > 1):
        reasons.append(
            Reason(
                "period_alone", "A month or a quarter is told alone; beside another dimension, a year.", "by"
            )
        )
    if reasons:
        raise Refused(reasons)
    return tuple(d for d in found if d is not None)


def _masked(counts: Mapping[Key, Count]) -> frozenset[Key]:
    """The keys of masked cells. Masking orders cells of equal size by their words, so it is the same every time."""
    words = {tuple(str(value) for value in key): key for key in counts}
    if all(len(key) == 1 for key in words):
        hidden = {(value,) for value in masked_values({key[0]: counts[words[key]] for key in words})}
        return frozenset(words[key] for key in hidden)
    pairs = {(key[0], key[1]): counts[words[key]] for key in words}
    return frozenset(words[key] for key in masked_cells(pairs) if key in words)
