"""The day that a letter names to ask by, so that care goes on meanwhile: beside the rule's own (42 CFR 438.420(a), (c)), the
earlier in front."""

from __future__ import annotations

from datetime import date

import pytest

from advocacy.errors import Refused
from appeals.models import Deadline
from appeals.queries.denial_intake import intake
from tests.appeals.climbing import ERISA, MEDICAID, MEDICARE_ADVANTAGE, codes
from tests.appeals.visiting import address, letter_in, words

pytest_plugins = ("tests.appeals.climbing",)

SENT = {"sent_on": date(2026, 3, 24)}


# Sent on March 24 and in effect on April 15: by the rule until April 15, safe within ten days, until April 3.
@pytest.mark.parametrize(
    ("stated", "front", "law"),
    [
        (date(2026, 4, 2), "2026-04-02", "2026-04-15"),
        (date(2026, 4, 3), "2026-04-03", "2026-04-15"),
        (date(2026, 4, 15), "2026-04-03", "2026-04-15"),
        (None, "2026-04-03", "2026-04-15"),
    ],
)
def test_the_earlier_of_the_letters_day_and_the_safe_one_is_in_front(climb, stated, front, law):
    climb.answer(MEDICAID)
    climb.ask()
    climb.refuse(**SENT, effective_on=date(2026, 4, 15), continuation_stated_on=stated)
    assert climb.date("continuation", 1) == (front, law, "running")
    assert climb.row("continuation", 1).stated_on == stated
    assert climb.row("filing", 1).stated_on is None


# The notice bears March 24. It is in effect on April 15, or nobody knows when and the service is running.
@pytest.mark.parametrize(
    ("asked", "told", "law"),
    [
        ({}, {"effective_on": date(2026, 4, 15)}, "2026-04-15"),
        ({"timing": "concurrent"}, {}, "2026-04-03"),
    ],
)
def test_the_shortest_date_stands_without_the_day_of_sending(climb, asked, told, law):
    climb.answer(MEDICAID)
    climb.ask(**asked)
    climb.refuse(**told)
    assert climb.date("continuation", 1) == ("2026-04-03", law, "running")


# By the rule until April 15; the plan's letter says April 20: who asks until then has asked in time by what the plan said.
@pytest.mark.parametrize(
    ("filed", "status"), [("2026-04-18", "met"), ("2026-04-20", "met"), ("2026-04-21", "missed")]
)
def test_a_plan_is_held_to_the_later_day_of_its_letter(climb, filed, status):
    climb.answer(MEDICAID)
    climb.ask()
    climb.refuse(**SENT, effective_on=date(2026, 4, 15), continuation_stated_on=date(2026, 4, 20))
    climb.file(1, filed)
    assert climb.date("continuation", 1) == ("2026-04-03", "2026-04-15", status)


@pytest.mark.parametrize("answers", [MEDICARE_ADVANTAGE, ERISA], ids=("medicare_advantage", "erisa"))
def test_where_no_rule_gives_a_day_the_letters_is_the_only_one(climb, answers):
    climb.answer(answers)
    climb.ask()
    climb.refuse(continuation_stated_on=date(2026, 4, 6))
    assert climb.date("continuation", 1) == ("2026-04-06", None, "running")
    assert "the letter alone does" in " ".join(climb.row("continuation", 1).arithmetic)
    climb.file(1, "2026-04-06")
    assert climb.date("continuation", 1)[2] == "met"


def test_without_the_letters_day_and_without_a_rule_there_is_none(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    assert not Deadline.objects.filter(case=climb.case, clock="continuation").exists()


def test_the_notice_of_resolution_names_one_for_the_hearing(climb):
    climb.answer(MEDICAID)
    climb.ask()
    climb.refuse(**SENT, effective_on=date(2026, 4, 15), continuation_stated_on=date(2026, 4, 1))
    climb.file(1, "2026-03-31")
    climb.decide(
        1, "2026-04-24", "2026-04-27", sent_on=date(2026, 4, 24), continuation_stated_on=date(2026, 4, 30)
    )
    assert climb.date("continuation", 1) == ("2026-04-01", "2026-04-15", "met")
    assert climb.date("continuation", 2) == ("2026-04-30", "2026-05-04", "running")


def test_it_does_not_lie_before_the_letter(climb):
    climb.answer(MEDICAID)
    climb.ask()
    with pytest.raises(Refused) as caught:
        climb.refuse(continuation_stated_on=date(2026, 3, 23))
    assert codes(caught) == ["continuation_before_notice"]
    climb.refuse(continuation_stated_on=date(2026, 3, 24))
    climb.file(1, "2026-03-31")
    with pytest.raises(Refused) as caught:
        climb.decide(1, "2026-04-24", continuation_stated_on=date(2026, 4, 23))
    assert codes(caught) == ["continuation_before_notice"]


def test_it_is_read_in_the_letter_and_stands_in_its_field(climb, sign_in):
    climb.answer(MEDICAID)
    climb.ask()
    letter = letter_in(climb.cast, "medicaid_reduction")
    climb.refuse(None, None, confirmed=None)
    climb.denial.letter = letter
    climb.denial.save(update_fields=["letter"])
    page = intake(climb.who, climb.fresh(), climb.denial.public_id)
    assert page.initial["continuation_stated_on"] == date(2026, 7, 20)
    assert "on or before July 20, 2026" in page.proofs["continuation_stated_on"].words
    shown = words(sign_in("nora").get(address("denial", climb.case, climb.denial)))
    assert "Ask by this day, so that care goes on" in shown
