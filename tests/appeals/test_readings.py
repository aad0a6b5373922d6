"""One operation of a calculation, read by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from appeals.clock import Facts
from appeals.clock.arithmetic import Reading
from appeals.clock.facts import Unclear

RECEIVED = date(2026, 3, 2)


def read(node: dict[str, Any], facts: Facts, mode: str = "statute") -> Reading:
    reading = Reading(facts, mode)
    reading.named["found"] = reading.of(node)
    return reading


@pytest.mark.parametrize(
    ("n", "line"),
    [
        (1, "+ 1 calendar days, the first day not counted = Tuesday, March 3, 2026."),
        (0, "+ 0 calendar days, the first day not counted = Monday, March 2, 2026."),
        (-1, "1 calendar day before = Sunday, March 1, 2026."),
        (-2, "2 calendar days before = Saturday, February 28, 2026."),
    ],
)
def test_days_on_and_days_before_are_told_apart(n: int, line: str) -> None:
    reading = read({"op": "add_days", "n": n, "anchor": "received", "roll": "none"}, Facts(received=RECEIVED))
    assert reading.lines[-1] == line


@pytest.mark.parametrize(("op", "word"), [("earlier_of", "earlier"), ("later_of", "later")])
def test_of_two_days_that_may_be_missing_those_that_are_there_are_compared(op: str, word: str) -> None:
    both = {
        "op": op,
        "of": [{"op": "date", "anchor": f, "optional": True} for f in ("received", "care_date")],
    }
    care = date(2026, 2, 1)
    day = "Sunday, February 1, 2026" if op == "earlier_of" else "Monday, March 2, 2026"
    assert read(both, Facts(received=RECEIVED, care_date=care)).lines[-1] == f"The {word} of these is {day}."
    for one in (Facts(received=RECEIVED), Facts(care_date=care)):
        assert not [line for line in read(both, one).lines if "of these" in line]
    with pytest.raises(Unclear) as refused:
        read(both, Facts())
    assert (refused.value.reason.code, refused.value.reason.field) == ("missing_received", "received")


def test_of_two_ways_the_one_whose_facts_are_said_is_taken() -> None:
    ways = {n: {"when": {"levels": n}, "then": {"op": "date", "anchor": f}}
            for n, f in ((1, "received"), (2, "care_date"))}  # fmt: skip
    facts = Facts(received=RECEIVED, care_date=date(2026, 2, 1))
    for order in ((1, 2), (2, 1)):
        node = {"op": "choose", "of": [ways[n] for n in order]}
        found = [read(node, replace(facts, levels=n)).named["found"] for n in (1, 2)]
        assert found == [RECEIVED, date(2026, 2, 1)]
        with pytest.raises(Unclear) as refused:
            read(node, facts)
        assert refused.value.reason.code == "no_case"
