"""What must hold of every open case, asked of many cases at once; and the list of what a check found wrong.

Each check is a few statements for a batch of cases, whatever their number. Dates are compared by the job that computes them
(`appeals.check_dates`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Max, QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, visible
from advocacy.access.roles import Role, permissions_of
from advocacy.background.models import Job
from advocacy.errors import NotFound
from advocacy.people.models import Membership
from advocacy.people.queries import roles_now, working_members
from advocacy.tenancy.models import Organization
from advocacy.tenancy.plans import any_of
from advocacy.tenancy.scope import current_organization_id
from advocacy.tenancy.together import fetched
from appeals.models import STANDS, AuthorizationRequest, Deadline, Denial, Finding, PeerToPeer
from appeals.next_action import next_action
from appeals.queries.clocks import CLAIMANT, LEGAL, day_at
from appeals.queries.standing import DECIDING, by_case, position_of, rows_under
from appeals.workflow import PeerToPeerStatus, RequestStatus
from cases.models import Case, Task
from cases.workflow import CaseStatus, TaskStatus

CHECK_JOB = "appeals.check_integrity"
LOOK_TASK = "look_at_case"
"""The task that a finding is turned into; while it is under way, nothing is stuck."""
HOLD_GRACE = timedelta(hours=1)
"""Longer than the job that wakes tasks waits between two rounds."""
Kind = Finding.Kind
SWEPT = (Kind.NO_NEXT, Kind.CASE_LEAVER, Kind.TASK_LEAVER, Kind.STUCK, Kind.HOLD_OVER)
"""What `violations` answers. Of dates, the job that computes them does."""
ACTIVE = (TaskStatus.OPEN, TaskStatus.HELD)


@dataclass(frozen=True)
class Violation:
    """What is wrong with one case (primary keys)."""

    case: int
    kind: str
    step: str = ""
    task: int | None = None


@dataclass(frozen=True)
class StuckStep:
    """A step on which somebody should have moved within so many days, and what it says on the page."""

    key: str
    days: int
    said: str


STUCK = {
    step.key: step
    for step in (
        StuckStep(
            "denial_unconfirmed", 3, "A denial was recorded, and nobody confirmed it: its clock does not run"
        ),
        StuckStep("call_unreported", 2, "A peer-to-peer call was due, and nobody recorded what became of it"),
        StuckStep("request_unsent", 14, "A request was begun and never sent"),
        StuckStep(
            "receipt_unrecorded", 10, "A request was sent, and nobody recorded that the payer received it"
        ),
        StuckStep(
            "ours_passed",
            7,
            "A date of ours has passed, and nobody filed late or recorded the window as lost",
        ),
        StuckStep(
            "theirs_passed", 14, "The other side is late, and nobody has worked on the case since it was due"
        ),
    )
}


def open_case_keys(*, after: int, most: int) -> list[int]:
    """The next open cases by primary key."""
    rows = Case.objects.filter(status=CaseStatus.OPEN, pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:most])


def violations(cases: Sequence[int], at: datetime) -> set[Violation]:
    """What is wrong with these cases (primary keys) at `at` (aware); closed ones are passed over. Writes nothing."""
    open_ones = list(
        Case.objects.filter(any_of("pk", cases), status=CaseStatus.OPEN).select_related("owner__user")
    )
    keys = [case.pk for case in open_ones]
    if not keys:
        return set()
    there = set(working_members(at).values_list("pk", flat=True))
    tasks = list(
        Task.objects.filter(any_of("case_id", keys), status__in=ACTIVE).only(
            "id", "organization_id", "case_id", "owner_id", "status", "hold_until", "code"
        )
    )
    looked_at = {task.case_id for task in tasks if task.code == LOOK_TASK}
    return {
        *_of_leavers(open_ones, tasks, there),
        *_without_next(open_ones, tasks, there, at),
        *(Violation(case, Kind.STUCK, step) for case, step in _stuck(keys, at) if case not in looked_at),
        *(
            Violation(task.case_id, Kind.HOLD_OVER, task=task.pk)
            for task in tasks
            if task.status == TaskStatus.HELD and task.hold_until and task.hold_until <= at - HOLD_GRACE
        ),
    }


def _of_leavers(cases: Iterable[Case], tasks: Iterable[Task], there: set[int]) -> Iterator[Violation]:
    for case in cases:
        if case.owner_id is not None and case.owner_id not in there:
            yield Violation(case.pk, Kind.CASE_LEAVER)
    for task in tasks:
        if task.owner_id is not None and task.owner_id not in there:
            yield Violation(task.case_id, Kind.TASK_LEAVER, task=task.pk)


def _without_next(
    cases: Sequence[Case], tasks: Iterable[Task], there: set[int], at: datetime
) -> Iterator[Violation]:
    """Cases for which nobody who is there has a proposed next action, an open task, or one that wakes by itself.

    A case whose owner has left is told as that; one of nobody is the supervisors'.
    """
    awake = {
        task.case_id
        for task in tasks
        if (task.owner_id is None or task.owner_id in there)
        and (task.status == TaskStatus.OPEN or (task.hold_until and task.hold_until > at))
    }
    asked = [
        case for case in cases if case.pk not in awake and (case.owner_id is None or case.owner_id in there)
    ]
    if not asked:
        return
    rows = fetched(rows_under([case.pk for case in asked]))
    grouped = {key: by_case(rows[key]) for key in DECIDING}
    day = day_at(at, Organization.objects.get(pk=current_organization_id() or 0).time_zone)
    for case in asked:
        position = position_of(case, {key: found.get(case.pk, []) for key, found in grouped.items()}, day)
        roles = case.owner.roles if case.owner is not None else [Role.SUPERVISOR]
        if next_action(position, permissions_of(frozenset(roles))) is None:
            yield Violation(case.pk, Kind.NO_NEXT)


def _stuck(keys: Sequence[int], at: datetime) -> Iterator[tuple[int, str]]:
    """Case and key of every stuck step."""

    def since(step: str) -> datetime:
        return at - timedelta(days=STUCK[step].days)

    of_cases = any_of("case_id", keys)
    requests = AuthorizationRequest.objects.filter(of_cases)
    legal = Deadline.objects.filter(of_cases, LEGAL, status=Deadline.Status.RUNNING)
    found: dict[str, QuerySet[Any]] = {
        "denial_unconfirmed": Denial.objects.filter(
            of_cases, STANDS, confirmed_at=None, recorded_at__lte=since("denial_unconfirmed")
        ),
        "call_unreported": PeerToPeer.objects.filter(
            of_cases, status=PeerToPeerStatus.SCHEDULED, scheduled_at__lte=since("call_unreported")
        ),
        "request_unsent": requests.filter(
            status=RequestStatus.DRAFTING, created_at__lte=since("request_unsent")
        ),
        "receipt_unrecorded": requests.filter(
            status=RequestStatus.SUBMITTED, submitted_at__lte=since("receipt_unrecorded")
        ),
        "ours_passed": legal.filter(side=CLAIMANT, due_on__lte=since("ours_passed").date()),
        "theirs_passed": legal.exclude(side=CLAIMANT).filter(
            due_on__lte=since("theirs_passed").date(), case__last_touched_at__date__lt=F("due_on")
        ),
    }
    for step, rows in found.items():
        for case in rows.order_by().values_list("case_id", flat=True).distinct():
            yield case, step


# -- the page -----------------------------------------------------------------------------------------------
def findings_of(actor: Actor) -> QuerySet[Finding]:
    """What stands, of every open case of the organization: a reference and what is wrong, nothing of the patient."""
    return Finding.objects.filter(visible(actor, Finding), resolved_at=None).select_related(
        "case__owner__user", "task__owner__user"
    )


def get_finding(actor: Actor, public_id: UUID) -> Finding:
    """One finding that stands, or was put right. Raises NotFound when absent or invisible."""
    rows = Finding.objects.filter(visible(actor, Finding), public_id=public_id)
    found = rows.select_related("case__owner__user", "case__patient", "task").first()
    if found is None:
        raise NotFound("finding")
    return found


def opened_by(actor: Actor, cases: Iterable[int]) -> set[int]:
    """Which of these cases the actor opens."""
    seen = Case.objects.filter(visible(actor, Case), any_of("pk", cases))
    return set(seen.values_list("pk", flat=True))


def last_checked() -> datetime | None:
    """When the nightly check last ran to its end; None before the first time."""
    done = Job.objects.filter(name=CHECK_JOB, status=Job.Status.DONE)
    return done.aggregate(last=Max("ended_at"))["last"]


def takers(at: datetime) -> list[Membership]:
    """Who works here and may take over a task, by name; of them, whoever changes cases may own one."""
    rows = working_members(at).select_related("user").order_by("user__name", "pk")
    return [m for m in rows if Permission.WORK_TASKS in permissions_of(roles_now(m))]
