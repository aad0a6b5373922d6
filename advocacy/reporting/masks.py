"""The mask of each figure of our own: made once from all its rows, used for every table, tile and chart of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from advocacy.reporting.kept import GRAINS, Fingerprint, counted_lines, fingerprints
from advocacy.reporting.linked import mask_of
from advocacy.reporting.own import Group, Line, population_of, relatives, value_of
from advocacy.reporting.own_indicators import OWN, SMALLER_PERIODS
from advocacy.reporting.protection import Mask, Measures, Row, months_in, quarters_in
from advocacy.reporting.shapes import Dimension, Indicator, Kind

Sort = tuple[str, ...]


def columns_for(indicator: Indicator) -> set[str]:
    """The columns that its lines need for a mask: every dimension it is published by."""
    return {d.field for d in indicator.dimensions}


def mask_for(indicator: Indicator, lines: Iterable[Line]) -> Mask:
    """The mask of a figure, from its lines by all of its dimensions. Figures of one family have the same one.

    It is kept as long as the process lives and the lines are the same.
    """
    codes = population_of(indicator).codes
    dimensions = tuple(d for d in indicator.dimensions if d.key not in SMALLER_PERIODS)
    counted: dict[tuple[tuple[str, ...], Sort, str, Any], int] = defaultdict(int)
    monthly = any(d.key in SMALLER_PERIODS for d in indicator.dimensions)
    for line in lines:
        if line[indicator.code] in indicator.of:
            values = tuple(str(value_of(line, d)) for d in dimensions)
            sort = tuple(line[code] for code in codes)
            month = line["f_month"] if monthly else ""
            counted[values, sort, month, line.get("f_amount")] += line["f_n"]
    sorts = sorted({sort for _values, sort, _month, _amount in counted})
    place = {sort: at for at, sort in enumerate(sorts)}
    rows = sorted(
        (Row(values, place[sort], n, month, amount) for (values, sort, month, amount), n in counted.items()),
        key=lambda row: (row.values, row.sort, row.month, row.amount or 0),
    )
    named = tuple(d.key for d in dimensions)
    return _kept(named, tuple(rows), measures_of(indicator, codes, sorts))


class Masks:
    """The masks of one page or answer, each made once.

    `live` gives the lines of a figure by all of its dimensions, where they are not kept as counts; `populations` are the kept
    ones that will be asked for. Whether those changed costs one statement, what they are another one, if they did.
    """

    def __init__(
        self, live: Callable[[Indicator], Iterable[Line]], populations: Collection[str] = tuple(GRAINS)
    ) -> None:
        self._live, self._populations = live, [key for key in populations if key in GRAINS]
        self._found: dict[str, Mask] = {}
        self._stands: dict[str, Fingerprint] | None = None
        self._counted: dict[str, list[Line]] | None = None

    def of(self, indicator: Indicator) -> Mask:
        if indicator.key not in self._found:
            self._found[indicator.key] = (
                self._of_counted(indicator)
                if indicator.population in GRAINS
                else mask_for(indicator, self._live(indicator))
            )
        return self._found[indicator.key]

    def _of_counted(self, indicator: Indicator) -> Mask:
        if self._stands is None:
            self._stands = fingerprints(self._populations)
        key = (self._stands[indicator.population], indicator.key)
        known = _COUNTED.get(key)
        if known is None:
            if self._counted is None:
                self._counted = counted_lines(self._populations)
            if len(_COUNTED) >= MOST_KEPT:
                _COUNTED.clear()
            _COUNTED[key] = known = mask_for(indicator, self._counted[indicator.population])
        return known


MOST_KEPT: Final = 256
_COUNTED: Final[dict[tuple[Fingerprint, str], Mask]] = {}


@lru_cache(maxsize=256)
def _kept(dimensions: tuple[str, ...], rows: tuple[Row, ...], measures: Measures) -> Mask:
    return mask_of(dimensions, rows, measures)


def measures_of(indicator: Indicator, codes: tuple[str, ...], sorts: list[Sort]) -> Measures:
    """What is told of a figure and its family, and where a figure of the same rows with another denominator lies within it."""

    def places(one: Indicator, told: Iterable[str]) -> frozenset[int]:
        at = codes.index(one.code)
        return frozenset(place for place, sort in enumerate(sorts) if sort[at] in told)

    if indicator.kind != Kind.RATE:
        return Measures(len(sorts), ())
    family = relatives(indicator)
    parts = [places(one, told) for one in family for told in (one.counted, one.of - one.counted)]
    others = [
        places(one, told)
        for one in OWN
        if one.population == indicator.population and one not in family
        for told in (one.of, one.counted, one.of - one.counted)
    ]
    apart = {part - other for part in parts for other in others if other and other < part}
    return Measures(len(sorts), tuple(parts), tuple(sorted(apart, key=sorted)))


def listed(
    mask: Mask, dimensions: tuple[Dimension, ...], groups: Mapping[tuple[Any, ...], Group], told: set[Any]
) -> list[tuple[Any, ...]]:
    """The cells a table lists: those that hold something, and those that are masked, which may hold nothing.

    `told` are the keys of groups that hold something. A cell that is not listed holds nothing, unless the list is empty.
    """
    names = tuple(d.key for d in dimensions)
    if any(name in mask.silent for name in names):
        return []
    if len(names) == 1 and names[0] in SMALLER_PERIODS:
        years = {str(key[0])[:4] for key in told}
        parts = {part for year in years for part in _parts(names[0], year)}
        return sorted(told | {(part,) for part in parts if mask.hides(names, (part,))})
    if len(names) < 2:
        return sorted(told)
    firsts, seconds = ({key[at] for key in told} for at in (0, 1))
    more = {(a, b) for a in firsts for b in seconds if mask.hides(names, (str(a), str(b)))}
    return sorted(told | more)


def _parts(name: str, year: str) -> list[str]:
    return quarters_in(year) if name == "quarter" else months_in(year)
