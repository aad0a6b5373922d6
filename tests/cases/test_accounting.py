"""What leaves: the one function and its bases, what the trail keeps of it, and the accounting made from it."""

from __future__ import annotations

import io
from datetime import timedelta

import pypdfium2
import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.access.disclosures import Basis, Door, Party, Purpose, Recipient, disclose, whoever_asks
from advocacy.access.policy import Actor, Portal
from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of
from advocacy.errors import NotAllowed, Refused
from advocacy.people.commands import revoke_consent
from advocacy.people.rules import day_in
from advocacy.tenancy.scope import scoped_to
from cases.commands.access import restrict_case
from cases.commands.accounting import record_disclosure
from cases.commands.communications import correct_communication, log_communication
from cases.commands.documents import upload_document
from cases.queries.accounting import accounting
from tests.cast import release
from tests.standing import prepared

pytestmark = pytest.mark.django_db
PLAN = Recipient(Party.PLAN, "Blue Summit", "fax 503-555-0100")


@prepared
def released(cast):
    """Harbor's case, with a release that stands."""
    release(cast.case.patient, signed_on=timezone.now().date() - timedelta(days=30))
    return cast


def send(cast, actor=None, **given):
    asked = {
        "actor": actor or cast.nora,
        "door": Door.FILING,
        "purpose": Purpose.APPEAL,
        "to": PLAN,
        "about": cast.case,
        "at": timezone.now(),
    }
    return disclose(**asked | given)


def codes(act) -> list[str]:
    with pytest.raises(Refused) as refused:
        act()
    return [r.code for r in refused.value.reasons]


def in_portal(cast, role: str, patient: int | None = None) -> Actor:
    return Actor(
        "user:9", "Patient", cast.harbor.pk, 9, portal=Portal(1, patient or cast.case.patient_id, role)
    )


def machine(cast, label: str = "Machine: Yearly report") -> Actor:
    return Actor("machine:1", label, cast.harbor.pk, scopes=frozenset({"cases:read"}))


def test_it_goes_to_somebody_outside_by_a_standing_authorization_only(released):
    passage = send(released, what="The letter")
    (consent,) = released.case.patient.consents.all()
    assert (passage.basis, passage.authorization) == (Basis.AUTHORIZATION, consent.pk)
    (event,) = Event.objects.filter(verb="disclosed")
    assert event.data == {
        "door": "filing",
        "purpose": "appeal",
        "basis": "authorization",
        "party": "plan",
        "counted": False,
        "consent": consent.pk,
    }
    assert (event.case_ids, event.patient_ids) == ([released.case.pk], [released.case.patient_id])
    assert reason_of(event) == '["Blue Summit", "fax 503-555-0100", "The letter"]'
    assert "Summit" not in event.reason + str(event.data)
    revoke_consent(actor=released.nora, consent=consent, at=timezone.now())
    assert codes(lambda: send(released)) == ["no_basis"]
    assert Event.objects.filter(verb="disclosed").count() == 1


def test_the_authorization_stands_on_the_day_it_leaves(released):
    released.case.patient.consents.update(expires_on=timezone.now().date() - timedelta(days=2))
    assert codes(lambda: send(released)) == ["no_basis"]
    before = timezone.now().date() - timedelta(days=3)
    assert send(released, on=before).basis == Basis.AUTHORIZATION


@pytest.mark.parametrize("special", ["part2", "psychotherapy"])
def test_special_records_stay_unless_the_release_names_them(released, special):
    assert codes(lambda: send(released, special=[special])) == ["special_category"]


def test_whoever_gets_it_is_named(released):
    assert codes(lambda: send(released, to=Recipient(Party.OTHER, " "))) == ["recipient_missing"]


