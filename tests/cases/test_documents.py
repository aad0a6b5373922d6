"""Documents from the upload to the bytes that come back: commands, the reading job, and what a killed worker leaves."""

from __future__ import annotations

import io
import os
from datetime import timedelta

import pikepdf
import pytest
from django.conf import settings as configured
from PIL import Image

from advocacy.access.policy import system_actor
from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.errors import NotAllowed, NotFound, Refused
from advocacy.tenancy.scope import scoped_to
from appeals.sample_letters import letter_pdf
from cases import jobs
from cases.commands.documents import (
    add_version,
    await_reading,
    document_vault,
    open_version,
    store_frozen,
    upload_document,
)
from cases.commands.tags import change_document
from cases.models import Blob, Case, Document, DocumentVersion
from cases.queries.documents import documents_listed, get_version, same_bytes_in
from cases.vault import TooLarge
from tests.cast import NOW

PDF = letter_pdf("erisa_preservice")


@pytest.fixture(autouse=True)
def vault_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "vault"


def upload(
    cast, data=PDF, filename="letter.pdf", kind="denial_letter", title="The first denial", at=NOW, **more
):
    return upload_document(
        actor=cast.nora,
        case=cast.case,
        kind=kind,
        title=title,
        filename=filename,
        stream=io.BytesIO(data),
        at=at,
        **more,
    )


def work(cast) -> list[str]:
    """Do what a worker does with the waiting jobs of Harbor."""
    waiting = list(Job.objects.filter(status=Job.Status.QUEUED).order_by("pk"))
    return [queue.run(cast.harbor.pk, row.pk) for row in waiting]


def second_case(cast) -> Case:
    """Another case of the same patient."""
    first = cast.case
    return Case.objects.create(
        reference="HB-2026-0002",
        patient=first.patient,
        coverage=first.coverage,
        provider=first.provider,
        treatment="esketamine",
        diagnosis_codes=["F33.2"],
        procedure_codes=["G2083"],
        opened_at=NOW,
        last_touched_at=NOW,
    )


def encrypted_pdf() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def scan() -> bytes:
    out = io.BytesIO()
    Image.new("L", (200, 300), 255).save(out, "PDF")
    return out.getvalue()


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("L", (20, 30), 255).save(out, "PNG")
    return out.getvalue()


def files_on_disk() -> list[str]:
    return [name for _, _, names in os.walk(configured.DATA_DIR) for name in names]


