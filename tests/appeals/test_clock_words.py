"""How a date is told step by step, and the edges of what may be recorded, each worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from appeals.clock import Clock, Facts, claimant_clock, decision_clock, stage_clock
from appeals.clock.arithmetic import add_calendar_days, earlier, later, order_of, words_of
from appeals.clock.combined import combined_stage_clock
from appeals.regimes import book, ladder, using

NEW_YORK, CHICAGO = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")
GROUP, FFS, MANAGED = "erisa_self_funded", "medicaid_ffs", "medicaid_managed_care"


def codes(clock: Clock) -> list[str]:
    return [flag.code for flag in clock.flags]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 1, 5), "Monday, January 5, 2026"),
        (date(2026, 2, 3), "Tuesday, February 3, 2026"),
        (date(2026, 3, 4), "Wednesday, March 4, 2026"),
        (date(2026, 4, 2), "Thursday, April 2, 2026"),
        (date(2026, 5, 1), "Friday, May 1, 2026"),
        (date(2026, 6, 6), "Saturday, June 6, 2026"),
        (date(2026, 7, 5), "Sunday, July 5, 2026"),
        (date(2026, 8, 3), "Monday, August 3, 2026"),
        (date(2026, 9, 1), "Tuesday, September 1, 2026"),
        (date(2026, 10, 7), "Wednesday, October 7, 2026"),
        (date(2026, 11, 5), "Thursday, November 5, 2026"),
        (date(2026, 12, 4), "Friday, December 4, 2026"),
        (datetime(2026, 12, 4, 9, 5, tzinfo=NEW_YORK), "Friday, December 4, 2026 at 09:05 (UTC-0500)"),
    ],
)
def test_a_moment_in_words(day: date, said: str) -> None:
    assert words_of(day) == said


def test_a_day_lasts_until_its_end() -> None:
    day, noon = date(2026, 3, 2), datetime(2026, 3, 2, 12, tzinfo=UTC)
    next_day = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    assert order_of(noon) < order_of(day) < order_of(next_day)
    assert (earlier(day, noon), later(day, noon)) == (noon, day)
    assert (earlier(noon, day), later(noon, day)) == (noon, day)
    assert (earlier(day, next_day), later(next_day, day)) == (day, next_day)
    # Two instants are compared as instants: 11:00 in Chicago is after 11:30 in New York.
    east, west = datetime(2026, 3, 2, 11, 30, tzinfo=NEW_YORK), datetime(2026, 3, 2, 11, tzinfo=CHICAGO)
    assert (earlier(east, west), later(east, west)) == (east, west)


def test_the_same_wall_time_is_the_later_of_two_instants_where_clocks_change() -> None:
    """March 8, 2026 has no 02:30 in New York, November 1 has 01:30 twice."""
    none = add_calendar_days(datetime(2026, 2, 22, 2, 30, tzinfo=NEW_YORK), 14)
    twice = add_calendar_days(datetime(2026, 10, 18, 1, 30, tzinfo=NEW_YORK), 14)
    assert none.astimezone(UTC) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert twice.astimezone(UTC) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    plain = add_calendar_days(datetime(2026, 5, 1, 10, tzinfo=NEW_YORK), 14)
    assert plain == datetime(2026, 5, 15, 10, tzinfo=NEW_YORK) and plain.tzinfo is NEW_YORK


def test_days_before_a_day_are_told_as_days_before() -> None:
    """42 CFR 431.230(a): a hearing asked for before the date of action, so at the latest on the day before it."""
    clock = stage_clock(FFS, "continuation_of_benefits_request", Facts(effective_date=date(2026, 7, 15)))
    assert clock.arithmetic[:2] == (
        "The day the change takes effect: Wednesday, July 15, 2026.",
        "1 calendar day before = Tuesday, July 14, 2026.",
    )


def test_a_last_day_that_moves_is_told_with_both_days() -> None:
    """45 CFR 147.136(d)(2)(i): four months after Tuesday, January 13 is a Wednesday; after January 16 a Saturday."""
    stays, moves = (
        stage_clock(GROUP, "external_review_filing", Facts(receipt=date(2026, 1, day))) for day in (13, 16)
    )
    assert (stays.deadline, moves.deadline) == (date(2026, 5, 13), date(2026, 5, 18))
    told = "Saturday, May 16, 2026 is not a working day for this rule: it moves to Monday, May 18, 2026."
    assert told in moves.arithmetic and not any("working day for this rule" in x for x in stays.arithmetic)
    assert any("a last day that is no working day may not move" in x for x in moves.arithmetic)
    assert not any("may not move" in x for x in stays.arithmetic)
    assert moves.safe_date == date(2026, 5, 15)
    told = Facts(notice_date=date(2026, 1, 12), receipt=date(2026, 1, 16))
    of_notice = stage_clock(GROUP, "external_review_filing", told)
    # Four months after the date on the notice is a Tuesday: nothing about it is in doubt but the day of receipt.
    assert of_notice.safe_date == date(2026, 5, 12)
    assert any("The earliest date in question" in x for x in of_notice.arithmetic)
    assert not any("may not move" in x for x in of_notice.arithmetic)


@pytest.mark.parametrize(
    ("regime", "stage", "facts", "line"),
    [
        # 45 CFR 147.136(d)(2)(i): "If there is no corresponding date ... the first day of the fifth month".
        (GROUP, "external_review_filing", Facts(receipt=date(2026, 10, 30)),
         "+ 4 months = Monday, March 1, 2027 (no such date; the first day of the next month)."),
        (GROUP, "external_review_filing", Facts(receipt=date(2026, 10, 28)), "+ 4 months = Sunday, February 28, 2027."),
        ("fehb", "carrier_reconsideration_filing", Facts(notice_date=date(2026, 8, 31)),
         "+ 6 months = Sunday, February 28, 2027 (no such date; the last day of the month)."),
        ("fehb", "carrier_reconsideration_filing", Facts(notice_date=date(2026, 8, 1)),
         "+ 6 months = Monday, February 1, 2027."),
        ("fehb", "court_filing", Facts(care_date=date(2026, 8, 1)),
         "The last day of the year 3 years after = Monday, December 31, 2029."),
        (FFS, "fair_hearing_request", Facts(sent=date(2026, 3, 2), window_days=90),
         "+ 90 calendar days set by the state = Sunday, May 31, 2026."),
        (GROUP, "internal_appeal_2", Facts(receipt=date(2026, 3, 2), plan_window_days=60),
         "+ 60 calendar days set by the plan = Friday, May 1, 2026."),
        (MANAGED, "state_fair_hearing_decision",
         Facts(mco_appeal_filed=date(2026, 3, 2), mco_resolution_notice=date(2026, 4, 1), sfh_requested=date(2026, 4, 11)),
         "10 days between the two are not counted."),
        (MANAGED, "state_fair_hearing_decision",
         Facts(mco_appeal_filed=date(2026, 3, 2), mco_resolution_notice=date(2026, 4, 1), sfh_requested=date(2026, 4, 11)),
         "+ 100 calendar days, the first day not counted = Wednesday, June 10, 2026."),
        (MANAGED, "state_fair_hearing_decision",
         Facts(mco_appeal_filed=date(2026, 3, 2), mco_resolution_notice=date(2026, 4, 1), sfh_requested=date(2026, 4, 1)),
         "0 days between the two are not counted."),
        (MANAGED, "continuation_of_benefits_request", Facts(sent=date(2026, 7, 6), effective_date=date(2026, 7, 20)),
         "The later of these is Monday, July 20, 2026."),
        (GROUP, "urgent_claim_decision", Facts(received=datetime(2026, 3, 2, 15, tzinfo=UTC), zone="America/New_York"),
         "When the request was received: Monday, March 2, 2026 at 10:00 (UTC-0500), in America/New_York."),
        (GROUP, "urgent_claim_decision", Facts(received=datetime(2026, 3, 2, 15, tzinfo=UTC)),
         "When the request was received: Monday, March 2, 2026 at 15:00 (UTC+0000)."),
        (GROUP, "preservice_claim_decision", Facts(received=datetime(2026, 3, 2, 15, tzinfo=UTC), zone="America/New_York"),
         "The day there is Monday, March 2, 2026."),
        (GROUP, "urgent_claim_incomplete",
         Facts(information_received=datetime(2026, 3, 2, 10, tzinfo=UTC),
               claimant_period_end=datetime(2026, 3, 3, 10, tzinfo=UTC)),
         "The earlier of these is Monday, March 2, 2026 at 10:00 (UTC+0000)."),
        (GROUP, "internal_appeal_1", Facts(receipt=datetime(2026, 3, 3, 2, tzinfo=UTC), receipt_zone="America/New_York"),
         "The day of receipt where it was received is Monday, March 2, 2026."),
    ],
)  # fmt: skip
def test_a_step_is_told_in_words(regime: str, stage: str, facts: Facts, line: str) -> None:
    clock = stage_clock(regime, stage, facts)
    assert line in clock.arithmetic, (clock.arithmetic, clock.error)


def test_one_end_alone_is_not_told_as_the_earlier_of_two() -> None:
    facts = Facts(information_received=datetime(2026, 3, 2, 10, tzinfo=UTC))
    clock = stage_clock(GROUP, "urgent_claim_incomplete", facts)
    assert clock.deadline == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert not any("earlier of these" in line for line in clock.arithmetic)


# -- receipt: 42 CFR 422.582(b), 405.942(a): presumed five days after the notice, unless there is evidence either way ---------
APPEAL_MA = ("medicare_advantage", "reconsideration_filing")
NOTICE = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("receipt", "evidence", "deadline", "flags"),
    [
        (None, None, date(2026, 5, 6), []),
        (date(2026, 3, 7), "none", date(2026, 5, 6), []),
        (date(2026, 3, 8), "none", date(2026, 5, 6), ["receipt_not_proven"]),
        (date(2026, 3, 8), "certified_mail", date(2026, 5, 7), []),
        # Whoever says nothing of evidence has none.
        (date(2026, 3, 8), None, date(2026, 5, 6), ["receipt_not_proven"]),
        (date(2026, 3, 7), None, date(2026, 5, 6), []),
        (date(2026, 3, 4), "none", date(2026, 5, 3), []),
    ],
)
def test_only_proof_moves_a_date_past_the_presumed_receipt(
    receipt: date | None, evidence: str | None, deadline: date, flags: list[str]
) -> None:
    clock = stage_clock(*APPEAL_MA, Facts(notice_date=NOTICE, receipt=receipt, receipt_evidence=evidence))
    assert (clock.deadline, [c for c in codes(clock) if c.startswith("receipt")]) == (deadline, flags)
    assert clock.permissive_deadline == (date(2026, 5, 7) if flags else None)
    presumed = receipt is None or bool(flags)
    assert clock.presumption == (
        "Receipt presumed 5 calendar days after the date on the notice" if presumed else ""
    )
    assert (
        "Receipt is presumed 5 calendar days later: Saturday, March 7, 2026." in clock.arithmetic
    ) == presumed


def test_the_earliest_reading_names_what_it_doubts() -> None:
    presumed = stage_clock(*APPEAL_MA, Facts(notice_date=NOTICE))
    assert any(
        "the 5 days presumed for the notice to arrive may not be added" in x for x in presumed.arithmetic
    )
    assert presumed.safe_date == date(2026, 5, 1)
    same = stage_clock(GROUP, "internal_appeal_1", Facts(notice_date=NOTICE, receipt=NOTICE))
    assert not any("earliest date in question" in line for line in same.arithmetic)
    unproven = stage_clock(GROUP, "internal_appeal_1", Facts(notice_date=NOTICE, receipt=date(2026, 3, 5)))
    assert any("nothing proves when the notice was received" in line for line in unproven.arithmetic)


def test_without_a_day_of_receipt_the_date_on_the_notice_is_the_earliest() -> None:
    clock = stage_clock(GROUP, "internal_appeal_1", Facts(notice_date=NOTICE))
    assert (clock.deadline, codes(clock)) == (date(2026, 8, 29), ["receipt_unknown"])
    assert clock.presumption.startswith("Receipt taken as the date on the notice")
    sent = stage_clock(GROUP, "internal_appeal_1", Facts(sent=NOTICE))
    assert (sent.deadline, sent.inputs) == (date(2026, 8, 29), (("sent", "2026-03-02"),))


# -- numbers that a state or a plan sets ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "stage", "facts", "days", "fits"),
    [
        (MANAGED, "state_fair_hearing_filing", {"notice_date": NOTICE}, (90, 120), True),
        (MANAGED, "state_fair_hearing_filing", {"notice_date": NOTICE}, (89, 121), False),
        (FFS, "fair_hearing_request", {"sent": NOTICE}, (1, 90), True),
        (FFS, "fair_hearing_request", {"sent": NOTICE}, (0, 91), False),
        (FFS, "fair_hearing_request", {"notice_date": NOTICE}, (1, 90), True),
        (FFS, "fair_hearing_request", {"notice_date": NOTICE}, (0, 91), False),
    ],
)
def test_a_window_is_inside_what_the_regulation_leaves(
    regime: str, stage: str, facts: dict[str, date], days: tuple[int, int], fits: bool
) -> None:
    """42 CFR 438.408(f)(2): no earlier than 90 and no later than 120 days; 431.221(d): not to exceed 90."""
    for n in days:
        clock = stage_clock(regime, stage, Facts(**facts, window_days=n))
        if fits:
            assert clock.deadline == date.fromordinal(NOTICE.toordinal() + n) and clock.error is None
        else:
            assert (clock.deadline, clock.error.code) == (None, "impossible_window")


def test_a_window_nobody_recorded_is_the_shortest_and_says_so() -> None:
    unknown = stage_clock(MANAGED, "state_fair_hearing_filing", Facts(notice_date=NOTICE))
    assert (unknown.deadline, unknown.permissive_deadline) == (date(2026, 5, 31), date(2026, 6, 30))
    assert "window_unknown" in codes(unknown)
    known = stage_clock(MANAGED, "state_fair_hearing_filing", Facts(notice_date=NOTICE, window_days=100))
    assert (known.permissive_deadline, "window_unknown" in codes(known)) == (None, False)
    assert ("window_days", "100") in known.inputs


# -- extensions: 29 CFR 2560.503-1(f)(2)(iii)(A), (f)(4) -----------------------------------------------------------------------
RECEIVED = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("facts", "deadline", "flag", "line"),
    [
        ({"extension_notice_date": date(2026, 3, 17)}, date(2026, 4, 1), "",
         "+ 15 days of extension = Wednesday, April 1, 2026."),
        ({"extension_notice_date": date(2026, 3, 18)}, date(2026, 3, 17), "extension_too_late",
         "The extension notice of Wednesday, March 18, 2026 came too late and is not counted."),
        ({"extension_noticed": True}, date(2026, 4, 1), "extension_date_missing",
         "+ 15 days of extension = Wednesday, April 1, 2026."),
        ({"extension_noticed": True, "extension_days": 5}, date(2026, 3, 22), "extension_date_missing",
         "+ 5 days of extension = Sunday, March 22, 2026."),
        ({"extension_noticed": True, "extension_days": 20}, date(2026, 4, 1), "extension_date_missing",
         "+ 15 days of extension = Wednesday, April 1, 2026."),
        ({"extension_notice_date": date(2026, 3, 10), "information_received": date(2026, 3, 20)}, date(2026, 4, 11), "",
         "+ 15 days of extension and 10 days of waiting for information = Saturday, April 11, 2026."),
        ({"extension_notice_date": date(2026, 3, 10), "information_received": date(2026, 3, 10)}, date(2026, 4, 1), "",
         "+ 15 days of extension = Wednesday, April 1, 2026."),
        ({"information_requested": date(2026, 3, 10), "information_received": date(2026, 3, 20)}, date(2026, 4, 11), "",
         "+ 15 days of extension and 10 days of waiting for information = Saturday, April 11, 2026."),
        ({"information_requested": date(2026, 3, 10), "extension_noticed": False, "information_received": date(2026, 3, 20)},
         date(2026, 3, 17), "", "+ 15 calendar days, the first day not counted = Tuesday, March 17, 2026."),
    ],
)  # fmt: skip
def test_an_extension_counts_when_it_was_announced_in_time(
    facts: dict[str, object], deadline: date, flag: str, line: str
) -> None:
    clock = stage_clock(GROUP, "preservice_claim_decision", Facts(received=RECEIVED, **facts))
    assert (clock.deadline, [c for c in codes(clock) if c.startswith("extension")]) == (
        deadline,
        [flag] if flag else [],
    )
    assert line in clock.arithmetic


def test_a_rule_says_itself_what_to_confirm_or_a_common_sentence_does() -> None:
    (rule,) = book().rules["claims.appeal_1.filing"]
    common = "Confirm this date with the letter: the rule is not fully verified."
    for changed, said in (
        (replace(rule, confirm="Ask the plan."), ["Ask the plan."]),
        (replace(rule, confidence="knowledge"), [common]),
        (replace(rule, confidence="knowledge", confirm="Ask the plan."), ["Ask the plan."]),
        (rule, []),
    ):
        with using(replace(book(), rules={**book().rules, rule.id: (changed,)})):
            clock = stage_clock(GROUP, "internal_appeal_1", Facts(receipt=RECEIVED))
        assert [f.text for f in clock.flags if f.code == "confirm_with_letter"] == said


def test_an_hour_clock_that_stood_still_keeps_its_hour_too() -> None:
    """Two days of waiting are added to the fourteen of 42 CFR 422.572(b), at the same time of day."""
    (rule,) = book().rules["ma.org_determination.expedited"]
    tolled = replace(rule, extension={**rule.extension, "tolls_for_missing_information": True})
    facts = Facts(
        received=datetime(2026, 3, 2, 10, tzinfo=NEW_YORK),
        zone="America/New_York",
        extension_notice_date=date(2026, 3, 4),
        information_received=date(2026, 3, 6),
    )
    with using(replace(book(), rules={**book().rules, rule.id: (tolled,)})):
        clock = stage_clock("medicare_advantage", "org_determination_expedited", facts)
    assert clock.deadline == datetime(2026, 3, 21, 10, tzinfo=NEW_YORK)


def test_a_clock_without_extension_says_that_the_notice_changes_nothing() -> None:
    """29 CFR 2560.503-1(i)(2)(ii): an appeal has none. A patient's own date does not speak of it."""
    told = stage_clock(GROUP, "preservice_appeal_decision", Facts(received=RECEIVED, extension_noticed=True))
    assert (told.deadline, codes(told)) == (date(2026, 4, 1), ["no_extension_allowed"])
    own = stage_clock(GROUP, "internal_appeal_1", Facts(receipt=RECEIVED, extension_noticed=True))
    assert (own.deadline, codes(own)) == (date(2026, 8, 29), [])


