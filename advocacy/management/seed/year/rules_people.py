"""What must hold of work: somebody acts next, nobody who left has any, and nobody can say they were not told."""

from __future__ import annotations

from collections.abc import Iterator

from advocacy.access.permissions import Permission
from advocacy.access.roles import permissions_of
from advocacy.management.seed.year.loaded import Loaded
from advocacy.management.seed.year.watch import (
    ASKED,
    AT_CLOSING,
    AT_THE_END,
    EVERY_EVENING,
    OF_THE_WORKED,
    Asked,
    Evening,
    Watch,
    asked,
    rule,
)
from advocacy.people.leaving import leavers_with_things
from appeals.next_action import next_action
from appeals.queries.standing import position_of
from appeals.reminders import OWNER_DAYS
from cases.models import Case

OVERDUE_TOLD = 6
"""Days after which a payer that is late was told to a supervisor in any case: one business day, over any holidays."""


def _without_next(evening: Evening, loaded: Loaded) -> Iterator[str]:
    """Cases for which nobody who is a member has a next action, an open task, or one that wakes by itself."""
    everybody = permissions_of(frozenset({"supervisor"}))
    for case in loaded.cases:
        if case.status != "open":
            continue
        there = case.owner is None or case.owner.ended_at is None
        may = everybody if case.owner is None else permissions_of(frozenset(case.owner.roles))
        position = position_of(case, loaded.deciding(case), evening.where)
        if loaded.of(case, "waiting") and there and Permission.WORK_TASKS in may:
            continue
        if not there or next_action(position, may) is None:
            yield f"{case.reference}: nobody who is there has anything to do next, and nothing wakes"


