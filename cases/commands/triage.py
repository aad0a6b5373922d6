"""How urgent a case is, and cases that belong together: triaged, linked, closed as duplicates."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.rules import day_in
from cases import rules, safety
from cases.commands.cases import close_case, must_be_open
from cases.commands.tasks import open_task
from cases.commands.touch import touch
from cases.models import Case, CaseLink, Task, Triage

SAFETY_TASK = "safety_concern"


def triage_case(*, actor: Actor, case: Case, urgency: str, safety_concern: str, at: datetime) -> Triage:
    """Triage the case, again and again as things change: each time is kept, the latest stands on the case.

    A safety concern, or an emergency, opens a task for today. Raises NotAllowed, NotFound, WrongState (closed), Refused.
    """
    require(actor, Permission.TRIAGE_CASE, case)
    reasons = []
    if urgency not in Case.Urgency.values:
        reasons.append(Reason("urgency_unknown", "Choose how urgent it is.", "urgency"))
    if safety_concern not in Case.SafetyConcern.values:
        reasons.append(Reason("concern_unknown", "Choose one; “not known” is an answer.", "safety_concern"))
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        row = Case.objects.select_for_update(of=("self",)).select_related("patient", "owner").get(pk=case.pk)
        must_be_open(row)
        triage = Triage.objects.create(
            case=row,
            urgency=urgency,
            safety_concern=safety_concern,
            triaged_at=at,
            triaged_by_id=actor.user_id,
        )
        row.urgency, row.safety_concern = urgency, safety_concern
        row.triage_rank = rules.triage_rank(urgency, safety_concern)
        row.is_urgent = urgency != Case.Urgency.STANDARD
        row.save(update_fields=["urgency", "safety_concern", "triage_rank", "is_urgent"])
        record("case_triaged", subject=row, detail={"urgency": urgency, "safety_concern": safety_concern})
        if safety_concern == Case.SafetyConcern.YES or urgency == Case.Urgency.EMERGENCY:
            open_task(
                actor=actor,
                case=row,
                title="Safety: follow your organization's steps today",
                detail="\n".join(safety.what_to_do(urgency, safety_concern)),
                due_on=day_in(row.patient.time_zone, at),
                code=SAFETY_TASK,
                opened_by=Task.OpenedBy.RULE,
                at=at,
            )
        touch(row, at)
    return triage


def link_cases(*, actor: Actor, case: Case, other: Case, why: str = "", at: datetime) -> CaseLink:
    """Say that two cases belong together, both visible to the actor. Raises NotAllowed, NotFound, Refused."""
    require(actor, Permission.CHANGE_CASE, case)
    require(actor, Permission.CHANGE_CASE, other)
    reasons = []
    if case.pk == other.pk:
        reasons.append(Reason("same_case", "This is the same case. Choose another one.", "other"))
    elif _between(case, other).exists():
        reasons.append(
            Reason(
                "linked_already",
                "These two cases are linked already. Take that link back first to link them otherwise.",
                "other",
            )
        )
    if reasons:
        raise Refused(reasons)
    return _link(actor, case, other, CaseLink.Kind.RELATED, why, at)


def unlink_cases(*, actor: Actor, link: CaseLink, at: datetime) -> CaseLink:
    """Take a link back; it stays in the trail. Raises NotAllowed, NotFound, WrongState."""
    require(actor, Permission.CHANGE_CASE, link)
    with transaction.atomic():
        row = CaseLink.objects.select_for_update(of=("self",)).select_related("case").get(pk=link.pk)
        if row.ended_at is not None:
            raise WrongState("unlink", "ended", "This link was taken back already.")
        if row.kind == CaseLink.Kind.DUPLICATE and row.case.outcome == Case.Outcome.DUPLICATE:
            raise WrongState(
                "unlink", "closed", "The case is closed as a duplicate. Reopen it before taking this back."
            )
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        record("cases_unlinked", subject=row.case, detail={"other": row.other_id})
    return row


def close_as_duplicate(*, actor: Actor, case: Case, other: Case, why: str = "", at: datetime) -> Case:
    """Close `case` as a duplicate of `other`, of the same patient: the other is named, nothing is merged or lost.

    Raises NotAllowed, NotFound, WrongState, Refused with every obstacle to closing.
    """
    require(actor, Permission.CLOSE_CASE, case)
    require(actor, Permission.CHANGE_CASE, other)
    if case.pk == other.pk or case.patient_id != other.patient_id:
        raise Refused([Reason("not_a_duplicate", "Choose another case of the same patient.", "other")])
    with transaction.atomic():
        for standing in _between(case, other).select_for_update():
            standing.ended_at = at
            standing.save(update_fields=["ended_at"])
        _link(actor, case, other, CaseLink.Kind.DUPLICATE, why, at)
        return close_case(actor=actor, case=case, outcome=Case.Outcome.DUPLICATE, note=why, at=at)


def _between(case: Case, other: Case) -> QuerySet[CaseLink]:
    both = Q(case=case, other=other) | Q(case=other, other=case)
    return CaseLink.objects.filter(both, ended_at=None)


def _link(actor: Actor, case: Case, other: Case, kind: str, why: str, at: datetime) -> CaseLink:
    with transaction.atomic():
        link = CaseLink.objects.create(
            case=case, other=other, kind=kind, why=why.strip(), made_at=at, made_by_id=actor.user_id
        )
        record("cases_linked", subject=case, detail={"other": other.pk, "kind": kind})
        touch(case, at)
    return link
