"""The patient's own record: who looked, who helps, what was allowed, and all of it to take along."""

from __future__ import annotations

import html
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from advocacy import registries
from advocacy.audit.models import Event
from advocacy.audit.trail import record_read
from advocacy.management.commands.translations import stored
from advocacy.people.consent_words import STANDARD, said_in_their_language
from advocacy.people.export import Section, everything_about
from advocacy.people.models import Consent, PortalAccess
from advocacy.tenancy.scope import scoped_to, tenant_models
from cases.commands.documents import upload_document
from cases.models import Case, Document, Note, Task
from tests.portal import come_in

pytestmark = pytest.mark.django_db

# Tables of a patient or a case that do not go along, each with its reason.
LEFT_OUT = {
    "appeals.DenialItem": "says which item a denial refuses: the item and the denial go along",
    "appeals.Finding": "what a nightly check of our own work found; it says nothing of the patient",
    "appeals.Proposal": "what a program read in a letter; what was confirmed of it stands in the denial",
    "appeals.StepOverride": "colleagues who agreed to go past the program's own caution; the step itself goes along",
    "appeals.Reminder": "a mail to a colleague about a day, without any word of the patient",
    "cases.CaseGrant": "a colleague's access; who looked is a page of its own",
    "cases.ClinicLink": "a secret address; what came through it goes along",
    "cases.CaseLink": "the team's own note that two cases belong together",
    "cases.CaseOffer": "what left, and to whom, is a page of its own and in the accounting",
    "cases.OfferedDocument": "as the offer; the document itself goes along",
    "cases.ReceivedOffer": "which organization the case was taken over from; the case itself goes along",
    "cases.CaseSearch": "the same words again, for the search",
    "cases.WaitingPage": "a page on its way, seen by its sender; the paper made of it goes along",
    "reporting.CountedRow": "by what a case was counted; the case itself goes along",
    "people.BreakGlass": "a colleague's emergency access and its review; who looked is a page of its own",
    "people.LegalHold": "a matter of law that somebody else asked for; it keeps the record and is none of it",
    "people.PatientSearch": "the same words again, for the search",
}


def take_along(client):
    answer = client.get(reverse("portal:take_along"))
    assert answer.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    return archive


def test_all_of_it_is_in_one_file_to_read_and_as_data(cast, enter, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    stream = io.BytesIO(b"Dear plan, please pay.")
    upload_document(
        actor=cast.nora, case=cast.case, kind="other", filename="letter.txt", stream=stream, at=timezone.now()
    )
    Note.objects.create(case=cast.case, body="For you: call us", for_patient=True, written_at=timezone.now())
    Note.objects.create(case=cast.case, body="Only among us", written_at=timezone.now())
    archive = take_along(enter("dana"))
    names = archive.namelist()
    assert names == ["index.html", "record.css", "data.json", "documents/001-other.txt"]
    assert archive.read(names[3]) == b"Dear plan, please pay."
    page, data = archive.read("index.html").decode(), json.loads(archive.read("data.json"))
    patient = cast.case.patient
    assert (patient.family_name in page, "For you: call us" in page, "Only among us" in page) == (
        True,
        True,
        False,
    )
    assert [row["family_name"] for row in data["sections"]["patient"]] == [patient.family_name]
    assert [row["reference"] for row in data["sections"]["cases"]] == [cast.case.reference]
    assert data["sections"]["cases"][0]["coverage"] == str(cast.case.coverage.public_id)
    assert "Only among us" not in json.dumps(data)
    assert Event.objects.filter(verb="record_taken_along", subject_id=patient.pk).count() == 1


def test_every_table_of_a_patient_goes_along_or_says_why_not(cast):
    held = {
        model._meta.label
        for model in tenant_models()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model._meta.label in ("cases.Case", "people.Patient")
    }
    gathered = [part for gather in registries.export for part in gather(cast.case.patient)]
    taken = {part.model._meta.label for part in gathered if isinstance(part, Section)}
    own = {"people.Consent", "people.Contact", "people.PortalAccess"}
    assert held - taken - own == set(LEFT_OUT)


def test_a_helper_does_not_get_it(enter):
    assert enter("rosa").get(reverse("portal:take_along")).status_code == 404
    assert enter("rosa").get(reverse("portal:looked")).status_code == 404


def test_who_looked_by_day_and_person(cast, enter):
    with scoped_to(
        cast.harbor.pk,
        actor=cast.nora.key,
        actor_label=cast.nora.label,
        at=timezone.now() - timedelta(days=3),
    ):
        for _ in range(3):
            record_read("read_page", cases=[cast.case.pk])
    with scoped_to(cast.meadow.pk, actor=cast.mia.key, actor_label="Mia Navigator"):
        record_read("read_page", cases=[cast.case.pk], patients=[cast.case.patient_id])
    with scoped_to(cast.harbor.pk, actor="machine:1", actor_label="Machine: Reading for the board"):
        record_read("read_page", cases=[cast.case.pk])
    text = enter("dana").get(reverse("portal:looked")).content.decode()
    assert ("Nora Navigator" in text, "3 times" in text, "Mia Navigator" in text) == (True, True, False)
    assert ("A program we use" in text, "for the board" in text) == (True, False)


def test_she_lets_her_brother_in_and_ends_it_with_one_tap(cast, enter, mailoutbox):
    dana = enter("dana")
    day = timezone.now().date() + timedelta(days=20)
    typed = {
        "name": "Benno Quill",
        "relation": "my brother",
        "email": "benno@mail.example",
        "scope": ["letters"],
        "expires_on": day.isoformat(),
        "language": "en",
    }
    answer = dana.post(reverse("portal:helper_new"), typed)
    assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("portal:helpers"))
    access = PortalAccess.objects.get(user__email="benno@mail.example")
    assert (access.kind, access.scope, access.consent.kind, access.consent.method) == (
        "representative",
        ["letters"],
        "representation",
        "electronic",
    )
    assert "Benno Quill" in dana.get(reverse("portal:helpers")).content.decode()
    benno = come_in("benno@mail.example")
    assert benno.get(reverse("portal:home")).status_code == 200
    assert dana.post(reverse("portal:helper_end", args=[access.public_id])).status_code == 302
    assert benno.get(reverse("portal:home")).headers["Location"].startswith(reverse("portal:sign_in"))


