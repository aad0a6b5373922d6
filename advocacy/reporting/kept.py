"""Figures from kept counts: the cells that `counted.sql` keeps, in the shape of lines grouped live.

A question is answered from them when one grain has all of its dimensions; else there is no answer here, and the rows are
grouped live. Masking comes after, on the cells of the answer, the same for both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db import connection
from django.db.models import Count, F, Sum

from advocacy.access.policy import Actor
from advocacy.reporting.models import CountedCell, CountedRow
from advocacy.reporting.own import Asked, Line, lines_of, rows_for
from advocacy.reporting.populations import POPULATIONS, Population
from advocacy.tenancy.scope import current_organization_id
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

CUBE: Final = "month,payer,treatment"
"""A grain that no published table has."""
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


Fingerprint = tuple[int | None, int, int, int]


def fingerprints(populations: Collection[str]) -> dict[str, Fingerprint]:
    """Of each kept population, the organization and three numbers, of which one is another when its cells are others.

    Cells are only added and, made one by the nightly job, taken away; keys are never used again. So how many there are, the sum
    of their keys and the greatest tell two states apart. One statement, over the index alone.
    """
    organization = current_organization_id()
    found: dict[str, Fingerprint] = {population: (organization, 0, 0, 0) for population in populations}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT population, count(*), sum(id), max(id) FROM reporting_countedcell"
            " WHERE organization_id = %s AND population = ANY (%s) AND grain = ANY (%s) GROUP BY population",
            [
                organization,
                sorted(populations),
                sorted({g for all_of in GRAINS.values() for g in all_of} - {CUBE}),
            ],
        )
        for population, count, total, greatest in cursor.fetchall():
            found[population] = (organization, count, int(total), greatest)
    return found


def counted_lines(populations: Collection[str]) -> dict[str, list[Line]]:
    """The lines of kept populations by all columns, restricted cases left out. One statement over the counted rows."""
    found: dict[str, list[Line]] = {population: [] for population in populations}
    told: dict[str, Any] = {column: F(source) for column, source in COLUMNS.items()}
    rows = CountedRow.objects.filter(population__in=sorted(populations), is_restricted=False).order_by()
    lines: Any = rows.values("population", **told, f_code=F("code")).annotate(f_n=Count("pk"))
    for line in lines:
        found[line["population"]].append(line)
    return found


class Lines:
    """The lines that the figures of one page are added up from: kept where they are, else grouped live, each once.

    `wide` are the columns a page parts figures by: all grains of those come in one statement. `only` is who may see the cases
    that are counted, for figures to work with; without, they are to publish, and of no restricted case. A kept count has
    every case that is not restricted, as everybody who sees cases does; of the restricted ones the few that `only` reaches
    are counted live.
    """

    def __init__(self, day: Day, only: Actor | None, wide: Collection[str]) -> None:
        self._day, self._only, self._wide = day, only, frozenset(wide)
        self._live: dict[str, list[Line]] = {}
        self._kept: dict[tuple[str, str], list[Line]] | None = None

    def of(self, population: str, columns: Iterable[str], *, months: bool = True) -> list[Line]:
        """Lines that have at least these columns, or what the population has of them."""
        known = POPULATIONS[population]
        asked = {column for column in columns if column == "f_month" or column in known.dimensions}
        grain = grain_for(population, asked, months=months)
        if self._kept is None:
            self._kept = self._told()
        if grain is None or (population, grain) not in self._kept:
            return self._grouped(known)
        return self._kept[population, grain]

    def _told(self) -> dict[tuple[str, str], list[Line]]:
        """Every grain whose columns are all wide, of every kept population. Restricted cases are told live, if there are any."""
        found: dict[tuple[str, str], list[Line]] = {
            (population, grain): []
            for population, grains in GRAINS.items()
            for grain in grains
            if {"f_month" if name == "year" else f"f_{name}" for name in grain.split(",")} <= self._wide
        }
        told: dict[str, Any] = {column: F(source) for column, source in COLUMNS.items()}
        rows = CountedCell.objects.filter(
            population__in=list(GRAINS), grain__in=sorted({grain for _population, grain in found})
        )
        lines: Any = (
            rows.order_by()
            .values("population", "grain", "is_restricted", **told, f_code=F("code"))
            .annotate(f_n=Sum("n"))
            .filter(f_n__gt=0)
        )
        hidden = set()
        for line in lines:
            if line["is_restricted"]:
                hidden.add(line["population"])
            elif (key := (line["population"], line["grain"])) in found:
                found[key].append(line)
        for population, grain in found:
            if self._only is not None and population in hidden:
                found[population, grain] = found[population, grain] + self._restricted(
                    POPULATIONS[population]
                )
        return found

    def _grouped(self, population: Population) -> list[Line]:
        if population.key not in self._live:
            self._live[population.key] = lines_of(
                rows_for(population, Asked(), self._day, self._only), population, self._columns(population)
            )
        return self._live[population.key]

    def _restricted(self, population: Population) -> list[Line]:
        """Of the restricted cases, those this person reaches. A line has every column, so it is of every grain."""
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
        if self._only is None:  # a figure to publish is masked by everything it is ever parted by
            return population.dimensions | {"f_month"}
        more = {"f_month"} | ({"f_reason"} if population.key == "denials" else set())
        return (self._wide & population.dimensions) | more
