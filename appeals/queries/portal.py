"""What the patient's portal says about a case: where it stands, in plain words."""

from __future__ import annotations

from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from cases.models import Case


def portal_cases(actor: Actor) -> list[Case]:
    """The cases of the patient this portal person may see, open ones first, newest first."""
    rows = Case.objects.filter(visible(actor, Case)).select_related("patient")
    return sorted(rows.order_by("-id"), key=lambda case: case.status == "closed")


def get_portal_case(actor: Actor, public_id: UUID) -> Case:
    """One of them. Raises NotFound."""
    found = Case.objects.filter(visible(actor, Case), public_id=public_id).select_related("patient").first()
    if found is None:
        raise NotFound("case")
    return found