def test_a_payers_stage_over_several_kinds_is_late_only_by_the_latest() -> None:
    """A kind that lacks a fact adds no date, and the payer keeps the benefit of the longer time."""
    found = combined_stage_clock(
        (GROUP, "original_medicare"), "initial_determination", Facts(received=date(2026, 11, 9))
    )
    assert (found.deadline, found.overdue_after, found.headline) == (
        date(2026, 12, 9),
        date(2026, 12, 24),
        date(2026, 12, 24),
    )
    assert found.safe_date is None and found.error is None
    none = combined_stage_clock((GROUP, "fehb"), "preservice_claim_decision", Facts())
    assert (none.deadline, none.governing, none.error.code) == (None, None, "missing_received")


@pytest.mark.parametrize(("stated", "headline", "flag"), [
    (date(2026, 8, 27), date(2026, 8, 27), ["letter_earlier_than_rule"]),
    (date(2026, 8, 28), date(2026, 8, 28), ["letter_earlier_than_rule"]),
    (date(2026, 8, 29), date(2026, 8, 28), []),
    (date(2026, 8, 30), date(2026, 8, 28), ["letter_later_than_rule"]),
])  # fmt: skip
def test_the_letters_date_against_the_rules(stated: date, headline: date, flag: list[str]) -> None:
    """180 days after March 2 is Saturday, August 29; the last business day before it is the 28th."""
    clock = stage_clock(GROUP, "internal_appeal_1", Facts(receipt=RECEIVED, stated=stated))
    assert (clock.deadline, clock.safe_date, clock.headline, codes(clock)) == (
        date(2026, 8, 29),
        date(2026, 8, 28),
        headline,
        flag,
    )
    told = f"The letter states {words_of(stated)}, which is earlier: work to it."
    assert (told in clock.arithmetic) == (stated < date(2026, 8, 28))


