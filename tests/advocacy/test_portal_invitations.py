"""Who may be let into the portal, by which address, and what the mail says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.background.models import Job
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.commands import ContactInput, add_contact, end_contact
from advocacy.people.jobs import invite_to_portal
from advocacy.people.models import PortalAccess, User
from advocacy.people.portal_access import portal_accesses_of
from advocacy.people.portal_invitations import end_portal_access, invite_patient, invite_representative
from tests.cast import NOW, release
from tests.portal import come_in

SAFE = "dana.safe@mail.example"


def email(cast, value=SAFE, *, safe=True):
    contact = ContactInput("email", value, is_safe=safe)
    return add_contact(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)


def codes(act) -> list[str]:
    with pytest.raises(Refused) as refusal:
        act()
    return [reason.code for reason in refusal.value.reasons]


def representative(cast, **given):
    values = {
        "actor": cast.nora,
        "patient": cast.case.patient,
        "name": "Rosalind Quillfeather",
        "email": "rosa@mail.example",
        "scope": ["status", "letters"],
        "proof_note": "form on paper",
        "expires_on": timezone.now().date() + timedelta(days=90),
        "at": timezone.now() - timedelta(minutes=1),  # a moment that is over for the database too
    }
    return invite_representative(**values | given)


def test_a_patient_is_invited_by_a_safe_address(cast, mailoutbox):
    release(cast.case.patient, kind="contact")
    access = invite_patient(actor=cast.nora, patient=cast.case.patient, contact=email(cast), at=NOW)
    assert (access.kind, access.language, access.user.email, access.user.name) == ("patient", "en", SAFE, "")
    assert not access.user.has_usable_password()
    assert Job.objects.filter(name="people.invite_to_portal").get().arguments == {"access": access.pk}
    invite_to_portal(access=access.pk)
    invite_to_portal(access=access.pk)
    (sent,) = mailoutbox
    assert sent.to == [SAFE]
    said = f"{sent.subject}\n{sent.body}".lower()
    for word in ("dana", "whitlock", "harbor", "patient", "health", "medical", "advocate", "case", "hb-"):
        assert word not in said, word
    assert come_in(SAFE).get("/portal/").status_code == 200


@pytest.mark.parametrize(
    ("safe", "agreed", "expected"),
    [
        (False, True, ["no_safe_email"]),
        (True, False, ["no_contact_consent"]),
        (False, False, ["no_safe_email", "no_contact_consent"]),
    ],
)
def test_refused_with_every_reason(cast, safe, agreed, expected):
    if agreed:
        release(cast.case.patient, kind="contact")
    contact = email(cast, safe=safe)
    assert (
        codes(lambda: invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW))
        == expected
    )
    assert not PortalAccess.objects.exists()


def test_a_withdrawn_agreement_does_not_count(cast):
    release(cast.case.patient, kind="contact", revoked_at=NOW)
    contact = email(cast)
    assert codes(
        lambda: invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)
    ) == ["no_contact_consent"]


def test_an_address_opens_once(cast):
    release(cast.case.patient, kind="contact")
    contact = email(cast)
    invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)
    assert codes(
        lambda: invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)
    ) == ["has_access"]


def test_an_account_that_exists_is_joined_and_nobody_is_told(cast):
    """Mia works at Meadow: her account takes the access and stays as it is."""
    release(cast.case.patient, kind="representation")
    before = User.objects.count()
    access = representative(cast, email="MIA@meadow.example")
    assert (access.user_id, User.objects.count()) == (cast.users["mia"].pk, before)
    assert User.objects.get(pk=cast.users["mia"].pk).name == "Mia Meadow"


def test_an_invitation_is_not_sent_to_an_address_that_is_safe_no_more(cast, mailoutbox):
    release(cast.case.patient, kind="contact")
    contact = email(cast)
    access = invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)
    type(contact).objects.filter(pk=contact.pk).update(is_safe=False)
    invite_to_portal(access=access.pk)
    assert mailoutbox == []


def test_the_way_in_goes_with_its_address(cast):
    release(cast.case.patient, kind="contact")
    contact = email(cast)
    access = invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)
    end_contact(actor=cast.nora, contact=contact, at=NOW)
    access.refresh_from_db(fields=["ended_at"])
    assert access.ended_at == NOW
    assert portal_accesses_of(access.user_id) == ()


def test_a_representative_sees_the_chosen_parts_until_a_day(cast):
    appointment = release(cast.case.patient, kind="representation")
    access = representative(cast)
    assert (access.scope, access.consent_id, access.name) == (
        ["status", "letters"],
        appointment.pk,
        "Rosalind Quillfeather",
    )
    (live,) = portal_accesses_of(access.user_id)
    assert (live.kind, live.scope) == ("representative", ("status", "letters"))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"email": "rosa"}, "email_form"),
        ({"scope": []}, "scope_missing"),
        ({"scope": ["everything"]}, "scope_missing"),
        ({"expires_on": date(2026, 1, 1)}, "expiry"),
        ({"expires_on": date(2040, 1, 1)}, "expiry"),
        ({"proof_note": ""}, "proof_missing"),
    ],
)
def test_what_a_representative_needs(cast, given, code):
    release(cast.case.patient, kind="representation")
    assert codes(lambda: representative(cast, **given)) == [code]


def test_without_an_appointment_nobody_represents(cast):
    assert codes(lambda: representative(cast)) == ["no_appointment"]


def test_who_may_invite(cast):
    release(cast.case.patient, kind="contact")
    contact = email(cast)
    for who, error in (("petra", NotAllowed), ("clara", NotAllowed), ("anna", NotFound)):
        with pytest.raises(error):
            invite_patient(actor=getattr(cast, who), patient=cast.case.patient, contact=contact, at=NOW)


def test_an_access_ends_once(cast):
    release(cast.case.patient, kind="representation")
    access = representative(cast)
    end_portal_access(actor=cast.nora, access=access, at=timezone.now())
    assert portal_accesses_of(access.user_id) == ()
    with pytest.raises(WrongState):
        end_portal_access(actor=cast.nora, access=access, at=timezone.now())


def test_the_desk_pages(cast, sign_in):
    patient = cast.case.patient
    release(patient, kind="contact")
    release(patient, kind="representation")
    contact, unsafe = email(cast), email(cast, "other@mail.example", safe=False)
    nora = sign_in("nora")
    page = nora.get(reverse("people:patient", args=[patient.public_id])).content.decode()
    assert "Nobody enters the portal for this patient yet." in page
    invite = reverse("people:portal_invite", args=[patient.public_id])
    answer = nora.post(invite, {"contact": str(unsafe.public_id)})
    assert (answer.status_code, "marked safe" in answer.content.decode()) == (422, True)
    assert nora.post(invite, {"contact": str(contact.public_id)}).status_code == 302
    answer = nora.post(
        reverse("people:portal_representative", args=[patient.public_id]),
        {
            "name": "Rosalind Quillfeather",
            "email": "rosa@mail.example",
            "language": "es",
            "scope": ["letters"],
            "expires_on": (timezone.now().date() + timedelta(days=20)).isoformat(),
            "proof_note": "on paper",
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    page = nora.get(reverse("people:patient", args=[patient.public_id])).content.decode()
    assert "Rosalind Quillfeather" in page
    assert page.count("has not come in yet") == 2
    access = PortalAccess.objects.get(kind="representative")
    assert nora.post(reverse("people:portal_end", args=[access.public_id])).status_code == 302
    assert PortalAccess.objects.get(pk=access.pk).ended_at is not None
