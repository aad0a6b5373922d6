"""Emergency access: the glass is broken with a reason, everybody who watches is told at once, somebody else reviews it.

What was opened this way is read, never written. Each read stands in the trail like any other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from advocacy.access.disclosures import Party
from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.access.roles import Role
from advocacy.audit.trail import record
from advocacy.background.queue import enqueue
from advocacy.errors import NotAllowed, Reason, Refused, WrongState
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.models import BreakGlass, Membership, Patient, User
from advocacy.people.queries import roles_now, working_members
from advocacy.people.rules import day_in
from cases.commands.tasks import open_task
from cases.models import Case, Task

TELL_JOB = "cases.tell_of_broken_glass"
HOURS = (1, 2, 3, 4)
SHORTEST_REASON = 10
WATCHING = (Role.SUPERVISOR.value, Role.PRIVACY_OFFICER.value)


def break_glass(*, actor: Actor, reference: str, hours: int = 1, reason: str, at: datetime) -> BreakGlass:
    """Open the record of the patient whom a case's or the patient's `reference` names, for `hours` from `at`.

    Raises NotAllowed, Refused: the reference is unknown, no reason, too long, open to the actor already.
    """
    require(actor, Permission.BREAK_GLASS)
    return _break(actor, reference, hours, reason, at)


def break_glass_as_operator(
    *, operator: User, organization_id: int, reference: str, hours: int = 1, reason: str, at: datetime
) -> BreakGlass:
    """The same for whoever runs the installation and is no member of it; called in the organization's scope.

    Raises NotAllowed for anybody else, Refused.
    """
    if not (operator.is_superuser and operator.is_active) or is_live_member(operator):
        raise NotAllowed(Permission.BREAK_GLASS)
    actor = Actor(
        key=f"user:{operator.pk}", label=str(operator), organization_id=organization_id, user_id=operator.pk
    )
    return _break(actor, reference, hours, reason, at)


def is_live_member(user: User) -> bool:
    """Whether somebody works in the scope's organization: then their membership says what they may."""
    return Membership.objects.filter(user=user, ended_at=None).exists()


def _break(actor: Actor, reference: str, hours: int, reason: str, at: datetime) -> BreakGlass:
    patient, case = _meant(reference)
    reasons = _reason_given(reason)
    if hours not in HOURS:
        reasons.append(Reason("hours", f"Choose 1 to {HOURS[-1]} hours. It can be asked for again.", "hours"))
    if patient is None:
        reasons.append(
            Reason(
                "reference_unknown",
                "No case or patient has this reference. Check it, and type it again.",
                "reference",
            )
        )
    elif _opens(actor, patient, case):
        reasons.append(
            Reason("open_already", "This is open to you already. Open it from your list.", "reference")
        )
    if reasons or patient is None:
        raise Refused(reasons)
    with transaction.atomic():
        glass = BreakGlass.objects.create(
            patient=patient,
            user_id=actor.user_id or 0,
            reason=reason.strip(),
            opened_at=at,
            expires_at=at + timedelta(hours=hours),
        )
        record("glass_broken", subject=glass, detail={"hours": hours}, reason=reason.strip())
        enqueue(TELL_JOB, glass=glass.pk)
    return glass


def end_glass(*, actor: Actor, glass: BreakGlass, at: datetime) -> BreakGlass:
    """Close it before its end: whoever opened it, or whoever reviews. Raises NotAllowed, WrongState when it is over."""
    if glass.user_id != actor.user_id:
        require(actor, Permission.REVIEW_BREAK_GLASS, glass)
    with transaction.atomic():
        row = BreakGlass.objects.select_for_update(of=("self",)).get(pk=glass.pk)
        if not runs(row, at):
            raise WrongState("end", "over", "This emergency access is over already.")
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        record("glass_ended", subject=row)
    return row


