"""The list behind a number: the rows a figure counted, of cases the reader may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import NotFound
from advocacy.reporting.dashboard import WORK, Wanted, asked_of, payers_by_name
from advocacy.reporting.indicators import INDICATORS
from advocacy.reporting.own import BLANK, population_of, rows_for
from advocacy.reporting.own_indicators import OWN
from advocacy.reporting.shapes import Indicator, Kind
from advocacy.reporting.wording import CODES, words_for
from appeals.queries.clocks import Day
from cases.models import Case

MOST_LISTED = 500
MONEY = "f_amount"


@dataclass(frozen=True)
class ListedRow:
    """One row: its case, the day that put it into its period, and what became of it."""

    case: Case
    on: date
    outcome: str
    stage: str
    amount: Any = None


@dataclass(frozen=True)
class Listing:
    """`total` is how many there are; `rows` at most MOST_LISTED of them, the newest first."""

    indicator: Indicator
    part: str
    total: int
    rows: tuple[ListedRow, ...]


def listing(actor: Actor, wanted: Wanted, given: Mapping[str, str], day: Day) -> Listing:
    """The rows one number counted. `part` is "counted", "of", or the code of a part that is counted apart.

    Raises NotAllowed for who reads no figures or sees no cases, NotFound for a figure or part that does not exist.
    """
    require(actor, Permission.SEE_FIGURES)
    require(actor, Permission.SEE_CASES)
    indicator = INDICATORS.get(given.get("figure", "") or OWN[0].key)
    part = given.get("part", "") or "of"
    if indicator is None or not indicator.population or wanted.kind != WORK:
        raise NotFound("figure")
    codes = _codes(indicator, part)
    population = population_of(indicator)
    names = {code: name for name, code in payers_by_name(actor).items()} | {BLANK: BLANK}
    asked = replace(asked_of(wanted, names), reason=given.get("reason", ""))
    found: list[ListedRow] = []
    total = 0
    under = f"{population.case}__" if population.case else ""
    for rows in rows_for(population, asked, day, actor):
        rows = rows.filter(**{f"{indicator.code}__in": codes})
        total += rows.count()
        joined = [f"{under}{name}" for name in ("patient", "coverage__payer")]
        joined += [population.case] if population.case else []
        for row in rows.select_related(*joined).order_by("-f_on", "-pk")[:MOST_LISTED]:
            found.append(
                ListedRow(
                    getattr(row, population.case) if population.case else row,
                    row.f_on,
                    _outcome(indicator, row),
                    getattr(row, "f_stage", ""),
                    getattr(row, MONEY, None),
                )
            )
    found.sort(key=lambda row: row.on, reverse=True)
    return Listing(indicator, part, total, tuple(found[:MOST_LISTED]))


def _outcome(indicator: Indicator, row: Any) -> str:
    if indicator.kind == Kind.MIX:
        return words_for("reason", row.f_reason)
    code: str = getattr(row, indicator.code)
    return CODES.get(code, code)


def _codes(indicator: Indicator, part: str) -> list[str]:
    if part in ("counted", "of"):
        return sorted(indicator.counted if part == "counted" else indicator.of)
    if part not in dict(indicator.apart):
        raise NotFound("part")
    return [part]
