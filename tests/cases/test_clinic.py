"""The clinic's door: an expiring link that shows one provider's asks of one case, and takes exactly their answers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused
from advocacy.people.models import Consent
from advocacy.tenancy.scope import _apply, _scope
from cases.commands.clinic import ask_clinic, digest_of, revoke_link, send_link, withdraw_ask
from cases.models import Attestation, CallTime, ClinicAsk, ClinicLink, Document, Provider, Task
from tests.cast import release

pytestmark = pytest.mark.django_db
STATEMENT = "I treat the patient for depression. Two medicines at full dose did not help."


def asked(cast, kind="records", **more):
    given = {"words": "Please send the last three notes."} | more
    return ask_clinic(
        actor=cast.nora, case=cast.case, provider=cast.case.provider, kind=kind, at=timezone.now(), **given
    )


@pytest.fixture
def link(cast, settings, tmp_path):
    """The clinic's address, with a standing release."""
    settings.DATA_DIR = tmp_path
    release(cast.case.patient)

    def send(days=14):
        sent = send_link(
            actor=cast.nora,
            case=cast.case,
            provider=cast.case.provider,
            email="front@clinic.example",
            days=days,
            at=timezone.now(),
        )
        return sent.url.removeprefix("http://testserver").partition("/clinic/")[2].strip("/")

    return send


def visit(method, *args, **kwargs):
    """As the clinic: no account, no scope."""
    outside = _scope.set(None)
    try:
        return getattr(Client(), method)(*args, **kwargs)
    finally:
        _scope.reset(outside)
        _apply()


def test_the_link_shows_what_this_provider_is_asked_for(cast, link, mailoutbox):
    asked(cast)
    other = Provider.objects.create(name="Noor Else", credentials="MD", npi="1093817465")
    ask_clinic(
        actor=cast.nora,
        case=cast.case,
        provider=other,
        kind="records",
        words="Something else",
        at=timezone.now(),
    )
    token = link()
    (mail,) = mailoutbox
    assert (mail.to, token in mail.body) == (["front@clinic.example"], True)
    assert [w for w in ("Dana", "Whitlock", "ketamine", "HB-2026") if w in mail.body + mail.subject] == []
    answer = visit("get", reverse("clinic", args=[token]))
    text = answer.content.decode()
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert ("Dana Whitlock" in text, "the last three notes" in text, "Something else" in text) == (
        True,
        True,
        False,
    )
    (event,) = Event.objects.filter(kind="read", actor__startswith="clinic:")
    assert (event.case_ids, event.actor_label) == ([cast.case.pk], "Clinic, by its link")


def test_records_come_onto_the_case_and_the_owner_is_told(cast, link):
    ask, token = asked(cast), link()
    address = reverse("clinic_answer", args=[token, ask.public_id])
    files = [SimpleUploadedFile("a.txt", b"First note."), SimpleUploadedFile("b.txt", b"Second note.")]
    assert visit("post", address, {"kind": "clinical_note", "records": files}).status_code == 200
    assert list(Document.objects.values_list("kind", flat=True)) == ["clinical_note"] * 2
    ask.refresh_from_db()
    assert ask.answered_at is not None
    (task,) = Task.objects.filter(case=cast.case)
    assert (task.title, task.owner_id) == ("The clinic sent 2 files: look at it", cast.case.owner_id)
    assert visit("get", address).status_code == 404


def test_of_a_bad_file_nothing_is_kept(cast, link):
    ask, token = asked(cast), link()
    files = [SimpleUploadedFile("a.txt", b"First note."), SimpleUploadedFile("b.pdf", b"no pdf at all")]
    address = reverse("clinic_answer", args=[token, ask.public_id])
    answer = visit("post", address, {"kind": "clinical_note", "records": files})
    assert (answer.status_code, Document.objects.count(), Task.objects.count()) == (422, 0, 0)
    ask.refresh_from_db()
    assert ask.answered_at is None


