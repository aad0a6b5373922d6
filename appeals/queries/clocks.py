"""How stored clocks read on a page: which one is in front, how long is left, what explains it. No statements here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from advocacy.people.places import TIME_ZONES
from appeals import dues
from appeals.changes import what_would_change
from appeals.models import Deadline
from appeals.next_action import SOON_DAYS
from appeals.regimes import book, versions_of
from appeals.regimes.shapes import DECIDERS
from appeals.rungs import UNKNOWN, decider_of

CLAIMANT = Deadline.Side.CLAIMANT


@dataclass(frozen=True)
class Day:
    """The moment of a request and the calendar day it is in the organization's zone."""

    now: datetime
    today: date
    zone: ZoneInfo

    @property
    def tomorrow_starts(self) -> datetime:
        """The first moment that is no longer today (aware)."""
        return datetime.combine(self.today + timedelta(days=1), datetime.min.time(), tzinfo=self.zone)


def day_at(now: datetime, zone: str) -> Day:
    """`now` is aware; `zone` is an IANA name."""
    place = ZoneInfo(zone)
    return Day(now, now.astimezone(place).date(), place)


@dataclass(frozen=True)
class Due:
    """One running clock as the components show it; `left` replaces the count of days where the rule counts hours."""

    label: str
    date: dt.date
    time: str
    days_left: int
    left: str
    whose: str
    safe_date: dt.date | None
    stated_date: dt.date | None
    statutory_date: dt.date | None
    permissive_date: dt.date | None
    rule: str
    citation: str
    confidence: str
    steps: tuple[str, ...]
    if_missed: str
    overdue: bool
    kind: str
    who: str
    key: UUID
    law_date: dt.date | None
    own_reason: str
    changes: tuple[str, ...]
    clock: str = ""


@dataclass(frozen=True)
class Shown:
    """One clock of the ladder, computed from the rows of the case. Without a date, `label` ends with the reason why."""

    label: str
    date: dt.date | None
    days_left: int | None
    left: str
    citation: str
    status: str
    who: str = ""


def shown_due(due: dues.Due, day: Day) -> Shown:
    """A computed clock as the ladder shows it: how long is left while it runs, how it ended when it does not."""
    if due.due is None:
        why = due.error.message if due.error else "no date yet"
        return Shown(f"{due.title}: {why}", None, None, "", due.citation, due.status, due.who)
    on = due.due.astimezone(day.zone).date() if isinstance(due.due, datetime) else due.due
    left = _ENDINGS.get(due.status, "")
    if due.status == dues.RUNNING and isinstance(due.due, datetime):
        left = hours_left(due.due, day, who=due.who)
    days_left = (on - day.today).days if due.status == dues.RUNNING else 99
    label = due.title
    if due.law is not None:
        label += f" (your organization's own date; by the law {due.law:%b} {due.law.day}, {due.law.year})"
    return Shown(label, on, days_left, left, due.citation, due.status, due.who)


_ENDINGS = {dues.MET: "met", dues.MISSED: "missed", dues.ENDED: "ended with this step"}


def passed(day: Day) -> Q:
    """The deadlines whose last moment (or last day) is over."""
    return Q(due_at__lt=day.now) | Q(due_at=None, due_on__lt=day.today)


def is_over(deadline: Deadline, day: Day) -> bool:
    return deadline.due_at < day.now if deadline.due_at else deadline.due_on < day.today


def earliest(deadlines: Iterable[Deadline], day: Day) -> Deadline | None:
    """The one that ends first; an hour clock counts by its moment, a day by its end."""
    return min(deadlines, key=lambda d: (ends_at(d, day), d.pk), default=None)


def ends_at(deadline: Deadline, day: Day) -> datetime:
    """The moment after which it is late: the hour clock's own, else the end of the day in the organization's zone."""
    if deadline.due_at:
        return deadline.due_at
    return datetime.combine(deadline.due_on + timedelta(days=1), datetime.min.time(), tzinfo=day.zone)


def ours(deadlines: Iterable[Deadline]) -> list[Deadline]:
    """The patient's running legal dates. That the window of a call closes hurries the call, and ends nothing by law."""
    return [d for d in _running(deadlines) if d.side == CLAIMANT and not d.is_courtesy]


def theirs(deadlines: Iterable[Deadline]) -> list[Deadline]:
    """The other side's running dates."""
    return [d for d in _running(deadlines) if d.side != CLAIMANT]


def call_windows(deadlines: Iterable[Deadline]) -> list[Deadline]:
    """The running windows of peer-to-peer calls: what the plan offers, no legal dates."""
    return [d for d in _running(deadlines) if d.is_courtesy]


def _running(deadlines: Iterable[Deadline]) -> list[Deadline]:
    return [d for d in deadlines if d.status == Deadline.Status.RUNNING]


OWN_KIND = "Your organization's own date, earlier than the law's"

LEGAL = Q(peer_to_peer=None)
"""The deadlines that are legal dates of either side."""


