"""Walking: one day, one hour at a time. Holidays from the words of 5 U.S.C. 6103, not from a library."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Moment = date | datetime
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


def nth(day: date, weekday: int, n: int) -> bool:
    """Whether a day is the n-th such weekday of its month."""
    return day.weekday() == weekday and (day.day - 1) // 7 + 1 == n


@lru_cache(maxsize=20_000)
def legal_holiday(day: date) -> bool:
    """5 U.S.C. 6103(a): the days themselves. Juneteenth since 2021 (Pub. L. 117-17)."""
    fixed = {(1, 1), (7, 4), (11, 11), (12, 25)} | ({(6, 19)} if day.year >= 2021 else set())
    if (day.month, day.day) in fixed:
        return True
    if day.month == 5:
        return day.weekday() == MONDAY and (day + 7 * DAY).month == 6
    monday = {1: 3, 2: 3, 9: 1, 10: 2}.get(day.month)
    return nth(day, MONDAY, monday) if monday else day.month == 11 and nth(day, THURSDAY, 4)


@lru_cache(maxsize=20_000)
def kept_holiday(day: date) -> bool:
    """The day itself, or the Friday or Monday on which it is kept: 6103(b)(1) for Saturdays, E.O. 11582 for Sundays."""
    if legal_holiday(day):
        return True
    if day.weekday() == SATURDAY - 1:
        return legal_holiday(day + DAY)
    return day.weekday() == MONDAY and legal_holiday(day - DAY)


@lru_cache(maxsize=20_000)
def california_holiday(day: date) -> bool:
    """Cal. Civ. Code 7 with Gov. Code 6700: every Sunday and the days that nobody disputes. Not Columbus Day, Juneteenth,
    Lincoln's or Admission Day, nor a Saturday: those may only be argued.
    """
    if day.weekday() == SUNDAY or (day.month, day.day) in {(1, 1), (3, 31), (7, 4), (11, 11), (12, 25)}:
        return True
    return legal_holiday(day) and (day.month, day.day) != (6, 19) and day.month != 10


def after(day: date, n: int) -> date:
    """The n-th day after (or before, when n is negative): the day itself is not counted."""
    for _ in range(abs(n)):
        day += DAY if n > 0 else -DAY
    return day


def working(day: date, *, patient: bool = False) -> bool:
    """A Federal business day. Kept days are none either, but in a patient's own count they are not left out."""
    return day.weekday() < SATURDAY and not (legal_holiday(day) if patient else kept_holiday(day))


def working_after(day: date, n: int, *, patient: bool = False) -> date:
    left = n
    while left:
        day += DAY
        if working(day, patient=patient):
            left -= 1
    return day


def months_after(day: date, n: int, *, missing: str) -> date:
    """Walks on until `n` months have begun and the day has the same number; where the month has none, its last day
    (`last`) or the first day of the next month (`first`).
    """
    begun, here = 0, day
    while True:
        here += DAY
        if here.day == 1:
            begun += 1
        if begun == n and here.day == day.day:
            return here
        if begun > n:
            return here if missing == "first" else here - DAY


def last_working_until(day: date) -> date:
    while not working(day):
        day -= DAY
    return day


def rolled(day: date, closed: Callable[[date], bool]) -> date:
    while closed(day):
        day += DAY
    return day


def hours_after(at: datetime, n: int) -> datetime:
    """Hour by hour as they pass, told in the zone it began in."""
    zone, here = at.tzinfo, at.astimezone(UTC)
    for _ in range(n):
        here += HOUR
    return here.astimezone(zone)


def instants_of(wall: datetime, zone: str) -> list[datetime]:
    """Every instant at which the clock on the wall of a zone shows this: none, one or two."""
    place, bare = ZoneInfo(zone), wall.replace(tzinfo=None, fold=0)
    found = []
    for hours in range(-15, 16):
        at = (bare.replace(tzinfo=UTC) + hours * HOUR).astimezone(place)
        if at.replace(tzinfo=None, fold=0) == bare:
            found.append(at)
    return found


def same_wall_time(at: datetime, days: int, zone: str | None) -> datetime:
    """The same time on the wall some days on; shown twice, the later; never shown, an hour on. A bare offset never changes."""
    if zone is None:
        return hours_after(at, 24 * days)
    on = after(at.date(), days)
    wall = datetime.combine(on, at.timetz().replace(tzinfo=None, fold=0))
    found = instants_of(wall, zone) or instants_of(wall + HOUR, zone)
    return max(found)
