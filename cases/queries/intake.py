"""Inquiries: which wait and for whom, which were declined, and people who may be meant by a name or number."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, visible
from advocacy.access.roles import permissions_of
from advocacy.errors import NotFound
from advocacy.people.models import Membership, Patient
from advocacy.people.queries import patients_visible_to
from cases.models import Inquiry
from cases.policies import reached_patients
from cases.queries.registration import owners
from cases.queries.search import matching_patients, terms
from cases.workflow import InquiryStatus

FOUND = 10
MOST_FOUND = 200
NOBODY = 0


def inquiries(actor: Actor, status: str, *, owner: int | None = None, called: str = "") -> QuerySet[Inquiry]:
    """Inquiries of one status that the actor may see, with owner, patient and the case they became; unordered.

    `owner` is a membership, NOBODY, or None for all; `called` a name, or the end of a reference: then the newest 200 that fit.
    """
    known = status if status in InquiryStatus.values else str(InquiryStatus.OPEN)
    rows = Inquiry.objects.filter(visible(actor, Inquiry), status=known).select_related(
        "started_by", "patient", "case", "owner__user"
    )
    if owner is not None:
        rows = rows.filter(owner_id=owner) if owner else rows.filter(owner=None)
    if called:
        rows = rows.filter(pk__in=matching_inquiries(actor, called, known, owner))
    return rows


def matching_inquiries(actor: Actor, text: str, status: str, owner: int | None) -> list[int]:
    """Primary keys of visible inquiries that fit, the newest first: by the registered name, the typed one, or the reference."""
    name, number = terms(text)
    if not (name or number):
        return []
    reached = Patient.objects.filter(reached_patients(actor), is_restricted=True).values_list("pk", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM search.inquiries(%s, %s, %s, %s::bigint, %s::bigint[], %s)",
            [name, number, status, owner, list(reached), MOST_FOUND],
        )
        return [row[0] for row in cursor.fetchall()]


def get_inquiry(actor: Actor, public_id: UUID) -> Inquiry:
    """Raises NotFound when absent or invisible."""
    found = (
        Inquiry.objects.filter(visible(actor, Inquiry), public_id=public_id)
        .select_related("patient", "case", "started_by", "owner__user")
        .first()
    )
    if found is None:
        raise NotFound("inquiry")
    return found


def name_of(inquiry: Inquiry) -> str:
    """Who it is about, as far as it is known."""
    if inquiry.patient:
        return str(inquiry.patient.called)
    typed = inquiry.answers.get("who", {})
    words = [(typed.get(name) or [""])[-1] for name in ("given_name", "family_name")]
    return " ".join(w for w in words if w) or "No name yet"


def takers(actor: Actor) -> list[Membership]:
    """Colleagues who take inquiries in, by name."""
    return [member for member in owners(actor) if _takes_in(member)]


def may_take_in(member: Membership, inquiry: Inquiry, at: datetime) -> bool:
    """Whether this member's roles take inquiries in, and, for a restricted patient, the member is named on a case of theirs."""
    live = member.ended_at is None and (member.until is None or member.until > at)
    if not live or not _takes_in(member) or member.organization_id != inquiry.organization_id:
        return False
    if inquiry.patient is None or not inquiry.patient.is_restricted:
        return True
    receiver = Actor(
        key=f"user:{member.user_id}",
        label="",
        organization_id=member.organization_id or 0,
        user_id=member.user_id,
        membership_id=member.pk,
        roles=frozenset(member.roles),
    )
    return Inquiry.objects.filter(visible(receiver, Inquiry), pk=inquiry.pk).exists()


def people_called(actor: Actor, text: str) -> list[Patient]:
    """Registered patients whose name, member id or reference fits, the best first; at most ten."""
    name, number = terms(text)
    if not (name or number):
        return []
    keys = matching_patients(actor, name, number, FOUND)
    rows = patients_visible_to(actor).in_bulk(keys) if keys else {}
    return [rows[pk] for pk in keys if pk in rows]


def _takes_in(member: Membership) -> bool:
    return Permission.OPEN_CASE in permissions_of(frozenset(member.roles))