def who_of(deadline: Deadline) -> str:
    """The word for who has to act by a stored date; "" for the patient's own."""
    if deadline.side == CLAIMANT:
        return ""
    return DECIDERS[decider_of(deadline.regime, deadline.rule, deadline.side)]


def kind_of(who: str, rule: str, *, is_courtesy: bool) -> str:
    """What kind of date this is, in words: legal, read from the letter, the other side's, or the plan's offer of a call."""
    if is_courtesy:
        return "The plan's offer of a call, not a legal deadline"
    if who:
        return f"The {in_a_sentence(who)}'s deadline"
    return "Deadline as the letter states it" if rule == "letter" else "Legal deadline"


def state_of(deadline: Deadline | None, day: Day) -> str:
    """ "none", "running", "soon" or "overdue": what the table of next actions asks."""
    if deadline is None:
        return "none"
    if is_over(deadline, day):
        return "overdue"
    return "soon" if (deadline.due_on - day.today).days <= SOON_DAYS else "running"


def in_a_sentence(who: str) -> str:
    """The word for a decider behind "the": names of offices keep their capitals."""
    return who if who in _NAMES else who.lower()


_NAMES = frozenset({DECIDERS["opm"], DECIDERS["defense_health_agency"]})


def hours_left(moment: datetime, day: Day, *, who: str) -> str:
    """Hour clocks read in hours within two days of their moment; "" before. `who` has to act by then, "" for us."""
    seconds = (moment - day.now).total_seconds()
    hours = int(abs(seconds) // 3600)
    if hours >= 48:
        return ""
    amount = f"{hours} hour{'' if hours == 1 else 's'}" if hours else f"{int(abs(seconds) // 60)} minutes"
    if not who:
        return f"{amount} left" if seconds >= 0 else f"Overdue by {amount}"
    return f"{who} has {amount}" if seconds >= 0 else f"{who} is late by {amount}"


def rule_words(deadline: Deadline) -> str:
    """What the rule of a clock says, in the version it was computed with; "" for one that is no rule of the data: what the
    letter states is said by the kind of the date."""
    versions = versions_of(deadline.rule)
    said = [r for r in versions if str(r.version) == deadline.rule_version] or list(versions)
    return said[-1].text if said else ""


MOMENT = re.compile(r" at (\d\d):(\d\d) \((UTC[+-]\d{4})\)(?:, in ([A-Za-z_]+/[A-Za-z_/]+))?")


def spoken(line: str) -> str:
    """A line of arithmetic as people write a moment: "at 11:00 AM, Pacific time" for the clock's "at 11:00 (UTC-0700), in
    America/Los_Angeles". Without a zone that has such a name the offset stays.
    """

    def said(found: re.Match[str]) -> str:
        hour, minute, offset, zone = found.groups()
        name = TIME_ZONES.get(zone or "", "").partition(" (")[0]
        told = f" at {int(hour) % 12 or 12}:{minute} {'AM' if int(hour) < 12 else 'PM'}"
        return f"{told}, {name} time" if name else f"{told} ({offset})" + (f", in {zone}" if zone else "")

    return MOMENT.sub(said, line)


def sureness(regime: str, *, unsure: bool) -> str:
    """How sure a date is, as a key of its mark. No rule is verified for a case while it is not known which of them apply."""
    if unsure:
        return "confirm"
    return "unsettled" if regime == UNKNOWN else "confirmed"


def due_of(deadline: Deadline, day: Day) -> Due:
    """The clock with its arithmetic, its citation and whether it should be confirmed with the letter."""
    moment = deadline.due_at.astimezone(day.zone) if deadline.due_at else None
    unsure = deadline.confidence != "verified" or "confirm_with_letter" in deadline.flags
    who = who_of(deadline)
    return Due(
        label=deadline.title,
        date=moment.date() if moment else deadline.due_on,
        time=f"{moment:%-I:%M %p}" if moment else "",
        days_left=(deadline.due_on - day.today).days,
        left=hours_left(deadline.due_at, day, who=who) if deadline.due_at else "",
        whose="ours" if deadline.side == CLAIMANT else "plan",
        safe_date=deadline.safe_on,
        stated_date=deadline.stated_on,
        statutory_date=deadline.statutory_on,
        permissive_date=deadline.permissive_on,
        rule=rule_words(deadline),
        citation=deadline.citation,
        confidence=sureness(deadline.regime, unsure=unsure),
        steps=tuple(spoken(line) for line in deadline.arithmetic),
        if_missed=book().if_missed.get(deadline.if_missed, "") if deadline.if_missed != "none" else "",
        overdue=is_over(deadline, day),
        kind=OWN_KIND if deadline.own_on else kind_of(who, deadline.rule, is_courtesy=deadline.is_courtesy),
        who=who,
        key=deadline.public_id,
        law_date=deadline.law_on if deadline.own_on else None,
        own_reason=deadline.own_reason,
        changes=what_would_change(
            deadline.regime,
            deadline.rule,
            deadline.rule_version,
            side=deadline.side,
            flags=tuple(deadline.flags),
        ),
        clock=deadline.clock,
    )
