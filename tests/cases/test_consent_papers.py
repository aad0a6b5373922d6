"""The scan of a signed form: linked to the consent it proves, shown with it, and not to be removed."""

from __future__ import annotations

import io

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotFound, Refused, WrongState
from advocacy.people.models import Patient, PortalAccess
from cases.commands.access import restrict_case
from cases.commands.consent_papers import link_paper, take_paper_back
from cases.commands.documents import add_version, upload_document
from cases.models import ConsentPaper, Document
from tests.cast import NOW, release
from tests.portal import give_access


@pytest.fixture
def scan(cast, own_vault):
    return upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="consent",
        title="Signed release",
        filename="release.txt",
        stream=io.BytesIO(b"I allow it. Dana Whitlock"),
        at=NOW,
    )


@pytest.fixture
def consent(cast):
    return release(cast.case.patient)


def test_it_is_chosen_shown_and_taken_back_on_the_patients_page(cast, scan, consent, sign_in):
    nora, shown = sign_in("nora"), reverse("people:patient", args=[cast.case.patient.public_id])
    page = reverse("cases:consent_paper", args=[consent.public_id])
    assert page in nora.get(shown).content.decode()
    assert nora.post(page, {}).status_code == 422
    answer = nora.post(page, {"document": str(scan.public_id)})
    assert (answer.status_code, answer.headers["Location"]) == (302, shown)
    address = reverse("cases:document", args=[cast.case.public_id, scan.public_id])
    text = nora.get(shown).content.decode()
    assert (f"{address}?version=1" in text, "Signed release" in text, page in text) == (True, True, False)
    assert nora.post(page, {"document": str(scan.public_id)}).status_code == 422
    paper = ConsentPaper.objects.get()
    back = reverse("cases:consent_paper_back", args=[paper.public_id])
    assert nora.post(back).status_code == 302
    assert (address in nora.get(shown).content.decode(), nora.post(back).status_code) == (False, 409)
    assert nora.post(page, {"document": str(scan.public_id)}).status_code == 302
    verbs = (
        Event.objects.filter(verb__startswith="consent_paper").order_by("id").values_list("verb", flat=True)
    )
    assert list(verbs) == ["consent_paper_linked", "consent_paper_taken_back", "consent_paper_linked"]


def test_the_version_that_was_linked_stays_the_proof(cast, scan, consent):
    paper = link_paper(actor=cast.nora, consent=consent, document=scan, at=NOW)
    newer = io.BytesIO(b"Another page")
    add_version(actor=cast.nora, document=scan, filename="b.txt", stream=newer, at=NOW)
    assert ConsentPaper.objects.get().version.number == 1
    take_paper_back(actor=cast.nora, paper=paper, at=NOW)
    with pytest.raises(WrongState):
        take_paper_back(actor=cast.nora, paper=paper, at=NOW)
    assert link_paper(actor=cast.nora, consent=consent, document=scan, at=NOW).version.number == 2


def test_a_document_that_proves_a_consent_is_not_removed(cast, scan, consent):
    link_paper(actor=cast.nora, consent=consent, document=scan, at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("cases_documentversion", "cases_document"):
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(f"DELETE FROM {table}")
    assert Document.objects.filter(pk=scan.pk).exists()


def test_a_paper_of_another_patient_proves_nothing(cast, scan):
    other = Patient.objects.create(
        reference="HB-2026-0009-P",
        given_name="Ola",
        family_name="Fenwick",
        birth_date=NOW.date(),
        registered_at=NOW,
    )
    with pytest.raises(Refused) as caught:
        link_paper(actor=cast.nora, consent=release(other), document=scan, at=NOW)
    assert [reason.code for reason in caught.value.reasons] == ["paper_of_another"]


def test_a_scan_in_a_restricted_case_is_shown_to_nobody_else(cast, scan, consent, sign_in):
    paper = link_paper(actor=cast.nora, consent=consent, document=scan, at=NOW)
    restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=timezone.now())
    assert (
        sign_in("nils").post(reverse("cases:consent_paper_back", args=[paper.public_id])).status_code == 404
    )
    with pytest.raises(NotFound):
        link_paper(actor=cast.nils, consent=consent, document=scan, at=NOW)


def test_the_document_that_lets_a_helper_in_is_shown_with_the_access(cast, scan, sign_in):
    give_access(cast.case.patient, "rosa@mail.example", kind="representative", proof=scan.public_id)
    assert PortalAccess.objects.get().proof == scan.public_id
    page = sign_in("nora").get(reverse("people:patient", args=[cast.case.patient.public_id]))
    assert reverse("cases:document", args=[cast.case.public_id, scan.public_id]) in page.content.decode()
