"""A calendar in the format of RFC 5545, written from a few plain facts. Pure: no Django.

Whole days are dates without a zone, moments are UTC, so that no time-zone component is needed. Lines end in CRLF and are folded
behind 75 octets, never inside a character; text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

PRODUCT = "-//Recourse//Dates//EN"
OCTETS = 75


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
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{escaped(name)}",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for event in events:
        lines += _event(event)
    lines.append("END:VCALENDAR")
    return b"".join(part for line in lines for part in folded(line))


def escaped(text: str) -> str:
    """TEXT of RFC 5545, 3.3.11."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    for mark in ("\\", ";", ","):
        plain = plain.replace(mark, f"\\{mark}")
    return plain.replace("\n", "\\n")


def folded(line: str) -> Iterator[bytes]:
    """One content line in pieces of at most 75 octets; each but the first begins with a space (3.1)."""
    piece, room = b"", OCTETS
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > room:
            yield piece + b"\r\n"
            piece = b" "
        piece += octets
    yield piece + b"\r\n"


def _event(event: Event) -> list[str]:
    if event.at is not None:
        when = [f"DTSTART:{_moment(event.at)}"]
    else:
        after = event.on + timedelta(days=1)  # the end of a whole day is the day after (3.6.1)
        when = [f"DTSTART;VALUE=DATE:{event.on:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}"]
    return [
        "BEGIN:VEVENT",
        f"UID:{escaped(event.uid)}",
        f"DTSTAMP:{_moment(event.stamp)}",
        *when,
        f"SUMMARY:{escaped(event.summary)}",
        f"DESCRIPTION:{escaped(event.description)}",
        f"URL:{event.url}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
