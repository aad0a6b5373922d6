"""What happens at the desk's door, in the trail: of every organization the person works in, as an act about their membership.

Somebody without a membership (a patient, whoever runs the installation) has no organization whose trail it would be; the
portal's door keeps its own (`portal_access.note_sign_in`).
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest

from advocacy.audit.trail import record
from advocacy.people.models import Membership
from advocacy.people.queries import memberships_of
from advocacy.tenancy.scope import scoped_to

DOOR = "system:sign-in"
SOMEBODY = "Somebody at the sign-in"
"""Who acts where nobody has proved who they are."""


def note_at_door(
    user: Any, verb: str, *, request: HttpRequest | None = None, proved: bool = True, **detail: Any
) -> None:
    """Write `verb` into the trail of each organization of the person. `detail` holds codes and counts only.

    `proved` is False where somebody tried to be this person: then the door itself acts, not they.
    """
    with (
        transaction.atomic()
    ):  # also where it is told after the commit of a request (recovery codes made by the way)
        for live in memberships_of(user.pk):
            with scoped_to(
                live.organization_id,
                actor=f"user:{user.pk}" if proved else DOOR,
                actor_label=str(user) if proved else SOMEBODY,
                request_id=getattr(request, "request_id", ""),
            ):
                record(verb, subject=Membership(pk=live.membership_id), detail=detail)
