"""What another organization offers is taken over, once and whole, or declined with a reason; what was taken over stays.

Harbor offers (nora), Meadow receives (mia).
"""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from advocacy.access.policy import Actor
from advocacy.audit.models import Event
from advocacy.errors import NotFound, WrongState
from advocacy.people.commands import register_patient
from advocacy.people.models import Consent, Patient
from advocacy.tenancy.scope import scoped_to
from cases.commands.documents import open_version
from cases.commands.offers import revoke_offer
from cases.commands.received_offers import accept_offer, decline_offer
from cases.models import Case, Coverage, Document, DocumentVersion, ReceivedOffer, Task
from cases.offering import NEEDED, PARTS
from cases.queries.offers import get_offered
from tests.cases.offering import NOTE, at_meadow, codes, offer, paper, reads, ready, taken_back, visit
from tests.cast import assemble, make_member
from tests.guards.world_team import offered

__all__ = ["ready"]
pytestmark = pytest.mark.django_db


def send(cast, made, name="offer_accept", **data):
    return visit(cast, "post", name, made.public_id, data={"person": "new"} | data)


def test_taking_over_makes_patient_coverage_case_and_documents_once(ready):
    made = offer(ready, papers=[paper("Visit note").public_id])
    first, second = send(ready, made), send(ready, made)
    assert (first.status_code, second.status_code) == (302, 409)
    with at_meadow(ready):
        received = ReceivedOffer.objects.select_related(
            "case__patient", "case__coverage__payer", "case__provider"
        ).get()
        case = received.case
        patient = case.patient
        assert (patient.full_name, patient.birth_date.isoformat(), patient.reference[:3]) == (
            "Dana Whitlock",
            "1984-05-17",
            "MD-",
        )
        assert (case.coverage.member_id, case.coverage.payer.name) == (
            "TMK 7730 41582 01",
            "Payer of HB-2026-0001",
        )
        assert (case.treatment, case.diagnosis_codes, case.procedure_codes, case.owner_id) == (
            "iv_ketamine",
            ["F33.2"],
            ["96365", "96366", "J3490"],
            ready.members["mia"].pk,
        )
        assert [(t.name, t.weeks_adequate) for t in case.failed_treatments.all()] == [("sertraline", 9)]
        version = DocumentVersion.objects.select_related("document", "blob").get(case=case)
        assert (version.document.title, open_version(ready.mia, version).read()) == ("Visit note", NOTE)
        assert Patient.objects.count() == 2
        (event,) = Event.objects.filter(verb="offer_accepted")
        assert (event.actor, event.case_ids) == (ready.mia.key, [case.pk])
    made.refresh_from_db()
    assert (made.answer, made.revoked_at) == ("accepted", None)
    (event,) = Event.objects.filter(verb="offer_accepted")
    assert (event.actor, event.case_ids) == (f"organization:{ready.meadow.public_id}", [ready.case.pk])
    assert Task.objects.filter(code=f"offer:{made.pk}", case=ready.case).count() == 1


def test_what_is_restricted_once_taken_over_is_not_read_in_the_offer_either(ready):
    """Somebody else of Meadow who may take cases over: they read the offer until the case made of it is shut to them."""
    note = paper("Visit note").public_id
    made = offer(ready, papers=[note])
    with at_meadow(ready):
        ready.users["max"], _member = make_member(ready.meadow, "max", "Max Meadow", ["navigator"])
    send(ready, made)

    def read_by(who: str) -> list[int]:
        pages = (("offer_received", made.public_id), ("offer_received_file", made.public_id, note))
        listed = visit(ready, "get", "offers_received", who=who).content.decode()
        answers = [visit(ready, "get", *page, who=who).status_code for page in pages]
        return [*answers, listed.count(str(made.public_id))]

    assert (read_by("mia"), read_by("max")) == ([200, 200, 1], [200, 200, 1])
    with at_meadow(ready):
        Case.objects.filter(owner=ready.members["mia"]).exclude(pk=ready.meadow_case.pk).update(
            is_restricted=True
        )
    assert (read_by("mia"), read_by("max")) == ([200, 200, 1], [404, 404, 0])


def test_a_paper_that_was_tagged_after_it_was_offered_is_taken_over_with_its_tag(ready):
    note = paper("Visit note")
    made = offer(ready, papers=[note.public_id])
    Consent.objects.filter(pk=made.consent_id).update(special=["part2"])
    Document.objects.filter(pk=note.document_id).update(special=["part2"])
    assert send(ready, made).status_code == 302
    with at_meadow(ready):
        assert [document.special for document in Document.objects.all()] == [["part2"]]


