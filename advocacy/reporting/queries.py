"""Figures: counted in the database, masked once, told the same to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count as Counted
from django.db.models import Q

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.errors import Reason, Refused
from advocacy.reporting.indicators import INDICATORS, MOST_DIMENSIONS, Dimension, Indicator
from advocacy.reporting.models import ReferenceDetermination
from advocacy.reporting.suppression import Count, masked_cells, masked_values

Value = str | int


@dataclass(frozen=True)
class Cell:
    """One cell: the value of each dimension in order, and its count; None when it is masked."""

    values: tuple[Value, ...]
    count: Count | None


@dataclass(frozen=True)
class Table:
    """The cells of an indicator by some of its dimensions, ordered by their values."""

    indicator: Indicator
    dimensions: tuple[Dimension, ...]
    cells: tuple[Cell, ...]


def table_of(actor: Actor, indicator: str, by: Sequence[str], *, suppressed: bool = True) -> Table:
    """An indicator by one or two of its dimensions. Masked unless `suppressed` is False, which only the program itself may.

    Raises NotAllowed for who reads no figures, Refused with every reason for an unknown indicator or dimension.
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
    rows = (
        ReferenceDetermination.objects.filter(visible(actor, ReferenceDetermination))
        .order_by(*(d.field for d in dimensions))
        .values_list(*(d.field for d in dimensions))
        .annotate(n=Counted("pk", filter=Q(is_overturned=True)), d=Counted("pk"))
    )
    counts = {tuple(row[:-2]): Count(row[-2], row[-1]) for row in rows}
    masked = _masked(counts) if suppressed else frozenset()
    cells = (Cell(key, None if key in masked else count) for key, count in counts.items())
    return Table(asked, dimensions, tuple(cells))


def _dimensions(indicator: Indicator, by: Sequence[str]) -> tuple[Dimension, ...]:
    reasons = []
    if not 1 <= len(by) <= MOST_DIMENSIONS or len(set(by)) < len(by):
        reasons.append(Reason("dimensions", "Name one dimension, or two different ones.", "by"))
    found = [indicator.dimension(key) for key in by]
    known = ", ".join(d.key for d in indicator.dimensions)
    reasons += [
        Reason("dimension_unknown", f"There is no dimension {key}. There is: {known}.", "by")
        for key, dimension in zip(by, found, strict=True)
        if dimension is None
    ]
    if reasons:
        raise Refused(reasons)
    return tuple(d for d in found if d is not None)


def _masked(counts: dict[tuple[Value, ...], Count]) -> frozenset[tuple[Value, ...]]:
    """The keys of masked cells. Masking orders cells of equal size by their words, so it is the same every time."""
    words = {tuple(str(value) for value in key): key for key in counts}
    if all(len(key) == 1 for key in words):
        hidden = {(value,) for value in masked_values({key[0]: counts[words[key]] for key in words})}
        return frozenset(words[key] for key in hidden)
    pairs = {(key[0], key[1]): counts[words[key]] for key in words}
    return frozenset(words[key] for key in masked_cells(pairs) if key in words)