def test_a_notice_that_bears_an_earlier_date_than_it_was_sent_is_doubted() -> None:
    """42 CFR 438.420(a): ten days of sending; whoever counts from the date on the notice comes to an earlier day."""
    facts = Facts(notice_date=date(2026, 7, 2), sent=date(2026, 7, 6), effective_date=date(2026, 7, 10))
    clock = stage_clock(MANAGED, "continuation_of_benefits_request", facts)
    assert (clock.deadline, clock.safe_date) == (date(2026, 7, 16), date(2026, 7, 10))
    assert any("the notice bears an earlier date than the day it was sent" in x for x in clock.arithmetic)
    same = stage_clock(MANAGED, "continuation_of_benefits_request",
                       Facts(sent=date(2026, 7, 6), effective_date=date(2026, 7, 10)))  # fmt: skip
    assert not any("bears an earlier date" in x for x in same.arithmetic)


def test_an_act_that_moves_no_day_is_not_named() -> None:
    """EBSA Notice 2021-01: a notice that came on the last day of the outbreak period has its 180 days from there."""
    last, before = (
        stage_clock(GROUP, "internal_appeal_1", Facts(receipt=date(2023, 7, day))) for day in (10, 9)
    )
    assert (last.deadline, last.original_deadline, last.override) == (date(2024, 1, 6), None, "")
    assert (before.deadline, before.original_deadline) == (date(2024, 1, 6), date(2024, 1, 5))
    assert before.override.startswith("COVID-19 outbreak period")


