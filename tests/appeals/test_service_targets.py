"""Service targets: counted between two recorded events, from the day they were set, beside legal dates and never as one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from appeals.commands.service_targets import end_service_target, set_service_target
from appeals.models import ServiceTarget
from appeals.service_targets import (
    Clock,
    Target,
    due_of,
    latest_start,
    periods_of,
    standing_of,
)
from tests.appeals.visiting import own_statements, words

ZONE = "America/New_York"
AT = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)  # Tuesday, eleven in the morning in New York
TODAY = AT.date()
MARCH = date(2026, 3, 1)


def day(n: int) -> date:
    return date(2026, 3, n)


def target(
    kind: str = "first_contact", span: int = 1, unit: str = "business", start: date = MARCH, ended=None
):
    return Target(kind, span, unit, start, ended)


# The functions


@pytest.mark.parametrize(
    ("given", "started", "law", "due"),
    [
        (target(), date(2026, 3, 6), None, date(2026, 3, 9)),  # a Friday: the next business day is Monday
        (target(), date(2026, 3, 7), None, date(2026, 3, 9)),  # a Saturday counts from itself
        (
            target(),
            date(2026, 7, 2),
            None,
            date(2026, 7, 6),
        ),  # July 4, 2026 is a Saturday, observed on Friday
        (target(span=2), date(2026, 11, 25), None, date(2026, 11, 30)),  # Thanksgiving is Thursday
        (target(span=0), day(6), None, day(6)),
        (target(span=3, unit="calendar"), day(30), None, date(2026, 4, 2)),
        (target("filed_early", 7, "before_law"), MARCH, date(2026, 9, 18), date(2026, 9, 11)),
        (target("filed_early", 7, "before_law"), MARCH, None, None),
    ],
)
def test_the_day_by_which_it_is_to_be_done(given, started, law, due):
    assert due_of(given, started, law) == due


@pytest.mark.parametrize("span", [0, 1, 2, 5])
@pytest.mark.parametrize("unit", ["business", "calendar"])
def test_the_latest_start_is_the_last_day_whose_target_is_over(span, unit):
    """Held against every day of a year."""
    given = target(span=span, unit=unit)
    days = [date(2026, 1, 1) + timedelta(n) for n in range(400)]
    for by in days[30:360]:
        over = [d for d in days if due_of(given, d, None) <= by]
        assert latest_start(given, by) == max(over)


@pytest.mark.parametrize(
    ("met", "over", "today", "state", "asked"),
    [
        (None, None, day(8), "running", False),
        (None, None, day(9), "due", True),
        (None, None, day(10), "missed", True),
        (day(9), None, day(20), "met", False),
        (day(10), None, day(20), "late", False),
        (None, day(9), day(20), "dropped", False),
        (None, day(10), day(20), "missed", False),
        (day(9), day(8), day(20), "met", False),
    ],
)
def test_how_a_clock_stands(met, over, today, state, asked):
    """Started on Friday, March 6, one business day: due on Monday, March 9."""
    found = standing_of(Clock("first_contact", day(6), met, over), periods_of([target()]), today)
    assert (found.due_on, found.state, found.is_asked) == (day(9), state, asked)


def test_what_started_earlier_keeps_what_held_then():
    first, second = target(span=2), target(span=1, start=day(10))
    ended = target(span=5, start=day(20), ended=day(25))
    withdrawn = target(span=9, start=day(28), ended=day(27))
    periods = periods_of([withdrawn, ended, second, first])
    spans = {}
    for started in (date(2026, 2, 28), day(1), day(9), day(10), day(19), day(20), day(24), day(25), day(29)):
        found = standing_of(Clock("first_contact", started), periods, TODAY)
        spans[started] = found.target.span if found else None
    assert spans == {
        date(2026, 2, 28): None,
        day(1): 2,
        day(9): 2,
        day(10): 1,
        day(19): 1,
        day(20): 5,
        day(24): 5,
        day(25): None,
        day(29): None,
    }


# Setting one


def set_(cast, kind="first_contact", span=1, unit="business", start=MARCH, today=MARCH, **more):
    return set_service_target(
        actor=more.get("actor", cast.olga),
        kind=kind,
        span=span,
        unit=unit,
        in_force_from=start,
        today=today,
        at=AT,
    )


def test_an_administrator_sets_and_ends_one_and_nobody_else(cast):
    row = set_(cast)
    assert (row.set_by, row.set_at, row.in_force_from) == (cast.users["olga"], AT, MARCH)
    for who in ("nora", "sam", "petra", "anna"):
        with pytest.raises(NotAllowed):
            set_(cast, actor=cast.actors[who])
        with pytest.raises(NotAllowed):
            end_service_target(actor=cast.actors[who], row=row, today=TODAY, at=AT)
    ended = end_service_target(actor=cast.olga, row=row, today=TODAY, at=AT)
    assert (ended.ended_on, ended.ended_by) == (TODAY, cast.users["olga"])
    with pytest.raises(WrongState):
        end_service_target(actor=cast.olga, row=row, today=TODAY, at=AT)
    said = (
        Event.objects.filter(verb__startswith="service_target_").order_by("id").values_list("verb", flat=True)
    )
    assert list(said) == ["service_target_set", "service_target_ended"]


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"kind": "lunch"}, {"kind_unknown"}),
        ({"unit": "weeks"}, {"unit_unknown"}),
        ({"unit": "before_law"}, {"unit_wrong"}),
        ({"kind": "filed_early"}, {"unit_wrong"}),
        ({"kind": "filed_early", "unit": "before_law", "span": 0}, {"span_impossible"}),
        ({"span": 91}, {"span_impossible"}),
        ({"start": date(2026, 2, 28)}, {"from_past"}),
        ({"kind": "patient_told"}, {"set_already"}),
    ],
)
def test_what_is_no_target_is_refused(cast, given, codes):
    set_(cast, "patient_told", 2)
    with pytest.raises(Refused) as refused:
        set_(cast, **given)
    assert {reason.code for reason in refused.value.reasons} == codes
    assert ServiceTarget.objects.count() == 1


def test_the_database_holds_what_the_command_asks(cast):
    for wrong in ({"kind": "filed_early"}, {"unit": "before_law"}, {"span": 91}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ServiceTarget.objects.create(
                **{
                    "kind": "first_contact",
                    "span": 1,
                    "unit": "business",
                    "in_force_from": MARCH,
                    "set_at": AT,
                }
                | wrong
            )


def test_an_administrator_sets_one_on_the_page(cast, sign_in):
    olga, url, new = (
        sign_in("olga"),
        reverse("appeals:service_targets"),
        reverse("appeals:service_target_new"),
    )
    typed = {"kind": "first_contact", "span": "1", "unit": "before_law", "in_force_from": "2099-03-02"}
    refused = olga.post(new, typed)
    assert (refused.status_code, "Days before the legal date are counted for filing" in words(refused)) == (
        422,
        True,
    )
    assert olga.post(new, typed | {"unit": "business"}).status_code == 302
    row = ServiceTarget.objects.get()
    assert "within 1 business day" in words(olga.get(url))
    end = reverse("appeals:service_target_end", args=[row.public_id])
    assert end not in sign_in("nora").get(url).content.decode()
    assert sign_in("olga").post(end).status_code == 302
    row.refresh_from_db()
    assert row.ended_by == cast.users["olga"]
    assert len(own_statements(sign_in("sam"), url)) <= 12
