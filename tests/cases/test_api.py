"""Notes, documents and acts at the API: the same rows and the same trail as the desk leaves, under the same policies."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from advocacy.audit.models import Event
from advocacy.audit.trail import record
from advocacy.background.models import Job
from advocacy.background.queue import run
from cases.commands.cases import assign_case
from cases.commands.communications import write_note
from cases.commands.documents import upload_document
from cases.models import Case, Document, DocumentVersion, Note
from tests.machines import meadows_machine

API = "/api/v1"


def statements(act):
    with CaptureQueriesContext(connection) as seen:
        answer = act()
    return answer, [q["sql"] for q in seen.captured_queries if "SAVEPOINT" not in q["sql"]]


def trail_of(note) -> list[tuple]:
    """What the trail says of a note and of its case's touch, without ids and moments."""
    first = Event.objects.filter(subject_table="cases_note", subject_id=note.pk).order_by("id")[0]
    events = Event.objects.filter(subject_table__in=["cases_note", "cases_case"], id__gte=first.pk)
    return sorted(
        (e.kind, e.verb, e.subject_table, tuple(e.case_ids), tuple(e.patient_ids), sorted(e.data))
        for e in events
    )


@pytest.fixture
def path(cast):
    return f"{API}/cases/{cast.case.public_id}/notes"


def test_a_note_leaves_what_the_desk_leaves(machine, cast, path):
    at = timezone.now()
    theirs = write_note(actor=cast.nora, case=Case.objects.get(pk=cast.case.pk), body="By hand", at=at)
    by_hand = trail_of(theirs)
    asked = machine(scopes=["notes:write"])
    answer, sent = statements(lambda: asked.post(path, {"body": " By machine "}))
    assert (answer.status_code, len(sent)) == (201, 2)
    note = Note.objects.get(public_id=answer.json()["id"])
    assert (note.body, note.for_patient, note.written_by, note.case_id) == (
        "By machine",
        False,
        None,
        cast.case.pk,
    )
    assert trail_of(note) == by_hand
    (act,) = Event.objects.filter(verb="note_written", subject_id=note.pk)
    assert (act.actor, act.actor_label, act.request_id) == (
        asked.actor.key,
        "Machine: Reading for a test",
        answer.headers["X-Request-Id"],
    )
    assert Case.objects.get(pk=cast.case.pk).last_touched_at == note.written_at


