"""What the nightly checks find is written down once, put right in one act, and ends when it is found no more."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.models import Membership
from advocacy.tenancy.plans import any_of
from appeals.commands.deadlines import check_projection
from appeals.commands.follow_ups import ask, program_of
from appeals.commands.recompute_many import look_at_many
from appeals.dues import day_of
from appeals.models import Finding
from appeals.queries.integrity import LOOK_TASK, SWEPT, Violation, violations
from cases.commands.cases import assign_case
from cases.commands.tasks import reassign_task, wake_task
from cases.models import Case, Task
from cases.queries.team import opens
from cases.workflow import CaseStatus, TaskStatus

log = logging.getLogger("recourse.jobs")

Kind = Finding.Kind
LOOK_TITLE = "Look at this case and decide what happens next"


def sweep(cases: Sequence[int], at: datetime) -> int:
    """Check these cases (primary keys): write what is wrong and not yet written, end what is found no more.

    Returns how many findings of them stand. Doing it again writes nothing.
    """
    with transaction.atomic():
        found = violations(cases, at)
        standing = {
            Violation(row.case_id, row.kind, row.step, row.task_id): row.pk
            for row in Finding.objects.filter(case_id__in=cases, kind__in=SWEPT, resolved_at=None)
        }
        _write(found - set(standing), at)
        gone = [pk for key, pk in standing.items() if key not in found]
        if gone:
            Finding.objects.filter(pk__in=gone).update(resolved_at=at)
    return len(found)


def end_of_closed_cases(at: datetime) -> int:
    """With a case everything ends, findings too; how many."""
    rows = Finding.objects.filter(resolved_at=None).exclude(case__status=CaseStatus.OPEN)
    keys = list(rows.values_list("pk", flat=True))
    return Finding.objects.filter(pk__in=keys).update(resolved_at=at) if keys else 0


def check_dates_of(case: Case, at: datetime) -> None:
    """Compare the case's stored dates with their computation; where they differed they are mended, and a finding says so.

    A finding of an earlier night ends when the dates are found as they are computed.
    """
    with transaction.atomic():
        differed = check_projection(case, at)
        standing = Finding.objects.filter(case=case, kind=Kind.DATES, resolved_at=None)
        if differed and not standing.exists():
            _write({Violation(case.pk, Kind.DATES)}, at)
        elif not differed:
            for pk in list(standing.values_list("pk", flat=True)):
                Finding.objects.filter(pk=pk).update(resolved_at=at)


def to_check_alone(keys: Sequence[int], at: datetime) -> list[int]:
    """Of these cases (primary keys) those whose stored dates differ from their computation, or that could not be computed, in
    ascending order. All are read together; nothing is locked or written.
    """
    try:
        with transaction.atomic():
            seen = look_at_many(keys, at=at)
    except Exception as problem:
        log.error("check: %s cases could not be read together: %s", len(keys), type(problem).__name__)
        return sorted(keys)
    return sorted({*seen.differ, *(pk for pk, _kind in seen.failed)})


def end_of_equal_dates(keys: Collection[int], at: datetime) -> int:
    """The dates of these cases (primary keys) are as they are computed: findings of an earlier night end; how many."""
    standing = Finding.objects.filter(any_of("case_id", list(keys)), kind=Kind.DATES, resolved_at=None)
    gone = list(standing.values_list("pk", flat=True))
    return Finding.objects.filter(pk__in=gone).update(resolved_at=at) if gone else 0


def put_right(*, actor: Actor, finding: Finding, to: Membership | None = None, at: datetime) -> Finding:
    """Put one finding right: give the case or the task to `to`, wake the task, compute the dates again, or open a task that
    has somebody look at the case. Whoever assigns work does that on restricted cases too, as they do elsewhere.

    Raises NotAllowed, WrongState when it was put right already or is wrong in the same way still, Refused for somebody who
    cannot take it over.
    """
    require(actor, Permission.ASSIGN_CASE, finding.case)
    with transaction.atomic():
        rows = Finding.objects.select_for_update(of=("self",)).select_related("case__patient", "task")
        row = rows.get(pk=finding.pk)
        if row.resolved_at is not None:
            raise WrongState(
                "put_right", "resolved", "This has been put right already. Look at the list again."
            )
        _mend(row, actor, to, at)
        if row.kind == Kind.DATES:
            check_dates_of(row.case, at)
        else:
            sweep([row.case_id], at)
        row.refresh_from_db()
        if row.resolved_at is None:
            raise WrongState(
                "put_right", row.kind, "It is still so. Open the case and look at what stands in the way."
            )
        row.resolved_by_id = actor.user_id
        row.save(update_fields=["resolved_by"])
        record("finding_put_right", subject=row, detail={"kind": row.kind, "step": row.step})
    return row


def _write(found: set[Violation], at: datetime) -> None:
    """Two at the same moment write one."""
    Finding.objects.bulk_create(
        [
            Finding(case_id=v.case, kind=v.kind, step=v.step, task_id=v.task, found_at=at)
            for v in sorted(found, key=lambda v: (v.case, v.kind, v.step, v.task or 0))
        ],
        ignore_conflicts=True,
    )


def _mend(row: Finding, actor: Actor, to: Membership | None, at: datetime) -> None:
    program = program_of(row.case)
    if row.kind == Kind.CASE_LEAVER:
        assign_case(actor=actor, case=row.case, owner=_named(to), at=at)
    elif row.kind == Kind.TASK_LEAVER and row.task is not None and _is_active(row.task):
        taker = _named(to)
        if not opens(taker, row.case):
            text = "The case is restricted. Choose its owner, or name this colleague on its team first."
            raise Refused([Reason("not_on_case", text, "to")])
        reassign_task(actor=program, task=row.task, owner=taker, at=at)
    elif row.kind == Kind.HOLD_OVER and row.task is not None and row.task.status == TaskStatus.HELD:
        wake_task(actor=program, task=row.task, at=at)
    elif row.kind in (Kind.NO_NEXT, Kind.STUCK) and row.case.status == CaseStatus.OPEN:
        ask(
            row.case,
            code=LOOK_TASK,
            title=LOOK_TITLE,
            detail="A nightly check found that nothing moves here.",
            due_on=day_of(at, row.case.patient.time_zone),
            at=at,
        )


def _is_active(task: Task) -> bool:
    return task.status in (TaskStatus.OPEN, TaskStatus.HELD)


def _named(to: Membership | None) -> Membership:
    if to is None:
        raise Refused([Reason("taker_missing", "Choose who takes it over.", "to")])
    return to
