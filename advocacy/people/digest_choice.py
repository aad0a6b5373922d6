"""Whether somebody wants the daily mail, and from which hour on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused
from advocacy.people.models import DailyDigest, Membership


def own_digest(actor: Actor) -> DailyDigest:
    """What the actor chose; an unsaved row with what holds without a choice."""
    found = DailyDigest.objects.filter(visible(actor, DailyDigest)).first()
    return found or DailyDigest(member_id=actor.membership_id or 0)


def choose_digest(*, actor: Actor, is_wanted: bool, hour: int, at: datetime) -> DailyDigest:
    """Keep the actor's choice. Raises NotAllowed, NotFound, Refused for an hour the day does not have."""
    require(actor, Permission.SEE_CASES)
    if actor.membership_id is None:
        raise NotFound("member")
    if not 0 <= hour <= 23:
        raise Refused([Reason("hour_unknown", "Choose an hour of the day.", "hour")])
    with transaction.atomic():
        Membership.objects.select_for_update(no_key=True).get(pk=actor.membership_id)
        row = own_digest(actor)
        row.is_wanted, row.hour = is_wanted, hour
        row.save()
        record("digest_chosen", subject=row, detail={"wanted": is_wanted, "hour": hour})
    return row
