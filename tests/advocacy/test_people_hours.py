"""When a patient may be reached: safe and preferred ways, own hours and quiet hours, across zones and changes of the clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from advocacy.people.hours import hours_of, next_allowed, way_to_tell
from advocacy.people.places import zone_name
from appeals.queries.setup import many

NEW_YORK, PHOENIX = "America/New_York", "America/Phoenix"


@dataclass(frozen=True)
class Way:
    kind: str = "email"
    is_safe: bool = True
    is_preferred: bool = False
    from_time: time | None = None
    until_time: time | None = None
    at_any_hour: bool = False
    ended_at: datetime | None = None


def local(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def allowed(way: Way, moment: datetime, zone: str = NEW_YORK) -> str:
    return next_allowed(way, zone, moment).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-16 07:59", "2026-03-16 08:00"),
        ("2026-03-16 08:00", "2026-03-16 08:00"),
        ("2026-03-16 20:59", "2026-03-16 20:59"),
        ("2026-03-16 21:00", "2026-03-17 08:00"),
        ("2026-03-16 23:59", "2026-03-17 08:00"),
        ("2026-03-17 00:00", "2026-03-17 08:00"),
    ],
)
def test_quiet_hours_at_both_edges(at, expected):
    assert allowed(Way(), local(at)) == expected


@pytest.mark.parametrize(
    ("way", "at", "expected"),
    [
        (Way(from_time=time(10)), "2026-03-16 09:59", "2026-03-16 10:00"),
        (Way(until_time=time(17)), "2026-03-16 17:00", "2026-03-17 08:00"),
        (Way(from_time=time(6)), "2026-03-16 06:30", "2026-03-16 08:00"),
        (Way(until_time=time(23)), "2026-03-16 22:00", "2026-03-17 08:00"),
        (Way(at_any_hour=True), "2026-03-16 03:00", "2026-03-16 03:00"),
        (
            Way(at_any_hour=True, from_time=time(5), until_time=time(22, 30)),
            "2026-03-16 22:29",
            "2026-03-16 22:29",
        ),
        (
            Way(at_any_hour=True, from_time=time(5), until_time=time(22, 30)),
            "2026-03-16 22:30",
            "2026-03-17 05:00",
        ),
    ],
)
def test_the_patients_own_hours_and_the_quiet_ones_both_count(way, at, expected):
    assert allowed(way, local(at)) == expected


def test_hours_of_the_night_only_are_the_patients_own_words():
    way = Way(from_time=time(22), until_time=time(23, 30))
    assert hours_of(way) == (time(22), time(23, 30))
    assert allowed(way, local("2026-03-16 12:00")) == "2026-03-16 22:00"
    assert allowed(Way(from_time=time(21)), local("2026-03-16 12:00")) == "2026-03-16 21:00"
    assert allowed(Way(until_time=time(7)), local("2026-03-16 12:00")) == "2026-03-17 00:00"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # The clocks go forward on March 8, 2026 and back on November 1, 2026.
        ("2026-03-08T00:59:00+00:00", "2026-03-08T00:59:00+00:00"),  # 19:59 EST, Saturday
        ("2026-03-08T02:00:00+00:00", "2026-03-08T12:00:00+00:00"),  # 21:00 EST -> 08:00 EDT
        ("2026-03-08T11:59:00+00:00", "2026-03-08T12:00:00+00:00"),  # 07:59 EDT
        ("2026-03-09T00:59:00+00:00", "2026-03-09T00:59:00+00:00"),  # 20:59 EDT
        ("2026-03-09T01:00:00+00:00", "2026-03-09T12:00:00+00:00"),  # 21:00 EDT
        ("2026-11-01T01:00:00+00:00", "2026-11-01T13:00:00+00:00"),  # 21:00 EDT -> 08:00 EST
        ("2026-11-01T12:59:00+00:00", "2026-11-01T13:00:00+00:00"),  # 07:59 EST
        ("2026-11-02T01:59:00+00:00", "2026-11-02T01:59:00+00:00"),  # 20:59 EST
        ("2026-11-02T02:00:00+00:00", "2026-11-02T13:00:00+00:00"),  # 21:00 EST
    ],
)
def test_the_nights_in_which_the_clocks_change(at, expected):
    assert next_allowed(Way(), NEW_YORK, datetime.fromisoformat(at)) == datetime.fromisoformat(expected)


def test_an_hour_that_the_clocks_skip_opens_when_they_have_jumped():
    way = Way(at_any_hour=True, from_time=time(2, 30), until_time=time(4))
    assert next_allowed(way, NEW_YORK, datetime(2026, 3, 8, 5, 0, tzinfo=UTC)) == datetime(
        2026, 3, 8, 7, 30, tzinfo=UTC
    )


def test_it_is_the_zone_where_the_patient_lives_now():
    moment = datetime(2026, 7, 1, 1, 30, tzinfo=UTC)  # 21:30 in New York, 18:30 in Phoenix
    assert next_allowed(Way(), PHOENIX, moment) == moment
    assert next_allowed(Way(), NEW_YORK, moment) == datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def test_what_is_not_safe_is_never_used():
    ended = Way(is_preferred=True, ended_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert way_to_tell([]) is None
    assert way_to_tell([Way(is_safe=False, is_preferred=True), ended]) is None


def test_the_preferred_way_comes_before_the_mail():
    phone, mail, post = Way("phone", is_preferred=True), Way("email"), Way("post")
    assert way_to_tell([mail, post, phone]) is phone
    assert way_to_tell([post, Way("phone"), mail]) is mail


def test_a_time_zone_has_the_name_people_use():
    assert [zone_name(name) for name in ("America/Los_Angeles", "Europe/Lisbon")] == [
        "Pacific",
        "Europe/Lisbon",
    ]
    assert many(1, "second") + ", " + many(2, "second") == "1 second, 2 seconds"
