"""Edges of the clock: extensions that stop nothing, doubts, refusals with their input, and which of several is in front."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from appeals.clock import Facts, stage_clock
from appeals.clock.combined import combined_claimant_clock, combined_decision_clock
from appeals.clock.facts import Unclear, parse_facts
from appeals.clock.vectors import results_of
from appeals.regimes import book, packs
from appeals.regimes.classifier import Answer, classify

NEW_YORK = ZoneInfo("America/New_York")
GROUP, INSURED, INDIVIDUAL = "erisa_self_funded", "fully_insured_group", "individual_aca"
RECEIVED = date(2026, 3, 2)


# -- extensions ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "stage", "days"),
    [
        # 42 CFR 422.568(b)(2), 422.590(f), 438.210(d)(1)(ii), 405.950(b)(3): up to 14 days, and the clock never stands still.
        ("medicare_advantage", "org_determination_standard", 14),
        ("medicare_advantage", "reconsideration_decision_standard", 30),
        ("medicaid_managed_care", "plan_appeal_decision_standard", 30),
        ("original_medicare", "redetermination_decision", 60),
        # 45 CFR 164.524(b)(2): one extension of 30 days.
        (GROUP, "records_access_response", 30),
    ],
)
def test_asking_for_information_stops_no_clock_that_only_an_extension_lengthens(
    regime: str, stage: str, days: int
) -> None:
    asked = {"information_requested": date(2026, 3, 5), "information_received": date(2026, 3, 12)}
    begun = {"received": RECEIVED, "documents_requested": RECEIVED}
    plain = stage_clock(regime, stage, Facts(**begun, **asked))
    assert (plain.deadline, plain.error) == (day_after(days), None)
    more = 30 if stage == "records_access_response" else 14
    noticed = {"extension_noticed": True, "extension_notice_date": date(2026, 3, 6)}
    longer = stage_clock(regime, stage, Facts(**begun, **asked, **noticed))
    assert longer.deadline == day_after(days + more)


def day_after(days: int) -> date:
    return date.fromordinal(RECEIVED.toordinal() + days)


# -- what may be doubted --------------------------------------------------------------------------------------------------------
def test_a_notice_sent_before_the_date_on_it_is_doubted() -> None:
    """N.Y. Ins. Law 4914(b)(1): the provider's 60 days of the final determination."""
    told = "the notice is recorded as sent or received before the date on it"
    stage = (INSURED, "external_appeal_filing_provider_new_york")
    early, same = (
        stage_clock(*stage, Facts(notice_date=date(2026, 3, 3), sent=date(2026, 3, day), state="NY"))
        for day in (2, 3)
    )
    assert (early.deadline, early.safe_date) == (date(2026, 5, 2), date(2026, 5, 1))
    assert any(told in line for line in early.arithmetic)
    assert (same.deadline, same.safe_date) == (date(2026, 5, 2), date(2026, 5, 1))
    assert not any(told in line for line in same.arithmetic)


def test_a_state_in_doubt_says_what_is_in_doubt() -> None:
    for code, state in book().states.items():
        if state.complete:
            continue
        clock = stage_clock(INSURED, "external_review_filing", Facts(receipt=RECEIVED, state=code))
        (told,) = [f.text for f in clock.flags if f.code == "window_not_certain"]
        assert state.name in told and told.endswith(state.note or "confirm it")
        assert "confirm it" not in told or not state.note


# -- refusals -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "stage", "facts", "field"),
    [
        # 42 CFR 431.244(f)(1)(i): the days between the plan's answer and the request for a hearing are left out.
        ("medicaid_managed_care", "state_fair_hearing_decision",
         {"mco_appeal_filed": RECEIVED, "sfh_requested": date(2026, 5, 1)}, "mco_resolution_notice"),
        (GROUP, "urgent_claim_incomplete", {}, "information_received"),
        (GROUP, "preservice_claim_decision", {}, "received"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_first_fact_that_would_do(
    regime: str, stage: str, facts: dict[str, date], field: str
) -> None:
    error = stage_clock(regime, stage, Facts(**facts)).error
    assert (error.code, error.field) == (f"missing_{field}", field)


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, "is recorded. Input: `receipt` or `notice_date`."),
        ({"receipt_date": "2026-03-02", "levels": 3}, "A plan has one or two mandatory appeal levels. Input: `levels`."),
        ({"receipt_date": "1995-03-15"}, "that was in force on 1995-03-15. Input: `notice_date`."),
        ({"receipt_date": "2026-02-30"}, "(the day the notice was received). Input: `receipt`."),
    ],
)  # fmt: skip
def test_the_sentence_ends_with_the_input_it_is_about(inputs: dict[str, object], told: str) -> None:
    row = {"id": 1, "regime": GROUP, "stage": "internal_appeal_1", "inputs": inputs}
    assert results_of([row])[0]["error"].endswith(told)


