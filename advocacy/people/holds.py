"""Legal holds: placed and lifted at the desk by two people, kept by the database against every deletion."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.models import LegalHold, Patient
from advocacy.people.rules import day_in
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import current_organization_id


def place_hold(*, actor: Actor, reference: str, reason: str, until: date | None, at: datetime) -> LegalHold:
    """Nothing of the patient with this reference is deleted until the hold ends; without one, nothing of the organization.

    Raises NotAllowed, Refused with every reason.
    """
    require(actor, Permission.HOLD_RECORDS)
    reasons, patient = [], None
    if reference.strip():
        patient = Patient.objects.filter(visible(actor, Patient), reference__iexact=reference.strip()).first()
        if patient is None:
            reasons.append(
                Reason(
                    "no_patient",
                    "No patient with this reference is open to you. Check it, and type it again.",
                    "reference",
                )
            )
    if not reason.strip():
        reasons.append(Reason("reason_missing", "Say which matter it is for, and who asked.", "reason"))
    if until is not None and until < today_of(at):
        reasons.append(Reason("until_past", "Choose a last day that is today or later.", "until"))
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        hold = LegalHold.objects.create(
            patient=patient, reason=reason.strip(), until=until, placed_at=at, placed_by_id=actor.user_id
        )
        record("hold_placed", subject=hold, detail={"until": until, "whole": patient is None})
    return hold


def lift_hold(*, actor: Actor, hold: LegalHold, reason: str, at: datetime) -> LegalHold:
    """It stands no more. Somebody else than who placed it. Raises NotAllowed, NotFound, WrongState, Refused."""
    require(actor, Permission.HOLD_RECORDS, hold)
    with transaction.atomic():
        row = LegalHold.objects.select_for_update().get(pk=hold.pk)
        if row.lifted_at is not None:
            raise WrongState("lift", "lifted", "This hold was lifted already.")
        reasons = not_ones_own(
            actor, row.placed_by_id, "own_hold", "Somebody else than who placed a hold lifts it."
        )
        if not reason.strip():
            reasons.append(
                Reason("reason_missing", "Say why the records need not be kept any more.", "reason")
            )
        if reasons:
            raise Refused(reasons)
        row.lifted_at, row.lifted_by_id, row.lift_reason = at, actor.user_id, reason.strip()
        row.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
        record("hold_lifted", subject=row)
    return row


def holds_visible_to(actor: Actor) -> QuerySet[LegalHold]:
    """Every hold, also those that ended; one about a patient who is not open to the actor is not among them."""
    rows = LegalHold.objects.filter(visible(actor, LegalHold))
    return rows.select_related("patient", "placed_by", "lifted_by")


def get_hold(actor: Actor, public_id: UUID) -> LegalHold:
    """Raises NotFound when it is absent or invisible, NotAllowed."""
    require(actor, Permission.HOLD_RECORDS)
    found = holds_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("hold")
    return found


def stands(hold: LegalHold, today: date) -> bool:
    """Whether it stands on this day where the organization works."""
    return hold.lifted_at is None and (hold.until is None or hold.until >= today)


def today_of(at: datetime) -> date:
    """The day it is where the scope's organization works."""
    return day_in(Organization.objects.get(pk=current_organization_id() or 0).time_zone, at)


def why_kept(patient: Any) -> list[Reason]:
    """For the registry of holds: why this patient's record (None: anything of the organization) may not be deleted now."""
    standing = LegalHold.objects.filter(lifted_at=None).filter(
        Q(until=None) | Q(until__gte=today_of(timezone.now()))
    )
    if patient is not None:
        standing = standing.filter(Q(patient=None) | Q(patient=patient))
    count = standing.count()
    if not count:
        return []
    return [Reason("held", f"Legal holds stand: {count}. Nothing they are about may be deleted.")]
