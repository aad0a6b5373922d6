"""When an invitation to the portal may go out: to an address that may be used, at an hour for it.

Evaluated whenever it is looked at, never stored: an address that is not safe any more, an agreement that was withdrawn, a
moved patient or other hours count at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from advocacy.access.policy import Actor, visible
from advocacy.people.hours import Reachable, next_allowed
from advocacy.people.models import Consent, Contact, Patient, PortalAccess
from advocacy.people.rules import day_in


def is_email(contact: Contact, email: str) -> bool:
    """Whether this is that e-mail address, and in use."""
    return (
        contact.kind == Contact.Kind.EMAIL
        and contact.ended_at is None
        and contact.value.strip().lower() == email.strip().lower()
    )


def goes_out_at(
    access: PortalAccess, contacts: Iterable[Contact], consents: Collection[Consent], at: datetime
) -> datetime | None:
    """The first moment from `at` on (aware) at which the invitation of this access may go out; None when it may not.

    `contacts` and `consents` are all of the patient's. An agreement to be contacted that was withdrawn or has run out stops it;
    that one was given is asked for when somebody is invited. The hours are hours where the patient
    lives, also for somebody who helps: where they live nobody has asked them. What went out, and what somebody has used
    already, does not go out.
    """
    if access.invitation_sent_at or access.first_used_at or access.ended_at:
        return None
    way = _way(access, list(contacts))
    if way is None or (
        access.kind == PortalAccess.Kind.PATIENT and not _agrees(access.patient, consents, at)
    ):
        return None
    return next_allowed(way, access.patient.time_zone, at)


def invitation_goes_out(access: PortalAccess, at: datetime) -> datetime | None:
    """As `goes_out_at`, with the patient's contacts and consents as they are now."""
    contacts = Contact.objects.filter(patient_id=access.patient_id, ended_at=None)
    return goes_out_at(access, contacts, list(Consent.objects.filter(patient_id=access.patient_id)), at)


def due_invitations(actor: Actor, at: datetime) -> list[int]:
    """Primary keys of the accesses whose invitation waits and whose hour has come."""
    waiting = PortalAccess.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        visible(actor, PortalAccess),
        invitation_sent_at=None,
        first_used_at=None,
        ended_at=None,
    ).select_related("patient")
    found = []
    for access in waiting.order_by("pk"):
        when = invitation_goes_out(access, at)
        if when is not None and when <= at:
            found.append(access.pk)
    return found


def not_marked_safe(contacts: Iterable[Contact], email: str) -> bool:
    """Whether the patient has this address among the ways to be reached, and did not mark it safe."""
    return any(is_email(contact, email) and not contact.is_safe for contact in contacts)


def _way(access: PortalAccess, contacts: list[Contact]) -> Reachable | None:
    """The patient's own safe address; of somebody who helps no hours are known, so the quiet ones count."""
    email = access.user.email
    if access.kind == PortalAccess.Kind.PATIENT:
        return next((c for c in contacts if c.is_safe and is_email(c, email)), None)
    return None if not_marked_safe(contacts, email) else Contact(kind=Contact.Kind.EMAIL, is_safe=True)


def _agrees(patient: Patient, consents: Collection[Consent], at: datetime) -> bool:
    today = day_in(patient.time_zone, at)
    given = [consent for consent in consents if consent.kind == Consent.Kind.CONTACT]
    return not given or any(
        consent.revoked_at is None and (consent.expires_on is None or consent.expires_on >= today)
        for consent in given
    )
