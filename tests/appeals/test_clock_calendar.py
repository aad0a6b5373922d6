"""Holidays and month ends, by hand."""

from __future__ import annotations

from datetime import date

import pytest

from appeals.clock.calendar import (
    add_business_days,
    add_months,
    california_holiday,
    federal_holiday,
    is_business_day,
    last_business_day_on_or_before,
    rolled,
)

FED = "next_day_not_sat_sun_fed_holiday"


@pytest.mark.parametrize(
    ("day", "statutory", "observed"),
    [
        (date(2026, 7, 4), True, True),
        (date(2026, 7, 3), False, True),
        (date(2026, 6, 19), True, True),
        (date(2020, 6, 19), False, False),
        (date(2027, 12, 31), False, True),
        (date(2028, 1, 1), True, True),
        (date(2026, 11, 27), False, False),
        (date(2026, 10, 12), True, True),
        (date(2028, 11, 10), False, True),
        (date(2026, 12, 24), False, False),
    ],
)
def test_statutory_and_observed_holidays_are_apart(day: date, statutory: bool, observed: bool) -> None:
    assert (federal_holiday(day) is not None, federal_holiday(day, observed=True) is not None) == (
        statutory,
        observed,
    )


def test_an_observed_day_counts_for_a_claimant_and_not_against_a_payer() -> None:
    observed = date(2026, 7, 3)
    assert is_business_day(observed, count_for="claimant") and not is_business_day(
        observed, count_for="payer"
    )
    assert add_business_days(date(2026, 7, 1), 2, count_for="claimant") == date(2026, 7, 3)
    assert add_business_days(date(2026, 7, 1), 2, count_for="payer") == date(2026, 7, 6)
    assert last_business_day_on_or_before(observed) == date(2026, 7, 2)


@pytest.mark.parametrize(
    ("day", "stays", "permissive"),
    [
        (date(2026, 7, 3), date(2026, 7, 3), date(2026, 7, 6)),
        (date(2026, 6, 19), date(2026, 6, 22), date(2026, 6, 22)),
        (date(2027, 7, 4), date(2027, 7, 5), date(2027, 7, 6)),
        (date(2027, 12, 31), date(2027, 12, 31), date(2028, 1, 3)),
        (date(2028, 1, 1), date(2028, 1, 3), date(2028, 1, 3)),
        (date(2026, 12, 25), date(2026, 12, 28), date(2026, 12, 28)),
        (date(2026, 11, 27), date(2026, 11, 27), date(2026, 11, 27)),
    ],
)
def test_the_federal_roll(day: date, stays: date, permissive: date) -> None:
    assert (rolled(day, FED), rolled(day, FED, permissive=True)) == (stays, permissive)


@pytest.mark.parametrize(
    ("day", "certain", "permissive"),
    [
        (date(2026, 11, 1), True, True),
        (date(2026, 10, 31), False, True),
        (date(2026, 3, 31), True, True),
        # Gov. Code 6700 lists these, and the state's offices are open on them: they can be argued.
        (date(2026, 10, 12), False, True),
        (date(2026, 10, 19), False, False),
        (date(2027, 2, 12), False, True),
        (date(2026, 9, 9), False, True),
        (date(2026, 9, 25), False, True),
        (date(2026, 9, 18), False, False),
        (date(2028, 9, 22), False, True),
        (date(2029, 9, 28), False, True),
        (date(2026, 8, 28), False, False),
        (date(2026, 3, 12), False, False),
        (date(2026, 1, 12), False, False),
        (date(2026, 11, 27), False, True),
        (date(2026, 7, 3), False, True),
        (date(2026, 12, 25), True, True),
        (date(2026, 12, 24), False, False),
    ],
)
def test_california_counts_sundays_and_its_own_days(day: date, certain: bool, permissive: bool) -> None:
    found = (california_holiday(day) is not None, california_holiday(day, permissive=True) is not None)
    assert found == (certain, permissive)


def test_admission_day_can_be_argued() -> None:
    day = date(2026, 9, 9)
    roll = "ca_civil_code_holiday"
    assert (rolled(day, roll), rolled(day, roll, permissive=True)) == (day, date(2026, 9, 10))


@pytest.mark.parametrize(
    ("day", "n", "clamp", "following"),
    [
        (date(2026, 10, 31), 4, date(2027, 2, 28), date(2027, 3, 1)),
        (date(2026, 10, 30), 4, date(2027, 2, 28), date(2027, 3, 1)),
        (date(2026, 10, 28), 4, date(2027, 2, 28), date(2027, 2, 28)),
        (date(2027, 10, 29), 4, date(2028, 2, 29), date(2028, 2, 29)),
        (date(2027, 10, 30), 4, date(2028, 2, 29), date(2028, 3, 1)),
        (date(2026, 12, 31), 4, date(2027, 4, 30), date(2027, 5, 1)),
        (date(2026, 8, 31), 4, date(2026, 12, 31), date(2026, 12, 31)),
        (date(2026, 7, 31), 4, date(2026, 11, 30), date(2026, 12, 1)),
        (date(2028, 2, 29), 12, date(2029, 2, 28), date(2029, 3, 1)),
    ],
)
def test_months_without_a_corresponding_day(day: date, n: int, clamp: date, following: date) -> None:
    assert add_months(day, n, month_rule="clamp") == clamp
    assert add_months(day, n, month_rule="first_day_of_following_month") == following