def test_what_is_signed_is_exactly_what_was_shown(cast, link):
    ask, token = asked(cast, "signature", statement=STATEMENT), link()
    address = reverse("clinic_answer", args=[token, ask.public_id])
    page = visit("get", address).content.decode()
    shown = re.search(r'name="sha256" value="([0-9a-f]{64})"', page)
    assert STATEMENT in page.replace("&#x27;", "'") and shown and shown[1] == digest_of(STATEMENT)
    typed = {"sha256": shown[1], "signer": "Amara Osei", "signer_role": "treating psychiatrist"}
    assert visit("post", address, typed).status_code == 422
    assert visit("post", address, typed | {"agreed": "on", "sha256": "0" * 64}).status_code == 422
    assert Attestation.objects.count() == 0
    assert visit("post", address, typed | {"agreed": "on"}).status_code == 200
    signed = Attestation.objects.get()
    assert (signed.statement, signed.sha256, signed.signer, signed.signer_role, signed.method) == (
        STATEMENT,
        digest_of(STATEMENT),
        "Amara Osei",
        "treating psychiatrist",
        "typed_name",
    )
    assert (signed.document.kind, signed.document.title) == (
        "attestation",
        "Statement signed by the clinic",
    )
    assert visit("post", address, typed | {"agreed": "on"}).status_code == 404
    assert Attestation.objects.count() == 1


def test_times_for_a_call_are_read_where_the_patient_lives(cast, link):
    ask, token = asked(cast, "call_times"), link()
    cast.case.patient.time_zone = "America/Los_Angeles"
    cast.case.patient.save(update_fields=["time_zone"])
    day = timezone.now().date() + timedelta(days=3)
    typed = {
        "form-TOTAL_FORMS": "3",
        "form-INITIAL_FORMS": "0",
        "form-0-starts_at": f"{day}T12:30",
        "form-0-minutes": "20",
        "form-0-phone": "503-555-0101",
        "form-1-minutes": "15",
        "form-2-minutes": "15",
    }
    address = reverse("clinic_answer", args=[token, ask.public_id])
    assert visit("post", address, typed).status_code == 200
    (offered,) = CallTime.objects.all()
    assert (offered.starts_at.hour, offered.minutes, offered.phone) in (
        (19, 20, "503-555-0101"),
        (20, 20, "503-555-0101"),
    )


@pytest.mark.parametrize("how", ["revoked", "expired", "closed", "released", "replaced", "unknown"])
def test_a_link_that_opens_nothing_looks_always_the_same(cast, link, how):
    ask = asked(cast)
    token = link()
    row = ClinicLink.objects.get()
    if how == "revoked":
        revoke_link(actor=cast.nora, link=row, at=timezone.now())
    if how == "expired":
        ClinicLink.objects.update(
            sent_at=timezone.now() - timedelta(days=9), expires_at=timezone.now() - timedelta(seconds=1)
        )
    if how == "closed":
        type(cast.case).objects.update(status="closed", outcome="withdrawn", closed_at=timezone.now())
    if how == "released":
        Consent.objects.update(revoked_at=timezone.now())
    if how == "replaced":
        link()
    if how == "unknown":
        token = "x" * 43
    plain = visit("get", reverse("clinic", args=["y" * 43]))
    for address in (reverse("clinic", args=[token]), reverse("clinic_answer", args=[token, ask.public_id])):
        answer = visit("get", address)
        assert answer.status_code == 404
        assert re.sub(r"nonce-\S+", "", answer.content.decode()) == re.sub(
            r"nonce-\S+", "", plain.content.decode()
        )


def test_without_a_release_or_an_ask_no_link_goes_out(cast, mailoutbox):
    with pytest.raises(Refused) as refused:
        send_link(
            actor=cast.nora, case=cast.case, provider=cast.case.provider, email="x", days=2, at=timezone.now()
        )
    assert [reason.code for reason in refused.value.reasons] == [
        "email_form",
        "days",
        "nothing_asked",
        "no_release",
    ]
    assert (mailoutbox, ClinicLink.objects.count()) == ([], 0)


def test_who_may_ask_and_withdraw(cast, link):
    with pytest.raises(NotAllowed):
        ask_clinic(
            actor=cast.petra,
            case=cast.case,
            provider=cast.case.provider,
            kind="records",
            words="all",
            at=timezone.now(),
        )
    ask = asked(cast)
    withdraw_ask(actor=cast.nora, ask=ask, at=timezone.now())
    assert list(ClinicAsk.objects.values_list("withdrawn_at", flat=True)) != [None]


def test_the_page_of_the_desk(cast, link, sign_in):
    ask = asked(cast, "signature", statement=STATEMENT)
    link()
    page = sign_in("nora").get(reverse("cases:clinic", args=[cast.case.public_id]))
    text = page.content.decode()
    assert page.status_code == 200
    assert ("front@clinic.example" in text, str(ask.get_kind_display()) in text) == (True, True)
