"""Today: stacks of cases, each the head of a queue, with one proposed next action a row. Four statements, and
one more for whoever covers for somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import CharField, Count, Q, QuerySet, Value, Window
from django.db.models.functions import Cast

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.people.queries import covered_by
from advocacy.tenancy.kept import ORGANIZATION, Kept, KeptRows, kept, kept_rows
from advocacy.tenancy.plans import any_of, planned_with_values
from advocacy.tenancy.together import fetched
from appeals.models import Deadline
from appeals.next_action import Proposal
from appeals.queries.clocks import Day, Due, call_windows, due_of, earliest, ours, theirs
from appeals.queries.queue import CALL_DAYS, FORWARD, Filters, Place, in_lines, listed
from appeals.queries.standing import by_case, position_under, proposals_for, workable
from appeals.queries.worklists import (
    Reach,
    covered_tasks,
    open_or_named,
    waiting_on,
    waking_today,
    within_reach,
)
from cases.models import Case, Communication, Task
from cases.queries.messages import unanswered

SHOWN = 8
LEGAL_DAYS = "14"


@dataclass(frozen=True)
class Row:
    """One line: the case, what it is about, its date, and the proposed next action. `task` is the one in front, if any.

    `covered` is the absent colleague for whom this row is shown; `wrote_at` when the patient's oldest of `messages`
    unanswered ones came.
    """

    case: Case
    due: Due | None
    task: Task | None
    task_days_left: int | None
    more_tasks: int
    wakes_at: str
    action: Proposal | None
    place: str
    covered: str = ""
    wrote_at: str = ""
    messages: int = 0


@dataclass(frozen=True)
class Stack:
    """A stack: `total` is the length of the list that `filters` open in the queue, `rows` its first few."""

    code: str
    title: str
    filters: Filters
    total: int
    rows: tuple[Row, ...]


def default_scope(actor: Actor) -> str:
    """Whose cases the first two stacks show: "desk" (mine and without owner), or "all" for whoever assigns or oversees."""
    works_cases = actor.may(Permission.CHANGE_CASE) and not actor.may(Permission.ASSIGN_CASE)
    return "desk" if works_cases else "all"


def stacks_of(scope: str) -> tuple[tuple[str, str, Filters], ...]:
    """Code, title and queue filters of each stack. `scope` is "desk" or "all"."""
    owner = "desk" if scope == "desk" else ""
    return (
        ("legal", "Legal deadlines in 14 days", Filters(due=LEGAL_DAYS, owner=owner)),
        ("payer", "Payer overdue", Filters(overdue="plan", owner=owner)),
        ("call", f"Peer-to-peer window closes in {CALL_DAYS} days", Filters(work="call", owner=owner)),
        ("patient", "Patient waiting on me", Filters(work="patient")),
        ("waiting", "Waiting on me", Filters(work="waiting")),
        ("waking", "Waking up today", Filters(work="waking")),
        ("new", "New", Filters(work="new")),
        ("covering", "Covering for a colleague", Filters(work="covering")),
    )


def _heads(
    actor: Actor, day: Day, scope: str, seen: Q, away: Sequence[int], covers: bool
) -> QuerySet[Case, tuple[str, int, int]]:
    """The first rows of each list, each with the length of its whole list: count and list are one statement."""
    columns: Any = ("stack", "pk", "total")  # two of them are annotations
    heads = [
        listed(actor, filters, day, seen, away)
        .annotate(stack=Cast(Value(code), CharField()), total=Window(Count("pk")))
        .order_by(*FORWARD)
        .values_list(*columns)[:SHOWN]
        for code, _title, filters in stacks_of(scope)
        if covers or code != "covering"
    ]
    return heads[0].union(*heads[1:], all=True)


MEMBER, NAMED, AWAY, CASES, WAITED_FOR = -7_002, [-7_003], [-7_004], [-7_005], [-7_006]
MOMENT = Day(datetime(1901, 1, 1, tzinfo=UTC), date(1905, 1, 1), ZoneInfo("UTC"))
SOMEBODY = Actor(key="", label="", organization_id=ORGANIZATION, membership_id=MEMBER)
"""Stand for the actor and the day in the text of the statements; no row has such a key or such a date."""

STAND_INS: Mapping[str, Any] = {
    "member": MEMBER,
    "named": NAMED,
    "away": AWAY,
    "now": MOMENT.now,
    "today": MOMENT.today,
    "tomorrow": MOMENT.tomorrow_starts,
}


def asked_of(reach: Reach, day: Day) -> dict[str, Any]:
    """What stands for them in this request, by the same names."""
    return {
        "member": reach.actor.membership_id,
        "named": reach.named or (),
        "away": reach.away,
        "now": day.now,
        "today": day.today,
        "tomorrow": day.tomorrow_starts,
    }


@cache
def _kept_heads(scope: str, covers: bool) -> Kept:
    """The same for every actor whose roles open cases: what they reach is among the values."""
    return kept(lambda: _heads(SOMEBODY, MOMENT, scope, open_or_named(NAMED), AWAY, covers), STAND_INS)


def _found(reach: Reach, day: Day, scope: str) -> list[tuple[Any, ...]]:
    """Code, case and length of the list, for the first rows of each list."""
    covers = bool(reach.away)
    with planned_with_values():
        if reach.named is None or reach.actor.membership_id is None:
            return list(_heads(reach.actor, day, scope, reach.seen, reach.away, covers))
        return _kept_heads(scope, covers).rows(asked_of(reach, day))


def today(actor: Actor, *, day: Day, scope: str = "") -> tuple[Stack, ...]:
    """The six stacks. `scope` is "desk", "all" or "" for the role's own default."""
    scope = scope or default_scope(actor)
    wanted = stacks_of(scope)
    reach = within_reach(actor, day)
    ids: dict[str, list[int]] = {code: [] for code, _t, _f in wanted}
    totals = dict.fromkeys(ids, 0)
    for code, pk, total in _found(reach, day, scope):
        ids[code].append(pk)
        totals[code] = total
    everything = sorted({pk for pks in ids.values() for pk in pks})
    wanted = tuple(stack for stack in wanted if stack[0] != "covering" or totals["covering"])
    if not everything:
        return tuple(Stack(code, title, f, 0, ()) for code, title, f in wanted)
    # By their keys alone, which the server plans once for everybody.
    cases = in_lines(Case.objects.filter(any_of("pk", everything))).annotate(is_workable=workable(actor))
    known = {case.pk: case for case in cases}
    with planned_with_values():
        rows = _rows_of(reach, day, everything, ids["patient"])
    actions = proposals_for(actor, known.values(), rows, day)
    away = _covered(actor, day) if totals["covering"] else {}
    clocks, tasks = (
        by_case(rows["deadlines"]),
        {k: by_case(rows[k]) for k in ("waiting", "waking", "covering")},
    )
    wrote = by_case(rows["patient"])
    return tuple(
        Stack(
            code,
            title,
            filters,
            totals[code],
            tuple(
                _row(
                    known[pk],
                    filters,
                    day,
                    _headline(code, clocks.get(pk, ()), day),
                    tasks.get(code, {}).get(pk, ()),
                    actions[pk],
                    away if code == "covering" else {},
                    [message.happened_at for message in wrote[pk]] if code == "patient" else (),
                )
                for pk in sorted(ids[code], key=lambda pk: _key(known[pk]))
            ),
        )
        for code, title, filters in wanted
    )