def test_whoever_asks_for_themselves_gets_their_own(cast):
    patient, other = in_portal(cast, "patient"), in_portal(cast, "patient", cast.case.patient_id + 1)
    helper = in_portal(cast, "representative")

    def take(actor, **given):
        return send(cast, actor, door=Door.PORTAL, purpose=Purpose.ACCESS, to=whoever_asks(actor), **given)

    assert take(patient).basis == Basis.INDIVIDUAL
    assert take(helper).basis == Basis.REPRESENTATIVE
    assert take(cast.nora).basis == Basis.WORKFORCE
    assert take(machine(cast)).basis == Basis.SERVICE
    assert take(patient, special=["part2"]).basis == Basis.INDIVIDUAL
    refused = {
        "another patient": lambda: take(other),
        "notes of psychotherapy": lambda: take(patient, special=["psychotherapy"]),
        "special records to a helper": lambda: take(helper, special=["part2"]),
        "special records to a machine": lambda: take(machine(cast), special=["part2"]),
        "a machine without a purpose": lambda: take(machine(cast, "Machine: ")),
        "in somebody else's name": lambda: send(cast, to=whoever_asks(patient)),
        "of nobody, to somebody outside": lambda: send(cast, about=None),
        "a mail about a patient": lambda: send(
            cast, door=Door.MAIL, to=Recipient(Party.PATIENT, "a@b.example")
        ),
        "a ground of one's own": lambda: send(cast, ground=Basis.LAW),
        "a basis of one's own": lambda: send(cast, door=Door.BY_HAND, ground=Basis.AUTHORIZATION),
    }
    assert {what: codes(act) for what, act in refused.items()} == {
        what: ["special_category" if "special" in what or "psycho" in what else "no_basis"]
        for what in refused
    }
    assert Event.objects.filter(verb="disclosed").count() == 0


def test_papers_that_are_logged_as_sent_have_left(cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    paper = upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="other",
        filename="a.txt",
        stream=io.BytesIO(b"Sleep is better."),
        at=timezone.now(),
    )
    said = {
        "channel": "fax",
        "summary": "The diary",
        "address": "503-555-0100",
        "happened_at": timezone.now(),
    }

    def log(**given):
        return log_communication(actor=cast.nora, case=cast.case, at=timezone.now(), **said | given)

    assert codes(lambda: log(attachments=[paper])) == ["no_basis"]
    log(), log(attachments=[paper], party="patient"), log(attachments=[paper], direction="in")
    release(cast.case.patient)
    entry = log(attachments=[paper])
    (event,) = Event.objects.filter(verb="disclosed")
    assert reason_of(event) == '["Payer of HB-2026-0001", "503-555-0100", "The diary"]'
    corrected = correct_communication(
        actor=cast.nora,
        communication=entry,
        reason="typo",
        at=timezone.now(),
        **said | {"direction": "out", "party": "payer", "summary": "The sleep diary"},
    )
    assert Event.objects.filter(verb="disclosed").count() == 1
    correct_communication(
        actor=cast.nora,
        communication=corrected,
        reason="it went to the clinic",
        at=timezone.now(),
        **said | {"direction": "out", "party": "provider"},
    )
    (line,) = accounting(cast.sam, cast.case.patient, timezone.now()).others
    assert (line.to, [(was.to, was.because) for was in line.corrected]) == (
        "Provider",
        [("Payer of HB-2026-0001", "it went to the clinic")],
    )


def by_hand(cast, actor=None, **given):
    said = {
        "ground": "court",
        "party": "other",
        "recipient": "Circuit Court of Lane County",
        "address": "Eugene, OR",
        "what": "Notes of March",
        "why": "Order of April 2, 2026",
        "left_on": timezone.now().date() - timedelta(days=9),
        "at": timezone.now(),
    }
    return record_disclosure(actor=actor or cast.petra, patient=cast.case.patient, **said | given)


def test_what_left_by_hand_is_said_whole(cast):
    with pytest.raises(NotAllowed):
        by_hand(cast, cast.nora)
    empty = {"ground": "", "party": "", "recipient": " ", "what": "", "why": ""}
    tomorrow = timezone.now().date() + timedelta(days=2)
    assert codes(lambda: by_hand(cast, **empty, left_on=tomorrow)) == [
        "ground_unknown",
        "party_unknown",
        "recipient_missing",
        "what_missing",
        "why_missing",
        "date_in_future",
    ]
    assert Event.objects.filter(verb="disclosed").count() == 0


