"""Emergency access as it is shown: one's own that runs, every one for whoever reviews, and what was opened by it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, visible
from advocacy.audit.models import Event
from advocacy.audit.trail import about
from advocacy.errors import NotFound
from advocacy.people.models import BreakGlass
from cases.models import Case


def glasses_visible_to(actor: Actor) -> QuerySet[BreakGlass]:
    """Every emergency access there was, for whoever reviews them; unordered, so that a list can page them by key."""
    return BreakGlass.objects.filter(visible(actor, BreakGlass)).select_related(
        "user", "patient", "reviewed_by"
    )


def own_running(actor: Actor, at: datetime) -> list[BreakGlass]:
    """The actor's own that runs at `at`, the one that ends first in front."""
    rows = BreakGlass.objects.filter(
        user_id=actor.user_id or 0, ended_at=None, opened_at__lte=at, expires_at__gt=at
    )
    return list(rows.select_related("patient").order_by("expires_at", "id"))


def get_glass(actor: Actor, public_id: UUID, *, own: bool = False) -> BreakGlass:
    """One emergency access that the actor reviews, or with `own` one of their own. Raises NotFound."""
    rows = BreakGlass.objects.filter(public_id=public_id)
    if actor.may(Permission.REVIEW_BREAK_GLASS):
        rows = rows.filter(visible(actor, BreakGlass))
    else:
        rows = rows.filter(user_id=actor.user_id or 0) if own else rows.none()
    found = rows.select_related("user", "patient", "reviewed_by").first()
    if found is None:
        raise NotFound("emergency access")
    return found


def looks_during(glass: BreakGlass) -> int:
    """How many answers showed something of the patient to whoever opened it, while it ran."""
    cases = list(Case.objects.filter(patient_id=glass.patient_id).values_list("pk", flat=True))
    return Event.objects.filter(
        about(cases=cases, patients=[glass.patient_id]),
        kind=Event.Kind.READ,
        actor=f"user:{glass.user_id}",
        at__gte=glass.opened_at,
        at__lt=glass.ended_at or glass.expires_at,
    ).count()
