"""The clock as specification: one vector a line, its edge inside, one past it outside."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appeals.clock import (
    Clock,
    Facts,
    claimant_clock,
    continuation_clock,
    decision_clock,
    request_clock,
    stage_clock,
)
from appeals.clock.combined import combined_claimant_clock, combined_decision_clock, combined_stage_clock
from appeals.clock.facts import Moment, parse_facts
from appeals.clock.vectors import read_vectors, results_of
from appeals.dues import request_due
from appeals.regimes import book, ladder
from appeals.regimes.classifier import Classification
from appeals.rules import decided_in_time, inside_filing_window

FOLDER = Path(__file__).parent / "vectors"
VECTORS = [v for path in sorted(FOLDER.glob("*.json")) for v in read_vectors(path)]
WALKED = read_vectors(FOLDER / "hazards" / "walked.json")
"""Found and worked out by the walker; `test_hazards.py` holds them."""
WORKED = [v for v in VECTORS if "late" in v]
COMPLETE = [r for r in book().regimes.values() if r.complete and not r.combines]


def clock_of(vector: dict) -> Clock:
    facts, _ = parse_facts(vector["inputs"])
    return stage_clock(vector["regime"], vector["stage"], facts)


def one_past(last: Moment) -> Moment:
    return last + timedelta(microseconds=1) if isinstance(last, datetime) else last + timedelta(days=1)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["id"])
def test_vector(vector: dict) -> None:
    result = results_of([vector])[0]
    assert {k: result.get(k) for k in vector["expect"]} == vector["expect"], result.get("error")
    assert result["citation"] and result["rule_id"] and result["version"] >= 1 and result["confidence"]
    assert result["arithmetic"] and all(
        isinstance(line, str) and line.endswith(".") for line in result["arithmetic"]
    )


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["regime"] != "unknown"], ids=lambda v: v["id"])
def test_the_last_moment_is_inside_and_one_past_it_is_outside(vector: dict) -> None:
    clock = clock_of(vector)
    if clock.actor == "claimant":
        assert inside_filing_window(clock, clock.deadline) is None
        assert inside_filing_window(clock, one_past(clock.deadline)).code == "outside_filing_window"
    else:
        assert decided_in_time(clock, clock.overdue_after) is None
        assert decided_in_time(clock, one_past(clock.overdue_after)).code == "decided_late"


def moment(text: str) -> Moment:
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


@pytest.mark.parametrize("actor", ["claimant", "payer", "reviewer"])
def test_the_first_moment_outside_is_the_one_worked_out_by_hand(actor: str) -> None:
    """`late` is one past the edge, counted from the words of the rule like the edge itself."""
    wrong = []
    for vector in WORKED:
        clock, late = clock_of(vector), moment(vector["late"])
        if clock.actor != actor:
            continue
        before = late - (timedelta(minutes=1) if isinstance(late, datetime) else timedelta(days=1))
        judged = inside_filing_window if actor == "claimant" else decided_in_time
        outside = judged(clock, late)
        if judged(clock, before) is not None or outside is None:
            wrong.append(vector["id"])
        else:
            assert outside.code == ("outside_filing_window" if actor == "claimant" else "decided_late")
    assert wrong == []


def test_every_rule_of_a_complete_regime_has_a_vector_and_every_version_too() -> None:
    tried = {(r["rule_id"], r["version"]) for r in results_of(VECTORS) if "rule_id" in r}
    used = {s.rule for r in COMPLETE for s in r.stages.values() if s.rule}
    assert {(rule.id, rule.version) for name in used for rule in book().rules[name]} - tried == set()


def test_every_rule_has_a_vector_at_its_edge_and_one_past_it() -> None:
    """Every version of every rule, of a complete regime or not, of the states and of their own clocks."""
    worked = {(r["rule_id"], r["version"]) for r in results_of(WORKED)}
    rules = [rule for versions in book().rules.values() for rule in versions]
    rules += [s.filing for s in book().states.values() if s.filing] + [book().state_default]
    rules += [stage.rule for state in book().states.values() for stage in state.stages.values()]
    assert {(rule.id, rule.version) for rule in rules} - worked == set()


def test_every_vector_says_which_law_it_was_worked_out_from() -> None:
    assert [v["id"] for v in (*VECTORS, *WALKED) if not v.get("citation", "").strip()] == []
    assert len({v["id"] for v in (*VECTORS, *WALKED)}) == len(VECTORS) + len(WALKED) >= 1_500


def test_what_a_state_adds_to_the_time_to_decide_is_told_beside_it() -> None:
    appeal = ladder("fully_insured_group", "NY")[0]
    clock = decision_clock(appeal, Facts(received=date(2026, 3, 2), urgent=False))
    assert clock.deadline == date(2026, 4, 1)
    (told,) = [f.text for f in clock.flags if f.code == "state_clock"]
    # N.Y. Ins. Law 4904(c), (e): 30 days of having what was needed, and a missed time reverses the denial.
    assert "Wednesday, April 1, 2026 (N.Y. Ins. Law 4904(c), (e)" in told and "reversed" in told
    urgent = decision_clock(
        appeal, Facts(received=datetime(2026, 7, 2, 10, tzinfo=ZoneInfo("America/New_York")), urgent=True)
    )
    # Two business days: July 3 is the observed holiday, then a weekend.
    assert any("Tuesday, July 7, 2026" in f.text for f in urgent.flags)
    for level in (ladder("fully_insured_group", "OR")[0], ladder("erisa_self_funded")[0]):
        plain = decision_clock(level, Facts(received=date(2026, 3, 2), state="NY"))
        assert not [f for f in plain.flags if f.code == "state_clock"]


def test_a_clock_of_one_state_is_no_clock_of_another() -> None:
    facts, _ = parse_facts({"received_date": "2026-03-02", "state": "OR"})
    other = stage_clock("fully_insured_group", "appeal_decision_texas", facts)
    assert other.error.code == "two_states"
    assert stage_clock("erisa_self_funded", "appeal_decision_texas", facts).error.code == "no_such_stage"


def test_a_regime_that_borrows_its_rules_is_no_surer_than_the_borrowing() -> None:
    own, church = (
        stage_clock(key, "internal_appeal_1", Facts(receipt=date(2026, 3, 2)))
        for key in ("erisa_self_funded", "church_self_funded")
    )
    assert (own.deadline, own.confidence, own.confirm_with_letter) == (church.deadline, "verified", False)
    assert (church.confidence, church.confirm_with_letter) == ("knowledge", True)


def test_every_stage_of_a_complete_regime_computes_or_says_what_is_missing() -> None:
    for regime in COMPLETE:
        for key in regime.stages:
            clock = stage_clock(regime.key, key, Facts())
            assert clock.deadline is None and clock.error.message.endswith((".", "?")), (regime.key, key)


def test_what_the_file_expects_and_its_rule_are_not_read() -> None:
    vector = dict(VECTORS[0], rule={"op": "add_days", "n": 1}, expected={"deadline": "1999-01-01"})
    assert results_of([vector]) == results_of([VECTORS[0]])


# -- traps -------------------------------------------------------------------------------------------------------------
def test_the_date_of_receipt_is_the_recipients() -> None:
    facts, _ = parse_facts({"receipt_instant": "2026-02-01T07:30:00Z", "receipt_tz": "America/Los_Angeles"})
    assert stage_clock("individual_aca", "internal_appeal_1", facts).deadline == date(2026, 7, 30)


def test_of_the_repeated_autumn_hour_the_payer_gets_the_later() -> None:
    facts, _ = parse_facts({"received": "2026-11-01T01:30", "tz": "America/New_York"})
    assert stage_clock("erisa_self_funded", "urgent_appeal_decision", facts).deadline_utc == datetime(
        2026, 11, 4, 6, 30, tzinfo=UTC
    )


def test_an_extension_in_days_keeps_the_wall_time() -> None:
    facts, _ = parse_facts(
        {"received": "2026-02-20T12:00", "tz": "America/New_York", "extension_noticed": True}
    )
    clock = stage_clock("medicare_advantage", "org_determination_expedited", facts)
    assert clock.deadline.isoformat() == "2026-03-09T12:00:00-04:00"


def test_hours_are_never_days() -> None:
    facts, _ = parse_facts({"received": "2026-03-06T16:00", "tz": "America/New_York"})
    clock = stage_clock("erisa_self_funded", "urgent_appeal_decision", facts)
    assert decided_in_time(clock, datetime(2026, 3, 9, 16, 59, tzinfo=ZoneInfo("America/New_York"))) is None
    assert (
        decided_in_time(clock, datetime(2026, 3, 9, 17, 1, tzinfo=ZoneInfo("America/New_York"))).code
        == "decided_late"
    )


def test_a_letter_with_an_earlier_date_is_worked_to_and_called_doubtful() -> None:
    facts = Facts(receipt=date(2026, 3, 15), stated=date(2026, 5, 14))
    clock = stage_clock("erisa_self_funded", "internal_appeal_1", facts)
    assert (clock.headline, clock.deadline) == (date(2026, 5, 14), date(2026, 9, 11))
    assert "letter_earlier_than_rule" in [f.code for f in clock.flags]
    assert inside_filing_window(clock, date(2026, 9, 11)) is None


def test_a_letter_with_a_later_date_is_never_preferred() -> None:
    clock = stage_clock(
        "erisa_self_funded", "internal_appeal_1", Facts(receipt=date(2026, 3, 15), stated=date(2026, 12, 1))
    )
    assert clock.headline == date(2026, 9, 11)
    assert "letter_later_than_rule" in [f.code for f in clock.flags]


def test_a_payer_is_not_called_late_while_the_longer_time_may_bind_it() -> None:
    clock = stage_clock(
        "medicaid_managed_care", "service_authorization_standard", Facts(received=date(2026, 3, 2))
    )
    assert (clock.deadline, clock.overdue_after) == (date(2026, 3, 9), date(2026, 3, 16))
    later = stage_clock(
        "medicaid_managed_care", "service_authorization_standard", Facts(received=date(2027, 3, 2))
    )
    assert (later.deadline, later.overdue_after) == (date(2027, 3, 9), date(2027, 3, 9))


def test_an_uncertain_state_takes_the_earlier_and_says_so() -> None:
    clock = stage_clock("individual_aca", "external_review_state_missouri", Facts(receipt=date(2026, 1, 5)))
    assert clock.deadline == date(2026, 5, 5) and clock.confirm_with_letter
    assert "window_not_certain" in [f.code for f in clock.flags]


# -- ladders -----------------------------------------------------------------------------------------------------------
FULL = Facts(
    notice_date=date(2026, 3, 2),
    receipt=date(2026, 3, 4),
    received=datetime(2026, 4, 1, 10, tzinfo=ZoneInfo("America/Chicago")),
    zone="America/Chicago",
    stated=date(2029, 1, 1),
    mco_appeal_filed=date(2026, 3, 5),
    mco_resolution_notice=date(2026, 4, 2),
    sfh_requested=date(2026, 4, 10),
    case_file_received=date(2026, 4, 12),
    sent=date(2026, 3, 2),
    effective_date=date(2026, 3, 20),
    care_date=date(2026, 2, 1),
    reconsideration_requested=date(2026, 3, 10),
    grievance_filed=date(2026, 1, 5),
    information_received=datetime(2026, 4, 2, 10, tzinfo=ZoneInfo("America/Chicago")),
)


@pytest.mark.parametrize("regime", [r.key for r in COMPLETE])
@pytest.mark.parametrize("state", [None, "OR", "CA", "FL", "MO"])
@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize("levels", [None, 1, 2])
def test_the_ladder_is_climbed_with_both_clocks_at_every_level(
    regime: str, state: str | None, urgent: bool, levels: int | None
) -> None:
    facts = Facts(
        **{
            **FULL.__dict__,
            "urgent": urgent,
            "levels": levels if book().regimes[regime].max_levels == 2 else None,
        }
    )
    assert (request_clock(regime, facts).error is None) == bool(book().regimes[regime].requests)
    rungs = ladder(regime, state, facts.levels)
    assert [r.position for r in rungs] == list(range(len(rungs)))
    assert [r.kind == "court" for r in rungs] == [False] * (len(rungs) - 1) + [True]
    assert [r.last_before_court for r in rungs] == [False] * (len(rungs) - 2) + [True, False]
    for level in rungs:
        mine, theirs = claimant_clock(level, facts), decision_clock(level, facts)
        assert (mine.error is None) == (level.opened_by != "forwarding"), (level.key, mine.error)
        assert mine.safe_date is None or mine.safe_date <= mine.deadline
        assert (theirs.error is None) == bool(level.decisions), (level.key, theirs.error)


def test_every_level_but_a_court_has_a_time_to_decide_where_a_rule_sets_one() -> None:
    without = {(r.key, lvl.key) for r in COMPLETE for lvl in r.levels if not lvl.decisions}
    courts = {(r.key, lvl.key) for r in COMPLETE for lvl in r.levels if lvl.kind == "court"}
    # 32 CFR 199.10(d) sets no time for the hearing officer.
    assert without - courts == {("tricare", "independent_hearing")} and courts <= without
    assert [r.key for r in COMPLETE if not r.requests] == []


def test_a_second_internal_level_appears_when_the_plan_has_two() -> None:
    assert [lvl.key for lvl in ladder("erisa_self_funded", levels=2)] == [
        "internal_appeal_1",
        "internal_appeal_2",
        "external_review",
        "court",
    ]
    assert [lvl.key for lvl in ladder("erisa_self_funded")] == [
        "internal_appeal_1",
        "external_review",
        "court",
    ]


def test_continuation_of_benefits_has_its_own_clock() -> None:
    facts = Facts(sent=date(2026, 7, 6), effective_date=date(2026, 7, 13))
    assert continuation_clock("medicaid_managed_care", facts).deadline == date(2026, 7, 16)
    hearing = ladder("medicaid_managed_care")[1]
    assert continuation_clock(
        "medicaid_managed_care", Facts(sent=date(2026, 9, 1)), hearing
    ).deadline == date(2026, 9, 11)
    assert continuation_clock("medicare_advantage", facts) is None


@pytest.mark.parametrize("regime", [r.key for r in book().regimes.values() if not r.complete])
def test_an_incomplete_regime_has_no_ladder_and_only_the_letters_date(regime: str) -> None:
    facts = Facts(receipt=date(2026, 3, 2), stated=date(2026, 5, 1))
    clock = request_clock(regime, facts)
    assert (ladder(regime), clock.deadline, clock.headline, clock.error.code) == (
        (),
        None,
        date(2026, 5, 1),
        "not_complete",
    )


# -- more than one regime ----------------------------------------------------------------------------------------------
def test_unknown_takes_the_earlier_for_the_patient_and_the_later_for_the_payer() -> None:
    both = ("erisa_self_funded", "fully_insured_group")
    facts = Facts(receipt=date(2026, 10, 15), received=date(2026, 10, 20), urgent=False)
    mine = combined_claimant_clock(both, 1, facts, "MI")
    assert (mine.deadline, mine.safe_date) == (date(2027, 2, 12), date(2027, 2, 12))
    assert [p.clock.deadline for p in mine.paths] == [date(2027, 2, 16), date(2027, 2, 12)]
    theirs = combined_decision_clock(both, 1, facts, "NY")
    assert (theirs.deadline, [p.clock.deadline for p in theirs.paths]) == (
        date(2026, 12, 4),
        [date(2026, 12, 4), date(2026, 11, 19)],
    )


def test_a_path_without_a_date_is_named_and_the_earliest_known_stands_in_front() -> None:
    found = combined_claimant_clock(
        ("erisa_self_funded", "va_champva"), 0, Facts(receipt=date(2026, 3, 15), stated=date(2026, 6, 1))
    )
    assert (found.headline, found.error.code) == (date(2026, 6, 1), "not_complete")


def test_a_path_that_the_plan_opens_adds_no_date() -> None:
    found = combined_claimant_clock(
        ("medicare_advantage", "erisa_self_funded"), 1, Facts(receipt=date(2026, 3, 16))
    )
    assert (found.deadline, found.error) == (date(2026, 7, 16), None)


def test_one_stage_over_the_candidates_that_have_it() -> None:
    found = combined_stage_clock(
        ("erisa_self_funded", "individual_aca", "fehb"),
        "preservice_claim_decision",
        Facts(received=date(2026, 3, 2)),
    )
    assert (found.deadline, len(found.paths)) == (date(2026, 3, 17), 3)


def test_the_vectors_are_plain_json() -> None:
    assert json.loads(json.dumps(results_of(VECTORS)))


def test_the_citation_in_front_is_that_of_the_shortest_window() -> None:
    facts = Facts(receipt=date(2026, 10, 15))
    found = combined_claimant_clock(("erisa_self_funded", "fully_insured_group"), 1, facts, "MI")
    assert (found.safe_date, found.governing.regime) == (date(2027, 2, 12), "fully_insured_group")


def test_the_branch_that_gives_a_payers_later_date_stands_as_a_line_and_is_named() -> None:
    """42 CFR 405.922: 30 days for a clean claim, 45 for any other; late is only what is later than both."""
    facts = Facts(received=date(2026, 11, 9))
    clock = stage_clock("original_medicare", "initial_determination", facts)
    assert (clock.deadline, clock.overdue_after) == (date(2026, 12, 9), date(2026, 12, 24))
    assert clock.arithmetic == (
        "When the request was received: Monday, November 9, 2026.",
        "+ 30 calendar days, the first day not counted = Wednesday, December 9, 2026.",
        clock.longer,
        "It counts as late only after the later of these: Thursday, December 24, 2026.",
    )
    assert clock.longer == (
        "At the longest this rule allows (42 CFR 405.922; 42 U.S.C. 1395h(c)(2), 1395u(c)(2)): When the request was"
        " received: Monday, November 9, 2026. + 45 calendar days, the first day not counted = Thursday, December 24, 2026."
    )
    found = Classification(None, ("medicare_advantage", "original_medicare"), False, (), (), (), None)
    due = request_due(found, facts, subject_id=1)
    assert due.due == date(2026, 12, 24)
    assert due.arithmetic[-2:] == (
        f"Original Medicare (Parts A and B): {clock.longer}",
        "It is not known which of these applies; the latest of these is defensible: Thursday, December 24, 2026,"
        " from Original Medicare (Parts A and B), at the longest this rule allows.",
    )


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        ("none", "nothing proves when the notice was received"),
        ("certified_mail", "the day of receipt can be disputed"),
    ],
)
def test_the_earliest_date_in_question_is_told_with_its_reason(evidence: str, why: str) -> None:
    facts = Facts(notice_date=date(2026, 11, 13), receipt=date(2026, 11, 19), receipt_evidence=evidence)
    clock = stage_clock("erisa_self_funded", "internal_appeal_1", facts)
    assert clock.arithmetic[2:] == (
        f"The earliest date in question, because {why}, so the time may be counted from an earlier day:"
        " The date on the notice: Friday, November 13, 2026."
        " + 180 calendar days, the first day not counted = Wednesday, May 12, 2027.",
        "Work to Wednesday, May 12, 2027: a business day.",
    )


def test_the_letters_earlier_date_and_a_weekend_are_steps_too() -> None:
    facts = Facts(notice_date=date(2026, 11, 16), stated=date(2027, 3, 1))
    clock = stage_clock("erisa_self_funded", "internal_appeal_1", facts)
    assert (clock.safe_date, clock.headline) == (date(2027, 5, 14), date(2027, 3, 1))
    assert clock.arithmetic[-2:] == (
        "Work to Friday, May 14, 2027: the last business day on or before Saturday, May 15, 2027"
        " (weekends and Federal holidays left out).",
        "The letter states Monday, March 1, 2027, which is earlier: work to it.",
    )
