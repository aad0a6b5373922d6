"""What a colleague leaves behind in cases: open cases, restricted ones, unfinished tasks, inquiries, access given to them.

Each kind is one `ReHoming`: how its open rows are found, and how they are handed on. The rows of a leaver are moved without
asking whether the organization's admin may see them: an admin sees counts, never a patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import cycle
from typing import Any

from django.db import transaction
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.audit.trail import record
from advocacy.people.models import Membership
from advocacy.registries import ReHoming
from cases.commands.team import end_on_teams
from cases.models import Case, CaseGrant, CaseTeamMember, Inquiry, Task
from cases.queries.intake import may_take_in
from cases.workflow import CaseStatus, InquiryStatus, TaskStatus

ENDED = (TaskStatus.DONE, TaskStatus.CANCELLED)


def open_cases() -> Any:
    """Open cases that are not restricted, with an owner."""
    return Case.objects.filter(status=CaseStatus.OPEN, is_restricted=False, owner__isnull=False)


def open_restricted_cases() -> Any:
    return Case.objects.filter(status=CaseStatus.OPEN, is_restricted=True, owner__isnull=False)


def unfinished_tasks() -> Any:
    """Tasks of open cases that are open or on hold."""
    return Task.objects.exclude(status__in=ENDED).filter(case__status=CaseStatus.OPEN, owner__isnull=False)


def running_grants() -> Any:
    return CaseGrant.objects.filter(ended_at=None, expires_at__gt=timezone.now())


def re_home_cases(
    *, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime, restricted: bool = False
) -> int:
    """A leaver's open cases go to the members `to` in turn, or back to the queue when there is none; how many moved."""
    found = open_restricted_cases() if restricted else open_cases()
    receivers = cycle(to or [None])
    with transaction.atomic():
        held = list(found.filter(owner=member).select_for_update(of=("self",)).order_by("pk"))
        for row in held:
            owner = next(receivers)
            row.owner, row.version = owner, row.version + 1
            row.save(update_fields=["owner", "version"])
            record(
                "case_assigned",
                subject=row,
                detail={"from": member.pk, "to": owner.pk if owner else None, "leaver": True},
            )
    return len(held)


def re_home_restricted_cases(
    *, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime
) -> int:
    """As above for restricted cases; `to` is one person, who is named on them from then on."""
    return re_home_cases(member=member, to=to, actor=actor, at=at, restricted=True)


def re_home_tasks(*, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime) -> int:
    """A leaver's tasks, holds and all. With nobody named a task goes where its case went; how many moved."""
    receivers = cycle(to) if to else None
    with transaction.atomic():
        left = list(
            unfinished_tasks()
            .filter(owner=member)
            .select_related("case__owner")
            .select_for_update(of=("self",))
            .order_by("pk")
        )
        for task in left:
            case_owner = task.case.owner if task.case.owner_id != member.pk else None
            owner = case_owner if receivers is None or task.case.is_restricted else next(receivers)
            task.owner, task.version = owner, task.version + 1
            task.save(update_fields=["owner", "version"])
            record(
                "task_reassigned",
                subject=task,
                detail={"from": member.pk, "to": owner.pk if owner else None, "leaver": True},
            )
    return len(left)


def open_inquiries() -> Any:
    """Inquiries that are being taken in, with an owner."""
    return Inquiry.objects.filter(status=InquiryStatus.OPEN, owner__isnull=False)


def re_home_inquiries(*, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime) -> int:
    """A leaver's inquiries go to the members `to` in turn; how many moved.

    With nobody named, or nobody who may see the restricted patient it is about, one waits among those without an owner.
    """
    with transaction.atomic():
        held = list(
            open_inquiries()
            .filter(owner=member)
            .select_related("patient")
            .select_for_update(of=("self",))
            .order_by("pk")
        )
        for number, row in enumerate(held):
            fit = [m for m in to if may_take_in(m, row, at)]
            owner = fit[number % len(fit)] if fit else None
            row.owner, row.version = owner, row.version + 1
            row.save(update_fields=["owner", "version"])
            detail = {"from": member.pk, "to": owner.pk if owner else None, "leaver": True}
            record("inquiry_handed_over", subject=row, detail=detail)
    return len(held)


def end_grants(*, member: Membership, to: Sequence[Membership], actor: Actor, at: datetime) -> int:
    """Dated access given to the leaver ends now; how many ended."""
    with transaction.atomic():
        rows = list(
            running_grants()
            .filter(user_id=member.user_id)
            .select_related("content_object")
            .select_for_update(of=("self",))
            .order_by("pk")
        )
        for grant in rows:
            grant.ended_at = at
            grant.save(update_fields=["ended_at"])
            record(
                "grant_ended",
                subject=grant.content_object,
                detail={"user": member.user_id, "grant": grant.pk, "leaver": True},
            )
    return len(rows)


def standing_on_teams() -> Any:
    """Parts in the teams of open cases."""
    return CaseTeamMember.objects.filter(ended_at=None, member__isnull=False, case__status=CaseStatus.OPEN)


KINDS = [
    ReHoming(
        "cases",
        "Open cases",
        open_cases,
        "owner",
        re_home_cases,
        handed_on=True,
        permission=Permission.CHANGE_CASE,
    ),
    ReHoming(
        "restricted_cases",
        "Restricted cases",
        open_restricted_cases,
        "owner",
        re_home_restricted_cases,
        handed_on=True,
        permission=Permission.CHANGE_CASE,
        named=True,
    ),
    ReHoming(
        "tasks",
        "Tasks, with those on hold",
        unfinished_tasks,
        "owner",
        re_home_tasks,
        handed_on=True,
        permission=Permission.WORK_TASKS,
    ),
    ReHoming(
        "inquiries",
        "Inquiries being taken in",
        open_inquiries,
        "owner",
        re_home_inquiries,
        handed_on=True,
        permission=Permission.OPEN_CASE,
    ),
    ReHoming("teams", "Parts in the teams of cases", standing_on_teams, "member", end_on_teams),
    ReHoming("grants", "Dated access given to them", running_grants, "user", end_grants, by_user=True),
]
