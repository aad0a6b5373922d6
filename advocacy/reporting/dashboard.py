"""The page of figures: tiles and charts of two kinds, to publish (masked) and to work with (each number opens its list)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason
from advocacy.reporting.indicators import INDICATORS
from advocacy.reporting.kept import Lines
from advocacy.reporting.masks import Masks, columns_for
from advocacy.reporting.own import BLANK, Asked, Line, Measure, grouped
from advocacy.reporting.own_indicators import OWN
from advocacy.reporting.populations import POPULATIONS
from advocacy.reporting.protection import Mask, months_in, quarter_of
from advocacy.reporting.queries import Cell, cells_of
from advocacy.reporting.shapes import Dimension, Indicator, Kind
from advocacy.reporting.suppression import Count
from advocacy.reporting.wording import words_for
from appeals.queries.clocks import Day
from cases.models import Payer

PUBLISH, WORK = "publish", "work"
NO_SUCH: Final = "(no payer has this name)"
FILTERS: Final = ("period", "payer", "regime", "stage")
PERIOD = re.compile(r"\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?")
COLUMNS: Final = frozenset({"f_month", "f_payer", "f_regime", "f_stage"})
CHARTS: Final = (
    ("overturned_by_stage", "stage"),
    ("overturned_by_stage", "regime"),
    ("overturned_by_stage", "payer"),
    ("payer_timeliness", "payer"),
    ("deadlines_met", "year"),
    ("ultimate_approval", "year"),
    ("denial_reasons", "reason"),
    ("days_to_decision", "stage"),
)


@dataclass(frozen=True)
class Wanted:
    """What the address asks for, in codes: `payer` is a payer's public id. `problems` say what in it is not known."""

    kind: str
    period: str = ""
    payer: str = ""
    regime: str = ""
    stage: str = ""
    problems: tuple[Reason, ...] = ()

    def query(self, **changed: str) -> dict[str, str]:
        """The address again, with some values replaced."""
        values = {"kind": self.kind, **{name: getattr(self, name) for name in FILTERS}} | changed
        return {name: value for name, value in values.items() if value}

    @property
    def chosen(self) -> tuple[str, ...]:
        return tuple(name for name in FILTERS if getattr(self, name))


@dataclass(frozen=True)
class Number:
    """One number of a figure, with the part of its list it counts ("counted", "of", or a code apart)."""

    n: int
    words: str
    part: str


@dataclass(frozen=True)
class Told:
    """A figure for one tile or one row of a chart; without `count` it is not told."""

    label: str
    count: Count | None
    measure: Measure | None = None
    apart: tuple[Number, ...] = ()
    narrow: tuple[tuple[str, str], ...] = ()
    """What the list of this row is narrowed by beside the filters: (name in the address, code)."""


@dataclass(frozen=True)
class Tile:
    indicator: Indicator
    told: Told


@dataclass(frozen=True)
class Chart:
    """`hidden` is how many parts are not told; `refused` says why the whole chart is not there."""

    indicator: Indicator
    dimension: Dimension
    rows: tuple[Told, ...]
    hidden: int = 0
    refused: str = ""


@dataclass(frozen=True)
class Choices:
    """What the filters may be set to: (code, words)."""

    periods: tuple[tuple[str, str], ...] = ()
    payers: tuple[tuple[str, str], ...] = ()
    regimes: tuple[tuple[str, str], ...] = ()
    stages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Dashboard:
    wanted: Wanted
    choices: Choices
    tiles: tuple[Tile, ...]
    charts: tuple[Chart, ...]


def kinds_for(actor: Actor) -> tuple[str, ...]:
    """To work with for whoever sees cases; to publish for everybody who reads figures."""
    return (WORK, PUBLISH) if actor.may(Permission.SEE_CASES) else (PUBLISH,)


def wanted_from(actor: Actor, given: Mapping[str, str], *, more: Collection[str] = ()) -> Wanted:
    """The address read; what is not known is told and not used. `more` are names that this page knows beside the filters."""
    known = {"kind", *FILTERS, *more}
    problems = [
        Reason(
            "filter_unknown", f"There is no filter {name[:40]}. There is: {', '.join(FILTERS)}.", name[:40]
        )
        for name in given
        if name not in known
    ]
    kind = given.get("kind", "") or kinds_for(actor)[0]
    if kind not in (PUBLISH, WORK):
        problems.append(Reason("kind_unknown", f"There are no figures {kind[:40]}.", "kind"))
        kind = PUBLISH
    period = given.get("period", "")
    if period and not PERIOD.fullmatch(period):
        problems.append(Reason("period_unknown", f"{period[:40]} is no year, quarter or month.", "period"))
        period = ""
    values = {name: given.get(name, "") for name in ("payer", "regime", "stage")}
    return Wanted(kind, period, **values, problems=tuple(problems))