def review_glass(*, actor: Actor, glass: BreakGlass, finding: str, review: str, at: datetime) -> BreakGlass:
    """Say afterward whether it was needed. Never by whoever opened it.

    Raises NotAllowed, NotFound, WrongState while it runs or when it was reviewed, Refused with every reason.
    """
    require(actor, Permission.REVIEW_BREAK_GLASS, glass)
    reasons = not_ones_own(actor, glass.user_id, "own_review")
    if finding not in BreakGlass.Finding.values:
        reasons.append(Reason("finding_missing", "Say whether it was needed.", "finding"))
    if not review.strip():
        reasons.append(Reason("review_missing", "Say what you looked at and what you found.", "review"))
    with transaction.atomic():
        row = BreakGlass.objects.select_for_update(of=("self",)).get(pk=glass.pk)
        if row.reviewed_at is not None:
            raise WrongState("review", "reviewed", "Somebody reviewed this already.")
        if runs(row, at):
            raise WrongState("review", "running", "This emergency access still runs. End it first.")
        if reasons:
            raise Refused(reasons)
        row.finding, row.review, row.reviewed_at, row.reviewed_by_id = (
            finding,
            review.strip(),
            at,
            actor.user_id,
        )
        row.save(update_fields=["finding", "review", "reviewed_at", "reviewed_by"])
        record("glass_reviewed", subject=row, detail={"finding": finding})
    return row


def runs(glass: BreakGlass, at: datetime) -> bool:
    return glass.ended_at is None and glass.opened_at <= at < glass.expires_at


def tell_of(*, actor: Actor, glass: int, at: datetime) -> None:
    """Mail those who watch, and open a task for whoever owns the patient's open cases: once, however often it is called.

    The mail names who, the patient's reference and the time, and nothing else. Where nobody watches, the organization's
    admins are told.
    """
    with transaction.atomic():
        row = (
            BreakGlass.objects.select_for_update(of=("self",))
            .select_related("user", "patient")
            .filter(pk=glass, told_at=None)
            .first()
        )
        if row is None:
            return
        row.told_at = at
        row.save(update_fields=["told_at"])
        for case in Case.objects.filter(patient_id=row.patient_id, status="open").select_related("owner"):
            open_task(
                actor=actor,
                case=case,
                title="Emergency access was used: look at the trail",
                due_on=day_in(row.patient.time_zone, at),
                code=f"break_glass:{row.pk}",
                opened_by=Task.OpenedBy.RULE,
                at=at,
            )
        for to in addresses_of_watchers(row, at):
            deliver(
                Notice(
                    to=to,
                    subject="Emergency access was used",
                    template="notices/broken_glass.txt",
                    facts={
                        "who": str(row.user),
                        "reference": row.patient.reference,
                        "until": row.expires_at,
                        "url": link_to(reverse("cases:glasses")),
                    },
                    reader=Party.WORKFORCE,
                )
            )


def addresses_of_watchers(glass: BreakGlass, at: datetime) -> list[str]:
    """Supervisors and privacy officers who work here, without whoever opened it; admins where there is none."""
    rows = working_members(at).exclude(user_id=glass.user_id).select_related("user")
    live = list(rows.order_by("user__email"))
    for roles in (WATCHING, (Role.ORGANIZATION_ADMIN.value,)):
        found = [member.user.email for member in live if roles_now(member).intersection(roles)]
        if found:
            return found
    return []


def _meant(reference: str) -> tuple[Patient | None, Case | None]:
    wanted = reference.strip().upper()
    case = Case.objects.filter(reference=wanted).select_related("patient").first()
    if case is not None:
        return case.patient, case
    return Patient.objects.filter(reference=wanted).first(), None


def _opens(actor: Actor, patient: Patient, case: Case | None) -> bool:
    if case is not None:
        return Case.objects.filter(visible(actor, Case), pk=case.pk).exists()
    return Patient.objects.filter(visible(actor, Patient), pk=patient.pk).exists()


def _reason_given(reason: str) -> list[Reason]:
    said = reason.strip()
    if len(said) < SHORTEST_REASON:
        return [Reason("reason_missing", "Say what the emergency is. Somebody will review it.", "reason")]
    if len(said) > 500:
        return [Reason("reason_long", "Keep the reason under 500 characters.", "reason")]
    return []
