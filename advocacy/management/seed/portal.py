"""The patient's side of the demonstration: who is let into the portal, and how they sign in."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from advocacy.management.seed.cast import HOUSES
from advocacy.management.seed.life import Days, Life, Step
from advocacy.people.models import Contact, PortalAccess
from advocacy.people.portal_invitations import invite_patient, invite_representative
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to


def entered(ago: int) -> Step:
    """The patient is let into the portal by the safe e-mail address."""

    def step(life: Life) -> Days:
        yield ago
        assert life.patient is not None
        contact = next(
            c for c in Contact.objects.filter(patient=life.patient, kind="email", ended_at=None) if c.is_safe
        )
        life.do(invite_patient, patient=life.patient, contact=contact)

    return step


def helped(ago: int, name: str, email: str, relation: str, *parts: str, days: int = 300) -> Step:
    """Somebody the patient appointed is let into these parts for so many days from then."""

    def step(life: Life) -> Days:
        yield ago
        life.do(
            invite_representative,
            patient=life.patient,
            name=name,
            email=email,
            relation=relation,
            scope=parts,
            proof_note="Signed appointment on paper, in the cabinet.",
            expires_on=life.day(ago) + timedelta(days=days),
        )

    return step


def portal_sign_ins() -> list[str]:
    """Lines for the terminal: whose portal, by which address, and where the code comes."""
    rows = []
    houses = Organization.objects.in_bulk([h.slug for h in HOUSES], field_name="slug")
    for house in houses.values():
        with transaction.atomic(), scoped_to(house.pk, actor="system:seed", actor_label="Recourse"):
            live = PortalAccess.objects.filter(ended_at=None).select_related("user", "patient").order_by("id")
            rows += [
                (access.user.email, f"{access.get_kind_display()} ({access.patient.reference}, {house.name})")
                for access in live
            ]
    if not rows:
        return []
    width = max(len(email) for email, _who in rows)
    return [
        "",
        "The patient's portal is at /portal/. Type one of these addresses; the code appears in this terminal.",
        *(f"  {email.ljust(width)}  {who}" for email, who in rows),
    ]