def _under(
    actor: Actor, day: Day, away: Sequence[int], cases: Sequence[int], waited_for: Sequence[int]
) -> dict[str, QuerySet[Any]]:
    """What stands under these cases; of `waited_for`, what their patients wrote. Keys all at once, see `any_of`."""
    of_cases = any_of("case_id", cases)
    return position_under(cases) | {
        "waiting": waiting_on(actor).filter(of_cases).order_by("due_on", "id"),
        "covering": covered_tasks(actor, day, away).filter(of_cases).order_by("due_on", "id"),
        "waking": waking_today(actor, day).filter(of_cases).order_by("hold_until", "id"),
        "patient": Communication.objects.filter(unanswered(), any_of("case_id", waited_for))
        .only("case_id", "happened_at")
        .order_by("happened_at", "id"),
    }


@cache
def _kept_under() -> KeptRows:
    return kept_rows(
        lambda: _under(SOMEBODY, MOMENT, AWAY, CASES, WAITED_FOR),
        {**STAND_INS, "cases": CASES, "waited_for": WAITED_FOR},
    )


def _rows_of(reach: Reach, day: Day, cases: Sequence[int], waited_for: Sequence[int]) -> dict[str, list[Any]]:
    """The same, fetched."""
    if reach.actor.membership_id is None:
        return fetched(_under(reach.actor, day, reach.away, cases, waited_for))
    asked = asked_of(reach, day) | {"cases": cases, "waited_for": waited_for}
    return fetched(_kept_under().written(asked))


def _covered(actor: Actor, day: Day) -> dict[int, str]:
    """The names of the colleagues for whom the actor covers, by membership."""
    rows = covered_by(actor, day.today).select_related("member__user")
    return {row.member_id: str(row.member.user) for row in rows}


def _key(case: Case) -> tuple[bool, date, int]:
    """The order of the queue: by next date, undated last."""
    return (case.next_deadline_on is None, case.next_deadline_on or date.max, case.pk)


def _headline(code: str, deadlines: Sequence[Deadline], day: Day) -> Deadline | None:
    """The other side's clock in the stack about it, the window of the call in that about calls; elsewhere the patient's legal
    date, which is what one works to.
    """
    chosen = {"payer": theirs, "call": call_windows}.get(code, ours)
    return earliest(chosen(deadlines), day)


def _row(
    case: Case,
    filters: Filters,
    day: Day,
    headline: Deadline | None,
    tasks: Sequence[Task],
    action: Proposal | None,
    away: Mapping[int, str],
    wrote: Sequence[datetime] = (),
) -> Row:
    task = tasks[0] if tasks else None
    covered = (away.get(task.owner_id or 0, "") if task else "") or away.get(case.owner_id or 0, "")
    return Row(
        case=case,
        due=due_of(headline, day) if headline else None,
        task=task,
        task_days_left=(task.due_on - day.today).days if task and task.due_on else None,
        more_tasks=max(len(tasks) - 1, 0),
        wakes_at=f"{task.hold_until.astimezone(day.zone):%-I:%M %p}" if task and task.hold_until else "",
        action=action,
        place=Place(filters, case.next_deadline_on, case.pk, case.triage_rank).text(),
        covered=covered,
        wrote_at=f"{wrote[0].astimezone(day.zone):%b %-d, %-I:%M %p}" if wrote else "",
        messages=len(wrote),
    )
