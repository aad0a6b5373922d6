"""A calendar in the format of RFC 5545, made of a few plain facts by the library `icalendar`, which escapes and folds. No Django.

Whole days are dates without a zone, moments are UTC, so that no time-zone component is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import icalendar

PRODUCT = "-//Recourse//Dates//EN"
EVERY = timedelta(hours=1)
"""How often calendar programs are asked to look again."""


@dataclass(frozen=True)
class Event:
    """One date: the whole day `on`, or the moment `at` (aware) where hours count. `stamp` is when it was computed (aware)."""

    uid: str
    summary: str
    description: str
    url: str
    stamp: datetime
    on: date
    at: datetime | None = None


def calendar(name: str, events: Iterable[Event]) -> bytes:
    """The whole file. `name` is what calendar programs show beside it."""
    whole = icalendar.Calendar()
    whole.add("VERSION", "2.0")
    whole.add("PRODID", PRODUCT)
    whole.add("CALSCALE", "GREGORIAN")
    whole.add("METHOD", "PUBLISH")
    whole.add("NAME", name)
    whole.add("X-WR-CALNAME", name)
    whole.add("REFRESH-INTERVAL", EVERY, parameters={"VALUE": "DURATION"})
    whole.add("X-PUBLISHED-TTL", icalendar.vDuration(EVERY))
    for event in events:
        whole.add_component(_event(event))
    return whole.to_ical(sorted=False)


def _event(event: Event) -> icalendar.Event:
    row = icalendar.Event()
    row.add("UID", event.uid)
    row.add("DTSTAMP", event.stamp.astimezone(UTC))
    if event.at is not None:
        row.add("DTSTART", event.at.astimezone(UTC))
    else:
        row.add("DTSTART", event.on)
        row.add("DTEND", event.on + timedelta(days=1))  # the end of a whole day is the day after (3.6.1)
    row.add("SUMMARY", event.summary)
    row.add("DESCRIPTION", event.description)
    row.add("URL", event.url)
    row.add("CLASS", "PRIVATE")
    row.add("TRANSP", "TRANSPARENT")
    return row
