"""Evaluates the calculation of a rule over facts, and says each step in plain words.

Three readings of the same tree: `statute` (the rule), `safe` (the earliest date any contestable fact would
give: counted from the notice, no presumption, no roll-forward, the earlier branch of a later-of) and
`permissive` (a fallback argument only).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from appeals.clock.calendar import add_business_days, add_months, rolled
from appeals.clock.facts import HEADS, LABELS, Facts, Moment, day_of, unclear

NOTICE_FACTS = ("notice_date", "sent", "receipt")
NOT_DATED = "The law counts from the date on the determination: record it from the letter, the last day may be earlier."

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


@lru_cache(maxsize=8192)
def _words_of_day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month]} {day.day}, {day.year}"


def words_of(value: Moment) -> str:
    """A moment as a person reads it: "Sunday, March 15, 2026", with time and offset when it is an instant."""
    if isinstance(value, datetime):
        return f"{_words_of_day(value.date())} at {value.hour:02}:{value.minute:02} (UTC{_offset(value.utcoffset())})"
    return _words_of_day(value)


@lru_cache(maxsize=256)
def _offset(ahead: timedelta | None) -> str:
    """The offset from UTC as `%z` prints it; "" without one. A few dozen are in use, and printing one is slow."""
    return "" if ahead is None else f"{datetime(2000, 1, 1, tzinfo=timezone(ahead)):%z}"


def order_of(value: Moment) -> tuple[date, time]:
    """Sorts days and instants together: a day lasts until its end."""
    return (value.date(), value.time()) if isinstance(value, datetime) else (value, time.max)


def earlier(one: Moment, other: Moment) -> Moment:
    """The earlier of two moments; two instants are compared as instants."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return min(one, other)
    if not isinstance(one, datetime) and not isinstance(other, datetime):
        return min(one, other)
    return min(one, other, key=order_of)


def later(one: Moment, other: Moment) -> Moment:
    """The later of two moments."""
    return other if earlier(one, other) == one else one


def add_hours(value: datetime, hours: int) -> datetime:
    """Elapsed hours, counted in UTC, shown in the zone the moment came in: across a clock change the wall
    time shifts."""
    return (value.astimezone(UTC) + timedelta(hours=hours)).astimezone(value.tzinfo)


def add_calendar_days(value: datetime, days: int) -> datetime:
    """The same wall time `days` later; where clocks change then, the later of the two possible instants."""
    shifted = (value.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=value.tzinfo)
    return max(shifted.replace(fold=fold).astimezone(UTC) for fold in (0, 1)).astimezone(value.tzinfo)


