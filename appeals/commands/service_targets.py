"""The organization's service targets: set by an administrator from a day on, ended, never changed nor deleted."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from appeals.models import ServiceTarget
from appeals.service_targets import BEFORE_LAW, FILED_EARLY, KINDS, MOST_SPAN, UNITS


def set_service_target(
    *, actor: Actor, kind: str, span: int, unit: str, in_force_from: date, today: date, at: datetime
) -> ServiceTarget:
    """Set one for what starts from `in_force_from` on; what started before keeps what held then. `today` is the organization's
    day.

    Raises NotAllowed, Refused: kind_unknown, unit_unknown, unit_wrong, span_impossible, from_past, set_already.
    """
    require(actor, Permission.MANAGE_LOOKUPS)
    if reasons := _reasons(kind, span, unit, in_force_from, today):
        raise Refused(reasons)
    with transaction.atomic():
        standing = ServiceTarget.objects.filter(kind=kind, in_force_from=in_force_from, ended_on=None)
        if standing.exists():
            text = "There is one of this kind from that day. End it first, or choose another day."
            raise Refused([Reason("set_already", text, "in_force_from")])
        row = ServiceTarget.objects.create(
            kind=kind,
            span=span,
            unit=unit,
            in_force_from=in_force_from,
            set_at=at,
            set_by_id=actor.user_id,
        )
        record("service_target_set", subject=row, detail=_told(row))
    return row


def end_service_target(*, actor: Actor, row: ServiceTarget, today: date, at: datetime) -> ServiceTarget:
    """End one from today on: what started before keeps it. Raises NotAllowed, WrongState."""
    require(actor, Permission.MANAGE_LOOKUPS)
    with transaction.atomic():
        locked = ServiceTarget.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if locked.ended_on is not None:
            raise WrongState("end", "ended", "This has ended already. Set another where one is needed.")
        locked.ended_on, locked.ended_at, locked.ended_by_id = today, at, actor.user_id
        locked.save(update_fields=["ended_on", "ended_at", "ended_by"])
        record("service_target_ended", subject=locked, detail=_told(locked))
    return locked


def _told(row: ServiceTarget) -> dict[str, object]:
    return {"kind": row.kind, "span": row.span, "unit": row.unit, "from": row.in_force_from.isoformat()}


def _reasons(kind: str, span: int, unit: str, in_force_from: date, today: date) -> list[Reason]:
    found = []
    if kind not in KINDS:
        found.append(Reason("kind_unknown", "Choose what is to be done.", "kind"))
    if unit not in UNITS:
        found.append(Reason("unit_unknown", "Choose how it is counted.", "unit"))
    elif (kind == FILED_EARLY) != (unit == BEFORE_LAW):
        text = "Days before the legal date are counted for filing ahead of the window's end, and for nothing else."
        found.append(Reason("unit_wrong", text, "unit"))
    least = 1 if unit == BEFORE_LAW else 0
    if not least <= span <= MOST_SPAN:
        found.append(
            Reason("span_impossible", f"Enter a number of days from {least} to {MOST_SPAN}.", "span")
        )
    if in_force_from < today:
        text = "Enter today or a later day: what has started keeps what held then."
        found.append(Reason("from_past", text, "in_force_from"))
    return found