def dashboard(actor: Actor, wanted: Wanted, day: Day) -> Dashboard:
    """The page. One statement for each kind of rows, or for each grain of kept counts; one for payers.

    Raises NotAllowed for who reads no figures, or asks for figures to work with and sees no cases.
    """
    require(actor, Permission.SEE_FIGURES)
    if wanted.kind == WORK:
        require(actor, Permission.SEE_CASES)
    lines = Lines(day, actor if wanted.kind == WORK else None, COLUMNS)
    payers = payers_by_name(actor)
    masks = Masks(lambda one: lines.of(one.population, columns_for(one)))
    choices = _choices(lines, payers, masks if wanted.kind == PUBLISH else None)
    wanted = replace(wanted, problems=(*wanted.problems, *_unknown(wanted, choices)))
    if wanted.problems:
        return Dashboard(wanted, choices, (), ())
    names = {code: name for name, code in payers.items()}
    if wanted.kind == PUBLISH:
        tiles, charts = _publish(wanted, lines, names, masks)
    else:
        tiles, charts = _work(wanted, lines, names)
    return Dashboard(wanted, choices, tiles, charts)


def payers_by_name(actor: Actor) -> dict[str, str]:
    """The public id of each payer of the organization by its name, which nothing in the rows of a figure tells."""
    return {p.name: str(p.public_id) for p in Payer.objects.only("public_id", "name", "organization")}


def _choices(lines: Lines, payers: Mapping[str, str], masks: Masks | None) -> Choices:
    """What there is. To publish, only what has a figure that is told: that a payer has one case is told to nobody."""
    found: dict[str, set[str]] = {"f_month": set(), "f_payer": set(), "f_regime": set(), "f_stage": set()}
    if masks is not None:
        for indicator in OWN:
            mask = masks.of(indicator)
            for d in indicator.dimensions:
                if d.key in ("payer", "regime", "stage", "year", "quarter"):
                    rows = lines.of(indicator.population, (d.field,), months=d.key == "quarter")
                    cells = cells_of(indicator, (d,), grouped(rows, indicator, (d,)), mask)
                    told = {str(cell.values[0]) for cell in cells if cell.count is not None}
                    found[d.field] |= told
    else:
        for column, values in found.items():
            for key in POPULATIONS:
                values |= {str(line[column]) for line in lines.of(key, (column,)) if line.get(column)}
        found["f_month"] = {p for m in found["f_month"] for p in (m[:4], quarter_of(m))}
    return Choices(
        tuple((p, words_for("quarter", p)) for p in sorted(found["f_month"], reverse=True)),
        tuple((payers[name], name) for name in sorted(found["f_payer"]) if name in payers),
        tuple((key, words_for("regime", key)) for key in sorted(found["f_regime"]) if key),
        tuple((key, words_for("stage", key)) for key in sorted(found["f_stage"]) if key),
    )


def _unknown(wanted: Wanted, choices: Choices) -> Iterable[Reason]:
    known = (choices.payers, choices.regimes, choices.stages)
    for name, offered in zip(("payer", "regime", "stage"), known, strict=True):
        value = getattr(wanted, name)
        if value and value not in {code for code, _words in offered}:
            yield Reason(
                "filter_value", f"No figure that can be told here has this {name}: {value[:40]}.", name
            )
    if wanted.kind == PUBLISH and len(wanted.chosen) > 1:
        yield Reason("one_filter", "Figures to publish take one filter at a time. Take one away.", "kind")


# -- to work with -------------------------------------------------------------------------------------------
def fitting(lines: Iterable[Line], indicator: Indicator, asked: Asked) -> list[Line] | None:
    """The lines of a filter; None where the figure is not parted by it."""
    columns = asked.columns()
    if not set(columns) <= {d.field for d in indicator.dimensions}:
        return None
    months = set(months_in(asked.period)) if asked.period else None
    return [
        line
        for line in lines
        if (months is None or line["f_month"] in months)
        and all(line[column] == value for column, value in columns.items())
    ]


def asked_columns(asked: Asked) -> set[str]:
    """The columns that the filters look at."""
    return {*asked.columns(), *({"f_month"} if asked.period else ())}


def asked_of(wanted: Wanted, payers: Mapping[str, str]) -> Asked:
    """The filters as the rows know them: a payer by its name."""
    payer = payers.get(wanted.payer, NO_SUCH) if wanted.payer else ""
    return Asked(wanted.period, payer, wanted.regime, wanted.stage)


