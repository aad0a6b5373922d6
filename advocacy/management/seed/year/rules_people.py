"""What must hold of work: somebody acts next, nobody who left has any, and nobody can say they were not told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from advocacy.access.permissions import Permission
from advocacy.access.roles import permissions_of
from advocacy.management.seed.year.watch import AT_CLOSING, AT_THE_END, EVERY_EVENING, Evening, Watch, rule
from advocacy.people.leaving import leavers_with_things
from advocacy.tenancy.together import fetched
from appeals.models import Deadline, Reminder
from appeals.next_action import next_action
from appeals.queries.standing import DECIDING, by_case, position_of, rows_under
from appeals.reminders import OWNER_DAYS
from cases.models import Case, Task

OVERDUE_TOLD = 6
"""Days after which a payer that is late was told to a supervisor in any case: one business day, over any holidays."""


def _without_next(evening: Evening, cases: list[Case]) -> Iterator[str]:
    """Cases for which nobody who is a member has a next action, an open task, or one that wakes by itself."""
    open_ones = [case for case in cases if case.status == "open"]
    if not open_ones:
        return
    keys = [case.pk for case in open_ones]
    rows = fetched(rows_under(keys))
    grouped = {key: by_case(rows[key]) for key in DECIDING}
    waiting = Task.objects.filter(case_id__in=keys, owner__ended_at=None)
    awake = Q(status="open") | Q(status="held", hold_until__gt=evening.at)
    worked = set(waiting.filter(awake).values_list("case_id", flat=True))
    everybody = permissions_of(frozenset({"supervisor"}))
    for case in open_ones:
        there = case.owner is None or case.owner.ended_at is None
        may = everybody if case.owner is None else permissions_of(frozenset(case.owner.roles))
        position = position_of(case, {k: g.get(case.pk, []) for k, g in grouped.items()}, evening.where)
        if case.pk in worked and (there or case.owner is None) and Permission.WORK_TASKS in may:
            continue
        if not there or next_action(position, may) is None:
            yield f"{case.reference}: nobody who is there has anything to do next, and nothing wakes"


@rule(
    "No open matter is without a next action for somebody who is there, or a task that is open or wakes by itself."
)
def somebody_acts_next(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from _without_next(evening, evening.cases)


@rule("The same of every open case, worked on lately or not.", when=AT_THE_END)
def nothing_is_forgotten(watch: Watch, evening: Evening) -> Iterator[str]:
    rows = Case.objects.filter(status="open").select_related("patient", "coverage", "owner__user")
    yield from _without_next(evening, list(rows.order_by("pk")))


@rule("What people have every right to do, the product lets them do.", when=EVERY_EVENING)
def nothing_right_is_refused(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from evening.house.refused
    evening.house.refused.clear()


@rule("Nobody who has left owns a case that is open, or a task of one.")
def nobody_who_left_has_work(watch: Watch, evening: Evening) -> Iterator[str]:
    for case in evening.cases:
        if case.status == "open" and case.owner is not None and case.owner.ended_at is not None:
            yield f"{case.reference}: its owner has left"
    theirs = Task.objects.filter(case_id__in=evening.worked, owner__ended_at__isnull=False)
    for task in theirs.filter(status__in=["open", "held"]).select_related("case"):
        yield f"{task.case.reference}: a task is with somebody who has left"


@rule("The list of what leavers left behind is empty.", when=AT_THE_END)
def leavers_left_nothing(watch: Watch, evening: Evening) -> Iterator[str]:
    for leaver in leavers_with_things(evening.at):
        things = ", ".join(f"{thing.count} of {thing.kind.key}" for thing in leaver.things)
        yield f"membership {leaver.member.pk} has left, and has {things}"


_RUNNING = """
SELECT c.reference, d.clock, d.due_on FROM appeals_deadline d JOIN cases_case c ON c.id = d.case_id
 WHERE d.organization_id = %(house)s AND d.status = 'running' AND c.status = 'open' AND {what} AND NOT EXISTS (
   SELECT FROM appeals_reminder m JOIN appeals_deadline o ON o.id = m.deadline_id JOIN people_membership p ON p.id = m.member_id
    WHERE o.case_id = d.case_id AND o.clock = d.clock AND o.due_on = d.due_on AND m.sent_at IS NOT NULL AND {which})
