"""What was known of the dates of a case at the end of a day: every row that stood then, beside what stands now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from advocacy.access.policy import Actor, visible
from appeals.models import Deadline
from appeals.queries.clocks import Day, Due, due_of
from appeals.queries.moved import SUBJECTS
from cases.models import Case


@dataclass(frozen=True)
class Known:
    """One date as it stood: since when it had been computed so, the day that stands in front now (None where none does any
    more), how it ended ("" while it runs) and on which day, and the day on which that was recorded where it is later than the day
    asked for: then it was not known yet."""

    due: Due
    rule: str
    since: datetime
    now: date | None
    ended: str
    ended_on: date | None
    learned_on: date | None = None

    @property
    def moved(self) -> bool:
        return self.now != self.due.date


def known_dates(actor: Actor, case: Case, on: date, day: Day) -> tuple[Known, ...]:
    """The dates that stood when `on` was over where the patient is, the earliest first. One statement.

    A row counts from the moment it was computed, which is when its facts were typed in, until another took its place.
    """
    night = datetime.combine(on + timedelta(days=1), datetime.min.time(), tzinfo=day.zone)
    then = Day(min(night - timedelta(microseconds=1), day.now), on, day.zone)
    rows = list(Deadline.objects.filter(visible(actor, Deadline), case=case).order_by("due_on", "id"))
    now = {_clock(row): row for row in rows if row.status != Deadline.Status.SUPERSEDED}
    return tuple(
        _known(row, now.get(_clock(row)), then)
        for row in rows
        if row.computed_at < night and not _replaced(row, night)
    )


def _known(row: Deadline, stands: Deadline | None, then: Day) -> Known:
    rule = f"{row.rule}, {row.rule_version}" if row.rule_version else row.rule
    due = due_of(row, then)
    if stands is None or stands.status == Deadline.Status.RUNNING or stands.ended_at is None:
        return Known(due, rule, row.computed_at, stands.due_on if stands else None, "", None)
    assert stands.ended_known_at is not None
    learned_on = stands.ended_known_at.astimezone(then.zone).date()
    if learned_on <= then.today and stands.ended_at <= then.now:
        due = replace(due, days_left=99, left="It had ended", overdue=False)
    return Known(
        due,
        rule,
        row.computed_at,
        stands.due_on,
        str(stands.get_status_display()),
        stands.ended_at.astimezone(then.zone).date(),
        learned_on if learned_on > then.today else None,
    )


def _clock(row: Deadline) -> tuple[object, ...]:
    return (row.clock, *(getattr(row, f"{name}_id") for name in SUBJECTS))


def _replaced(row: Deadline, night: datetime) -> bool:
    return row.status == Deadline.Status.SUPERSEDED and row.ended_at is not None and row.ended_at < night
