"""Inquiries: which wait, which were declined, and people who may be meant by a name or number."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Patient
from advocacy.people.queries import patients_visible_to
from cases.models import Inquiry
from cases.queries.search import matching_patients, terms
from cases.workflow import InquiryStatus

FOUND = 10


def inquiries(actor: Actor, status: str) -> QuerySet[Inquiry]:
    """Inquiries of one status that the actor may see, with who began them and the case they became; unordered."""
    known = status if status in InquiryStatus.values else InquiryStatus.OPEN
    return Inquiry.objects.filter(visible(actor, Inquiry), status=known).select_related(
        "started_by", "patient", "case"
    )


def get_inquiry(actor: Actor, public_id: UUID) -> Inquiry:
    """Raises NotFound when absent or invisible."""
    found = (
        Inquiry.objects.filter(visible(actor, Inquiry), public_id=public_id)
        .select_related("patient", "case", "started_by")
        .first()
    )
    if found is None:
        raise NotFound("inquiry")
    return found


def people_called(actor: Actor, text: str) -> list[Patient]:
    """Registered patients whose name, member id or reference fits, the best first; at most ten."""
    name, number = terms(text)
    if not (name or number):
        return []
    keys = matching_patients(actor, name, number, FOUND)
    rows = patients_visible_to(actor).in_bulk(keys) if keys else {}
    return [rows[pk] for pk in keys if pk in rows]
