"""The conditions by which lists of cases are made. Each is written so that it is found from its few rows, by an index, however
many cases the organization has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet

from advocacy.access.compiled import statement_for
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, visible
from advocacy.audit.models import Event
from advocacy.people.queries import covered_by
from advocacy.tenancy.kept import ORGANIZATION, Kept, kept
from advocacy.tenancy.plans import Fixed, any_of
from appeals.models import Deadline
from appeals.queries.clocks import CLAIMANT, LEGAL, Day, passed
from appeals.queries.owed import WON_AT_LEVEL, WON_IN_CALL
from cases.models import Case, Communication, Task
from cases.queries.messages import unanswered
from cases.workflow import CaseStatus, TaskStatus

NEW_DAYS = 14
COVER_DAYS = 14
SIDES = {"ours": (CLAIMANT,), "plan": (Deadline.Side.PAYER, Deadline.Side.REVIEWER)}
"""Whose dates a filter by dates that have passed is about."""


def on_my_desk(actor: Actor, path: str = "") -> Q:
    """Cases of the actor and cases of nobody. `path` leads to the case from another row."""
    return Q(**{f"{path}owner_id": actor.membership_id}) | Q(**{f"{path}owner_id": None})


def tasks_of_mine(actor: Actor) -> Q:
    """Tasks of the actor, and tasks of nobody on cases that are the actor's or nobody's."""
    on_desk = Case.objects.filter(on_my_desk(actor), pk=OuterRef("case_id"))
    return Q(owner_id=actor.membership_id) | Q(owner_id=None) & Q(Exists(on_desk))


def waiting_on(actor: Actor) -> QuerySet[Task]:
    """Open tasks of the actor that do not wait for another one."""
    free = Q(waits_for=None) | Q(waits_for__status__in=[TaskStatus.DONE, TaskStatus.CANCELLED])
    return Task.objects.filter(tasks_of_mine(actor), free, status=Fixed(TaskStatus.OPEN))


def waking_today(actor: Actor, day: Day) -> QuerySet[Task]:
    """Held tasks of the actor whose hold ends today (or should have ended)."""
    return Task.objects.filter(
        tasks_of_mine(actor), status=Fixed(TaskStatus.HELD), hold_until__lt=day.tomorrow_starts
    )


@dataclass(frozen=True)
class Reach:
    """What `visible` says of cases to one actor, and the memberships for which they cover, worked out for one moment: one
    statement, so that a page of many lists does not ask in each of them whom the restricted cases are open to, and who is away.

    `named` are the restricted cases that are open to them; None for somebody whose roles open no case.
    """

    actor: Actor
    named: tuple[int, ...] | None
    away: tuple[int, ...]

    @property
    def seen(self) -> Q:
        """The cases they see."""
        return visible(self.actor, Case) if self.named is None else open_or_named(self.named)


def open_or_named(named: Sequence[int]) -> Q:
    """Every case that is not restricted, and these."""
    return Q(is_restricted=False) | any_of("pk", named)


def within_reach(actor: Actor, day: Day) -> Reach:
    """Asked now, and for this request only."""
    if actor.portal is not None or not actor.may(Permission.SEE_CASES) or actor.membership_id is None:
        return Reach(actor, None, tuple(covered_by(actor, day.today).values_list("member_id", flat=True)))
    # Making the text of this statement takes several times as long as running it.
    named, covers = statement_for("worklists.named", actor, _named), _kept_covers()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 0, n.* FROM ({named.sql}) n UNION ALL SELECT 1, c.* FROM ({covers.text}) c",  # noqa: S608  made by the ORM
            [*named.of(actor), *covers.params({"member": actor.membership_id, "today": day.today})],
        )
        found = cursor.fetchall()
    cases, away = (tuple(key for what, key in found if what == kind) for kind in (0, 1))
    return Reach(actor, cases, away)


def _named(actor: Actor) -> QuerySet[Case, Any]:
    """The restricted cases that are open to the actor."""
    return Case.objects.filter(visible(actor, Case), is_restricted=True).values("pk")


@cache
def _kept_covers() -> Kept:
    member, today = -7_002, date(1905, 1, 1)
    somebody = Actor(key="", label="", organization_id=ORGANIZATION, membership_id=member)
    return kept(
        lambda: covered_by(somebody, today).values_list("member_id"), {"member": member, "today": today}
    )


def owners_away(actor: Actor, day: Day, away: Sequence[int] | None) -> Q:
    """Owned by a colleague for whom the actor covers on that day. `away` are they, where a page has asked."""
    if away is not None:
        return any_of("owner_id", away)
    return Q(owner_id__in=covered_by(actor, day.today).values("member_id"))


def among(keys: QuerySet[Any, Any]) -> Q:
    """One of these cases, looked up by their keys: for a list that is much shorter than the organization's."""
    listed = {"template": "(%(expressions)s))", "arg_joiner": " = ANY ("}
    return Q(Func(F("pk"), ArraySubquery(keys), output_field=BooleanField(), **listed))