class Reading:
    """One reading of one calculation. After `of()`: `lines`, `used`, `named`, `presumption` and `trigger`
    tell how."""

    def __init__(self, facts: Facts, mode: str) -> None:
        self.facts = facts
        self.mode = mode
        self.lines: list[str] = []
        self.used: dict[str, object] = {}
        self.named: dict[str, object] = {}
        self.flags: list[tuple[str, str]] = []
        self.presumption = ""
        self.doubts: list[str] = []
        self.trigger: date | None = None
        self.receipt_dismissed = False
        """Whether a day of receipt is told and, without proof, not counted: it can be argued."""

    def of(self, node: Mapping[str, Any]) -> Moment:
        """The moment a calculation gives. Raises Unclear when a fact is missing or impossible."""
        found: Moment = getattr(self, f"_{node['op']}")(node)
        if "name" in node:
            self.named[node["name"]] = found
        return found

    # -- anchors -------------------------------------------------------------------------------------------
    def _anchor(self, node: Mapping[str, Any]) -> Moment:
        anchor = node["anchor"]
        if isinstance(anchor, Mapping):
            return self.of(anchor)
        if anchor == "receipt":
            found: Moment = self._receipt(node.get("presume_receipt_days", 0))
        elif anchor == "determination":
            found = self._determination()
        elif anchor == "sent":
            found = self._sent()
        else:
            found = self._fact(anchor)
        if self.trigger is None:
            self.trigger = found.date() if isinstance(found, datetime) else found
        return found

    def _fact(self, name: str) -> Moment:
        value = getattr(self.facts, name)
        if value is None:
            raise unclear(
                f"missing_{name}", f"This date cannot be computed yet: {LABELS[name]} is not recorded.", name
            )
        zone = self.facts.zone_of(name)
        if isinstance(value, datetime) and zone:
            value = value.astimezone(ZoneInfo(zone))
        self.used[name] = value
        where = f", in {zone}" if isinstance(value, datetime) and zone else ""
        self.lines.append(f"{HEADS[name]}: {words_of(value)}{where}.")
        return value

    def _earliest_notice(self, *names: str) -> date:
        days = [d for d in (self.facts.day(n) for n in names) if d]
        if not days:
            raise unclear(
                "missing_receipt",
                "Neither a date of receipt nor a date on the notice is recorded.",
                "receipt",
            )
        day = min(days)
        head = HEADS[next(n for n in names if self.facts.day(n) == day)]
        self.lines.append(f"{head}: {words_of(day)}.")
        return day

    def _doubt_receipt(self, counted: date, presumed_days: int) -> None:
        """Why the earliest reading counts from an earlier day than the rule."""
        received = self.facts.day("receipt")
        if received is not None and received > counted:
            unproven = self.facts.receipt_evidence in (None, "none")
            self.doubts.append(
                "nothing proves when the notice was received, so the time may be counted from an earlier day"
                if unproven
                else "the day of receipt can be disputed, so the time may be counted from an earlier day"
            )
        elif presumed_days:
            self.doubts.append(f"the {presumed_days} days presumed for the notice to arrive may not be added")

    def _sent(self) -> date:
        if self.facts.sent is None:
            raise unclear(
                "missing_sent", f"This date cannot be computed yet: {LABELS['sent']} is not recorded.", "sent"
            )
        if self.mode == "safe":
            counted = self._earliest_notice("notice_date", "sent")
            if counted < day_of(self.facts.sent, self.facts.zone):
                self.doubts.append(
                    "the notice bears an earlier date than the day it was sent, and the time may be counted from it"
                )
            return counted
        return day_of(self._fact("sent"), self.facts.zone)

    def _receipt(self, presumed_days: int) -> date:
        """Receipt by the patient: proven, presumed, or (earliest reading) the date on the notice.

        42 CFR 422.582(b), 423.582(b), 405.942(a): receipt is presumed 5 calendar days after the notice
        unless there is evidence to the contrary, either way: a later day of which no evidence is recorded
        can be argued, and moves no date. 29 CFR 2560.503-1 presumes nothing.
        """
        facts = self.facts
        if self.mode == "safe":
            counted = self._earliest_notice(*NOTICE_FACTS)
            self._doubt_receipt(counted, presumed_days)
            return counted
        actual = facts.day("receipt")
        base = facts.notice_date or facts.day("sent")
        if actual and not (
            presumed_days
            and base
            and self.mode != "permissive"
            and facts.receipt_evidence in (None, "none")
            and actual > base + timedelta(presumed_days)
        ):
            value = self._fact("receipt")
            if isinstance(value, datetime):
                self.lines.append(f"The day of receipt where it was received is {words_of(actual)}.")
            return actual
        if base is None:
            raise unclear(
                "missing_receipt",
                "Neither a date of receipt nor a date on the notice is recorded.",
                "receipt",
            )
        self._fact("notice_date" if facts.notice_date else "sent")
        if presumed_days:
            found = base + timedelta(days=presumed_days)
            self.presumption = f"Receipt presumed {presumed_days} calendar days after the date on the notice"
            if actual:
                self.receipt_dismissed = True
                self._flag(
                    "receipt_not_proven",
                    "A later day of receipt is recorded without proof; it does not move the date.",
                )
            self.lines.append(f"Receipt is presumed {presumed_days} calendar days later: {words_of(found)}.")
            return found
        self.presumption = "Receipt taken as the date on the notice (the earliest possible day)"
        self._flag(
            "receipt_unknown",
            "The day of receipt is not recorded; the date on the notice, the earliest day, is used.",
        )
        self.lines.append(
            "The day of receipt is not recorded; the date on the notice is the earliest it can be."
        )
        return base

    def _determination(self) -> date:
        """A window that runs from the determination: the date on it, or a later day when only that is known, which is said."""
        if self.mode == "safe":
            counted = self._earliest_notice(*NOTICE_FACTS)
            if self.facts.notice_date is not None and counted < self.facts.notice_date:
                self.doubts.append("the notice is recorded as sent or received before the date on it")
            return counted
        name = next((n for n in ("notice_date", "receipt", "sent") if getattr(self.facts, n)), "receipt")
        self._fact(name)
        if name != "notice_date":
            self._flag("determination_not_dated", NOT_DATED)
        return cast(date, self.facts.day(name))

    # -- operations ----------------------------------------------------------------------------------------
    def _date(self, node: Mapping[str, Any]) -> date:
        found = self._anchor(node)
        return found.date() if isinstance(found, datetime) else found

    def _moment(self, node: Mapping[str, Any]) -> Moment:
        return self._anchor(node)

    def _roll(self, day: date, node: Mapping[str, Any]) -> date:
        roll = node.get("roll", "none")
        if roll == "none":
            return day
        if self.mode == "safe":
            if rolled(day, roll) != day:
                self.doubts.append("a last day that is no working day may not move to the next one")
            return day
        moved = rolled(day, roll, permissive=self.mode == "permissive")
        if moved != day:
            self.lines.append(
                f"{words_of(day)} is not a working day for this rule: it moves to {words_of(moved)}."
            )
        return moved

    def _count(self, node: Mapping[str, Any]) -> int:
        n: int = node["n"]
        if "n_from" in node:
            given = getattr(self.facts, node["n_from"])
            if given is not None:
                if not node["n_least"] <= given <= node["n_most"]:
                    raise unclear(
                        "impossible_window",
                        f"The window is {node['n_least']} to {node['n_most']} days, not {given}.",
                        node["n_from"],
                    )
                self.used[node["n_from"]] = given
                return int(given)
            if self.mode == "permissive":
                return int(node["n_most"])
            self._flag(
                "window_unknown",
                f"The window is {node['n_least']} to {node['n_most']} days; unrecorded, so the shortest.",
            )
        return int(node["permissive_n"]) if self.mode == "permissive" and "permissive_n" in node else n

    def _add_days(self, node: Mapping[str, Any]) -> Moment:
        start = self._anchor(node)
        n = self._count(node)
        if node.get("keep_time"):
            if not isinstance(start, datetime):
                raise unclear(
                    "time_missing",
                    "The time of day is needed: this clock runs in hours.",
                    str(node["anchor"]),
                )
            if self.mode == "permissive" and node.get("argued") == "end_of_day":
                found: Moment = add_calendar_days(
                    datetime.combine(start.date(), time.min, start.tzinfo), n + 1
                )
                self.lines.append(f"+ {n} calendar days, to the end of the last one = {words_of(found)}.")
                return found
            found = add_calendar_days(start, n)
            self.lines.append(f"+ {n} calendar days, at the same clock time = {words_of(found)}.")
            return found
        if isinstance(start, datetime):
            start = start.date()
            self.lines.append(f"The day there is {words_of(start)}.")
        self._assumed(node)
        if "plus_days_between" in node:
            n += self._days_between(node)
        day = start + timedelta(days=n)
        self.lines.append(
            f"+ {n} calendar days, the first day not counted = {words_of(day)}."
            if n >= 0
            else f"{-n} calendar {'day' if n == -1 else 'days'} before = {words_of(day)}."
        )
        return self._roll(day, node)

    def _flag(self, code: str, text: str) -> None:
        self.flags.append((code, text))

    def _assumed(self, node: Mapping[str, Any]) -> None:
        if "assumes" in node:
            self.lines.append(node["assumes"])
            self._flag("least_time_assumed", node["assumes"])

    def _days_between(self, node: Mapping[str, Any]) -> int:
        spec = node["plus_days_between"]
        first = next((n for n in spec["start"] if getattr(self.facts, n)), spec["start"][0])
        start, end = self._fact(first), self._fact(spec["end"])
        excluded = (end - start).days
        if excluded < 0:
            raise unclear(
                "impossible_order", f"{LABELS[spec['end']]} is before {LABELS[first]}.", spec["end"]
            )
        self.named[spec["name"]] = excluded
        self.lines.append(f"{excluded} days between the two are not counted.")
        return excluded

    def _add_months(self, node: Mapping[str, Any]) -> date:
        start = self._anchor(node)
        start = start.date() if isinstance(start, datetime) else start
        day = add_months(start, node["n"], month_rule=node["month_rule"])
        note = ""
        if day.day != start.day:
            note = (
                " (no such date; the first day of the next month)"
                if day.day == 1
                else " (no such date; the last day of the month)"
            )
        self.lines.append(f"+ {node['n']} months = {words_of(day)}{note}.")
        return self._roll(day, node)

    def _add_business_days(self, node: Mapping[str, Any]) -> date:
        start = self._anchor(node)
        start = start.date() if isinstance(start, datetime) else start
        # A claimant may argue that a day on which a holiday is only observed is no business day either.
        argued = self.mode == "permissive"
        day = add_business_days(start, node["n"], count_for="payer" if argued else node["count_for"])
        self.lines.append(
            f"+ {node['n']} business days, weekends and Federal holidays not counted = {words_of(day)}."
        )
        return day

    def _add_hours(self, node: Mapping[str, Any]) -> Moment:
        start = self._anchor(node)
        if not isinstance(start, datetime):
            field = next(reversed(self.used), "received")
            raise unclear(
                "time_missing",
                "The time of day and the time zone are needed: this clock runs in hours.",
                field,
            )
        if self.mode == "permissive" and "argued_days" in node:
            last: date = start.date() + timedelta(days=node["argued_days"])
            self.lines.append(
                f"+ {node['argued_days']} calendar days, the first day not counted = {words_of(last)}."
            )
            return last
        self._assumed(node)
        n = self._count(node)
        found = add_hours(start, n)
        self.lines.append(f"+ {n} elapsed hours = {words_of(found)}.")
        return found

    def _branches(self, node: Mapping[str, Any]) -> list[Moment]:
        chosen = [
            b for b in node["of"] if not b.get("optional") or getattr(self.facts, b["anchor"]) is not None
        ]
        if not chosen:
            names = " or ".join(LABELS[b["anchor"]] for b in node["of"])
            raise unclear(
                f"missing_{node['of'][0]['anchor']}",
                f"This date cannot be computed yet: {names} is not recorded.",
                node["of"][0]["anchor"],
            )
        return [self.of(b) for b in chosen]

    def _earlier_of(self, node: Mapping[str, Any]) -> Moment:
        found = self._branches(node)
        best = found[0]
        for other in found[1:]:
            best = earlier(best, other)
        if len(found) > 1:
            self.lines.append(f"The earlier of these is {words_of(best)}.")
        return best

    def _later_of(self, node: Mapping[str, Any]) -> Moment:
        if self.mode == "safe":
            self.doubts.append("the earlier of two ways to count may be the one that stands")
            return self._earlier_of(node)
        found = self._branches(node)
        best = found[0]
        for other in found[1:]:
            best = later(best, other)
        if len(found) > 1:
            self.lines.append(f"The later of these is {words_of(best)}.")
        return best

    def _choose(self, node: Mapping[str, Any]) -> Moment:
        for branch in node["of"]:
            known = branch.get("when_known")
            if (known is None or getattr(self.facts, known) is not None) and all(
                getattr(self.facts, k) == v for k, v in branch.get("when", {}).items()
            ):
                return self.of(branch["then"])
        raise unclear("no_case", "No case of this rule fits what is recorded.")

    def _end_of_year(self, node: Mapping[str, Any]) -> date:
        start = self._anchor(node)
        found = date(start.year + node["n"], 12, 31)
        self.lines.append(f"The last day of the year {node['n']} years after = {words_of(found)}.")
        return found

    def _stated_or_add_days(self, node: Mapping[str, Any]) -> date:
        """A window no law gives: the plan's number of days when it is known, else the date the letter
        states."""
        n = getattr(self.facts, node["n_from"]) if node["n_from"] else None
        if n is not None:
            if not node.get("n_least", n) <= n <= node.get("n_most", n):
                raise unclear(
                    "impossible_window",
                    f"The window is at least {node['n_least']} and at most {node['n_most']} days, not {n}.",
                    node["n_from"],
                )
            start = self._anchor(node)
            self.used[node["n_from"]] = n
            day = (start.date() if isinstance(start, datetime) else start) + timedelta(days=n)
            self.lines.append(
                f"+ {n} calendar days set by the {node.get('set_by', 'plan')} = {words_of(day)}."
            )
            return day
        found = self._fact("stated")
        assert not isinstance(found, datetime)
        return found