def test_the_outbreak_period_binds_the_plans_of_erisa_alone() -> None:
    """EBSA Notice 2021-01 speaks to plans under ERISA; for any other coverage the earlier date stands."""
    notice = Facts(receipt=date(2020, 2, 10))
    for regime in (GROUP, "fully_insured_group"):
        assert stage_clock(regime, "internal_appeal_1", notice).deadline == date(2021, 8, 7)
    for regime in ("individual_aca", "nonfederal_governmental_self_funded", "church_self_funded"):
        clock = stage_clock(regime, "internal_appeal_1", notice)
        assert (clock.deadline, clock.override) == (date(2020, 8, 8), ""), regime


@pytest.mark.parametrize("name", ["mco_resolution_notice", "notice_date"])
@pytest.mark.parametrize(
    ("regime", "stage"), [(MANAGED, "state_fair_hearing_filing"), ("chip", "state_review_filing")]
)
def test_the_window_of_a_review_runs_from_the_notice_by_either_name(
    regime: str, stage: str, name: str
) -> None:
    """42 CFR 438.408(f)(2), 457.1260: 90 days at least, 120 at most."""
    clock = stage_clock(regime, stage, Facts(**{name: NOTICE}))
    assert (clock.deadline, clock.permissive_deadline) == (date(2026, 5, 31), date(2026, 6, 30))
    longest = stage_clock(regime, stage, Facts(**{name: NOTICE}, window_days=120))
    assert (longest.deadline, longest.permissive_deadline) == (date(2026, 6, 30), None)
    shortest = stage_clock(regime, stage, Facts(**{name: NOTICE}, window_days=90))
    assert shortest.deadline == date(2026, 5, 31)
    for n in (89, 121):
        assert (
            stage_clock(regime, stage, Facts(**{name: NOTICE}, window_days=n)).error.code
            == "impossible_window"
        )