def _work(
    wanted: Wanted, lines: Lines, payers: Mapping[str, str]
) -> tuple[tuple[Tile, ...], tuple[Chart, ...]]:
    asked = asked_of(wanted, payers)
    codes = {name: code for code, name in payers.items()}
    tiles = []
    for indicator in OWN:
        if indicator.kind == Kind.MIX:
            continue
        rows = fitting(lines.of(indicator.population, asked_columns(asked)), indicator, asked)
        if rows is not None:
            tiles.append(
                Tile(
                    indicator,
                    _told(indicator, "", cells_of(indicator, (), grouped(rows, indicator, ()), None)),
                )
            )
    charts = []
    for key, name in CHARTS:
        indicator, dimension = INDICATORS[key], INDICATORS[key].dimension(name)
        assert dimension is not None
        months = bool(asked.period)
        rows = fitting(
            lines.of(indicator.population, {dimension.field, *asked_columns(asked)}, months=months),
            indicator,
            asked,
        )
        if rows is None:
            charts.append(Chart(indicator, dimension, (), refused=NOT_PARTED))
            continue
        cells = cells_of(indicator, (dimension,), grouped(rows, indicator, (dimension,)), None)
        charts.append(
            Chart(indicator, dimension, tuple(_row(indicator, dimension, c, codes, wanted) for c in cells))
        )
    return tuple(tiles), tuple(charts)


def _row(
    indicator: Indicator, dimension: Dimension, cell: Cell, payers: Mapping[str, str], wanted: Wanted
) -> Told:
    value = str(cell.values[0])
    name, code = dimension.key, payers.get(value, "") if dimension.key == "payer" else value
    if name == "year":
        name, code = "period", wanted.period or value
    told = _told(indicator, words_for(dimension.key, value), (cell,))
    return replace(told, narrow=((name, code or BLANK),))


def _told(indicator: Indicator, label: str, cells: tuple[Cell, ...]) -> Told:
    if not cells:
        return Told(label, Count(0, 0))
    (cell,) = cells
    apart = tuple(
        Number(cell.apart[words], words, code) for code, words in indicator.apart if cell.apart.get(words)
    )
    return Told(label, cell.count, cell.measure, apart)


# -- to publish ---------------------------------------------------------------------------------------------
NOT_PARTED = "This figure is not parted by what the filter asks for."
TOO_FEW = "Too few to tell."
NOT_TOGETHER = "A quarter or a month is told alone, and not by anything else."


def _publish(
    wanted: Wanted, lines: Lines, payers: Mapping[str, str], masks: Masks
) -> tuple[tuple[Tile, ...], tuple[Chart, ...]]:
    """Cells of the tables that are published, and no others: a filter is one of their dimensions."""
    by, value = _published_filter(wanted, payers)
    tiles = []
    for indicator in OWN:
        if indicator.kind == Kind.MIX:
            continue
        own = indicator.dimension(by) if by else None
        if by and own is None:
            continue
        rows = lines.of(indicator.population, {own.field} if own else (), months=by in ("quarter", "month"))
        mask = masks.of(indicator)
        by_value = (own,) if own else ()
        cells = cells_of(indicator, by_value, grouped(rows, indicator, by_value), mask)
        found = tuple(cell for cell in cells if not own or str(cell.values[0]) == value)
        untold = not found and _is_untold(indicator, own, rows, mask)
        told = Told("", None) if untold else _told(indicator, "", found)
        tiles.append(Tile(indicator, told))
    return tuple(tiles), tuple(_published_chart(key, name, by, value, lines, masks) for key, name in CHARTS)


def _is_untold(indicator: Indicator, dimension: Dimension | None, rows: list[Line], mask: Mask) -> bool:
    """Whether a value that is not listed may still hold something: then none of them is listed."""
    recorded = any(line[indicator.code] in indicator.of for line in rows)
    return recorded and dimension is not None and dimension.key in mask.silent


def _published_filter(wanted: Wanted, payers: Mapping[str, str]) -> tuple[str, str]:
    if wanted.period:
        kinds = {4: "year", 7: "quarter" if "Q" in wanted.period else "month"}
        return kinds[len(wanted.period)], wanted.period
    for name, value in (
        ("payer", payers.get(wanted.payer, "")),
        ("regime", wanted.regime),
        ("stage", wanted.stage),
    ):
        if value:
            return name, value
    return "", ""


def _published_chart(key: str, name: str, by: str, value: str, lines: Lines, masks: Masks) -> Chart:
    indicator, dimension = INDICATORS[key], INDICATORS[key].dimension(name)
    assert dimension is not None
    other = indicator.dimension(by) if by else None
    if by and other is None:
        return Chart(indicator, dimension, (), refused=NOT_PARTED)
    if by in ("quarter", "month"):
        return Chart(indicator, dimension, (), refused=NOT_TOGETHER)
    dimensions = (dimension,) if other is None or other == dimension else (dimension, other)
    rows = lines.of(indicator.population, {d.field for d in dimensions}, months=False)
    mask = masks.of(indicator)
    cells = cells_of(indicator, dimensions, grouped(rows, indicator, dimensions), mask)
    if any(_is_untold(indicator, d, rows, mask) for d in dimensions):
        return Chart(indicator, dimension, (), refused=TOO_FEW)
    if other is not None:
        cells = tuple(cell for cell in cells if str(cell.values[-1]) == value)
    told = [
        _told(indicator, words_for(name, cell.values[0]), (cell,)) for cell in cells if cell.count is not None
    ]
    return Chart(indicator, dimension, tuple(told), hidden=len(cells) - len(told))
