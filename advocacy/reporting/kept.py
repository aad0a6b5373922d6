"""Figures from kept counts: the cells that `counted.sql` keeps, in the shape of lines grouped live.

A question is answered from them when one grain has all of its dimensions; else there is no answer here, and the rows are
grouped live. Masking comes after, on the cells of the answer, the same for both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db.models import F, Sum

from advocacy.access.policy import Actor
from advocacy.reporting.models import CountedCell
from advocacy.reporting.own import Asked, Line, lines_of, rows_for
from advocacy.reporting.populations import POPULATIONS, Population
from appeals.queries.clocks import Day

GRAINS: Final[dict[str, tuple[str, ...]]] = {
    "closed_cases": (
        "month",
        "year,payer",
        "year,regime",
        "year,treatment",
        "payer,regime",
        "payer,treatment",
        "regime,treatment",
        "month,payer,treatment",
    ),
    "decisions": (
        "month",
        "year,stage",
        "year,payer",
        "year,reason",
        "year,regime",
        "year,treatment",
        "stage,payer",
        "stage,reason",
        "stage,regime",
        "stage,treatment",
        "payer,reason",
        "payer,regime",
        "payer,treatment",
        "reason,regime",
        "reason,treatment",
        "regime,treatment",
    ),
}
"""By what each kept population is added up, the cheapest first; `search.figure_grains` is the database's own list."""

COLUMNS: Final = {
    "f_month": "month",
    "f_payer": "payer__name",
    "f_regime": "regime",
    "f_treatment": "treatment",
    "f_stage": "stage",
    "f_reason": "reason",
}


def grain_for(population: str, columns: Collection[str], *, months: bool) -> str | None:
    """The grain that has these columns of lines (`f_...`), or None. `months` says that a year would not be enough."""
    wanted = {column.removeprefix("f_") for column in columns if column != "f_month"}
    for grain in GRAINS.get(population, ()):
        by = set(grain.split(","))
        if wanted <= by and ("f_month" not in columns or "month" in by or ("year" in by and not months)):
            return grain
    return None


def kept_lines(
    population: str, columns: Collection[str], *, months: bool = True, restricted: bool | None = None
) -> list[Line] | None:
    """The lines by these columns, or None where they are not kept. One statement.

    With `restricted` only restricted cases, or only the others. `f_month` is a year in lines of a grain that has no month.
    """
    grain = grain_for(population, columns, months=months)
    if grain is None:
        return None
    rows = CountedCell.objects.filter(population=population, grain=grain)
    if restricted is not None:
        rows = rows.filter(is_restricted=restricted)
    told: dict[str, Any] = {column: F(COLUMNS[column]) for column in sorted(columns)}
    return list(rows.order_by().values(**told, f_code=F("code")).annotate(f_n=Sum("n")).filter(f_n__gt=0))


class Lines:
    """The lines that the figures of one page are added up from: kept where they are, else grouped live, each once.

    `only` is who may see the cases that are counted, for figures to work with: a kept count has every case that is not
    restricted, as everybody who sees cases does; of the restricted ones the few they reach are counted live.
    """

    def __init__(self, day: Day, only: Actor | None, wide: Collection[str]) -> None:
        self._day, self._only, self._wide = day, only, frozenset(wide)
        self._live: dict[str, list[Line]] = {}
        self._kept: dict[tuple[str, str], list[Line]] = {}

    def of(self, population: str, columns: Iterable[str], *, months: bool = True) -> list[Line]:
        """Lines that have at least these columns, or what the population has of them."""
        known = POPULATIONS[population]
        asked = {column for column in columns if column == "f_month" or column in known.dimensions}
        grain = grain_for(population, asked, months=months)
        if grain is None:
            return self._grouped(known)
        key = (population, grain)
        if key not in self._kept:
            by = {f"f_{name}" if name != "year" else "f_month" for name in grain.split(",")}
            found = kept_lines(
                population, by, months="month" in grain, restricted=None if self._only is None else False
            )
            self._kept[key] = (found or []) + (self._restricted(known) if self._only else [])
        return self._kept[key]

    def _grouped(self, population: Population) -> list[Line]:
        if population.key not in self._live:
            self._live[population.key] = lines_of(
                rows_for(population, Asked(), self._day, self._only), population, self._columns(population)
            )
        return self._live[population.key]

    def _restricted(self, population: Population) -> list[Line]:
        key = f"{population.key}, restricted"
        if key not in self._live:
            case = f"{population.case}__" if population.case else ""
            rows = rows_for(population, Asked(), self._day, self._only)
            self._live[key] = lines_of(
                [part.filter(**{f"{case}is_restricted": True}) for part in rows],
                population,
                population.dimensions | {"f_month"},
            )
        return self._live[key]

    def _columns(self, population: Population) -> frozenset[str]:
        more = {"f_month"} | ({"f_reason"} if population.key == "denials" else set())
        return (self._wide & population.dimensions) | more
