"""When and how a patient may be reached: the safe and preferred way, the patient's own hours, and the quiet hours.

Pure: no Django, no queries. Hours are wall-clock hours where the patient lives; moments are aware.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(8, 0)
"""Nobody is told anything between nine in the evening and eight in the morning, where they live.

These are the hours that the rule about sales calls keeps free (47 CFR 64.1200(c)(1)). It does not bind a notice that a patient
asked for; its hours are taken because they are what people expect, and because a telephone that lights up at night is read by
whoever lies beside it. A patient who asks for it has none (`at_any_hour`), and what a patient asks for this minute (a code to
sign in with) does not come through here.
"""

# A mail is what the program can send; otherwise what reaches somebody soonest.
ORDER = ("email", "phone", "text", "post")


class Reachable(Protocol):
    """What is asked of a way to reach somebody."""

    @property
    def kind(self) -> str: ...
    @property
    def is_safe(self) -> bool: ...
    @property
    def is_preferred(self) -> bool: ...
    @property
    def from_time(self) -> time | None: ...
    @property
    def until_time(self) -> time | None: ...
    @property
    def at_any_hour(self) -> bool: ...
    @property
    def ended_at(self) -> datetime | None: ...


W = TypeVar("W", bound=Reachable)


def way_to_tell(ways: Iterable[W]) -> W | None:
    """The way a patient is told something: safe and in use; the preferred one, else the first of e-mail, phone, text, post."""
    safe = [way for way in ways if way.is_safe and way.ended_at is None]
    return min(
        safe,
        key=lambda way: (not way.is_preferred, ORDER.index(way.kind) if way.kind in ORDER else len(ORDER)),
        default=None,
    )


def hours_of(way: Reachable) -> tuple[time, time | None]:
    """From when until when (exclusive; None is midnight) this way may be used on any day.

    The patient's own hours without the quiet ones. Where nothing is left (somebody who works at night named hours of the
    night only), the patient's own words count.
    """
    opens, closes = way.from_time or time(0), way.until_time
    if way.at_any_hour:
        return opens, closes
    later, earlier = max(opens, QUIET_UNTIL), min(closes or QUIET_FROM, QUIET_FROM)
    return (later, earlier) if later < earlier else (opens, closes)


def next_allowed(way: Reachable, time_zone: str, at: datetime) -> datetime:
    """The first moment from `at` on (aware) at which this way may be used; `at` itself when that is now. In UTC.

    Evaluated anew whenever something is sent: a moved patient, a change of the clocks or of the hours counts at once. An hour
    that the clocks skip opens when they have jumped; one that comes twice opens and closes at its first time.
    """
    zone, now = ZoneInfo(time_zone), at.astimezone(UTC)
    opens, closes = hours_of(way)
    day = at.astimezone(zone).date()
    while True:
        start = datetime.combine(day, opens, tzinfo=zone).astimezone(UTC)
        last = (day, closes) if closes is not None else (day + timedelta(days=1), time(0))
        end = datetime.combine(*last, tzinfo=zone).astimezone(UTC)
        if now < end and start < end:
            return max(now, start)
        day += timedelta(days=1)
