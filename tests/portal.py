"""The patient's side of the cast: Dana herself, Rosa who helps her, and a patient of Meadow; signed in through the real code.

`enter("dana")` gives a browser inside the portal, outside any scope of the test.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.people.models import Patient, PortalAccess, User
from advocacy.tenancy.scope import _scope, scoped_to
from tests.cast import NOW, Cast
from tests.standing import prepared

BEGAN = NOW
EVERYTHING = ["status", "documents", "letters", "messages"]


def give_access(patient: Patient, email: str, **given: Any) -> PortalAccess:
    """A live access of the account with this address (made when there is none), in the current scope."""
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, None, name="")
    values = {"kind": "patient", "scope": EVERYTHING, "starts_at": BEGAN, "sign_in_address": email} | given
    if values["kind"] == "representative":
        values = {
            "expires_at": timezone.now() + timedelta(days=30),
            "name": "Rosalind Quillfeather",
            "relation": "sister",
            "proof_note": "form on paper",
        } | values
    return PortalAccess.objects.create(user=user, patient=patient, **values)


def come_in(email: str, client: Client | None = None) -> Client:
    """Somebody at their phone: asks for a code and types it in, as they would."""
    client = client or Client()
    outside = _scope.set(None)
    try:
        before = len(mail.outbox)
        answer = client.post(reverse("portal:sign_in"), {"email": email})
        assert answer.headers["Location"] == reverse("portal:code")
        assert len(mail.outbox) == before + 1, "no code was sent"
        answer = client.post(reverse("portal:code"), {"code": code_in(mail.outbox[-1].body)})
        assert answer.status_code == 302, answer.content.decode()
    finally:
        _scope.reset(outside)
    return client


def code_in(body: str) -> str:
    """The code of a mail."""
    found = re.search(r"\b\d{4}-\d{4}\b", body)
    assert found is not None, body
    return found.group(0)


@prepared
def portal_people(cast: Cast) -> dict[str, PortalAccess]:
    """ "dana" and "rosa" (representative, all parts) in Harbor, "wren" in Meadow. Their addresses are <name>@mail.example."""
    assert cast.case is not None and cast.meadow_case is not None
    people = {
        "dana": give_access(cast.case.patient, "dana@mail.example"),
        "rosa": give_access(cast.case.patient, "rosa@mail.example", kind="representative"),
    }
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        people["wren"] = give_access(cast.meadow_case.patient, "wren@mail.example")
    return people


@pytest.fixture
def enter(portal_people: dict[str, PortalAccess]) -> Any:
    """`enter("dana")` is a client signed in to the portal as her."""
    return lambda name: come_in(f"{name}@mail.example")