def passed_dates(sides: Sequence[str], day: Day) -> QuerySet[Deadline]:
    """Legal dates of these sides that are over. The day, which the index is by, is never more than one behind the moment."""
    running = Deadline.objects.filter(
        passed(day), LEGAL, side__in=sides, status=Fixed(Deadline.Status.RUNNING)
    )
    return running.filter(due_on__lte=day.today + timedelta(days=1))


def overdue(sides: Sequence[str], day: Day) -> Q:
    """A date of one of these sides is over on the case."""
    return Q(pk__in=passed_dates(sides, day).values("case_id"))


def owed_without_date() -> QuerySet[Task]:
    """What is to be followed up of what was won and has no day in the law. Whoever ended that task has looked, and said so."""
    codes = Q(code__startswith=WON_IN_CALL) | Q(code__startswith=WON_AT_LEVEL)
    return Task.objects.filter(codes, status__in=(Fixed(TaskStatus.OPEN), Fixed(TaskStatus.HELD)))


def running_out(last: date) -> QuerySet[Deadline]:
    """Legal dates of the patient's that run out by then."""
    return Deadline.objects.filter(
        LEGAL, side=CLAIMANT, status=Fixed(Deadline.Status.RUNNING), due_on__lte=last
    )


def due_on(last: date) -> Q:
    """A legal date of the patient's runs out by then. The case's own next date is never later: its index narrows the search."""
    return Q(pk__in=running_out(last).values("case_id"), next_deadline_on__lte=last)


def call_closes_by(last: date) -> Exists:
    """What the plan offers for a peer-to-peer ends by then, or has ended and nobody said what became of the call."""
    running = Deadline.objects.exclude(LEGAL).filter(status=Fixed(Deadline.Status.RUNNING), due_on__lte=last)
    return Exists(running.filter(case_id=OuterRef("pk")))


def due_by(day: Day, days: int) -> Q:
    """A date of the patient's runs out within so many days, or has."""
    return due_on(day.today + timedelta(days=days))


def left_behind(day: Day) -> Q:
    """Cases whose owner is no longer a member."""
    return Q(owner__ended_at__isnull=False) | Q(owner__until__lte=day.now)


def idle_for(days: int, day: Day) -> Q:
    """Nobody has worked on it for so many days."""
    return Q(last_touched_at__lte=day.now - timedelta(days=days))


def with_held_task() -> Exists:
    return Exists(Task.objects.filter(case_id=OuterRef("pk"), status=Fixed(TaskStatus.HELD)))


def covered_tasks(actor: Actor, day: Day, away: Sequence[int] | None = None) -> QuerySet[Task]:
    """Open tasks of the colleagues for whom the actor covers today."""
    return Task.objects.filter(owners_away(actor, day, away), status=Fixed(TaskStatus.OPEN))


def covering(actor: Actor, day: Day, away: Sequence[int] | None = None) -> Q:
    """An absent colleague's case whose legal date comes up in two weeks, and every case with an open task of theirs."""
    dated = Case.objects.filter(due_on(day.today + timedelta(days=COVER_DAYS)), owners_away(actor, day, away))
    # One set of cases, so that it is found from the colleagues and not by asking every case.
    return Q(pk__in=dated.values("pk").union(covered_tasks(actor, day, away).values("case_id")))


def patient_waits_for(actor: Actor, day: Day, away: Sequence[int] | None = None) -> Q:
    """The patient's side wrote and has no answer, on a case of the actor, of nobody, or of a colleague the actor covers for."""
    wrote = Communication.objects.filter(unanswered())
    return among(wrote.values("case_id")) & (on_my_desk(actor) | owners_away(actor, day, away))


def owned(actor: Actor, owner: str, day: Day) -> Q:
    if owner == "me":
        return Q(owner_id=actor.membership_id)
    if owner == "none":
        return Q(owner_id=None)
    if owner == "desk":
        return on_my_desk(actor)
    if owner == "left":
        return left_behind(day)
    return Q(owner__public_id=owner)


def untouched(actor: Actor, day: Day, status: CaseStatus) -> Q:
    """Nobody has worked on it since it was opened, or since it was given to the actor, and that was in the last two weeks.

    When a case was given to somebody stands in the trail only.
    """
    since = day.now - timedelta(days=NEW_DAYS)
    given = Event.objects.filter(Q(at__gte=since), subject_table=Case._meta.db_table, verb="case_assigned")
    since_touched = given.filter(subject_id=OuterRef("pk"), at__gte=OuterRef("last_touched_at"))
    cases = Case.objects.filter(status=Fixed(status))
    opened = cases.filter(on_my_desk(actor), opened_at__gte=since, last_touched_at__lte=F("opened_at"))
    mine = cases.filter(
        among(given.values("subject_id")),
        Exists(since_touched),
        owner_id=actor.membership_id,
        owner__isnull=False,
    )
    # One set of cases, each part found from what happened in these two weeks and not by asking every case.
    return Q(pk__in=opened.values("pk").union(mine.values("pk")))
