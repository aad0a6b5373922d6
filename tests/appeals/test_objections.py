"""What is objected to: values that belong to another office, proceeding, paper or person, and dates that cannot all be true."""

from __future__ import annotations

from datetime import date

import pytest

from appeals.intake import propose_facts
from appeals.intake.plausibility import _fits
from appeals.intake.topics import topics

HEAD = "Thistledown Mutual Health\nDate: August 4, 2026\nMember: Ana Ruiz\nMember ID: TMH-553-20\n\nWe denied your request.\n\n"
APPEAL = "You may appeal within 180 days after you receive this letter. Fax your appeal to 614-555-0113.\n\n"


def told(body: str, *facts: str) -> dict[str, str]:
    return {one.fact: one.value for one in propose_facts([HEAD + body]) if one.fact in facts}


@pytest.mark.parametrize(
    "body",
    [
        "Can someone outside the company look at it? Ask the Ohio Department of Insurance.\n"
        "Office of Appeals, fax 614-555-0177.\n",
        "OHIO INSURANCE DEPARTMENT. You can file with the Department's appeal unit, fax 614-555-0177.\n",
        "Send it to Marigold Coast, External Appeals Coordinator, P.O. Box 9, fax 614-555-0177.\n",
        "Do you want to complain? That is a grievance. Grievance fax 614-555-0177.\n",
        "If you think you were treated differently, file with the Equity Coordinator, fax 614-555-0177.\n",
        "Help: The Ohio Patient Advocate Foundation can help you file an appeal. Fax 614-555-0177.\n",
        "Balance bills: ask for payment dispute resolution, fax 614-555-0177.\n",
        "Your doctor may appeal on his own behalf. Provider Contest Desk, fax 614-555-0177.\n",
        "Department of Insurance (DIFS) can look at it later.\n\nAppeal to DIFS: fax 614-555-0177.\n",
    ],
)
def test_the_fax_of_another_office_is_not_where_an_appeal_goes(body: str) -> None:
    assert told(body, "send_to_fax", "send_to_fax_expedited") == {}
    assert set(told(APPEAL + body, "send_to_fax").values()) <= {"614-555-0113"}


def test_a_day_for_continued_care_is_no_day_to_appeal() -> None:
    body = (
        "1. ASK FOR AN APPEAL. Write to us.\n\n3. KEEP GETTING 2 VISITS A WEEK. Your visits can stay the same while we\n"
        "decide. You must ask us for this, and for the appeal, on or before October 1, 2026.\n"
    )
    assert told(body, "stated_deadline_date") == {}


def test_a_last_day_that_the_count_does_not_reach_takes_both_away() -> None:
    body = "You may appeal within 60 days from the date of this letter. Your appeal must be filed on or before {}.\n"
    assert told(body.format("October 3, 2026"), "stated_deadline", "stated_deadline_date") == {
        "stated_deadline": "60 calendar_day after notice_date",
        "stated_deadline_date": "2026-10-03",
    }
    assert told(body.format("December 3, 2026"), "stated_deadline", "stated_deadline_date") == {}


@pytest.mark.parametrize(
    ("span", "last", "fits"),
    [
        ("60 calendar_day after notice_date", date(2026, 10, 3), True),
        ("60 calendar_day after notice_date", date(2026, 10, 20), False),
        ("180 calendar_day after receipt", date(2027, 2, 5), True),
        ("4 calendar_month after notice_date", date(2026, 12, 4), True),
        ("4 calendar_month after notice_date", date(2027, 1, 4), False),
        ("30 business_day after notice_date", date(2026, 9, 16), True),
    ],
)
def test_which_last_days_a_span_can_mean(span: str, last: date, fits: bool) -> None:
    assert _fits(span, date(2026, 8, 4), last) is fits


def test_a_letter_is_not_written_before_what_it_tells_of() -> None:
    body = "We received your records on August 20, 2026.\n"
    assert told(body, "notice_date") == {}
    assert told("", "notice_date") == {"notice_date": "2026-08-04"}


def test_the_reason_of_an_earlier_refusal_is_not_this_one() -> None:
    body = "On January 20, 2026 we refused ten days because no prior authorization was obtained.\n"
    assert told(body, "reason") == {}


def test_a_patient_is_nobody_who_treats_or_decides() -> None:
    assert told("The reviewer was Ana Ruiz, MD.\n", "patient_name") == {}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Grievances and Appeals Department", ["own"]),
        ("the State's appeal unit", ["agency"]),
        ("Office of Appeals", ["agency"]),
        ("This does not use up your right to external review.", []),
        ("keep your services while you wait", ["continuation", "continuation"]),
        ("www.plan.example/appeals", []),
    ],
)
def test_what_words_are_about(text: str, names: list[str]) -> None:
    assert [one.name for one in topics(text)] == names


@pytest.mark.parametrize(
    "purpose",
    ["To name a friend or lawyer", "If you want this in large print", "For the status of a claim"],
)
def test_a_number_for_another_purpose_is_not_where_an_appeal_is_made(purpose: str) -> None:
    body = f"You may appeal within 180 days. Your doctor can appeal for you. {purpose}, call 614-555-0112.\n"
    assert told(body, "send_to_phone", "appeal_phone") == {}


def test_a_number_for_questions_beside_the_address_for_appeals_is_for_questions() -> None:
    body = "You may appeal within 180 days.\n\n   Send appeals to:            Questions? Call 614-555-0112\n   Appeals Desk\n"
    assert told(body, "send_to_phone", "appeal_phone") == {}


def test_a_number_for_the_appeal_is_proposed_by_its_purpose() -> None:
    assert told("To file an appeal, call 614-555-0112.\n", "send_to_phone") == {
        "send_to_phone": "614-555-0112"
    }


def test_the_end_of_a_name_that_the_line_above_begins_is_no_name() -> None:
    head = "PINNACLE RIDGE REVIEW\nUtilization review agent for the Harrow Valley Sheet Metal\nWorkers Welfare Fund\n\n"
    parties = {one.value for one in propose_facts([head + HEAD]) if one.fact in {"payer", "administrator"}}
    assert "Workers Welfare Fund" not in parties


@pytest.mark.parametrize(("head", "day"), [("Dated March 2, 2026", "2026-03-02"), ("", "2026-03-03")])
def test_the_day_of_mailing_is_the_notices_own_only_where_it_is_the_only_one(head: str, day: str) -> None:
    letter = f"Thistledown Mutual Health\n\n{head}          Mailed March 3, 2026\n\nDear Ana Ruiz:\n\nWe denied your request.\n"
    assert [one.value for one in propose_facts([letter]) if one.fact == "notice_date"] == [day]
