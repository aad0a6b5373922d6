"""Who may open a case besides its role holders: restriction to named people, and dated access for a colleague."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import Permission as Codename
from django.db import transaction

from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.access.scopes import GRANT_SCOPES, GrantScope
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import Membership, Patient, User
from cases import rules
from cases.models import Case, CaseGrant
from cases.queries.registration import release_stands

GRANT_DAYS = 14


def restrict_case(*, actor: Actor, case: Case, reason: str, at: datetime) -> Case:
    """From now on only the owner, the team and colleagues with dated access open the case and its patient.

    The patient's other open cases are restricted with it: each shows the same name. `reason` is kept in the trail, sealed.
    Raises NotAllowed, NotFound, WrongState, Refused.
    """
    require(actor, Permission.RESTRICT_CASE, case)
    with transaction.atomic():
        row = _locked(case)
        if row.is_restricted:
            raise WrongState("restrict", "restricted", "This case is restricted already.")
        reasons = _reason_given(reason)
        if row.owner_id is None:
            reasons.append(
                Reason(
                    "restricted_needs_owner",
                    "Assign the case first: a restricted case needs an owner.",
                    "reason",
                )
            )
        others = list(
            Case.objects.select_for_update()
            .filter(patient_id=row.patient_id, status="open", is_restricted=False)
            .exclude(pk=row.pk)
        )
        if any(other.owner_id is None for other in others):
            reasons.append(
                Reason(
                    "other_case_needs_owner",
                    "Another open case of this patient has no owner. Assign it first: it is restricted too.",
                    "reason",
                )
            )
        if reasons:
            raise Refused(reasons)
        for other in others:
            _set_restricted(other, True)
            record("case_restricted", subject=other, reason=reason.strip())
        _set_restricted(row, True)
        Patient.objects.filter(pk=row.patient_id).update(is_restricted=True)
        record("case_restricted", subject=row, reason=reason.strip())
    case.is_restricted, case.version = row.is_restricted, row.version
    return row


def lift_restriction(*, actor: Actor, case: Case, reason: str, at: datetime) -> Case:
    """Everybody whose role reaches cases opens this one again. The patient's record opens with the last restricted case.

    Raises NotAllowed, NotFound, WrongState, Refused.
    """
    require(actor, Permission.RESTRICT_CASE, case)
    with transaction.atomic():
        row = _locked(case)
        if not row.is_restricted:
            raise WrongState("lift", "open to the team", "This case is not restricted.")
        reasons = _reason_given(reason)
        if reasons:
            raise Refused(reasons)
        _set_restricted(row, False)
        if not Case.objects.filter(patient_id=row.patient_id, is_restricted=True).exists():
            Patient.objects.filter(pk=row.patient_id).update(is_restricted=False)
        record("case_unrestricted", subject=row, reason=reason.strip())
    case.is_restricted, case.version = row.is_restricted, row.version
    return row


def give_grant(
    *,
    actor: Actor,
    case: Case,
    user: User,
    scope: str = GrantScope.VIEW,
    days: int = GRANT_DAYS,
    reason: str,
    at: datetime,
) -> CaseGrant:
    """Let a colleague of the same organization into the case for `days` days from `at`, as far as `scope` (GrantScope) goes.

    A running access is replaced.

    The patient's release of information must stand: access shows nothing without it, today or on any later day. Nobody
    gives it to themselves.

    Raises NotAllowed, NotFound for somebody who is no live member, WrongState for a closed case, Refused.
    """
    require(actor, Permission.GRANT_ACCESS, case)
    if actor.user_id is None or not Membership.objects.filter(user=user, ended_at=None).exists():
        raise NotFound("colleague")
    reasons = [
        *not_ones_own(actor, user.pk, "own_grant", field="colleague"),
        *_reason_given(reason),
        *(r for r in [rules.days_of_a_grant(days), _released(case, at)] if r),
    ]
    if scope not in GrantScope._value2member_map_:
        reasons.append(Reason("scope_missing", "Choose what they may do.", "scope"))
    with transaction.atomic():
        row = _locked(case)
        if row.status != "open":
            raise WrongState(
                "grant",
                row.status,
                "This case is closed, and access is given to open cases only. Reopen it first.",
            )
        if reasons:
            raise Refused(reasons)
        codename = GRANT_SCOPES[GrantScope(scope)].codename
        running = CaseGrant.objects.filter(content_object=row, user=user, ended_at=None, expires_at__gt=at)
        running.update(ended_at=at)
        grant = CaseGrant.objects.create(
            user=user,
            permission=Codename.objects.get(content_type__app_label="cases", codename=codename),
            content_object=row,
            reason=reason.strip(),
            granted_at=at,
            granted_by_id=actor.user_id,
            expires_at=at + timedelta(days=days),
        )
        detail = {"user": user.pk, "grant": grant.pk, "scope": str(scope), "days": days}
        record("grant_given", subject=row, detail=detail)
    return grant


def end_grant(*, actor: Actor, grant: CaseGrant, at: datetime) -> CaseGrant:
    """End a colleague's access before its day. Raises NotAllowed, NotFound, WrongState when it has ended."""
    require(actor, Permission.GRANT_ACCESS, grant.content_object)
    with transaction.atomic():
        row = CaseGrant.objects.select_for_update().get(pk=grant.pk)
        if row.ended_at is not None or row.expires_at <= at:
            raise WrongState("end", "ended", "This access has ended already.")
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        record("grant_ended", subject=row.content_object, detail={"user": row.user_id, "grant": row.pk})
    return row


def _locked(case: Case) -> Case:
    return Case.objects.select_for_update().get(pk=case.pk)


def _set_restricted(row: Case, value: bool) -> None:
    row.is_restricted = value
    row.version += 1
    row.save(update_fields=["is_restricted", "version"])


def _released(case: Case, at: datetime) -> Reason | None:
    if release_stands(case, at):
        return None
    return Reason(
        "release_missing",
        "No release of health information of this patient stands. Record one first: access shows nothing without it.",
    )


def _reason_given(reason: str) -> list[Reason]:
    if not reason.strip():
        return [Reason("reason_missing", "Say why. The reason is kept in the trail.", "reason")]
    if len(reason) > 200:
        return [Reason("reason_long", "Keep the reason under 200 characters.", "reason")]
    return []
