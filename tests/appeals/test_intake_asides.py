"""What a letter says beside its decision gives nothing: other lines of business, other people, older letters, rules, examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appeals.intake import propose_facts

ASIDES: tuple[str, ...] = tuple(
    json.loads(Path(__file__).with_name("asides.json").read_text(encoding="utf-8"))
)
"""Sentences that blind authors' letters are full of, each in words of its own; none is about the decision of the letter."""
HEAD = """HARBOR MUTUAL HEALTH PLAN
Notice date: March 9, 2026
Member ID: HMH 1120 4471 02
Reference number: PA-26-0309-10041

Dear Annelise Moreau:

We denied the request for ketamine infusions (CPT 96365) for diagnosis F33.2 because they are not medically
necessary.
"""
FOOT = """
How to appeal. You have 180 days after you receive this letter to appeal. Send your appeal by fax to 419-555-0100.
We will decide your appeal within 30 days.
"""
KNOWN = {
    ("payer", "Harbor Mutual Health Plan"),
    ("notice_date", "2026-03-09"),
    ("member_id", "HMH 1120 4471 02"),
    ("reference_number", "PA-26-0309-10041"),
    ("patient_name", "Annelise Moreau"),
    ("procedure_code", "96365"),
    ("diagnosis_code", "F33.2"),
    ("reason", "medical_necessity"),
    ("stated_deadline", "180 calendar_day after receipt"),
    ("stated_deadline_text", "180 days after you receive this letter"),
    ("send_to_fax", "419-555-0100"),
    ("standard_decision_days", "30 calendar_day"),
}


def told(aside: str) -> set[tuple[str, str]]:
    return {(one.fact, one.value) for one in propose_facts([f"{HEAD}\n{aside}\n{FOOT}"])}


def test_the_letter_alone_tells_its_facts() -> None:
    assert told("") == KNOWN


@pytest.mark.parametrize(
    "aside",
    [
        pytest.param(one, marks=[] if place % 3 == 0 else [pytest.mark.long])
        for place, one in enumerate(ASIDES)
    ],
)
def test_an_aside_adds_nothing(aside: str) -> None:
    assert told(aside) - KNOWN == set()


@pytest.mark.parametrize(
    "aside",
    [
        pytest.param(one, marks=[] if place % 3 == 1 else [pytest.mark.long])
        for place, one in enumerate(ASIDES)
    ],
)
def test_nor_does_it_in_the_paragraph_of_the_decision(aside: str) -> None:
    letter = f"{HEAD.rstrip()}\n{aside}\n{FOOT}"
    assert {(one.fact, one.value) for one in propose_facts([letter])} - KNOWN == set()