def test_the_accounting_holds_what_the_law_asks_for_and_tells_the_rest_apart(released):
    patient, now = released.case.patient, timezone.now()
    today = day_in(patient.time_zone, now)
    send(released)
    by_hand(released, left_on=today - timedelta(days=9))
    by_hand(released, ground="mistake", recipient="A wrong fax number", left_on=today)
    by_hand(released, recipient="Long ago", left_on=today - timedelta(days=6 * 366))
    found = accounting(released.petra, patient, now)
    assert [(line.to, line.allowed) for line in found.counted] == [
        ("A wrong fax number", "A mistake: nothing allowed it"),
        ("Circuit Court of Lane County", "A court or administrative proceeding (45 CFR 164.512(e))"),
    ]
    (line,) = [line for line in found.counted if line.to.startswith("Circuit")]
    assert (line.day, line.address, line.what) == (
        today - timedelta(days=9),
        "Eugene, OR",
        "Notes of March. Order of April 2, 2026",
    )
    assert [(line.to, line.what, line.why) for line in found.others] == [
        ("Blue Summit", "The letter of the appeal, with its papers", "For the appeal")
    ]
    assert (found.until - found.since).days in (2191, 2192)


def test_what_left_because_of_a_closed_case_is_hidden_from_whom_it_is_closed_to(released):
    send(released)
    restrict_case(actor=released.sam, case=released.case, reason="a threat", at=timezone.now())
    seen = {
        who: len(accounting(released.actors[who], released.case.patient, timezone.now()).others)
        for who in ("nora", "sam")
    }
    assert seen == {"nora": 1, "sam": 0}
    assert len(accounting(in_portal(released, "patient"), released.case.patient, timezone.now()).others) == 1


def test_the_desk_has_it_as_a_page_and_as_a_paper(released, sign_in):
    send(released)
    patient = released.case.patient
    page, paper, new = (
        reverse(f"people:{name}", args=[patient.public_id])
        for name in ("disclosures", "disclosures_file", "disclosure_new")
    )
    client = sign_in("petra")
    typed = {
        "left_on": "2026-04-02",
        "party": "other",
        "recipient": "Circuit Court",
        "what": "Notes of March",
        "ground": "court",
        "why": "An order",
    }
    assert client.post(new, typed | {"why": ""}).status_code == 422
    assert client.post(new, typed).headers["Location"] == page
    text = client.get(page).content.decode()
    assert ("Circuit Court" in text, "Blue Summit" in text) == (True, True)
    answer = client.get(paper)
    assert answer.headers["Content-Type"] == "application/pdf"
    said = pages(answer.content)
    assert [word in said for word in ("Circuit Court", "Blue Summit", "Dana Whitlock", "April 2, 2026")] == [
        True
    ] * 4
    with scoped_to(released.harbor.pk):
        event = Event.objects.filter(verb="read_document").latest("pk")
    assert (event.data["door"], event.data["basis"]) == ("print", "workforce")
    client = sign_in("nora")
    assert [client.get(address).status_code for address in (page, paper, new)] == [403, 403, 403]


def test_the_patient_has_it_in_the_portal_in_both_languages(released, enter):
    send(released)
    by_hand(released)
    client = enter("dana")
    page, paper = reverse("portal:sent"), reverse("portal:sent_paper")
    text = client.get(page).content.decode()
    assert [word in text for word in ("Circuit Court of Lane County", "Blue Summit", "For the appeal")] == [
        True
    ] * 3
    assert "Who has looked" in text
    client.post(reverse("portal:language"), {"language": "es", "next": page})
    text = client.get(page).content.decode()
    assert ("Para la apelación" in text, "For the appeal" in text) == (True, False)
    assert "Para la apelación" in pages(client.get(paper).content)
    helper = enter("rosa")
    assert [helper.get(address).status_code for address in (page, paper)] == [404, 404]


def pages(data: bytes) -> str:
    """The words of a PDF."""
    return " ".join(
        " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data)).split()
    )
