"""The caseload board: by person, how much there is, what waits, and what nobody looks at. Every number is a list of the queue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Case as Choose
from django.db.models import Count, Exists, IntegerField, Min, OuterRef, Q, QuerySet, Sum, Value, When

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Absence, Membership
from advocacy.people.queries import absent_now
from appeals.caseload import BEFORE_LEVELS, LEVEL_POINTS, URGENT_POINTS
from appeals.models import Deadline
from appeals.queries.clocks import Day
from appeals.queries.queue import Filters, listed
from appeals.queries.worklists import SIDES, due_by, idle_for, left_behind, overdue, with_held_task
from cases.models import Case

PEOPLE = 25
QUIET_DAYS = "7"
OLD_DAYS = "14"
WORKERS = ["intake", "navigator", "clinician", "supervisor"]

_POINTS = Choose(
    *(When(stage=stage, then=Value(points)) for stage, points in BEFORE_LEVELS.items()),
    default=Value(LEVEL_POINTS),
    output_field=IntegerField(),
) + Choose(When(is_urgent=True, then=Value(URGENT_POINTS)), default=Value(0), output_field=IntegerField())


@dataclass(frozen=True)
class Number:
    """A count of open cases and the filters of the queue that list exactly these."""

    count: int
    filters: Filters


@dataclass(frozen=True)
class Load:
    """One line of the board: a member, the cases of nobody, or those whose owner has left. `weight` are points of work.

    `oldest_days` counts since anybody worked on the case that waits longest; None without a case.
    """

    name: str
    member: Membership | None
    cases: Number
    weight: int
    oldest_days: int | None
    old: Number
    quiet: Number
    overdue: Number
    held: Number
    absence: Absence | None = None
    share: UUID | None = None


@dataclass(frozen=True)
class Board:
    people: tuple[Load, ...]
    nobody: Load | None
    left: Load | None
    after: str
    is_first: bool
    heaviest: int


def people_of(actor: Actor) -> QuerySet[Membership]:
    """Live members who work cases, and whoever still owns an open one."""
    owns = Case.objects.filter(owner_id=OuterRef("pk"), status="open")
    return (
        Membership.objects.filter(visible(actor, Membership), ended_at=None)
        .filter(Q(roles__overlap=WORKERS) | Exists(owns))
        .select_related("user")
        .order_by("user__name", "id")
    )


def loads_of(actor: Actor, owners: Iterable[int]) -> dict[int, int]:
    """Points of work by membership, over the open cases the actor sees."""
    rows = (
        Case.objects.filter(visible(actor, Case), status="open", owner_id__in=list(owners))
        .order_by()
        .values("owner_id")
        .annotate(weight=Sum(_POINTS))
    )
    return {row["owner_id"]: row["weight"] for row in rows}


def _sums(actor: Actor, whose: Q, day: Day, *by: str) -> list[dict[str, Any]]:
    """The numbers of some owners, in one statement."""
    seen = Case.objects.filter(visible(actor, Case), whose, status="open").order_by()
    quiet, due = idle_for(int(QUIET_DAYS), day), due_by(day, int(QUIET_DAYS))
    rows = seen.values(*by) if by else seen.annotate(all=Value(1)).values("all")
    found: Any = rows.annotate(
        cases=Count("pk"),
        weight=Sum(_POINTS),
        oldest=Min("last_touched_at"),
        old=Count("pk", filter=idle_for(int(OLD_DAYS), day)),
        quiet=Count("pk", filter=quiet & due),
        overdue=Count("pk", filter=overdue(SIDES["ours"], day)),
        held=Count("pk", filter=Q(with_held_task())),
    )
    return list(found)


def _load(name: str, owner: str, row: dict[str, Any], day: Day, member: Membership | None = None) -> Load:
    filters = Filters(owner=owner)
    return Load(
        name=name,
        member=member,
        cases=Number(row["cases"], filters),
        weight=row["weight"] or 0,
        oldest_days=(day.now - row["oldest"]).days if row["oldest"] else None,
        old=Number(row["old"], replace(filters, idle=OLD_DAYS)),
        quiet=Number(row["quiet"], replace(filters, due=QUIET_DAYS, idle=QUIET_DAYS)),
        overdue=Number(row["overdue"], replace(filters, overdue="ours")),
        held=Number(row["held"], replace(filters, work="held")),
        share=member.public_id if member and row["cases"] else None,
    )


_NOTHING = {"cases": 0, "weight": 0, "oldest": None, "old": 0, "quiet": 0, "overdue": 0, "held": 0}


def board(actor: Actor, *, day: Day, after: UUID | None = None, size: int = PEOPLE) -> Board:
    """One page of the board, by name; on the first page also the cases of nobody and those whose owner has left.

    Raises NotFound for an `after` that names no member. At most six statements, whatever the number of people.
    """
    people = people_of(actor)
    if after is not None:
        last = (
            Membership.objects.filter(visible(actor, Membership), public_id=after)
            .select_related("user")
            .first()
        )
        if last is None:
            raise NotFound("member")
        behind = Q(user__name__gt=last.user.name) | Q(user__name=last.user.name, pk__gt=last.pk)
        people = people.filter(behind)
    found = list(people[: size + 1])
    more, found = len(found) > size, found[:size]
    sums = {
        row["owner_id"]: row for row in _sums(actor, Q(owner_id__in=[m.pk for m in found]), day, "owner_id")
    }
    away = absent_now(day.today)
    lines = tuple(
        replace(
            _load(str(m.user), str(m.public_id), sums.get(m.pk, _NOTHING), day, m), absence=away.get(m.pk)
        )
        for m in found
    )
    nobody = left = None
    if after is None:
        for name, owner, whose in (
            ("No owner", "none", Q(owner_id=None)),
            ("Owner has left", "left", left_behind(day)),
        ):
            rows = _sums(actor, whose, day)
            if rows and owner == "none":
                nobody = _load(name, owner, rows[0], day)
            elif rows:
                left = _load(name, owner, rows[0], day)
    return Board(
        people=lines,
        nobody=nobody,
        left=left,
        after=str(found[-1].public_id) if more else "",
        is_first=after is None,
        heaviest=max((line.weight for line in lines), default=0),
    )


def get_person(actor: Actor, public_id: UUID) -> Membership:
    """A member of the organization, whether or not they left. Raises NotFound."""
    found = (
        Membership.objects.filter(visible(actor, Membership), public_id=public_id)
        .select_related("user")
        .first()
    )
    if found is None:
        raise NotFound("member")
    return found


def cases_of_person(actor: Actor, member: Membership, day: Day, *, most: int) -> list[Case]:
    """The member's open cases that the actor sees, by next date."""
    rows = listed(actor, Filters(owner=str(member.public_id)), day)
    return list(rows.select_related("patient", "owner__user").order_by("next_deadline_on", "pk")[:most])


def own_days(cases: Iterable[Case]) -> dict[int, Deadline]:
    """By case: the clock whose date is the case's next one and the organization's own. One statement."""
    days = {case.pk: case.next_deadline_on for case in cases}
    rows = Deadline.objects.filter(
        case_id__in=days, status=Deadline.Status.RUNNING, own_on__isnull=False
    ).only("case_id", "due_on", "law_on", "own_reason")
    return {row.case_id: row for row in rows if days[row.case_id] == row.due_on}
