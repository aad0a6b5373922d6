"""What dates trip over: leap days, year ends, weekends, kept holidays, changing clocks, extensions, proof of receipt, acts.

The rows were found and worked out by the walker (`tests/appeals/walker/hazards.py`), each with the law it is worked out from.
The guard asks of every version of every rule in the data which of these its calculation can meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appeals.clock import stage_clock
from appeals.clock.facts import Moment, parse_facts
from appeals.clock.vectors import read_vectors, results_of
from appeals.regimes import book
from appeals.regimes.checks import operations_of
from appeals.regimes.shapes import Rule
from appeals.rules import decided_in_time, inside_filing_window
from tests.appeals.walker import hazards

FOLDER = Path(__file__).parent / "vectors"
WALKED = read_vectors(FOLDER / "hazards" / "walked.json")
YEAR, LEAP, WEEKEND = "the year ends in the time", "February 29 in the time", "a weekend at the end"
HOLIDAY, NO_DAY, ON_LEAP = "a holiday at the end", "no such day", "February 29 at the end"
MEETS = {
    "add_days": {LEAP, YEAR, WEEKEND, HOLIDAY},
    "add_months": {NO_DAY, YEAR, WEEKEND, HOLIDAY, ON_LEAP},
    "add_business_days": {"a holiday in the time", "an observed day in the time", YEAR},
    "add_hours": {"clocks go forward", "clocks go back", YEAR, WEEKEND},
    "end_of_year": {WEEKEND},
    "stated_or_add_days": {WEEKEND},
    "date": set(),
    "moment": set(),
    "earlier_of": set(),
    "later_of": set(),
    "choose": set(),
}


def every_rule() -> list[Rule]:
    rules = [rule for versions in book().rules.values() for rule in versions]
    rules += [s.filing for s in book().states.values() if s.filing] + [book().state_default]
    return rules + [stage.rule for state in book().states.values() for stage in state.stages.values()]


def asked_of(rule: Rule) -> Iterator[str]:
    """What the calculation of a rule can trip over, from its outermost count inward."""
    nodes = list(operations_of(rule.calculation))
    counts = [n["op"] for n in nodes if MEETS[n["op"]]]
    outer = counts[0]
    # A last day far beyond a year cannot be in the year it began; a window in months with days beside it is met by its days.
    met = (
        MEETS["add_days"]
        if {"add_months", "add_days"} <= set(counts) and outer != "add_months"
        else MEETS[outer]
    )
    if "add_hours" in counts and outer == "add_months":
        met = MEETS["add_months"]
    # Twelve months after February 29 no year has one.
    twelve = any(n["op"] == "add_months" and n["n"] == 12 for n in nodes)
    # Four years after February 29 every year of this century has one.
    four_years = any(n["op"] == "add_months" and n["n"] == 48 for n in nodes)
    yield from met - ({ON_LEAP} if twelve else set()) - ({NO_DAY} if four_years else set())
    if any(n.get("roll") == "next_day_not_sat_sun_fed_holiday" for n in nodes):
        yield "an observed day at the end"
    if any(n.get("presume_receipt_days") for n in nodes):
        yield from ("proof of a late receipt", "a late receipt without proof", "proof of an early receipt")
        yield "an early receipt without proof"
    if rule.extension:
        yield from ("an extension on the last day", "an extension a day too late")
        if rule.extension.get("tolls_for_missing_information"):
            yield from ("an extension while the clock stands", "an extension and no answer")
            yield from ("an answer before its time is over", "an answer after its time is over")
    for override in book().overrides:
        if rule.id in override.scope["rules"]:
            yield from hazards.MOVED if override.kind == "move" else hazards.DISREGARDED


def test_every_rule_has_a_vector_for_everything_it_can_trip_over() -> None:
    met: dict[tuple[str, int], set[str]] = {}
    for row, result in zip(WALKED, results_of(WALKED), strict=True):
        met.setdefault((result["rule_id"], result["version"]), set()).add(row["how"])
    lacking = {
        (rule.id, rule.version): sorted(missing)
        for rule in every_rule()
        if (missing := {*asked_of(rule)} - met.get((rule.id, rule.version), set()))
    }
    assert lacking == {}


def test_every_walked_vector_has_its_citation_and_holds() -> None:
    wrong = []
    for row, result in zip(WALKED, results_of(WALKED), strict=True):
        said = {key: result.get(key) for key in row["expect"]}
        # What only may be argued and is not expected must not be there either.
        extra = result.get("permissive_deadline") and "permissive_deadline" not in row["expect"]
        if said != row["expect"] or (extra and "california" not in row["citation"]) or not row["citation"]:
            wrong.append((row, said, result.get("error")))
    assert wrong == []


def test_one_past_every_walked_edge_is_outside() -> None:
    wrong = []
    for row in WALKED:
        clock = stage_clock(row["regime"], row["stage"], parse_facts(row["inputs"])[0])
        late = moment(row["late"])
        judged = inside_filing_window if clock.actor == "claimant" else decided_in_time
        before = late - (timedelta(minutes=1) if isinstance(late, datetime) else timedelta(days=1))
        if judged(clock, before) is not None or judged(clock, late) is None:
            wrong.append(row["id"])
    assert wrong == []


def moment(text: str) -> Moment:
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


@pytest.mark.long
def test_the_walked_vectors_are_what_the_walker_writes() -> None:
    assert hazards.vectors() == WALKED
    rows: list[dict[str, Any]] = WALKED
    assert len({row["id"] for row in rows}) == len(rows)
