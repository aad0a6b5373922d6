"""A full identifier is shown to somebody who sees it masked: once, for a reason, and the trail keeps both."""

from __future__ import annotations

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from cases.models import Coverage


def reveal_member_id(*, actor: Actor, coverage: Coverage, reason: str) -> str:
    """The member id of a coverage, as the card shows it; its group number is shown with it. `reason` is kept sealed.

    Raises NotAllowed, NotFound, Refused ("reason_missing").
    """
    require(actor, Permission.SEE_PATIENTS, coverage)
    if not reason.strip():
        raise Refused([Reason("reason_missing", "Say what you need the number for.", "reason")])
    with transaction.atomic():
        record(
            "identifier_revealed",
            subject=coverage,
            detail={"identifier": "member_id, group_number" if coverage.group_number else "member_id"},
            reason=reason.strip(),
        )
    return coverage.member_id