def test_what_was_taken_over_stays_when_the_offer_is_taken_back(ready):
    made = offer(ready, papers=[paper("Visit note").public_id])
    send(ready, made)
    assert reads(ready, made)
    taken_back(ready, made)
    assert not reads(ready, made)
    with at_meadow(ready):
        case = ReceivedOffer.objects.get().case
        version = DocumentVersion.objects.select_related("blob").get(case=case)
        assert open_version(ready.mia, version).read() == NOTE
    answered = visit(ready, "get", "offers_received", data={"show": "answered"}).content.decode()
    assert ("Taken over" in answered, "Harbor Patient Advocates" in answered) == (True, True)


def test_somebody_like_them_is_looked_at_before_a_second_record_is_made(ready):
    with at_meadow(ready):
        known = register_patient(
            actor=ready.mia,
            given_name="Dana",
            family_name="Whitlok",
            birth_date=ready.case.patient.birth_date,
            time_zone="America/New_York",
            at=timezone.now(),
        )
    made = offer(ready)
    page = visit(ready, "get", "offer_accept", made.public_id)
    assert known.reference in page.content.decode()
    with at_meadow(ready):
        assert Event.objects.filter(verb="read_offer", patient_ids=[known.pk]).exists()
    assert send(ready, made).status_code == 422
    assert send(ready, made, person=str(ready.meadow_case.patient.public_id)).status_code == 422
    with at_meadow(ready):
        assert (Patient.objects.count(), ReceivedOffer.objects.count()) == (2, 0)
    assert send(ready, made, person=str(known.public_id)).status_code == 302
    with at_meadow(ready):
        assert Patient.objects.count() == 2
        assert ReceivedOffer.objects.get().case.patient_id == known.pk
        assert Coverage.objects.filter(patient=known).count() == 1


def test_without_the_parts_it_needs_nothing_is_made_of_it(ready):
    made = offer(ready, parts=[part for part in PARTS if part != NEEDED[0]])
    page = visit(ready, "get", "offer_received", made.public_id).content.decode()
    assert ("It cannot be taken over as it is" in page, ">Take over<" in page) == (True, False)
    with at_meadow(ready):
        assert codes(
            lambda: accept_offer(actor=ready.mia, offered=get_offered(made.public_id), at=timezone.now())
        ) == ["parts_missing"]


def test_an_offer_that_ends_while_somebody_reads_is_not_taken_over(ready):
    made = offer(ready)
    with at_meadow(ready):
        read = get_offered(made.public_id)
    taken_back(ready, made)
    with at_meadow(ready):
        for act in (
            lambda: accept_offer(actor=ready.mia, offered=read, at=timezone.now()),
            lambda: decline_offer(actor=ready.mia, offered=read, because="No room", at=timezone.now()),
        ):
            with pytest.raises(NotFound):
                act()
        assert (Patient.objects.count(), ReceivedOffer.objects.count()) == (1, 0)


def test_nobody_answers_their_own_offer(ready):
    made = offer(ready)
    with at_meadow(ready):
        both = Actor(
            key=ready.nora.key,
            label="Nora",
            organization_id=ready.meadow.pk,
            user_id=ready.nora.user_id,
            roles=frozenset({"navigator"}),
        )
        read = get_offered(made.public_id)
        assert codes(lambda: accept_offer(actor=both, offered=read, at=timezone.now())) == ["own_offer"]
        assert codes(lambda: decline_offer(actor=both, offered=read, because="x", at=timezone.now())) == [
            "own_offer"
        ]


def test_declining_takes_a_reason_and_ends_it(ready):
    made = offer(ready, papers=[paper("Visit note").public_id])
    assert send(ready, made, "offer_decline").status_code == 422
    assert send(ready, made, "offer_decline", because="We have no room now").status_code == 302
    assert not reads(ready, made)
    page = visit(ready, "get", "offers", ready.case.public_id, who="nora").content.decode()
    assert ("Declined" in page, "We have no room now" in page) == (True, True)
    with pytest.raises(WrongState):
        revoke_offer(actor=ready.nora, offer=made, at=timezone.now())
    with at_meadow(ready):
        assert (ReceivedOffer.objects.get().words, Patient.objects.count()) == ("We have no room now", 1)
    assert send(ready, made).status_code == 404


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_two_colleagues_at_the_same_instant_make_one_case(own_vault):
    """With real commits: the second waits for the first, and is told."""
    with transaction.atomic():
        cast = assemble()
    with transaction.atomic(), scoped_to(cast.harbor.pk, actor=cast.nora.key, actor_label=cast.nora.label):
        made = offered(cast.nora, cast.case, cast.meadow)
    start, answers = threading.Barrier(2), []

    def take() -> None:
        try:
            with transaction.atomic(), at_meadow(cast):
                read = get_offered(made.public_id)
                start.wait(10)
                accept_offer(actor=cast.mia, offered=read, duplicates_seen=True, at=timezone.now())
            answers.append("taken over")
        except WrongState as problem:
            answers.append(type(problem).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["WrongState", "taken over"]
    with transaction.atomic(), at_meadow(cast):
        assert (Patient.objects.count(), ReceivedOffer.objects.count()) == (2, 1)