def test_a_refused_helper_keeps_what_was_typed(enter):
    dana = enter("dana")
    past = (timezone.now().date() - timedelta(days=1)).isoformat()
    answer = dana.post(
        reverse("portal:helper_new"),
        {
            "name": "Benno Quill",
            "email": "benno@mail.example",
            "scope": ["status"],
            "expires_on": past,
            "language": "en",
        },
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert ("Benno Quill" in text, "Choose a last day after today" in text) == (True, True)
    assert Consent.objects.filter(kind="representation", method="electronic").count() == 0


def test_she_agrees_to_the_words_shown_and_takes_it_back(cast, enter):
    Consent.objects.filter(patient=cast.case.patient).update(revoked_at=timezone.now())
    dana = enter("dana")
    page = dana.get(reverse("portal:consents"))
    release = next(row for row in page.context["open_kinds"] if row["kind"] == "release")
    dana.post(reverse("portal:consent_give"), {"kind": "release", "words": "I allow everything."})
    assert Consent.objects.filter(revoked_at=None).count() == 0
    dana.post(reverse("portal:consent_give"), release)
    consent = Consent.objects.get(revoked_at=None)
    assert (consent.kind, consent.scope, consent.method) == ("release", release["words"], "electronic")
    address = reverse("portal:consent_withdraw", args=[consent.public_id])
    assert dana.get(address).status_code == 200
    assert dana.post(address).status_code == 302
    consent.refresh_from_db()
    assert consent.revoked_at is not None
    assert list(Task.objects.filter(case=cast.case).values_list("code", flat=True)) == [
        f"consent_taken_back_{consent.pk}"
    ]


def test_nobody_reaches_the_consent_or_helper_of_somebody_else(cast, enter, portal_people):
    theirs = Consent.objects.create(
        patient=cast.case.patient,
        kind="release",
        method="paper",
        signed_on=timezone.now().date(),
        recorded_at=timezone.now(),
    )
    wren = enter("wren")
    assert wren.post(reverse("portal:consent_withdraw", args=[theirs.public_id])).status_code == 404
    rosa = portal_people["rosa"]
    assert wren.post(reverse("portal:helper_end", args=[rosa.public_id])).status_code == 404
    rosa.refresh_from_db()
    assert rosa.ended_at is None
    assert everything_about(cast.case.patient).files == ()
    assert (Case.objects.count(), Document.objects.count()) == (1, 0)


def english_sentences() -> list[str]:
    """What the program says of itself in English, where its Spanish is another: whole sentences without a value in them."""
    found = {str(m.id): str(m.string) for m in stored() if isinstance(m.id, str) and m.id}
    return [text for text, spanish in found.items() if len(text.split()) > 2 and "%" not in text != spanish]


def test_no_english_sentence_stands_on_a_spanish_page_of_the_record(cast, enter):
    patient = cast.case.patient
    Consent.objects.filter(patient=patient).delete()
    given = []
    for kind, words in STANDARD.items():
        consent = Consent(patient=patient, kind=kind, method="paper", recorded_at=timezone.now())
        consent.scope, consent.signed_on = words, timezone.now().date()
        consent.save()
        given.append(consent.public_id)
    dana = enter("dana")
    dana.post(reverse("portal:language"), {"language": "es", "next": "/portal/"})
    urls = [reverse(f"portal:{name}") for name in ("mine", "looked", "helpers", "helper_new", "consents")]
    urls += [reverse("portal:consent_withdraw", args=[key]) for key in given]
    english = english_sentences()
    assert len(english) > 200
    for url in urls:
        page = html.unescape(dana.get(url).content.decode())
        assert [text for text in english if text in page] == [], url
    with translation.override("es"):
        assert [said_in_their_language(words) for words in STANDARD.values() if words in page] == []
        assert said_in_their_language("Only Dr. Reyes may be called.") == "Only Dr. Reyes may be called."
