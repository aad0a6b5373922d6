"""Edges of the clock: extensions that stop nothing, doubts, refusals with their input, and which of several is in front."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from appeals.clock import Facts, stage_clock
from appeals.clock.combined import combined_claimant_clock, combined_decision_clock
from appeals.clock.facts import Unclear, parse_facts
from appeals.clock.vectors import results_of
from appeals.regimes import book, packs, using
from appeals.regimes.classifier import Answer, classify, disputed

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
    # What is counted from is named as what it is: the day it was sent, not the date on it.
    assert any("The day the notice was sent: Monday, March 2, 2026." in line for line in early.arithmetic)
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
        (GROUP, "urgent_claim_incomplete", {}, "received"),
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


# -- what an extension leaves in the record --------------------------------------------------------------------------------
def test_the_day_of_an_extension_is_among_what_was_used() -> None:
    stage = (GROUP, "preservice_claim_decision")
    dated = stage_clock(*stage, Facts(received=RECEIVED, extension_notice_date=date(2026, 3, 10)))
    undated = stage_clock(*stage, Facts(received=RECEIVED, extension_noticed=True))
    assert dated.inputs == (("received", "2026-03-02"), ("extension_noticed", "2026-03-10"))
    assert undated.inputs == (("received", "2026-03-02"), ("extension_noticed", "True"))


def test_an_answer_cannot_come_before_the_notice_that_asked_for_it() -> None:
    """29 CFR 2560.503-1(f)(4): the clock stops with the notice of extension and goes on with the answer."""
    for day, code in ((9, "impossible_order"), (10, None), (11, None)):
        facts = Facts(
            received=RECEIVED,
            extension_notice_date=date(2026, 3, 10),
            information_received=date(2026, 3, day),
        )
        error = stage_clock(GROUP, "preservice_claim_decision", facts).error
        assert (error.code if error else None) == code, day


@pytest.mark.parametrize(
    ("received", "rating", "deadline", "overdue"),
    [
        # 42 CFR 438.210(d)(1): 14 days for rating periods before 2026, seven from then on; while it is not known, the longer.
        (date(2026, 12, 31), None, date(2027, 1, 7), date(2027, 1, 14)),
        (date(2027, 1, 1), None, date(2027, 1, 8), date(2027, 1, 8)),
        (date(2026, 12, 31), date(2026, 7, 1), date(2027, 1, 7), date(2027, 1, 7)),
    ],
)
def test_the_older_time_may_bind_to_the_end_of_the_year(
    received: date, rating: date | None, deadline: date, overdue: date
) -> None:
    facts = Facts(received=received, rating_period_start=rating)
    clock = stage_clock("medicaid_managed_care", "service_authorization_standard", facts)
    assert (clock.deadline, clock.overdue_after) == (deadline, overdue)


def test_an_older_time_that_was_shorter_makes_nobody_late_sooner() -> None:
    name = "medicaid.authorization.standard"
    older, newer = book().rules[name]
    shorter = replace(older, calculation={**older.calculation, "n": 5})
    with using(replace(book(), rules={**book().rules, name: (shorter, newer)})):
        clock = stage_clock(
            "medicaid_managed_care", "service_authorization_standard", Facts(received=RECEIVED)
        )
    assert (clock.deadline, clock.overdue_after, clock.longer) == (date(2026, 3, 9), date(2026, 3, 9), "")
    assert (clock.permissive_deadline, len(clock.arithmetic)) == (None, 2)


def test_the_older_time_that_may_bind_is_that_of_the_version_named() -> None:
    name = "medicaid.authorization.standard"
    older, newer = book().rules[name]
    begun = older.in_force_from
    oldest = replace(older, calculation={**older.calculation, "n": 5}, in_force_to=date(begun.year - 1, 12, 31),
                     in_force_from=date(begun.year - 1, 1, 1))  # fmt: skip
    named = replace(newer, version=3, lenient={**newer.lenient, "version": 2})
    with using(replace(book(), rules={**book().rules, name: (oldest, replace(older, version=2), named)})):
        clock = stage_clock(
            "medicaid_managed_care", "service_authorization_standard", Facts(received=RECEIVED)
        )
    assert (clock.version, clock.deadline, clock.overdue_after) == (3, date(2026, 3, 9), date(2026, 3, 16))


@pytest.mark.parametrize(("hours", "day"), [(23, 10), (24, 10), (25, 11), (48, 11), (49, 12)])
def test_hours_after_a_day_run_from_its_end(hours: int, day: int) -> None:
    """A step so many hours after a day that is no instant falls on the day on which they are over."""
    name = "part_d.redetermination.decision"
    (rule,) = book().rules[name]
    then = ({"name": "next", "op": "add_hours", "n": hours},)
    with using(replace(book(), rules={**book().rules, name: (replace(rule, then=then),)})):
        clock = stage_clock("medicare_part_d", "redetermination_decision", Facts(received=RECEIVED))
    assert (clock.deadline, clock.extras["next"]) == (date(2026, 3, 9), date(2026, 3, day))


def test_a_day_where_an_hour_is_needed_is_named() -> None:
    for stage, name, facts in (
        ("urgent_claim_decision", "received", {"received": RECEIVED}),
        ("urgent_claim_incomplete", "information_received", {"information_received": RECEIVED}),
    ):
        error = stage_clock(GROUP, stage, Facts(**facts)).error
        assert (error.code, error.field) == ("time_missing", name)
    statement = stage_clock(
        "medicare_part_d", "exception_decision_with_statement", Facts(supporting_statement=RECEIVED)
    )
    assert (statement.error.code, statement.error.field) == ("time_missing", "supporting_statement")


def test_a_hearing_is_not_asked_for_before_the_plans_time_ran_out() -> None:
    """42 CFR 431.244(f)(1)(i), 438.408(c)(3): the days between are left out, none of them twice."""
    begun = {"mco_appeal_filed": RECEIVED, "deemed_exhausted_on": date(2026, 4, 2)}
    stage = ("medicaid_managed_care", "state_fair_hearing_decision")
    before, on, after = (
        stage_clock(*stage, Facts(**begun, sfh_requested=date(2026, 4, day))) for day in (1, 2, 3)
    )
    assert (before.error.code, before.error.field) == ("impossible_order", "sfh_requested")
    assert [on.deadline, after.deadline] == [date(2026, 5, 31), date(2026, 6, 1)]


def test_only_what_is_in_doubt_is_told_as_in_doubt() -> None:
    """45 CFR 147.136(d)(2)(i): a notice received on the date on it; only whether a Saturday moves can be argued."""
    day = date(2026, 1, 16)
    for facts in (Facts(receipt=day), Facts(notice_date=day, receipt=day)):
        clock = stage_clock(GROUP, "external_review_filing", facts)
        (told,) = [line for line in clock.arithmetic if line.startswith("The earliest date in question")]
        assert told.startswith(
            "The earliest date in question, because a last day that is no working day may not move to the next one: "
        )


# -- what is read -------------------------------------------------------------------------------------------------------------
def parsed(**inputs: object) -> Facts:
    return parse_facts(inputs)[0]


def test_a_day_and_an_instant_are_read_in_their_short_forms_too() -> None:
    assert parsed(notice_date="20260302").notice_date == RECEIVED
    at = parsed(received="20260302T10", tz="America/New_York").received
    assert at == datetime(2026, 3, 2, 10, tzinfo=NEW_YORK)
    # A fact that is a day keeps none of the hour; when it was recorded does.
    assert str(parsed(notice_date="2026-03-02T23:30", tz="America/New_York").notice_date) == "2026-03-02"
    kept = parsed(recorded_at="2026-03-02T23:30Z").recorded_at
    assert kept == datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["America", "/etc/passwd", "", "a\0b", "../x", "Mars/Base"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(Unclear) as refused:
        parse_facts({"tz": zone})
    assert (refused.value.reason.code, refused.value.reason.field) == ("unknown_zone", "zone")


def test_two_names_of_one_fact_agree_by_the_day_where_it_took_place() -> None:
    zones = {"tz": "UTC", "receipt_tz": "America/New_York"}
    late = "2026-03-03T02:00Z"
    assert parsed(receipt_date="2026-03-02", receipt_instant=late, **zones).day("receipt") == RECEIVED
    assert parsed(received_date="2026-03-03", received=late, **zones).day("received") == date(2026, 3, 3)
    told = parsed(incomplete_notice="2026-03-02", notice_of_incomplete=late, **zones)
    assert told.day("incomplete_notice") == RECEIVED
    for wrong in ({"receipt_date": "2026-03-03", "receipt_instant": late},
                  {"incomplete_notice": "2026-03-03", "notice_of_incomplete": late},
                  {"received_date": "2026-03-02", "received": late}):  # fmt: skip
        with pytest.raises(Unclear) as refused:
            parse_facts({**wrong, **zones})
        assert refused.value.reason.code == "two_values"


# -- states -------------------------------------------------------------------------------------------------------------------
def test_a_states_window_is_on_record_from_its_first_day() -> None:
    """45 CFR 147.136(c), (d): from July 22, 2011; Pennsylvania's own process from January 1, 2024 (Act 146 of 2022)."""
    for code, state in book().states.items():
        first = date(2024, 1, 1) if code == "PA" else date(2011, 7, 22)
        asked = [
            stage_clock(INDIVIDUAL, "external_review_filing", Facts(state=code, **{name: day}))
            for name in ("notice_date", "receipt")
            for day in (date.fromordinal(first.toordinal() - 1), first)
        ]
        told = [clock.error.code if clock.error else None for clock in asked]
        assert told[::2] == ["not_in_force"] * 2 and "not_in_force" not in told[1::2], code
        assert {c.error.message for c in asked[::2]} == {f"The process of {state.name} began on {first}."}


