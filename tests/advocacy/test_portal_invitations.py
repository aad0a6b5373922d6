"""Who may be let into the portal, by which address, and what the mail says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.commands import ContactInput, add_contact, end_contact, revoke_consent
from advocacy.people.invitation_hours import due_invitations, invitation_goes_out
from advocacy.people.jobs import invite_to_portal, send_invitations
from advocacy.people.models import PortalAccess, User
from advocacy.people.portal_access import portal_accesses_of
from advocacy.people.portal_invitations import (
    end_portal_access,
    invite_patient,
    invite_representative,
    send_invitation,
)
from advocacy.tenancy.scope import scope_with
from tests.cast import NOW, release
from tests.portal import come_in

SAFE = "dana.safe@mail.example"
ZONE = ZoneInfo("America/New_York")
NIGHT = datetime(2026, 3, 16, 22, 0, tzinfo=ZONE)
MORNING = datetime(2026, 3, 17, 8, 0, tzinfo=ZONE)


def email(cast, value=SAFE, *, safe=True, **hours):
    contact = ContactInput("email", value, is_safe=safe, **hours)
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
    contact = email(cast, at_any_hour=True)
    access = invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)
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


def test_a_colleague_who_is_a_patient_too_is_invited_by_another(cast):
    release(cast.case.patient, kind="contact")
    contact = email(cast, cast.users["nora"].email)
    assert codes(
        lambda: invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=NOW)
    ) == ["own_portal"]
    access = invite_patient(actor=cast.nils, patient=cast.case.patient, contact=contact, at=NOW)
    assert access.user_id == cast.users["nora"].pk


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


class TestHours:
    """A mail at night is read by whoever lies beside the phone: the invitation waits, and the desk says until when."""

    def invited(self, cast, at=NIGHT, **hours) -> PortalAccess:
        release(cast.case.patient, kind="contact")
        contact = email(cast, **hours)
        return invite_patient(actor=cast.nora, patient=cast.case.patient, contact=contact, at=at)

    def work(self, at) -> list[list[str]]:
        """What the worker does every five minutes, with the job it asks for."""
        with scope_with(at=at):
            send_invitations()
            for row in Job.objects.filter(name="people.invite_to_portal", status="queued").order_by("pk"):
                assert queue.run(row.organization_id, row.pk) == "done"
        return [message.to for message in mail.outbox]

    def test_it_waits_for_the_morning_where_the_patient_lives_and_goes_once(self, cast):
        access = self.invited(cast)
        assert self.work(NIGHT) == []
        assert self.work(MORNING - timedelta(minutes=1)) == []
        assert invitation_goes_out(access, NIGHT) == MORNING
        assert self.work(MORNING) == [[SAFE]]
        assert self.work(MORNING + timedelta(minutes=5)) == [[SAFE]]
        assert PortalAccess.objects.get().invitation_sent_at == MORNING

    def test_the_patients_own_hours_and_zone_count(self, cast):
        access = self.invited(cast, from_time=time(17, 30), until_time=time(19))
        evening = datetime(2026, 3, 17, 17, 30, tzinfo=ZONE)
        assert invitation_goes_out(access, NIGHT) == evening
        access.patient.time_zone = "America/Los_Angeles"
        access.patient.save(update_fields=["time_zone"])
        assert invitation_goes_out(access, evening) == evening + timedelta(hours=3)
        assert self.work(evening) == []

    def test_at_any_hour_is_at_once(self, cast):
        self.invited(cast, at_any_hour=True)
        assert self.work(NIGHT) == [[SAFE]]

    @pytest.mark.parametrize("what", ["consent", "address", "access", "came in"])
    def test_what_is_withdrawn_in_the_night_stops_it(self, cast, what):
        access = self.invited(cast)
        if what == "consent":
            revoke_consent(actor=cast.nora, consent=access.patient.consents.get(kind="contact"), at=NIGHT)
        elif what == "address":
            access.patient.contacts.update(is_safe=False)
        elif what == "access":
            end_portal_access(actor=cast.nora, access=access, at=NIGHT)
        else:
            PortalAccess.objects.update(first_used_at=NIGHT)
        assert due_invitations(cast.nora, MORNING) == []
        access = PortalAccess.objects.select_related("user", "patient").get()
        assert (send_invitation(access, at=MORNING), self.work(MORNING)) == (False, [])

    def test_somebody_who_helps_gets_no_mail_at_night_either(self, cast):
        release(cast.case.patient, kind="representation")
        access = representative(cast)
        assert invitation_goes_out(access, NIGHT) == MORNING
        assert self.work(NIGHT) == []
        assert self.work(MORNING) == [["rosa@mail.example"]]

    def test_nobody_is_let_in_by_an_address_that_the_patient_did_not_call_safe(self, cast):
        release(cast.case.patient, kind="representation")
        email(cast, "Shared.Home@mail.example", safe=False)
        assert codes(lambda: representative(cast, email="shared.home@mail.example")) == ["email_not_safe"]
        assert not PortalAccess.objects.exists()

    def test_the_desk_says_when_it_goes_out_and_a_code_goes_at_once(self, cast, sign_in):
        """An hour of the patient that begins in two hours, whatever the clock of the machine says."""
        patient = cast.case.patient
        release(patient, kind="contact")
        soon = timezone.now().astimezone(ZONE) + timedelta(hours=2)
        opens, closes = time(soon.hour), time(soon.hour + 1) if soon.hour < 23 else None
        contact = email(cast, from_time=opens, until_time=closes, at_any_hour=True)
        nora = sign_in("nora")
        invite = reverse("people:portal_invite", args=[patient.public_id])
        answer = nora.post(invite, {"contact": str(contact.public_id)}, follow=True)
        page = " ".join(answer.content.decode().split())
        when = invitation_goes_out(PortalAccess.objects.get(), timezone.now()).astimezone(ZONE)
        hour = f"{when:%-I:%M %p}"
        assert when.minute == 0
        assert f"The invitation goes out on {when:%b} {when.day} at {hour}, where the patient lives." in page
        assert f"the invitation goes out on {when:%b} {when.day}, {hour}, where the patient lives" in page
        assert mail.outbox == []
        assert come_in(SAFE).get("/portal/").status_code == 200
        assert [message.to for message in mail.outbox] == [[SAFE]]
        page = nora.get(reverse("people:patient", args=[patient.public_id])).content.decode()
        assert "the invitation goes out" not in page

    def test_the_desk_says_that_none_goes_out(self, cast, sign_in):
        access = self.invited(cast)
        access.patient.contacts.update(is_safe=False)
        page = sign_in("nora").get(reverse("people:patient", args=[access.patient.public_id]))
        assert "no invitation goes out" in page.content.decode()
