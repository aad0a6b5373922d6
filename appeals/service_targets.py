"""An organization's own service targets: by when its people mean to have done something. No law stands behind them.

Pure: from a clock (two recorded events of one thing) and the targets that were set to how it stands on a day. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from appeals.clock.calendar import add_business_days

BUSINESS, CALENDAR, BEFORE_LAW = "business", "calendar", "before_law"
UNITS: Final = {
    BUSINESS: "Business days (federal calendar)",
    CALENDAR: "Calendar days",
    BEFORE_LAW: "Calendar days before the legal date",
}
MOST_SPAN = 90

FIRST_CONTACT, DENIAL_ENTERED, CALL_ARRANGED, PACKET_READY = (
    "first_contact",
    "denial_entered",
    "call_arranged",
    "packet_ready",
)
FILED_EARLY, PATIENT_TOLD, PAYER_CHASED = "filed_early", "patient_told", "payer_chased"


@dataclass(frozen=True)
class Kind:
    """What is to be done, and the two recorded events between which it is counted, each as the end of a sentence."""

    title: str
    starts: str
    met: str


KINDS: Final = {
    FIRST_CONTACT: Kind(
        "First contact with the patient",
        "the case is opened",
        "we reached out to the patient or their representative, or spoke with them",
    ),
    DENIAL_ENTERED: Kind(
        "Denial letter entered",
        "the letter is received, or the case opened where that is later",
        "the facts of the letter are confirmed",
    ),
    CALL_ARRANGED: Kind(
        "Peer-to-peer asked for",
        "the denial with its offer of a call is confirmed",
        "a time for the call is recorded, or the call was held",
    ),
    PACKET_READY: Kind(
        "Letter and packet ready",
        "the level opens",
        "the patient is asked for their yes to the letter, or it is filed",
    ),
    FILED_EARLY: Kind(
        "Appeal filed ahead of its window's end",
        "the level opens",
        "the appeal is filed",
    ),
    PATIENT_TOLD: Kind(
        "Patient told of a decision",
        "the decision is recorded",
        "we reached out to the patient or their representative, or spoke with them",
    ),
    PAYER_CHASED: Kind(
        "Overdue payer chased",
        "the other side's legal time is over",
        "a letter, call or message of ours to the payer or reviewer is logged",
    ),
}

MET, LATE, MISSED, DUE, RUNNING, DROPPED = "met", "late", "missed", "due", "running", "dropped"
WORDS: Final = {
    MET: "met",
    LATE: "done after it",
    MISSED: "missed",
    DUE: "due today",
    RUNNING: "running",
    DROPPED: "no longer needed",
}
COUNTED: Final = {"met": (MET,), "missed": (LATE, MISSED), "": (MET, LATE, MISSED)}
"""What a month's numbers count: met, missed (also where it was done later), or both."""


@dataclass(frozen=True)
class Target:
    """`span` counts `unit`s. It holds for clocks that start from `in_force_from` on, and before `ended_on` where it was ended."""

    kind: str
    span: int
    unit: str
    in_force_from: date
    ended_on: date | None = None

    @property
    def words(self) -> str:
        days = "day" if self.span == 1 else "days"
        if self.unit == BEFORE_LAW:
            return f"at least {self.span} calendar {days} before the legal date"
        if self.span == 0:
            return "the same day"
        return f"within {self.span} {'business' if self.unit == BUSINESS else 'calendar'} {days}"


@dataclass(frozen=True)
class Clock:
    """One thing in the organization's days: when it started, what met it, when it was no longer asked; `law` is the legal date
    that a target before one counts back from.
    """

    kind: str
    started_on: date
    met_on: date | None = None
    over_on: date | None = None
    law: date | None = None


@dataclass(frozen=True)
class Standing:
    """How a clock stands on a day under the target that holds for it."""

    clock: Clock
    target: Target
    due_on: date
    state: str

    @property
    def is_asked(self) -> bool:
        """Missed or due today, and still to be done."""
        open_ = self.clock.met_on is None and self.clock.over_on is None
        return open_ and self.state in (MISSED, DUE)


def due_of(target: Target, started_on: date, law: date | None) -> date | None:
    """The last day on which it is met; None for one before a legal date where there is no such date."""
    if target.unit == BEFORE_LAW:
        return law - timedelta(days=target.span) if law else None
    if target.unit == CALENDAR:
        return started_on + timedelta(days=target.span)
    return add_business_days(started_on, target.span, count_for="service")


def latest_start(target: Target, day: date) -> date:
    """The last day on which a clock can have started whose target ended by `day`; of one before a legal date, that date."""
    if target.unit == BEFORE_LAW:
        return day + timedelta(days=target.span)
    start = day
    while (due := due_of(target, start, None)) is not None and due > day:
        start -= timedelta(days=1)
    return start


@dataclass(frozen=True)
class Period:
    """`target` holds for clocks that start on `first` or later, and before `until`; None: until it is ended."""

    target: Target
    first: date
    until: date | None


def periods_of(targets: Iterable[Target]) -> tuple[Period, ...]:
    """For which starts each target holds: from its first day until the next one of its kind, or its end. What was ended before
    it began never held.
    """
    held: dict[str, list[Target]] = {}
    for target in sorted(targets, key=lambda t: t.in_force_from):
        if target.ended_on is None or target.ended_on > target.in_force_from:
            held.setdefault(target.kind, []).append(target)
    return tuple(
        Period(target, target.in_force_from, _until(target, following))
        for rows in held.values()
        for target, following in zip(rows, [*rows[1:], None], strict=True)
    )


def _until(target: Target, following: Target | None) -> date | None:
    return min((d for d in (target.ended_on, following and following.in_force_from) if d), default=None)


def holding(periods: Sequence[Period], kind: str, started_on: date) -> Target | None:
    """The target that holds for a clock of this kind that started on this day, whatever was set since."""
    for period in periods:
        until = period.until or date.max
        if period.target.kind == kind and period.first <= started_on < until:
            return period.target
    return None


def standing_of(clock: Clock, periods: Sequence[Period], today: date) -> Standing | None:
    """How it stands today, a day of the organization. None where no target holds for it."""
    target = holding(periods, clock.kind, clock.started_on)
    due = due_of(target, clock.started_on, clock.law) if target else None
    if target is None or due is None:
        return None
    return Standing(clock, target, due, _state(clock, due, today))


def _state(clock: Clock, due: date, today: date) -> str:
    if clock.met_on is not None and clock.met_on <= due:
        return MET
    if clock.over_on is not None and clock.over_on <= due:
        return DROPPED
    if clock.met_on is not None:
        return LATE
    if due < today:
        return MISSED
    return DUE if due == today else RUNNING
