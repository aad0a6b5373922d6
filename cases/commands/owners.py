"""Who is to own a case or a task, as the membership stands now and not as somebody read it a while ago."""

from __future__ import annotations

from datetime import datetime

from advocacy.errors import NotFound
from advocacy.people.models import Membership


def as_of_now(member: int | None, *, held: bool = True) -> Membership | None:
    """The membership as it stands, held until the transaction ends: nobody leaves, or loses a role, meanwhile. Not `held` where
    the case is locked already: cases are locked after memberships.

    Raises NotFound for one of another organization.
    """
    rows = Membership.objects.select_related("user")
    if held:
        rows = rows.select_for_update(of=("self",), no_key=True)
    row = rows.filter(pk=member).first() if member else None
    if member and row is None:
        raise NotFound(Membership._meta.label)
    return row


def works_here(member: Membership, at: datetime) -> bool:
    """Whether somebody may be given work at a moment: neither gone, nor out of time, nor locked out."""
    return member.works_at(at) and member.user.is_active
