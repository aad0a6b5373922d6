"""Days on which somebody works, and months that have no such day.

Statutory Federal holidays (5 U.S.C. 6103(a)) are kept apart from the observed Fridays and Mondays (6103(b),
E.O. 11582): whether an observed day moves a claimant's deadline is not settled, so it does not; a payer
gets the benefit of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays

SATURDAY, SUNDAY = 5, 6
# Cal. Civ. Code 7 makes every Sunday a holiday besides the listed days (Gov. Code 6700). Days of the
# package's California list that are not settled as deadline holidays count only in the permissive reading.
CALIFORNIA_SETTLED = frozenset(
    (
        "New Year's Day",
        "Martin Luther King Jr. Day",
        "Presidents' Day",
        "Cesar Chavez Day",
        "Memorial Day",
        "Independence Day",
        "Labor Day",
        "Veterans Day",
        "Thanksgiving Day",
        "Christmas Day",
    )
)
# Holidays of Gov. Code 6700 that the package does not list, because the state's offices are open: month, and day or
# (which, weekday).
CALIFORNIA_ARGUED = {
    "Lincoln Day": (2, 12),
    "Admission Day": (9, 9),
    "Native American Day": (9, (4, 4)),
    "Columbus Day": (10, (2, 0)),
}


@lru_cache(maxsize=256)
def _federal(year: int, observed: bool) -> dict[date, str]:
    return {
        day: name
        for day, name in holidays.country_holidays("US", years=year, observed=observed).items()
        if day.year == year
    }


@lru_cache(maxsize=256)
def _california(year: int, observed: bool) -> dict[date, str]:
    found = holidays.country_holidays("US", subdiv="CA", years=year, observed=observed)
    return {day: name for day, name in found.items() if day.year == year}


def federal_holiday(day: date, *, observed: bool = False) -> str | None:
    """The name of the Federal holiday on a day, or None; with `observed` also the observed Fridays and
    Mondays."""
    return _federal(day.year, observed).get(day)


def california_holiday(day: date, *, permissive: bool = False) -> str | None:
    """The name of the holiday under California law on a day, or None. Every Sunday is one; a plain Saturday
    is not.

    `permissive` also takes Saturdays (Code Civ. Proc. 12a), observed days and the days whose standing is
    not settled: others of the package's list, and those of Gov. Code 6700 on which the state's offices are open.
    """
    if day.weekday() == SUNDAY:
        return "Sunday"
    if permissive:
        return "Saturday" if day.weekday() == SATURDAY else _california_argued(day)
    named = _california(day.year, False).get(day, "").split("; ")
    return next((name for name in named if name in CALIFORNIA_SETTLED), None)


def _california_argued(day: date) -> str | None:
    which = ((day.day + 6) // 7, day.weekday())
    listed = (
        n for n, (month, on) in CALIFORNIA_ARGUED.items() if month == day.month and on in (day.day, which)
    )
    return _california(day.year, True).get(day) or next(listed, None)


def is_business_day(day: date, *, count_for: str) -> bool:
    """Monday to Friday less Federal holidays. Observed days are left out too, except in a claimant's own
    count."""
    return day.weekday() < SATURDAY and federal_holiday(day, observed=count_for != "claimant") is None


def last_business_day_on_or_before(day: date) -> date:
    """The last Federal business day (observed days left out) on or before a day."""
    while not is_business_day(day, count_for="safe"):
        day -= timedelta(days=1)
    return day


def add_business_days(day: date, n: int, *, count_for: str) -> date:
    """Count `n` business days, starting with the day after."""
    while n:
        day += timedelta(days=1)
        n -= is_business_day(day, count_for=count_for)
    return day


def add_months(day: date, n: int, *, month_rule: str) -> date:
    """The corresponding day `n` months later; where there is none, the month's last day (`clamp`) or the
    first of the next."""
    index = day.year * 12 + day.month - 1 + n
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = following - timedelta(days=1)
    if day.day <= last.day:
        return date(year, month + 1, day.day)
    return last if month_rule == "clamp" else following


def rolled(day: date, roll: str, *, permissive: bool = False) -> date:
    """Move a last day forward as the rule says: `none`, `next_day_not_sat_sun_fed_holiday` or
    `ca_civil_code_holiday`."""
    if roll == "next_day_not_sat_sun_fed_holiday":
        while day.weekday() >= SATURDAY or federal_holiday(day, observed=permissive):
            day += timedelta(days=1)
    elif roll == "ca_civil_code_holiday":
        while california_holiday(day, permissive=permissive):
            day += timedelta(days=1)
    return day
