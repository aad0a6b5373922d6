"""Which telephone a patient's sign-in code may go to. Asked anew each time: what is not safe any more counts at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from advocacy.people.models import Consent, Contact, PortalAccess
from advocacy.people.portal_access import LiveAccess
from advocacy.people.queries import contacts_of, standing_consents
from advocacy.people.rules import day_in
from advocacy.tenancy.scope import scoped_to
from advocacy.texts import international


def number_for_codes(accesses: Iterable[LiveAccess], at: datetime) -> str:
    """The number of the first of these accesses that has one, "" when none has. Each is looked at in its own organization.

    It is the patient's own access (a helper's telephone nobody knows), to a number for text messages that the patient called
    safe, at an hour that the patient did not rule out for it, under an agreement to be contacted that stands. The quiet hours of
    the night do not count: the code is asked for this minute.
    """
    for live in accesses:
        if live.kind != PortalAccess.Kind.PATIENT:
            continue
        with (
            transaction.atomic(),
            scoped_to(live.organization_id, actor="system:portal", actor_label="Portal"),
        ):
            access = PortalAccess.objects.select_related("patient").get(pk=live.access_id)
            patient = access.patient
            agreed = standing_consents(patient, day_in(patient.time_zone, at)).filter(
                kind=Consent.Kind.CONTACT
            )
            if not agreed.exists():
                continue
            for contact in contacts_of(patient).filter(kind=Contact.Kind.TEXT, is_safe=True):
                if is_hour_for(contact, patient.time_zone, at) and international(contact.value):
                    return contact.value
    return ""


def is_hour_for(contact: Contact, time_zone: str, at: datetime) -> bool:
    """Whether the moment is within the hours that the patient named for this way, where the patient lives."""
    now = at.astimezone(ZoneInfo(time_zone)).time()
    return (contact.from_time is None or contact.from_time <= now) and (
        contact.until_time is None or now < contact.until_time
    )
