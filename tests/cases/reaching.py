"""How a patient is reached in these tests: a portal, a safe address, a notice that is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from advocacy.people.commands import ContactInput, add_contact
from advocacy.people.models import Contact, PortalAccess, User
from cases.commands.patient_notices import notify_patient
from cases.models import PatientNotice
from tests.cast import NOW

ZONE = ZoneInfo("America/New_York")
DAY = datetime(2026, 3, 16, 12, 0, tzinfo=ZONE)
NIGHT = datetime(2026, 3, 16, 22, 0, tzinfo=ZONE)
MORNING = datetime(2026, 3, 17, 8, 0, tzinfo=ZONE)
ADDRESS = "dana@safe.example"


def invite(patient, language="en") -> PortalAccess:
    """The patient signs in to the portal."""
    user = User.objects.create(email=f"{patient.pk}@home.example", name="")
    return PortalAccess.objects.create(
        user=user,
        patient=patient,
        kind="patient",
        scope=["messages"],
        language=language,
        starts_at=NOW - timedelta(days=30),
    )


def reach(cast, kind="email", value=ADDRESS, **given) -> Contact:
    given = {"is_safe": True} | given
    contact = ContactInput(kind, value, **given)
    return add_contact(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)


@pytest.fixture
def safe(cast) -> Contact:
    """Dana has a safe address and signs in to the portal."""
    invite(cast.case.patient)
    return reach(cast)


def asked(cast, at=DAY, about="message:1", kind="message", **given) -> PatientNotice:
    notice = notify_patient(
        actor=cast.nora, patient=cast.case.patient, kind=kind, about=about, case=cast.case, at=at, **given
    )
    assert notice is not None
    return notice


def standing(notice) -> tuple[str, datetime]:
    notice.refresh_from_db()
    return notice.status, notice.due_at.astimezone(ZONE)


def sent() -> list[list[str]]:
    return [message.to for message in mail.outbox]
