"""What holds for every date: later events never bring a deadline forward, and nothing typed in late moves one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appeals.clock import Facts, stage_clock
from appeals.clock.arithmetic import add_hours
from appeals.clock.calendar import (
    add_business_days,
    add_months,
    is_business_day,
    last_business_day_on_or_before,
    rolled,
)
from appeals.clock.input_names import INPUT_NAMES
from appeals.clock.vectors import results_of
from appeals.regimes import book

DAYS = st.dates(date(2025, 1, 1), date(2032, 12, 31))


def only_stated(rule_id: str) -> bool:
    """Whether nothing but the letter gives this date."""
    calculation = book().rules[rule_id][0].calculation
    return calculation["op"] == "stated_or_add_days" and calculation["n_from"] is None


FILINGS = [
    (r.key, s.key)
    for r in book().regimes.values()
    if r.complete
    for s in r.stages.values()
    if s.rule and book().rules[s.rule][0].actor == "claimant" and not only_stated(s.rule)
]


def facts_on(day: date) -> Facts:
    return Facts(
        notice_date=day, sent=day, receipt=day, effective_date=day, deemed_exhausted_on=day, care_date=day, plan_window_days=60,
        window_days=90,
        reconsideration_requested=day, incomplete_notice=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(("regime", "stage"), FILINGS)
@given(day=DAYS, later=st.integers(1, 400))
def test_a_later_trigger_never_gives_an_earlier_deadline(
    regime: str, stage: str, day: date, later: int
) -> None:
    one, two = (stage_clock(regime, stage, facts_on(d)) for d in (day, day + timedelta(days=later)))
    # A program that moves the deadlines of one window breaks the order at its edge; the rule itself never does.
    whole = [c.original_deadline or c.deadline for c in (one, two)]
    dates = [d.date() if isinstance(d, datetime) else d for d in whole]
    assert dates[0] <= dates[1]
    assert one.safe_date <= two.safe_date


@pytest.mark.parametrize(("regime", "stage"), FILINGS)
@given(day=DAYS)
def test_safe_is_a_business_day_on_or_before_the_deadline(regime: str, stage: str, day: date) -> None:
    clock = stage_clock(regime, stage, facts_on(day))
    last = clock.deadline.date() if isinstance(clock.deadline, datetime) else clock.deadline
    assert clock.safe_date <= last and is_business_day(clock.safe_date, count_for="safe")
    assert clock.headline == clock.safe_date


@given(day=DAYS, recorded=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_when_it_was_typed_in_never_matters(day: date, recorded: datetime) -> None:
    for regime, stage in FILINGS:
        facts = facts_on(day)
        assert stage_clock(regime, stage, facts) == stage_clock(
            regime, stage, replace(facts, recorded_at=recorded)
        )


@given(day=st.dates(date(2019, 6, 1), date(2026, 12, 31)))
def test_an_override_never_shortens(day: date) -> None:
    for regime, stage in (
        ("individual_aca", "external_review_filing_hhs_administered"),
        ("erisa_self_funded", "internal_appeal_1"),
    ):
        clock = stage_clock(regime, stage, Facts(receipt=day))
        assert (clock.original_deadline is None) == (clock.override == "")
        assert clock.original_deadline is None or clock.original_deadline < clock.deadline
        assert clock.safe_date <= (clock.original_deadline or clock.deadline)


@given(day=DAYS, wait=st.integers(0, 20))
def test_a_later_proven_receipt_moves_the_deadline_and_not_the_safe_date(day: date, wait: int) -> None:
    known = stage_clock("medicare_advantage", "reconsideration_filing", Facts(notice_date=day))
    proven = stage_clock(
        "medicare_advantage",
        "reconsideration_filing",
        Facts(notice_date=day, receipt=day + timedelta(days=wait), receipt_evidence="fax"),
    )
    assert proven.deadline == day + timedelta(days=60 + wait)
    assert (known.deadline, proven.safe_date) == (day + timedelta(days=65), known.safe_date)


@given(
    at=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.timezones()),
    hours=st.integers(1, 100),
)
def test_hours_are_elapsed_time_in_every_zone(at: datetime, hours: int) -> None:
    assert add_hours(at, hours).astimezone(UTC) - at.astimezone(UTC) == timedelta(hours=hours)


@given(day=DAYS, n=st.integers(1, 12))
def test_months_keep_their_day_or_stand_at_the_edge(day: date, n: int) -> None:
    clamped, following = (
        add_months(day, n, month_rule="clamp"),
        add_months(day, n, month_rule="first_day_of_following_month"),
    )
    assert clamped.day == day.day or (clamped + timedelta(days=1) == following and following.day == 1)
    assert (clamped == following) == (clamped.day == day.day)


@given(day=DAYS, n=st.integers(1, 30))
def test_business_days_count_themselves(day: date, n: int) -> None:
    for who in ("payer", "claimant"):
        end = add_business_days(day, n, count_for=who)
        between = [day + timedelta(days=k) for k in range(1, (end - day).days + 1)]
        assert sum(is_business_day(d, count_for=who) for d in between) == n and is_business_day(
            end, count_for=who
        )
    assert add_business_days(day, n, count_for="claimant") <= add_business_days(day, n, count_for="payer")


@given(day=DAYS)
def test_rolling_moves_forward_only_and_the_permissive_reading_furthest(day: date) -> None:
    for roll in ("next_day_not_sat_sun_fed_holiday", "ca_civil_code_holiday"):
        assert day <= rolled(day, roll) <= rolled(day, roll, permissive=True) <= day + timedelta(days=6)
    assert rolled(day, "none") == day and last_business_day_on_or_before(day) <= day


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 400),
    st.floats(allow_nan=True),
    st.text(max_size=12),
    st.sampled_from(
        [
            "2026-03-02",
            "2026-02-30",
            "2026-03-08T02:30",
            "2026-03-02T10:00Z",
            "America/New_York",
            "CA",
            "\u00b2",
        ]
    ),
    st.lists(st.integers(), max_size=2),
    st.dates(date(1989, 1, 1), date(2101, 1, 1)).map(str),
)
NAMES = sorted({*INPUT_NAMES, *Facts.__dataclass_fields__, "candidates", "nonsense"})
STAGES = sorted(
    {(r.key, n) for r in book().regimes.values() for s in r.stages.values() for n in (s.key, *s.aliases)}
)


@settings(max_examples=400)
@given(
    which=st.sampled_from([*STAGES, ("unknown", "internal_appeal_1"), ("unknown", "external_review_filing")]),
    inputs=st.dictionaries(st.sampled_from(NAMES), JUNK, max_size=8),
)
def test_no_input_raises(which: tuple[str, str], inputs: dict) -> None:
    result = results_of([{"id": "x", "regime": which[0], "stage": which[1], "inputs": inputs}])[0]
    assert result["id"] == "x" and bool(result.get("error")) != bool(result.get("deadline"))
    json.dumps(result)