def test_the_state_of_a_rung_goes_before_that_of_the_facts() -> None:
    """The state of issue governs; New York tells its own 30 days beside the plan's time to decide, Oregon none."""
    asked = Facts(received=date(2026, 3, 2), urgent=False)
    of_rung = decision_clock(ladder("fully_insured_group", "NY")[0], asked)
    of_facts = decision_clock(ladder("fully_insured_group")[0], replace(asked, state="NY"))
    neither = decision_clock(ladder("fully_insured_group")[0], asked)
    told = [("state_clock" in codes(clock)) for clock in (of_rung, of_facts, neither)]
    assert told == [True, True, False]
    review = Facts(receipt=date(2026, 3, 2), received=date(2026, 3, 2))
    for opened, state in ((ladder("fully_insured_group", "OR"), None), (ladder("fully_insured_group"), "OR")):
        mine, theirs = (
            of(opened[1], replace(review, state=state)) for of in (claimant_clock, decision_clock)
        )
        # Oregon: 180 days after receipt; 45 CFR 147.136(c)(2)(vi): 45 days to decide.
        assert (mine.deadline, theirs.deadline) == (date(2026, 8, 29), date(2026, 4, 16))
    unknown = claimant_clock(ladder("fully_insured_group")[1], review)
    assert (unknown.deadline, "state_unknown" in codes(unknown)) == (date(2026, 6, 30), True)


