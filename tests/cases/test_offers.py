"""A case offered to another organization: on a release that names it, part by part, read while it may be, and by nobody else.

Harbor offers (nora), Meadow receives (mia). What Meadow sees is asked in Meadow's scope, by its own browser. Taking over and
declining: test_received_offers.py.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import pypdfium2
import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.policy import Actor, Portal
from advocacy.access.roles import PortalRole
from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of
from advocacy.errors import NotAllowed, NotFound, WrongState
from advocacy.people.commands import revoke_consent
from advocacy.people.models import Consent, Patient
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from cases.commands.cases import change_case
from cases.commands.consent_papers import correct_recipients
from cases.commands.offers import offer_case, revoke_offer
from cases.models import Case, CaseOffer, Document
from cases.queries.accounting import accounting
from cases.queries.offers import get_offered, offers_made, offers_to_us, papers_of
from cases.queries.portal_record import looks
from cases.queries.registration import release_stands
from cases.queries.who_sees import ORGANIZATION, who_sees
from tests.cases.offering import (
    NOTE,
    at_meadow,
    codes,
    consent_of,
    offer,
    paper,
    reads,
    ready,
    taken_back,
    visit,
)
from tests.cast import release
from tests.guards.test_routes import visitor
from tests.guards.world_team import names

__all__ = ["ready"]
pytestmark = pytest.mark.django_db


# -- what an offer rests on ------------------------------------------------------------------------------------------
def test_without_a_release_that_stands_and_names_the_receiver_nothing_is_offered(ready):
    patient = ready.case.patient
    general = release(patient, recipients="My plan and my doctors")
    oral = release(patient, recipients="Meadow Coverage Project", method="oral")
    lacking = release(patient, recipients="Meadow Coverage Project", lacks=["revocation"])
    over = release(
        patient, recipients="Meadow Coverage Project", expires_on=timezone.now().date() - timedelta(days=2)
    )
    refused = {
        "none chosen": (None, "no_basis"),
        "names somebody else": (general.public_id, "recipient_not_named"),
        "said and not signed": (oral.public_id, "no_basis"),
        "on a form that lacks something": (lacking.public_id, "no_basis"),
        "over": (over.public_id, "no_basis"),
        "another patient's": (uuid.uuid4(), "no_basis"),
    }
    assert {
        what: codes(lambda consent=consent: offer(ready, consent=consent))
        for what, (consent, _c) in refused.items()
    } == {what: [code] for what, (_consent, code) in refused.items()}
    assert not CaseOffer.objects.exists()
    assert not Event.objects.filter(verb="disclosed").exists()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"organization": uuid.uuid4()}, "organization_unknown"),
        ({"name": "Meadow Coverage"}, "organization_unknown"),
        ({"parts": [], "papers": []}, "nothing_shared"),
        ({"parts": ["everything"]}, "part_unknown"),
        ({"papers": [uuid.uuid4()]}, "paper_unknown"),
        ({"days": 90}, "days"),
    ],
)
def test_what_is_wrong_with_an_offer_is_said(ready, given, code):
    assert codes(lambda: offer(ready, **given)) == [code]


def test_one_offer_of_a_case_to_an_organization_runs_at_a_time_and_none_to_oneself(ready):
    first = offer(ready)
    assert codes(lambda: offer(ready)) == ["offered_already"]
    revoke_offer(actor=ready.nora, offer=first, at=timezone.now())
    assert offer(ready).pk != first.pk
    own = names(ready.nora, ready.case.patient, ready.harbor).public_id
    to_oneself = {"organization": ready.harbor.public_id, "name": ready.harbor.name, "consent": own}
    assert codes(lambda: offer(ready, **to_oneself)) == ["own_organization"]


def test_who_may_offer_and_who_may_not(ready):
    for who, problem in (
        ("ines", NotAllowed),
        ("clara", NotAllowed),
        ("petra", NotAllowed),
        ("olga", NotFound),
    ):
        with pytest.raises(problem):
            offer(ready, actor=ready.actors[who])
    assert offer(ready, actor=ready.sam).offered_by == ready.users["sam"]


def test_specially_protected_records_leave_only_where_the_release_names_them(ready):
    note = paper("Visit note")
    Document.objects.filter(pk=note.document_id).update(special=["part2"])
    assert codes(lambda: offer(ready, papers=[note.public_id])) == ["special_category"]
    assert not CaseOffer.objects.exists()
    Consent.objects.filter(pk=consent_of(ready).pk).update(special=["part2"])
    made = offer(ready, papers=[note.public_id])
    assert reads(ready, made)
    Document.objects.filter(pk=note.document_id).update(special=["psychotherapy"])
    with at_meadow(ready):
        assert papers_of(get_offered(made.public_id)) == []


def test_it_passes_the_one_door_and_stands_in_the_accounting(ready):
    made = offer(ready, parts=["coverage", "person"], papers=[paper("Visit note").public_id])
    (event,) = Event.objects.filter(verb="disclosed")
    assert event.data == {
        "door": "offer",
        "purpose": "referral",
        "basis": "authorization",
        "party": "organization",
        "counted": False,
        "consent": consent_of(ready).pk,
        "offer": made.pk,
        "parts": ["person", "coverage"],
        "papers": 1,
    }
    assert (event.case_ids, event.patient_ids) == ([ready.case.pk], [ready.case.patient_id])
    assert "Meadow Coverage Project" in reason_of(event) and "Meadow" not in event.reason
    (line,) = accounting(ready.sam, ready.case.patient, timezone.now()).others
    assert (line.to, line.what, line.allowed) == (
        "Meadow Coverage Project",
        "Parts of the case, offered to another organization: Who the patient is, The plan and the member id, 1 document",
        "Allowed in writing",
    )


# -- what the receiver sees ------------------------------------------------------------------------------------------
def test_only_what_was_ticked_is_seen_as_it_stood(ready):
    note = paper("Visit note")
    made = offer(ready, parts=["treatment", "history"], papers=[note.public_id])
    change_case(
        actor=ready.nora,
        case=ready.case,
        coverage=ready.case.coverage,
        provider=ready.case.provider,
        treatment="esketamine",
        diagnosis_codes=["F33.2"],
        procedure_codes=["96365"],
        at=timezone.now(),
    )
    page = visit(ready, "get", "offer_received", made.public_id).content.decode()
    seen = ["Harbor Patient Advocates", "HB-2026-0001", "intravenous", "sertraline", "9 weeks", "Visit note"]
    unseen = ["Dana", "Whitlock", "1984", "TMK", "Payer of", "Denial letter", "Esketamine", "Take over"]
    assert [word for word in seen if word not in page] == []
    assert [word for word in unseen if word in page] == []
    file = visit(ready, "get", "offer_received_file", made.public_id, note.public_id)
    assert (b"".join(file.streaming_content), "whitlock" in str(file.headers).lower()) == (NOTE, False)
    other = paper("Denial letter").public_id
    assert visit(ready, "get", "offer_received_file", made.public_id, other).status_code == 404


def test_the_list_says_nothing_of_a_patient_and_is_paged(ready, monkeypatch):
    monkeypatch.setattr("cases.views.received_offers.SIZE", 1)
    older = offer(ready)
    CaseOffer.objects.filter(pk=older.pk).update(answer="accepted", answered_at=timezone.now())
    with scoped_to(ready.harbor.pk, actor=ready.nora.key):
        copy = CaseOffer.objects.get(pk=older.pk)
        newer = CaseOffer.objects.create(
            case=copy.case,
            consent=copy.consent,
            to_organization=copy.to_organization,
            package=copy.package,
            offered_at=timezone.now(),
            expires_at=timezone.now() + timedelta(days=7),
        )
    first = visit(ready, "get", "offers_received").content.decode()
    then = visit(ready, "get", "offers_received", data={"after": str(newer.public_id)}).content.decode()
    assert (str(newer.public_id) in first, str(older.public_id) in then) == (True, True)
    assert (f"offers/{older.public_id}/" in first, f"offers/{newer.public_id}/" in then) == (False, False)
    assert [w for w in ("Dana", "Whitlock", "HB-2026", "TMK") if w in first + then] == []
    assert visit(ready, "get", "offers_received", data={"after": "one"}).status_code == 404
    assert str(ready.meadow.public_id) in first


def test_both_trails_say_who_read_what(ready):
    made = offer(ready, papers=[paper("Visit note").public_id])
    visit(ready, "get", "offer_received", made.public_id)
    visit(ready, "get", "offer_received_file", made.public_id, paper("Visit note").public_id)
    theirs = Event.objects.filter(verb="read_offer").order_by("pk")
    assert [(e.actor, e.actor_label, e.case_ids, e.patient_ids, e.data["page"]) for e in theirs] == [
        (
            f"organization:{ready.meadow.public_id}",
            "Meadow Coverage Project",
            [ready.case.pk],
            [ready.case.patient_id],
            page,
        )
        for page in ("cases:offer_received", "cases:offer_received_file")
    ]
    with at_meadow(ready):
        ours = Event.objects.filter(verb="read_offer").order_by("pk")
        assert [(e.actor, e.case_ids, e.patient_ids, e.data["offer"]) for e in ours] == [
            (ready.mia.key, [], [], str(made.public_id))
        ] * 2
        assert [e.request_id for e in ours] == [e.request_id for e in theirs]


def test_the_patient_sees_in_the_portal_that_the_organization_looked(ready):
    made = offer(ready)
    visit(ready, "get", "offer_received", made.public_id)
    dana = Actor(
        "user:0", "Dana", ready.harbor.pk, 0, portal=Portal(0, ready.case.patient_id, PortalRole.PATIENT)
    )
    (look,) = looks(dana, ready.case.patient, [ready.case.pk]).rows
    assert (look.who, look.role, look.times) == (
        "Meadow Coverage Project",
        "Another organization. You let us show it your case.",
        1,
    )


def test_who_sees_the_case_names_the_organization_while_it_reads(ready):
    made = offer(ready, parts=["treatment"], papers=[paper("Visit note").public_id])
    (seer,) = who_sees(ready.case, timezone.now()).of(ORGANIZATION)
    assert (seer.name, [way.text for way in seer.ways]) == (
        "Meadow Coverage Project",
        ["Reads what was offered: The treatment, its codes and the clinician; 1 document."],
    )
    revoke_offer(actor=ready.nora, offer=made, at=timezone.now())
    assert who_sees(ready.case, timezone.now()).of(ORGANIZATION) == ()


# -- each end is the end at the next read ----------------------------------------------------------------------------
def run_out(cast, made):
    CaseOffer.objects.filter(pk=made.pk).update(
        offered_at=timezone.now() - timedelta(days=15), expires_at=timezone.now() - timedelta(seconds=1)
    )


def release_withdrawn(cast, made):
    revoke_consent(actor=cast.nora, consent=made.consent, at=timezone.now())


def release_over(cast, made):
    Consent.objects.filter(pk=made.consent_id).update(expires_on=timezone.now().date() - timedelta(days=2))


def case_closed(cast, made):
    Case.objects.filter(pk=made.case_id).update(
        status="closed", outcome="withdrawn", closed_at=timezone.now()
    )


def off_boarded(cast, made):
    Organization.objects.filter(pk=cast.harbor.pk).update(closed_at=timezone.now())


@pytest.mark.parametrize(
    "end",
    [taken_back, run_out, release_withdrawn, release_over, case_closed, off_boarded],
    ids=lambda e: e.__name__,
)
def test_it_ends_at_the_next_read(ready, end):
    made = offer(ready, papers=[paper("Visit note").public_id])
    assert reads(ready, made)
    end(ready, made)
    assert not reads(ready, made)
    with at_meadow(ready):
        assert Patient.objects.count() == 1
    (shown,) = offers_made(
        ready.nora, Case.objects.select_related("patient").get(pk=ready.case.pk), timezone.now()
    )
    assert shown.reads == (end is off_boarded)


# -- nobody else -----------------------------------------------------------------------------------------------------
def test_no_other_organization_reads_it(ready):
    third = Organization.objects.create(slug="third", name="Third Place", reference_prefix="TP")
    made = offer(ready, papers=[paper("Visit note").public_id])
    for organization in (third.pk, ready.harbor.pk):
        with scoped_to(organization, actor="system:test"), connection.cursor() as cursor:
            assert offers_to_us() == []
            with pytest.raises(NotFound):
                get_offered(made.public_id)
            cursor.execute("SELECT count(*) FROM search.offered_papers(%s)", [made.public_id])
            assert cursor.fetchone() == (0,)
    with at_meadow(ready), connection.cursor() as cursor:
        for table in ("cases_caseoffer", "cases_offereddocument", "people_consent"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE organization_id = %s", [ready.harbor.pk])
            assert cursor.fetchone() == (0,)


def test_outside_a_scope_the_functions_answer_nothing(ready):
    made = offer(ready, papers=[paper("Visit note").public_id])
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization', '', true)")
        for text in (
            "SELECT * FROM search.offered(NULL, NULL, 10)",
            "SELECT * FROM search.offered_papers(%s)",
        ):
            cursor.execute(text, [made.public_id] if "%s" in text else None)
            assert cursor.fetchall() == []
        cursor.execute("SELECT set_config('app.organization', %s, true)", [str(ready.meadow.pk)])
        cursor.execute("SELECT * FROM search.offered_papers(NULL)")
        assert cursor.fetchall() == []
        cursor.execute("SELECT set_config('app.organization', %s, true)", [str(ready.harbor.pk)])


# -- the sender's pages ----------------------------------------------------------------------------------------------
def test_the_desk_offers_and_takes_back(ready):
    note, consent = paper("Visit note"), consent_of(ready)
    sent = {
        "organization": str(ready.meadow.public_id),
        "name": "meadow  coverage project",
        "consent": str(consent.public_id),
        "parts": ["treatment"],
        "papers": [str(note.public_id)],
        "days": "7",
        "understood": "on",
    }
    without = {name: value for name, value in sent.items() if name != "understood"}
    args = ("post", "offer_new", ready.case.public_id)
    assert visit(ready, *args, who="nora", data=without).status_code == 422
    assert visit(ready, *args, who="nora", data=sent).status_code == 302
    made = CaseOffer.objects.get()
    page = visit(ready, "get", "offers", ready.case.public_id, who="nora").content.decode()
    assert [
        w for w in ("Meadow Coverage Project", "Can be read", "Visit note (version 1)") if w not in page
    ] == []
    revoke = ("post", "offer_revoke", ready.case.public_id, made.public_id)
    assert visit(ready, *revoke, who="nora").status_code == 302
    assert visit(ready, *revoke, who="nora").status_code == 409
    assert "Taken back" in visit(ready, "get", "offers", ready.case.public_id, who="nora").content.decode()
    assert not reads(ready, made)


def test_an_offer_is_sealed_with_the_sender_keys(ready):
    made = offer(ready)
    with connection.cursor() as cursor:
        cursor.execute("SELECT package FROM cases_caseoffer WHERE id = %s", [made.pk])
        stored = bytes(cursor.fetchone()[0])
    assert [word for word in (b"Dana", b"Whitlock", b"TMK", b"sertraline") if word in stored] == []


def test_a_closed_case_is_not_offered(ready):
    case_closed(ready, CaseOffer(case=ready.case))
    with pytest.raises(WrongState):
        offer_case(
            actor=ready.nora,
            case=ready.case,
            organization=ready.meadow.public_id,
            name=ready.meadow.name,
            parts=["treatment"],
            consent=consent_of(ready).public_id,
            days=7,
            at=timezone.now(),
        )


def test_a_release_that_an_offer_rests_on_goes_on_naming_the_receiver_also_while_the_case_is_closed(ready):
    """The case can be opened again, and the offer is read again then."""
    made = offer(ready)
    case_closed(ready, made)
    said = {"recipients": "Blue Summit", "because": "a slip", "at": timezone.now()}
    assert codes(lambda: correct_recipients(actor=ready.nora, consent=made.consent, **said)) == ["offer_runs"]


# -- the release it rests on -----------------------------------------------------------------------------------------
def test_a_release_for_sharing_the_case_lets_nothing_else_leave(ready):
    assert not release_stands(ready.case, timezone.now())
    plan = Recipient(Party.PLAN, "Blue Summit")
    assert codes(
        lambda: disclose(
            actor=ready.nora,
            door=Door.FILING,
            purpose=Purpose.APPEAL,
            to=plan,
            about=ready.case,
            at=timezone.now(),
        )
    ) == ["no_basis"]


def test_our_form_names_the_receiver_and_says_what_stays_in_the_language_of_the_patient(ready):
    url = reverse("people:release_form", args=[ready.case.patient.public_id])
    for language, said in (
        ("en", "It stays there, also when I take this back"),
        ("es", "Se queda allí, aunque yo"),
    ):
        Patient.objects.filter(pk=ready.case.patient_id).update(language=language)
        answer = visitor(ready.users["nora"]).get(url, {"to": str(ready.meadow.public_id)})
        text = " ".join(
            page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content)
        )
        words = " ".join(text.split())
        assert ("Meadow Coverage Project" in words, said in words) == (True, True)
    for unknown in (str(uuid.uuid4()), "meadow"):
        assert visitor(ready.users["nora"]).get(url, {"to": unknown}).status_code == 404


def test_the_desk_records_it_with_the_name(ready):
    client, url = (
        visitor(ready.users["nora"]),
        reverse("people:consent_new", args=[ready.case.patient.public_id]),
    )
    sent = {
        "kind": "sharing",
        "method": "paper",
        "signed_on": "2026-03-16",
        "expires_event": "the end of the case",
        "scope": "All of it",
        "form": "own",
        "signed_by": "patient",
    }
    assert client.post(url, sent).status_code == 422
    assert client.post(url, sent | {"recipients": "Meadow Coverage Project"}).status_code == 302
    row = Consent.objects.order_by("-pk")[0]
    assert (row.kind, row.recipients, row.lacks, row.form) == (
        "sharing",
        "Meadow Coverage Project",
        [],
        "own",
    )