"""


def _unsent(evening: Evening, what: str, which: str) -> list[tuple[str, str, object]]:
    named: dict[str, Any] = {
        "house": evening.house.standing.organization.pk,
        "today": evening.day,
        "rungs": list(OWNER_DAYS),
        "long": evening.day - timedelta(days=OVERDUE_TOLD),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING.format(what=what, which=which), named)
        return cursor.fetchall()


@rule(
    "On the 30th, 14th, 7th, 3rd and last day before a date of the patient's, a mail about it goes out.",
    when=EVERY_EVENING,
)
def reminded_on_the_ladder(watch: Watch, evening: Evening) -> Iterator[str]:
    what = (
        "d.side = 'claimant' AND d.due_at IS NULL AND d.due_on - %(today)s::date = ANY (%(rungs)s)"
        " AND d.computed_at::date <= %(today)s::date"
    )
    for reference, clock, due in _unsent(evening, what, "m.rung = d.due_on - %(today)s::date"):
        yield f"{reference}: nobody was told today that {clock} ends on {due}"


@rule(
    "When a date has passed and nobody acted, whoever supervises is told, on the patient's side and on the other.",
    when=EVERY_EVENING,
)
def supervisors_hear_when_nobody_acts(watch: Watch, evening: Evening) -> Iterator[str]:
    what = (
        "((d.side = 'claimant' AND d.due_at IS NULL AND d.due_on < %(today)s::date)"
        " OR (d.side <> 'claimant' AND d.due_on < %(long)s::date))"
    )
    for reference, clock, due in _unsent(
        evening, what, "m.rung IN (-1, -2) AND 'supervisor' = ANY (p.roles)"
    ):
        yield f"{reference}: {clock} ended on {due}, and no supervisor was told"


_UNTOLD_COVER = """
SELECT c.reference, d.clock, m.rung
  FROM appeals_reminder m JOIN appeals_deadline d ON d.id = m.deadline_id JOIN cases_case c ON c.id = m.case_id
  JOIN people_absence a ON a.member_id = m.member_id AND a.ended_at IS NULL AND a.recorded_at < m.claimed_at
   AND (m.claimed_at AT TIME ZONE %(zone)s)::date BETWEEN a.from_on AND a.until_on
  JOIN people_membership p ON p.id = a.cover_id AND p.ended_at IS NULL
 WHERE m.organization_id = %(house)s AND m.claimed_at > %(since)s AND c.owner_id = m.member_id AND NOT c.is_restricted
   AND NOT EXISTS (SELECT FROM appeals_reminder o
                    WHERE o.deadline_id = m.deadline_id AND o.rung = m.rung AND o.member_id = a.cover_id)
"""


@rule("What an absent colleague is told, whoever covers for them is told too.", when=EVERY_EVENING)
def cover_hears_too(watch: Watch, evening: Evening) -> Iterator[str]:
    organization = evening.house.standing.organization
    named: dict[str, Any] = {
        "house": organization.pk,
        "zone": organization.time_zone,
        "since": evening.at - timedelta(days=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNTOLD_COVER, named)
        for reference, clock, rung in cursor.fetchall():
            yield f"{reference}: the owner is away, and the cover was not told of {clock} ({rung})"


@rule(
    "A hold ends when its hour has come, on the next day on which somebody works at the latest.",
    when=EVERY_EVENING,
)
def holds_end(watch: Watch, evening: Evening) -> Iterator[str]:
    over = Task.objects.filter(status="held", hold_until__lte=evening.at - timedelta(days=4))
    for task in over.select_related("case"):
        yield f"{task.case.reference}: a task is still on hold, until {task.hold_until:%Y-%m-%d}"


@rule("With the case everything ends: its dates, its tasks, its mails.", when=AT_CLOSING)
def all_stops_at_the_end(watch: Watch, evening: Evening) -> Iterator[str]:
    keys = evening.closed
    for row in Deadline.objects.filter(case_id__in=keys, status="running").select_related("case"):
        yield f"{row.case.reference} is closed, and {row.clock} still runs"
    for task in Task.objects.filter(case_id__in=keys, status__in=["open", "held"]).select_related("case"):
        yield f"{task.case.reference} is closed, and a task is {task.status}"


@rule("Nobody is told of the dates of a closed case.", when=EVERY_EVENING)
def no_mail_after_the_end(watch: Watch, evening: Evening) -> Iterator[str]:
    today = Reminder.objects.filter(sent_at__gt=evening.at - timedelta(days=1), case__status="closed")
    for row in today.select_related("case", "deadline"):
        if row.case.closed_at is not None and row.sent_at is not None and row.sent_at > row.case.closed_at:
            yield f"{row.case.reference} is closed, and a mail about {row.deadline.clock} went out"