def test_an_act_that_would_shorten_a_date_does_not() -> None:
    act = book().overrides[0]
    assert act.kind == "move"
    earlier_day = {
        "original_from": date(2026, 7, 1),
        "original_to": date(2026, 8, 3),
        "new_deadline": date(2026, 6, 1),
    }
    facts = Facts(receipt=date(2026, 3, 16), process="hhs_administered")
    asked = ("individual_aca", "external_review_filing_hhs_administered", facts)
    with using(replace(book(), overrides=(replace(act, values=earlier_day),))):
        clock = stage_clock(*asked)
    assert (clock.deadline, clock.original_deadline, clock.override) == (date(2026, 7, 16), None, "")
    assert stage_clock(*asked).deadline == date(2026, 10, 2)


@pytest.mark.parametrize(
    ("regime", "stage"),
    [(MANAGED, "state_fair_hearing_filing_deemed"), ("chip", "state_review_filing_deemed")],
)
def test_the_window_after_the_plans_silence_is_the_same(regime: str, stage: str) -> None:
    """42 CFR 438.408(c)(3), (f)(1)(i): from the day after the plan's time ran out."""
    for n, said in ((89, "impossible_window"), (90, None), (120, None), (121, "impossible_window")):
        error = stage_clock(regime, stage, Facts(deemed_exhausted_on=NOTICE, window_days=n)).error
        assert (error.code if error else None) == said, n


def test_where_the_statement_came_the_time_without_one_does_not_apply() -> None:
    """42 CFR 423.568(b): the fourteen days are for a request whose statement has not come."""
    asked = Facts(received=datetime(2026, 3, 2, 10, tzinfo=NEW_YORK), zone="America/New_York")
    came = replace(asked, supporting_statement=datetime(2026, 3, 4, 10, tzinfo=NEW_YORK))
    stage = ("medicare_part_d", "exception_decision_no_statement")
    assert stage_clock(*stage, asked).deadline == datetime(2026, 3, 19, 10, tzinfo=NEW_YORK)
    assert stage_clock(*stage, came).error.code == "stage_contradicts_facts"