def test_a_state_that_is_asked_for_goes_before_the_one_a_stage_is_about() -> None:
    facts = Facts(received=RECEIVED)
    assert stage_clock(INSURED, "appeal_decision_texas", facts, "OR").error.code == "two_states"
    for where in ("TX", "unknown", None):
        assert stage_clock(INSURED, "appeal_decision_texas", facts, where).deadline == date(2026, 4, 1)


def test_a_state_nobody_knows_is_no_state_of_a_ladder() -> None:
    for facts in (Facts(receipt=RECEIVED, state="unknown"), Facts(receipt=RECEIVED)):
        found = combined_claimant_clock((GROUP, INSURED), 1, facts)
        # The earlier of four months and 120 days, where the state of issue is not known.
        assert (found.deadline, found.governing.regime) == (date(2026, 6, 30), INSURED)


def test_far_beyond_the_last_rung_there_is_nothing() -> None:
    for beyond in (3, 4, 9):
        assert combined_claimant_clock((GROUP,), beyond, Facts(receipt=RECEIVED)).error.code == "no_path"


def test_a_day_and_an_instant_of_two_payers_are_compared() -> None:
    """72 hours of the plan (29 CFR 2560.503-1(i)(2)(i)), three working days of TRICARE's contractor."""
    facts = Facts(received=datetime(2026, 3, 2, 10, tzinfo=NEW_YORK), urgent=True)
    for kinds in ((GROUP, "tricare"), ("tricare", GROUP)):
        found = combined_decision_clock(kinds, 0, facts)
        assert (found.deadline, found.governing.regime) == (date(2026, 3, 5), "tricare")