def test_a_note_for_a_case_that_has_changed_is_not_written(machine, cast, path):
    asked = machine()
    tag = asked.get(f"{API}/cases/{cast.case.public_id}").headers["ETag"]
    assert asked.post(path, {"body": "In time"}, headers={"if-match": tag}).status_code == 201
    Case.objects.filter(pk=cast.case.pk).update(version=7)
    late = asked.post(path, {"body": "Too late"}, headers={"if-match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert [n.body for n in Note.objects.all()] == ["In time"]


def test_a_note_sent_twice_under_its_key_is_one(machine, cast, path):
    asked = machine()
    key = {"idempotency-key": "letter-7"}
    first, again = (asked.post(path, {"body": "Once"}, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = asked.post(path, {"body": "Another"}, headers=key)
    assert (other.status_code, [r["code"] for r in other.json()["reasons"]]) == (422, ["key_reused"])
    assert machine().post(path, {"body": "Another machine's"}, headers=key).status_code == 201
    assert Note.objects.count() == 2


@pytest.mark.parametrize(
    ("sent", "kind", "status", "codes"),
    [
        ({"body": "  "}, "application/json", 422, ["note_empty"]),
        ({"text": "x"}, "application/json", 422, ["field_unknown", "body_missing"]),
        ("[1]", "application/json", 400, []),
        ("{", "application/json", 400, []),
        ("body=x", "application/x-www-form-urlencoded", 415, []),
    ],
)
def test_what_is_no_note_is_refused_with_every_reason(machine, path, sent, kind, status, codes):
    answer = machine().post(path, sent, content_type=kind)
    assert (answer.status_code, [r["code"] for r in answer.json()["reasons"]]) == (status, codes)
    assert Note.objects.count() == 0


def test_who_only_reads_writes_nothing(machine, cast, path):
    reader = machine(roles=["privacy_officer"], scopes=["cases:read"])
    assert reader.post(path, {"body": "x"}).json()["code"] == "scope_missing"
    reader.row.scopes = ["notes:write"]
    reader.row.save(update_fields=["scopes"])
    assert reader.post(path, {"body": "x"}).status_code in (401, 403)
    assert Note.objects.count() == 0


# -- documents --------------------------------------------------------------------------------------------------------
@pytest.fixture
def letter(cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="denial_letter",
        title="Denial of Whitlock",
        filename="whitlock.txt",
        stream=io.BytesIO(b"Dear Dana Whitlock, no."),
        at=timezone.now(),
    )


def test_documents_are_listed_without_what_people_typed(machine, cast, letter):
    asked = machine()
    answer, one = statements(lambda: asked.get(f"{API}/documents"))
    (row,) = answer.json()["data"]
    assert (row["id"], row["case"], row["kind"], row["version"], row["size"]) == (
        str(letter.public_id),
        str(cast.case.public_id),
        "denial_letter",
        1,
        23,
    )
    assert b"Whitlock" not in answer.content + asked.get(f"{API}/documents/{letter.public_id}").content
    assert asked.get(f"{API}/cases/{cast.case.public_id}/documents").json()["data"] == [row]
    (event,) = Event.objects.filter(kind="read", request_id=answer.headers["X-Request-Id"])
    assert (event.case_ids, event.patient_ids) == ([cast.case.pk], [cast.case.patient_id])
    for number in range(2):
        upload_document(
            actor=cast.nora,
            case=cast.case,
            kind="other",
            filename=f"{number}.txt",
            stream=io.BytesIO(f"Page {number}".encode()),
            at=timezone.now(),
        )
    answer, three = statements(lambda: asked.get(f"{API}/documents"))
    assert [r["kind"] for r in answer.json()["data"]] == ["denial_letter", "other", "other"]
    assert (len(one), len(three)) == (4, 4)
    found, where = [], f"{API}/documents?limit=2"
    while where:
        told = asked.get(where).json()
        found, where = [*found, *(r["id"] for r in told["data"])], told["next"]
    assert found == [str(d.public_id) for d in Document.objects.order_by("pk")]
    assert len(asked.get(f"{API}/documents?kind=other").json()["data"]) == 2


def test_the_bytes_take_a_scope_of_their_own(machine, cast, letter):
    where = f"{API}/documents/{letter.public_id}/content"
    assert machine(scopes=["documents:read"]).get(where).status_code == 403
    asked = machine(scopes=["documents:content"])
    answer, sent = statements(lambda: asked.get(where))
    assert (answer.status_code, b"".join(answer)) == (200, b"Dear Dana Whitlock, no.")
    assert len(sent) == 2
    assert answer.headers["Content-Disposition"] == 'attachment; filename="HB-2026-0001-denial-letter-v1.txt"'
    (event,) = Event.objects.filter(kind="read", request_id=answer.headers["X-Request-Id"])
    assert (event.verb, event.case_ids, event.patient_ids) == (
        "read_document",
        [cast.case.pk],
        [cast.case.patient_id],
    )
    part = asked.get(where, headers={"range": "bytes=5-8"})
    assert (part.status_code, b"".join(part)) == (206, b"Dana")
    assert asked.get(f"{where}?version=2").status_code == 404


def test_an_upload_is_the_desks_own(machine, cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    asked = machine(scopes=["documents:write"])
    where = f"{API}/cases/{cast.case.public_id}/documents"

    def send(data=b"Dear plan.", **headers):
        given = {"document-kind": "clinical_note", "authorization": f"Bearer {asked.token}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return asked.client.post(where, data, content_type="application/octet-stream", headers=given)

    named = {"content_disposition": "attachment; filename*=UTF-8''caf%C3%A9.txt", "idempotency_key": "k1"}
    first, again = send(**named), send(**named)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = send(b"Another letter.", **named)
    assert (other.status_code, [r["code"] for r in other.json()["reasons"]]) == (422, ["key_reused"])
    version = DocumentVersion.objects.get()
    assert (version.filename, version.content_type, version.blob.size) == ("café.txt", "text/plain", 10)
    assert Event.objects.get(verb="document_uploaded").actor == asked.actor.key
    assert [r["code"] for r in send(b"").json()["reasons"]] == ["document_empty"]
    assert send(b"MZ\x90\x00").status_code == 422
    assert send(document_kind="poem").status_code == 400
    settings.UPLOAD_LIMIT_BYTES = 5
    assert send().status_code == 413
    assert Document.objects.count() == 1


def left_behind(document) -> tuple[dict, list[tuple]]:
    """What a document is in the rows, and what the trail says of it, without ids, moments and ciphertext."""
    (version,) = document.versions.all()
    (job,) = Job.objects.filter(arguments={"version": version.pk})
    (task,) = [row.task for row in OrmQ.objects.all() if row.task["args"] == (job.organization_id, job.pk)]
    rows = {
        "document": model_to_dict(document, exclude=["id", "title", "created_at"]),
        "title": document.title,
        "version": model_to_dict(
            version, exclude=["id", "document", "filename", "uploaded_by", "uploaded_at"]
        ),
        "filename": version.filename,
        "blob": version.blob_id,
        "job": (job.name, job.status, job.attempts, job.reason),
        "task": {key: value for key, value in task.items() if key not in ("id", "args", "started")},
    }
    names = {"cases_document": document.pk, "cases_documentversion": version.pk, "background_job": job.pk}
    events = [
        event
        for table, pk in names.items()
        for event in Event.objects.filter(subject_table=table, subject_id=pk)
    ]
    trail = [
        (e.verb, e.subject_table, tuple(e.case_ids), tuple(e.patient_ids))
        + ((tuple(sorted(e.data.items())),) if e.kind == "verb" else (tuple(sorted(e.data)),))
        for e in events
    ]
    return rows, sorted(trail)


def test_a_document_leaves_what_the_desk_leaves(machine, cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    asked = machine(scopes=["documents:write"])
    given = {
        "document-kind": "denial_letter",
        "authorization": f"Bearer {asked.token}",
        "content-disposition": 'attachment; filename="a.txt"',
    }
    where = f"{API}/cases/{cast.case.public_id}/documents"
    answer, sent = statements(
        lambda: asked.client.post(
            where, b"No.\fPage two", content_type="application/octet-stream", headers=given
        )
    )
    assert (answer.status_code, len(sent)) == (201, 3)
    ours = Document.objects.get(public_id=answer.json()["id"])
    assert answer.json() == asked_again(machine, ours)
    assert Case.objects.get(pk=cast.case.pk).last_touched_at == ours.created_at
    touches = Event.objects.filter(subject_table="cases_case", request_id=answer.headers["X-Request-Id"])
    assert [sorted(e.data) for e in touches] == [["last_touched_at"]]
    theirs = upload_document(
        actor=cast.nora,
        case=Case.objects.get(pk=cast.case.pk),
        kind="denial_letter",
        filename="a.txt",
        stream=io.BytesIO(b"No.\fPage two"),
        at=timezone.now(),
    )
    assert left_behind(ours) == left_behind(theirs)
    version = ours.versions.get()
    run(*next(t for t in (row.task["args"] for row in OrmQ.objects.order_by("pk"))))
    version.refresh_from_db()
    assert version.pages == ["No.", "Page two"]


def asked_again(machine, document) -> dict:
    (row,) = [
        row
        for row in machine().get(f"{API}/documents").json()["data"]
        if row["id"] == str(document.public_id)
    ]
    return row


def test_no_document_goes_where_the_machine_may_not_write(machine, cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    reader = machine(roles=["privacy_officer"], scopes=["documents:read"])
    reader.row.scopes = ["documents:write"]
    reader.row.save(update_fields=["scopes"])
    asked = machine(scopes=["documents:write"])

    def send(who, case):
        headers = {"document-kind": "other", "authorization": f"Bearer {who.token}"}
        kind = "application/octet-stream"
        return who.client.post(
            f"{API}/cases/{case.public_id}/documents", b"x", content_type=kind, headers=headers
        )

    assert send(reader, cast.case).status_code in (401, 403)
    assert send(asked, cast.meadow_case).status_code == 404
    Case.objects.filter(pk=cast.case.pk).update(is_restricted=True)
    assert send(asked, cast.case).status_code == 404
    assert (Document.objects.count(), list(tmp_path.iterdir())) == (0, [])


def test_long_keys_that_begin_alike_are_two(machine, cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    asked = machine(scopes=["documents:write"])
    for number in (1, 2):
        sent = asked.client.post(
            f"{API}/cases/{cast.case.public_id}/documents",
            b"The same letter.",
            content_type="application/octet-stream",
            headers={
                "document-kind": "plan_letter",
                "authorization": f"Bearer {asked.token}",
                "idempotency-key": f"import-of-the-letters-of-november-2026-for-a-clinic-{number:04d}",
            },
        )
        assert sent.status_code == 201
    assert Document.objects.count() == 2


# -- acts -------------------------------------------------------------------------------------------------------------
def test_acts_come_in_their_order_and_again_from_a_place(machine, cast):
    asked = machine()
    for number in range(3):
        write_note(
            actor=cast.nora,
            case=cast.case,
            body=f"Note {number}",
            at=timezone.now() + timedelta(minutes=number),
        )
    answer, sent = statements(lambda: asked.get(f"{API}/events", {"limit": 2}))
    told = answer.json()
    assert len(sent) == 2
    assert [(e["case"], e["verb"], e["by"]) for e in told["data"]] == [
        (str(cast.case.public_id), "note_written", "Nora Navigator")
    ] * 2
    rest = asked.get(told["next"]).json()
    assert (len(rest["data"]), rest["next"]) == (1, None)
    assert asked.get(f"{API}/events", {"after": rest["place"]}).json()["data"] == []
    write_note(actor=cast.nora, case=cast.case, body="Later", at=timezone.now())
    assert len(asked.get(f"{API}/events", {"after": rest["place"]}).json()["data"]) == 1
    of_case = asked.get(f"{API}/events", {"case": str(cast.case.public_id)})
    assert len(of_case.json()["data"]) == 4
    assert b"Note 1" not in of_case.content
    assert asked.get(f"{API}/events", {"verb": "case_closed"}).json()["data"] == []
    assert asked.get(f"{API}/events", {"verb": "read_page"}).status_code == 400
    (event,) = Event.objects.filter(kind="read", request_id=of_case.headers["X-Request-Id"])
    assert (event.case_ids, event.patient_ids) == ([cast.case.pk], [cast.case.patient_id])


def test_keys_of_ours_are_in_no_act(machine, cast):
    """Whom a case was given to, and which organization it was offered to, stand in the trail by their keys; codes go out."""
    assign_case(actor=cast.sam, case=cast.case, owner=cast.members["nils"], at=timezone.now())
    record("case_offered", subject=cast.case, detail={"to": cast.meadow.pk, "days": 14})
    record("document_changed", subject=cast.case, detail={"from": "other", "to": "proof"})
    for words in ({}, {"case": str(cast.case.public_id)}):
        told = {e["verb"]: e["detail"] for e in machine().get(f"{API}/events", words).json()["data"]}
        assert [told[verb] for verb in ("case_assigned", "case_offered", "document_changed")] == [
            {},
            {},
            {"from": "other", "to": "proof"},
        ]


def test_acts_on_a_restricted_case_and_on_others_are_not_told(machine, cast, quick_hash):
    write_note(actor=cast.nora, case=cast.case, body="x", at=timezone.now())
    theirs = meadows_machine(cast, roles=["supervisor", "analyst"])
    for words in ({}, {"case": str(cast.case.public_id)}):
        assert theirs.get(f"{API}/events", words).json()["data"] == []
    asked = machine()
    assert len(asked.get(f"{API}/events").json()["data"]) == 1
    Case.objects.filter(pk=cast.case.pk).update(is_restricted=True)
    assert asked.get(f"{API}/events").json()["data"] == []
    assert asked.get(f"{API}/events", {"case": str(cast.case.public_id)}).json() == {
        "data": [],
        "next": None,
        "place": None,
    }
    assert json.loads(asked.get(f"{API}/documents").content)["data"] == []