def test_a_sentence_about_no_input_names_none() -> None:
    row = {"id": 1, "regime": "unknown", "stage": "nowhere", "inputs": {"receipt_date": "2026-03-02"}}
    assert results_of([row])[0]["error"] == "None of the possible regimes has this step."


@pytest.mark.parametrize("name", ["receipt", "received", "sent", "plan_affirmed"])
def test_an_hour_that_the_clocks_leap_over_is_refused_for_everybody(name: str) -> None:
    """March 8, 2026, New York: from 2:00 to 3:00; before the leap it would be read early, after it late."""
    for hour, fits in (
        ("01:59", True),
        ("02:00", False),
        ("02:30", False),
        ("02:59", False),
        ("03:00", True),
    ):
        inputs = {name: f"2026-03-08T{hour}", "tz": "America/New_York"}
        if fits:
            assert getattr(parse_facts(inputs)[0], name).tzinfo == NEW_YORK
            continue
        with pytest.raises(Unclear) as refused:
            parse_facts(inputs)
        assert (refused.value.reason.code, refused.value.reason.field) == ("impossible_time", name)


def test_a_fault_of_shape_is_told_by_its_first_two_hundred_letters() -> None:
    pack = packs.pack_of()
    law = pack["regimes"]
    first, *rest = law["rules"]
    wrong = {**pack, "regimes": {**law, "rules": [{**first, "text": [f"{n:03}" for n in range(99)]}, *rest]}}
    (told,) = packs.problems_of_shape(wrong)
    place, _, said = told.partition(": ")
    assert (place, len(said), said[:14]) == ("regimes/rules/0/text", 200, "['000', '001',")


# -- which of several is in front -----------------------------------------------------------------------------------------------
def test_the_shortest_window_is_in_front_wherever_it_stands() -> None:
    """Mich. Comp. Laws 550.1911: 127 days; 45 CFR 147.136(d): four months, here to the next working day."""
    facts = Facts(receipt=date(2026, 10, 15))
    for kinds in ((GROUP, INSURED), (INSURED, GROUP)):
        found = combined_claimant_clock(kinds, 1, facts, "MI")
        assert (found.governing.regime, found.deadline) == (INSURED, date(2027, 2, 12))


def test_the_longest_time_to_decide_governs_wherever_it_stands() -> None:
    """45 days of the Federal process, 30 of New York's."""
    facts = Facts(receipt=date(2026, 3, 2), received=RECEIVED, urgent=False)
    for kinds in ((GROUP, INSURED), (INSURED, GROUP)):
        found = combined_decision_clock(kinds, 1, facts, "NY")
        assert (found.governing.regime, found.deadline) == (GROUP, date(2026, 4, 16))


def test_of_several_kinds_that_have_no_date_the_first_one_says_why() -> None:
    for kinds in (("va_champva", "workers_comp"), ("workers_comp", "va_champva")):
        found = combined_claimant_clock(kinds, 0, Facts())
        first = book().regimes[kinds[0]]
        assert found.error.message == f"{first.title}: {first.not_complete_because}"
    missing = combined_decision_clock((GROUP, "medicaid_ffs"), 0, Facts())
    assert missing.error.code == "missing_received"
    of_two = combined_claimant_clock((GROUP, "va_champva"), 0, Facts())
    assert (of_two.error.code, of_two.error.field) == ("missing_receipt", "receipt")


def test_two_sources_say_and_one_says() -> None:
    """As many sources as speak for an answer stand before it, with the verb that fits."""
    both = [Answer("funding", "insured", "letter"), Answer("funding", "insured", "employer")]
    (told,) = classify([*both, Answer("funding", "self_funded", "card")]).contradictions
    assert "the denial letter and the employer say “" in told and "the member card says “" in told
    twice = [Answer("funding", "insured", "letter"), Answer("funding", "insured", "letter")]
    (told,) = classify([*twice, Answer("funding", "self_funded", "card")]).contradictions
    assert "the denial letter says “" in told


def test_an_instant_of_receipt_counts_by_the_recipients_day() -> None:
    """29 CFR 2560.503-1(h)(3)(i): 180 days of receipt, which is the day where the patient is."""
    at = datetime(2026, 3, 3, 2, tzinfo=ZoneInfo("UTC"))
    east, west = (
        stage_clock(INDIVIDUAL, "internal_appeal_1", Facts(receipt=at, receipt_zone=zone))
        for zone in ("UTC", "America/Los_Angeles")
    )
    assert (east.deadline, west.deadline) == (date(2026, 8, 30), date(2026, 8, 29))