def test_a_kind_whose_dates_are_not_computed_is_no_path_of_the_unknown() -> None:
    inputs = {"notice_date": "2026-03-02", "state": "CA"}
    row = {"id": 1, "regime": "unknown", "stage": "california_imr_filing", "inputs": inputs}
    assert results_of([row])[0] == {"id": 1, "error": "None of the possible regimes has this step."}


# -- answers ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("about", "other"), [("regulator", "level_completed"), ("level_completed", "regulator")]
)
def test_the_same_word_to_another_question_is_no_reason(about: str, other: str) -> None:
    leads = {"implies": "funding", "as_value": "insured", "sentence": "So."}
    said = {"question": about, "value": "none", **leads}
    with using(replace(book(), implications=(said,))):
        told = ["So." in classify([Answer(question, "none", "letter")]).why for question in (about, other)]
    assert told == [True, False]


def test_among_several_kinds_none_says_alone_that_its_dates_are_not_computed() -> None:
    found = classify([])
    assert not book().regimes["va_champva"].complete and "va_champva" in found.candidates
    assert found.why[-1].startswith("More than one kind of coverage fits: ")


def test_a_torn_answer_late_in_the_alphabet_is_disputed_too() -> None:
    torn = [Answer("urgent", "yes_clinician", "letter"), Answer("urgent", "no", "card")]
    assert disputed([Answer("program", "chip", "card"), *torn]) == tuple(torn)
