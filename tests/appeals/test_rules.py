"""Assertions of the field: each true sentence, and the Reason at the first thing that makes it false."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from appeals.clock import Facts, claimant_clock, stage_clock
from appeals.regimes import ladder
from appeals.rules import (
    amount_is_in_controversy,
    decided_in_time,
    has_to_be_filed,
    inside_filing_window,
    may_be_expedited,
    may_be_filed_orally,
    not_before,
    not_in_the_future,
    still_reachable,
    urgency_is_binding,
)

APPEAL, EXTERNAL, COURT = ladder("erisa_self_funded")
PLAN, IRE, HEARING, COUNCIL, FEDERAL_COURT = ladder("medicare_advantage")


def code(reason: object) -> str | None:
    return getattr(reason, "code", None)


def test_the_letters_date_is_the_limit_when_no_other_is_known() -> None:
    clock = claimant_clock(COURT, Facts())
    assert code(inside_filing_window(clock, date(2026, 1, 1))) == "no_filing_date"
    unknown = stage_clock("va_champva", "anything", Facts(stated=date(2026, 5, 1)))
    assert inside_filing_window(unknown, date(2026, 5, 1)) is None
    assert code(inside_filing_window(unknown, date(2026, 5, 2))) == "outside_filing_window"


def test_a_level_the_plan_forwards_has_no_window() -> None:
    assert inside_filing_window(claimant_clock(IRE, Facts()), date(2026, 1, 1)) is None
    assert (code(has_to_be_filed(IRE)), has_to_be_filed(PLAN)) == ("opened_by_forwarding", None)


def test_a_late_filing_hears_of_the_permissive_reading() -> None:
    clock = stage_clock(
        "erisa_self_funded", "external_review_filing_federal_rule", Facts(receipt=date(2026, 3, 3))
    )
    assert "July 6, 2026" in inside_filing_window(clock, date(2026, 7, 6)).message


def test_an_instant_on_the_last_day_is_inside() -> None:
    clock = stage_clock("erisa_self_funded", "internal_appeal_1", Facts(receipt=date(2026, 3, 15)))
    assert inside_filing_window(clock, datetime(2026, 9, 11, 23, 59, tzinfo=UTC)) is None
    assert (
        code(inside_filing_window(clock, datetime(2026, 9, 12, 0, 0, tzinfo=UTC))) == "outside_filing_window"
    )


def test_a_day_on_which_an_instant_falls_is_not_yet_late() -> None:
    facts = Facts(received=datetime(2026, 3, 6, 21, tzinfo=UTC))
    clock = stage_clock("erisa_self_funded", "urgent_appeal_decision", facts)
    assert decided_in_time(clock, date(2026, 3, 9)) is None
    assert code(decided_in_time(clock, date(2026, 3, 10))) == "decided_late"


@pytest.mark.parametrize(
    ("timing", "certified", "level", "expected"),
    [
        ("pre_service", "clinician", APPEAL, None),
        ("concurrent", "patient", APPEAL, None),
        ("pre_service", None, APPEAL, "urgency_not_certified"),
        ("post_service", "clinician", APPEAL, "care_already_given"),
        ("pre_service", "clinician", COUNCIL, "no_expedited_path"),
        ("pre_service", "clinician", None, None),
    ],
)
def test_may_be_expedited(timing: str, certified: str | None, level: object, expected: str | None) -> None:
    assert code(may_be_expedited(level, Facts(timing=timing), certified)) == expected


def test_a_clinicians_word_binds() -> None:
    assert (urgency_is_binding("clinician"), urgency_is_binding("patient"), urgency_is_binding(None)) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("level", "urgent", "expected"),
    [
        (APPEAL, True, None),
        (APPEAL, False, "must_be_written"),
        (PLAN, False, None),
        (HEARING, True, "must_be_written"),
    ],
)
def test_may_be_filed_orally(level: object, urgent: bool, expected: str | None) -> None:
    assert code(may_be_filed_orally(level, urgent)) == expected


@pytest.mark.parametrize(
    ("level", "amount", "year", "expected"),
    [
        (APPEAL, None, 2026, None),
        (HEARING, 200, 2026, None),
        (HEARING, 199, 2026, "amount_too_small"),
        (HEARING, 190, 2025, None),
        (HEARING, None, 2026, "amount_missing"),
        (HEARING, 5000, 2031, "threshold_not_published"),
        (FEDERAL_COURT, 1999, 2027, "amount_too_small"),
        (FEDERAL_COURT, 2000, 2027, None),
        (COUNCIL, None, 2026, None),
    ],
)
def test_amount_is_in_controversy(level: object, amount: int | None, year: int, expected: str | None) -> None:
    assert code(amount_is_in_controversy(level, amount, year)) == expected


def test_events_have_happened_and_stand_in_order() -> None:
    assert not_in_the_future(date(2026, 3, 2), date(2026, 3, 2), "x") is None
    assert code(not_in_the_future(date(2026, 3, 3), date(2026, 3, 2), "x")) == "in_the_future"
    assert not_before(date(2026, 3, 2), date(2026, 3, 2), "x", "No.") is None
    assert code(not_before(date(2026, 3, 1), date(2026, 3, 2), "x", "No.")) == "impossible_order"


@pytest.mark.parametrize(
    ("today", "expected"),
    [(date(2026, 7, 31), None), (date(2026, 8, 1), "safe_date_passed"), (date(2026, 8, 2), "window_passed")],
)
def test_still_reachable(today: date, expected: str | None) -> None:
    clock = stage_clock("fully_insured_group", "internal_appeal_1", Facts(receipt=date(2026, 2, 2)))
    assert code(still_reachable(clock, today)) == expected