class TestUpload:
    def test_keeps_the_bytes_and_the_facts(self, cast):
        document = upload(cast)
        version = document.versions.get()
        assert open_version(cast.nora, version).read() == PDF
        assert (version.number, version.filename, version.content_type, version.text_status) == (
            1,
            "letter.pdf",
            "application/pdf",
            "pending",
        )
        assert (version.page_count, version.blob.size) == (len(pikepdf.open(io.BytesIO(PDF)).pages), len(PDF))
        assert (document.title, version.uploaded_by) == ("The first denial", cast.users["nora"])
        event = Event.objects.get(verb="document_uploaded")
        assert event.data == {
            "kind": "denial_letter",
            "version": 1,
            "sha256": version.blob.sha256,
            "size": len(PDF),
        }

    def test_is_encrypted_on_disk(self, cast):
        upload(cast)
        (name,) = files_on_disk()
        blob = Blob.objects.get()
        assert name == blob.sha256
        assert b"%PDF" not in (configured.DATA_DIR / blob.location).read_bytes()

    def test_moves_the_moment_the_case_was_touched(self, cast):
        upload(cast, at=NOW + timedelta(days=3))
        assert Case.objects.get(pk=cast.case.pk).last_touched_at == NOW + timedelta(days=3)

    def test_an_empty_title_becomes_the_type(self, cast):
        assert upload(cast, title=" ").title == "Denial letter"

    @pytest.mark.parametrize(
        ("data", "filename", "code"),
        [
            (b"", "letter.pdf", "document_empty"),
            (b"This is only text, whatever its name.\n", "letter.pdf", "document_type_mismatch"),
            (b"\x00\x01\x02\x03" * 50, "letter.pdf", "document_type_unknown"),
            (encrypted_pdf(), "letter.pdf", "document_encrypted"),
            (PDF[: len(PDF) // 2], "letter.pdf", "document_damaged"),
        ],
    )
    def test_a_bad_file_is_refused_and_nothing_stays(self, cast, data, filename, code):
        with pytest.raises(Refused) as refused:
            upload(cast, data=data, filename=filename)
        assert [(r.code, r.field) for r in refused.value.reasons] == [(code, "file")]
        assert (files_on_disk(), Document.objects.count(), Blob.objects.count(), Job.objects.count()) == (
            [],
            0,
            0,
            0,
        )

    def test_a_file_that_is_too_large_is_refused_before_it_is_parsed(self, cast, settings):
        settings.UPLOAD_LIMIT_BYTES = len(PDF) - 1
        with pytest.raises(TooLarge):
            upload(cast)
        assert (files_on_disk(), Document.objects.count()) == ([], 0)

    def test_an_unknown_kind_is_refused(self, cast):
        with pytest.raises(Refused) as refused:
            upload(cast, kind="letter_of_marque")
        assert [r.code for r in refused.value.reasons] == ["kind_unknown"]

    def test_equal_bytes_are_one_blob_and_are_noticed(self, cast):
        first = upload(cast)
        second = upload(cast, kind="proof")
        assert Blob.objects.count() == 1
        assert same_bytes_in(cast.case, second.versions.get()).document == first
        assert same_bytes_in(cast.case, first.versions.get()) is None

    def test_who_only_reads_may_not_upload(self, cast):
        with pytest.raises(NotAllowed):
            upload_document(
                actor=cast.petra,
                case=cast.case,
                kind="other",
                filename="a.pdf",
                stream=io.BytesIO(PDF),
                at=NOW,
            )


class TestVersions:
    def test_get_numbers_and_older_ones_stay(self, cast):
        document = upload(cast)
        second = add_version(
            actor=cast.nora, document=document, filename="b.pdf", stream=io.BytesIO(scan()), at=NOW
        )
        assert second.number == 2
        assert list(document.versions.order_by("number").values_list("number", flat=True)) == [1, 2]
        assert open_version(cast.nora, document.versions.get(number=1)).read() == PDF

    def test_the_same_bytes_say_so(self, cast):
        document = upload(cast)
        with pytest.raises(Refused) as refused:
            add_version(actor=cast.nora, document=document, filename="b.pdf", stream=io.BytesIO(PDF), at=NOW)
        assert [(r.code, r.message) for r in refused.value.reasons] == [
            (
                "document_same",
                "These are the same bytes as version 1. Nothing was added: choose the newer file.",
            )
        ]
        assert document.versions.count() == 1

    def test_a_filed_packet_takes_none(self, cast):
        frozen = store_frozen(
            actor=cast.nora,
            case=cast.case,
            kind="filing",
            title="Internal appeal",
            filename="packet.pdf",
            data=PDF,
            at=NOW,
        )
        assert frozen.document.is_frozen
        assert open_version(cast.nora, frozen).read() == PDF
        with pytest.raises(Refused) as refused:
            add_version(
                actor=cast.nora,
                document=frozen.document,
                filename="b.pdf",
                stream=io.BytesIO(scan()),
                at=NOW,
            )
        assert [r.code for r in refused.value.reasons] == ["document_frozen"]

    def test_type_and_title_can_be_corrected(self, cast):
        document = change_document(
            actor=cast.nora, document=upload(cast), kind="plan_document", title="Benefit booklet", at=NOW
        )
        assert (document.kind, document.title) == ("plan_document", "Benefit booklet")


class TestWhoMayOpen:
    def test_another_organization_may_not(self, cast):
        version = upload(cast).versions.get()
        with scoped_to(cast.meadow.pk, actor=cast.mia.key):
            with pytest.raises(NotFound):
                get_version(cast.mia, cast.case, version.public_id)
            with pytest.raises(NotFound):
                open_version(cast.mia, version)

    def test_equal_bytes_of_two_organizations_are_two_files(self, cast):
        mine = upload(cast).versions.get()
        with scoped_to(cast.meadow.pk, actor=cast.mia.key):
            document = upload_document(
                actor=cast.mia,
                case=cast.meadow_case,
                kind="other",
                filename="a.pdf",
                stream=io.BytesIO(PDF),
                at=NOW,
            )
            theirs = document.versions.get()
            assert open_version(cast.mia, theirs).read() == PDF
        assert mine.blob.location != theirs.blob.location
        assert sorted(files_on_disk()) == [mine.blob.sha256] * 2

    def test_a_restricted_case_hides_its_documents(self, cast):
        version = upload(cast).versions.get()
        Case.objects.filter(pk=cast.case.pk).update(is_restricted=True)
        assert open_version(cast.nora, version).sha256 == version.blob.sha256
        with pytest.raises(NotFound):
            open_version(cast.nils, version)


class TestReading:
    @pytest.fixture(autouse=True)
    def nobody_listens(self, monkeypatch):
        """What the apps above make of a text is their own test."""
        monkeypatch.setattr(jobs, "after_reading", [])

    def test_the_job_reads_the_text_once(self, cast):
        version = upload(cast).versions.get()
        assert work(cast) == ["done"]
        version = DocumentVersion.objects.get(pk=version.pk)
        assert version.text_status == "read"
        assert "denied" in " ".join(version.pages).lower()
        row = Job.objects.get(name="cases.read_document")
        assert queue.run(cast.harbor.pk, row.pk) == "already done"
        assert Event.objects.filter(verb="document_read_by_job").count() == 1

    def test_a_worker_killed_in_the_middle_loses_nothing(self, cast):
        """The worker said it began, and died: the broker hands the job out again."""
        version = upload(cast).versions.get()
        row = Job.objects.get(name="cases.read_document")
        row.status, row.attempts = Job.Status.RUNNING, 1
        row.save(update_fields=["status", "attempts"])
        assert queue.run(cast.harbor.pk, row.pk) == "done"
        assert DocumentVersion.objects.get(pk=version.pk).text_status == "read"

    def test_a_worker_killed_after_the_work_does_it_again_without_harm(self, cast):
        """The text was kept and the worker died before it could say so."""
        version = upload(cast).versions.get()
        row = Job.objects.get(name="cases.read_document")
        queue.run(cast.harbor.pk, row.pk)
        row.refresh_from_db()
        row.status = Job.Status.RUNNING
        row.save(update_fields=["status"])
        pages = DocumentVersion.objects.get(pk=version.pk).pages
        assert queue.run(cast.harbor.pk, row.pk) == "done"
        assert DocumentVersion.objects.get(pk=version.pk).pages == pages
        assert Event.objects.filter(verb="document_read_by_job").count() == 1

    def test_a_job_that_kills_every_worker_is_given_up_and_shown(self, cast):
        version = upload(cast).versions.get()
        row = Job.objects.get(name="cases.read_document")
        row.status, row.attempts = Job.Status.RUNNING, queue.MAX_DEATHS
        row.save(update_fields=["status", "attempts"])
        assert queue.run(cast.harbor.pk, row.pk) == "failed"
        row.refresh_from_db()
        version = DocumentVersion.objects.get(pk=version.pk)
        reason = "The worker stopped 5 times in the middle of it."
        assert (row.status, row.reason, version.text_status, version.text_note) == (
            "failed",
            reason,
            "failed",
            reason,
        )

    def test_an_unreadable_file_fails_with_its_reason_and_can_be_tried_again(self, cast):
        version = upload(cast).versions.get()
        location = version.blob.location
        good = upload(cast, data=scan(), filename="scan.pdf").versions.get()
        Job.objects.filter(arguments__version=good.pk).delete()
        # What stands behind the row is no PDF any more: as if the reader could not make sense of it.
        DocumentVersion.objects.filter(pk=version.pk).update(blob=_broken(cast))
        assert work(cast) == ["failed"]
        row = Job.objects.get(name="cases.read_document")
        version = DocumentVersion.objects.get(pk=version.pk)
        said = "This PDF is damaged and cannot be opened. Ask for it again, or scan the paper letter."
        assert (row.status, row.reason, row.attempts) == ("failed", said, 1)
        assert (version.text_status, version.text_note, version.pages) == ("failed", said, None)

        DocumentVersion.objects.filter(pk=version.pk).update(blob=Blob.objects.get(location=location))
        again = await_reading(actor=cast.nora, version=version, at=NOW)
        assert (again.text_status, again.text_note) == ("pending", "")
        assert work(cast) == ["done"]
        assert DocumentVersion.objects.get(pk=version.pk).text_status == "read"

    @pytest.mark.parametrize(
        ("data", "filename", "note"),
        [
            (scan(), "scan.pdf", "It is a scan: a picture of text. Type what you need from it."),
            (picture(), "photo.png", "It is a picture. Type what you need from it."),
        ],
    )
    def test_a_picture_has_no_text_and_says_so(self, cast, data, filename, note):
        version = upload(cast, data=data, filename=filename).versions.get()
        assert work(cast) == ["done"]
        version = DocumentVersion.objects.get(pk=version.pk)
        assert (version.text_status, version.text_note, version.pages) == ("none", note, None)

    def test_plain_text_is_read(self, cast):
        version = upload(cast, data="Line one\nLine two — é\f2".encode(), filename="a.txt").versions.get()
        assert work(cast) == ["done"]
        assert DocumentVersion.objects.get(pk=version.pk).pages == ["Line one\nLine two — é", "2"]

    def test_the_apps_above_are_told_and_their_failure_does_not_lose_the_text(self, cast, monkeypatch):
        told: list[int] = []

        def listener(version: DocumentVersion) -> None:
            told.append(version.pk)
            if len(told) == 1:
                raise ValueError("not yet")

        monkeypatch.setattr(jobs, "after_reading", [listener])
        version = upload(cast).versions.get()
        assert work(cast) == ["done"]
        assert DocumentVersion.objects.get(pk=version.pk).text_status == "read"
        assert Job.objects.get(status="queued").name == "cases.after_reading"
        assert work(cast) == ["done"]
        assert told == [version.pk, version.pk]


def _broken(cast) -> Blob:
    stored = document_vault().store(
        io.BytesIO(b"%PDF-1.7\nnothing of the kind\n"),
        organization_id=cast.harbor.public_id,
        max_bytes=1000,
    )
    return Blob.objects.create(
        sha256=stored.sha256,
        size=stored.size,
        location=stored.location,
        wrapped_key=b"w",
        key_id="k1",
        stored_at=NOW,
    )


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(cast, django_assert_num_queries, count):
    for number in range(count):
        upload(cast, data=f"Text {number}".encode(), filename="a.txt")
    other = second_case(cast)
    upload_document(
        actor=system_actor(cast.harbor.pk, "test"),
        case=other,
        kind="other",
        filename="x.txt",
        stream=io.BytesIO(b"Elsewhere"),
        at=NOW,
    )
    with django_assert_num_queries(1):
        rows = [
            (d.document.title, d.version.number, d.version.blob.size)
            for d in documents_listed(cast.nora, cast.case)
        ]
    assert rows == [("The first denial", 1, 6)] * count