@rule(
    "No open matter is without a next action for somebody who is there, or a task that is open or wakes by itself."
)
def somebody_acts_next(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from _without_next(evening, evening.loaded)


@rule("The same of every open case, worked on lately or not.", when=AT_THE_END)
def nothing_is_forgotten(watch: Watch, evening: Evening) -> Iterator[str]:
    keys = Case.objects.filter(status="open").values_list("pk", flat=True)
    yield from _without_next(evening, Loaded(list(keys), evening.at))


@rule("What people have every right to do, the product lets them do.", when=EVERY_EVENING)
def nothing_right_is_refused(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from evening.house.refused
    evening.house.refused.clear()


@rule("Nobody who has left owns a case that is open, or a task of one.")
def nobody_who_left_has_work(watch: Watch, evening: Evening) -> Iterator[str]:
    for case in evening.cases:
        if case.status == "open" and case.owner is not None and case.owner.ended_at is not None:
            yield f"{case.reference}: its owner has left"
    yield from evening.found_by("nobody_who_left_has_work", watch)


ASKED["nobody_who_left_has_work"] = Asked(
    """
    SELECT c.reference || ': a task is with somebody who has left'
      FROM cases_task t JOIN cases_case c ON c.id = t.case_id JOIN people_membership m ON m.id = t.owner_id
     WHERE t.case_id = ANY (%(cases)s) AND t.status IN ('open', 'held') AND m.ended_at IS NOT NULL
    """,
    OF_THE_WORKED,
)


@rule("The list of what leavers left behind is empty.", when=AT_THE_END)
def leavers_left_nothing(watch: Watch, evening: Evening) -> Iterator[str]:
    for leaver in leavers_with_things(evening.at):
        things = ", ".join(f"{thing.count} of {thing.kind.key}" for thing in leaver.things)
        yield f"membership {leaver.member.pk} has left, and has {things}"


_NOT_TOLD = """
    SELECT c.reference || {words}
      FROM appeals_deadline d JOIN cases_case c ON c.id = d.case_id
     WHERE d.organization_id = %(house)s AND d.status = 'running' AND c.status = 'open' AND {what} AND NOT EXISTS (
       SELECT FROM appeals_reminder m JOIN appeals_deadline o ON o.id = m.deadline_id
         JOIN people_membership p ON p.id = m.member_id
        WHERE o.case_id = d.case_id AND o.clock = d.clock AND o.due_on = d.due_on AND m.sent_at IS NOT NULL AND {which} OFFSET 0)
    """
"""Date by date (OFFSET 0), as few come near on a day: joined with all reminders it takes longer with every month."""
asked(
    "reminded_on_the_ladder",
    "On the 30th, 14th, 7th, 3rd and last day before a date of the patient's, a mail about it goes out.",
    _NOT_TOLD.format(
        words="': nobody was told today that ' || d.clock || ' ends on ' || d.due_on",
        what=f"""d.side = 'claimant' AND d.due_at IS NULL
         AND d.due_on - %(today)s::date = ANY (ARRAY[{", ".join(map(str, OWNER_DAYS))}])
         AND d.computed_at::date <= %(today)s::date""",
        which="m.rung = d.due_on - %(today)s::date",
    ),
    when=EVERY_EVENING,
)
asked(
    "supervisors_hear_when_nobody_acts",
    "When a date has passed and nobody acted, whoever supervises is told, on the patient's side and on the other.",
    _NOT_TOLD.format(
        words="': ' || d.clock || ' ended on ' || d.due_on || ', and no supervisor was told'",
        what=f"""((d.side = 'claimant' AND d.due_at IS NULL AND d.due_on < %(today)s::date)
         OR (d.side <> 'claimant' AND d.due_on < %(today)s::date - {OVERDUE_TOLD}))""",
        which="m.rung IN (-1, -2) AND 'supervisor' = ANY (p.roles)",
    ),
    when=EVERY_EVENING,
)
asked(
    "cover_hears_too",
    "What an absent colleague is told, whoever covers for them is told too.",
    """
    SELECT c.reference || ': the owner is away, and the cover was not told of ' || d.clock || ' (' || m.rung || ')'
      FROM appeals_reminder m JOIN appeals_deadline d ON d.id = m.deadline_id JOIN cases_case c ON c.id = m.case_id
      JOIN people_absence a ON a.member_id = m.member_id AND a.ended_at IS NULL AND a.recorded_at < m.claimed_at
       AND (m.claimed_at AT TIME ZONE %(zone)s)::date BETWEEN a.from_on AND a.until_on
      JOIN people_membership p ON p.id = a.cover_id AND p.ended_at IS NULL
     WHERE m.organization_id = %(house)s AND m.claimed_at > %(yesterday)s AND c.owner_id = m.member_id AND NOT c.is_restricted
       AND NOT EXISTS (SELECT FROM appeals_reminder o
                        WHERE o.deadline_id = m.deadline_id AND o.rung = m.rung AND o.member_id = a.cover_id)
    """,
    when=EVERY_EVENING,
)
asked(
    "holds_end",
    "A hold ends when its hour has come, on the next day on which somebody works at the latest.",
    """
    SELECT c.reference || ': a task is still on hold, until ' || (t.hold_until AT TIME ZONE 'UTC')::date
      FROM cases_task t JOIN cases_case c ON c.id = t.case_id
     WHERE t.organization_id = %(house)s AND t.status = 'held' AND t.hold_until <= %(now)s::timestamptz - interval '4 days'
    """,
    when=EVERY_EVENING,
)


asked(
    "all_stops_at_the_end",
    "With the case everything ends: its dates, its tasks, its mails.",
    """
    SELECT c.reference || ' is closed, and ' || d.clock || ' still runs'
      FROM appeals_deadline d JOIN cases_case c ON c.id = d.case_id
     WHERE d.case_id = ANY (%(cases)s) AND c.status = 'closed' AND d.status = 'running'
     UNION ALL
    SELECT c.reference || ' is closed, and a task is ' || t.status
      FROM cases_task t JOIN cases_case c ON c.id = t.case_id
     WHERE t.case_id = ANY (%(cases)s) AND c.status = 'closed' AND t.status IN ('open', 'held')
    """,
    when=AT_CLOSING,
)
asked(
    "no_mail_after_the_end",
    "Nobody is told of the dates of a closed case.",
    """
    SELECT c.reference || ' is closed, and a mail about ' || d.clock || ' went out'
      FROM appeals_reminder m JOIN appeals_deadline d ON d.id = m.deadline_id JOIN cases_case c ON c.id = m.case_id
     WHERE m.organization_id = %(house)s AND m.sent_at > %(yesterday)s AND c.status = 'closed' AND m.sent_at > c.closed_at
    """,
    when=EVERY_EVENING,
)
