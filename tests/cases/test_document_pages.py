"""Documents through the door: uploads good and bad, pages, bytes in ranges, and nothing for strangers."""

from __future__ import annotations

import io

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.tenancy.scope import scoped_to
from appeals.sample_letters import letter_pdf
from cases.commands.documents import upload_document
from cases.models import Document, DocumentVersion
from tests.cast import NOW

PDF = letter_pdf("erisa_preservice")


@pytest.fixture(autouse=True)
def vault_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "vault"


@pytest.fixture
def version(cast) -> DocumentVersion:
    document = upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="denial_letter",
        title="Denial of Dana Whitlock",
        filename="whitlock denial.pdf",
        stream=io.BytesIO(PDF),
        at=NOW,
    )
    return document.versions.get()


def address(name: str, *rows) -> str:
    return reverse(f"cases:{name}", args=[row.public_id for row in rows])


def encrypted_pdf() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def send(client, case, data: bytes, filename: str = "letter.pdf", **fields):
    fields = {"kind": "denial_letter", "title": "Typed before"} | fields
    return client.post(address("document_new", case), fields | {"file": SimpleUploadedFile(filename, data)})


class TestUpload:
    def test_a_letter_is_kept_and_shown(self, cast, sign_in):
        client = sign_in("nora")
        answer = send(client, cast.case, PDF)
        document = Document.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, address("document", cast.case, document))
        shown = client.get(answer["Location"])
        assert shown.status_code == 200
        text = shown.content.decode()
        assert "Typed before" in text
        assert "Being read" in text
        assert document.versions.get().blob.sha256 in text

    @pytest.mark.parametrize(
        ("data", "filename", "words"),
        [
            (b"", "letter.pdf", "This file is empty."),
            (encrypted_pdf(), "letter.pdf", "This PDF needs a password."),
            (b"MZ\x90\x00" * 99, "letter.pdf", "This kind of file is not accepted."),
            (
                b"Dear member,\nno.\n",
                "letter.pdf",
                "The name of this file ends in .pdf, but it is plain text.",
            ),
        ],
    )
    def test_a_bad_file_has_its_clear_answer_and_keeps_what_was_typed(
        self, cast, sign_in, data, filename, words
    ):
        answer = send(sign_in("nora"), cast.case, data, filename)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert words in text
        assert 'value="Typed before"' in text
        assert '<option value="denial_letter" selected>' in text
        assert Document.objects.count() == 0

    def test_no_file_at_all(self, cast, sign_in):
        answer = sign_in("nora").post(address("document_new", cast.case), {"kind": "other"})
        assert answer.status_code == 422
        assert "This field is required." in answer.content.decode()

    def test_a_little_too_large_keeps_what_was_typed_and_says_what_else_is_missing(
        self, cast, sign_in, settings
    ):
        settings.UPLOAD_LIMIT_BYTES = len(PDF) - 1
        answer = send(sign_in("nora"), cast.case, PDF, kind="")
        assert "What it is: This field is required." in answer.content.decode()
        assert answer.status_code == 413
        assert 'value="Typed before"' in answer.content.decode()
        assert "This file is larger than" in answer.content.decode()
        assert Document.objects.count() == 0

    def test_far_too_large_is_refused_by_its_declared_length(self, cast, sign_in, settings):
        settings.UPLOAD_LIMIT_BYTES = 1000
        answer = send(sign_in("nora"), cast.case, b"%PDF-" + bytes(400_000))
        assert answer.status_code == 413
        assert "This file is too large" in answer.content.decode()
        assert answer.wsgi_request.is_too_long is True
        assert not hasattr(answer.wsgi_request, "_files"), "the body was parsed"
        assert Document.objects.count() == 0

    def test_the_same_bytes_twice_are_said_so(self, cast, sign_in):
        client = sign_in("nora")
        send(client, cast.case, PDF)
        answer = send(client, cast.case, PDF)
        shown = client.get(answer["Location"]).content.decode()
        assert "The same bytes are in this case already, in another document." in shown
        assert Document.objects.count() == 2

    def test_the_same_bytes_as_a_version_are_refused(self, cast, sign_in, version):
        answer = sign_in("nora").post(
            address("version_new", cast.case, version.document),
            {"file": SimpleUploadedFile("again.pdf", PDF)},
        )
        assert answer.status_code == 422
        assert (
            "These are the same bytes as version 1. Nothing was added: choose the newer file."
            in answer.content.decode()
        )

    def test_who_only_reads_gets_403(self, cast, sign_in):
        assert send(sign_in("petra"), cast.case, PDF).status_code == 403


class TestBytes:
    def test_come_back_inline_under_a_neutral_name(self, cast, sign_in, version):
        answer = sign_in("nora").get(address("document_file", cast.case, version))
        assert b"".join(answer.streaming_content) == PDF
        told = {
            "Content-Type": "application/pdf",
            "Content-Disposition": 'inline; filename="HB-2026-0001-denial-letter-v1.pdf"',
            "Content-Length": str(len(PDF)),
            "Accept-Ranges": "bytes",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
        assert {name: answer[name] for name in told} == told
        assert {"default-src 'none'", "frame-ancestors 'self'", "sandbox"} <= set(
            answer["Content-Security-Policy"].split("; ")
        )
        assert "whitlock" not in str(dict(answer.items())).lower()

    def test_can_be_downloaded(self, cast, sign_in, version):
        answer = sign_in("nora").get(address("document_file", cast.case, version) + "?download")
        assert answer["Content-Disposition"].startswith("attachment;")

    @pytest.mark.parametrize(
        ("asked", "status", "first", "last"),
        [
            ("bytes=0-99", 206, 0, 99),
            ("bytes=100-", 206, 100, len(PDF) - 1),
            ("bytes=-10", 206, len(PDF) - 10, len(PDF) - 1),
            ("bytes=5-999999999", 206, 5, len(PDF) - 1),
            ("bytes=0-1,5-6", 200, 0, len(PDF) - 1),
            ("lines=1-2", 200, 0, len(PDF) - 1),
            ("bytes=-", 200, 0, len(PDF) - 1),
            pytest.param(f"bytes={'9' * 5000}-", 200, 0, len(PDF) - 1, id="endless number"),
        ],
    )
    def test_come_in_ranges(self, cast, sign_in, version, asked, status, first, last):
        answer = sign_in("nora").get(address("document_file", cast.case, version), headers={"Range": asked})
        assert (answer.status_code, b"".join(answer.streaming_content)) == (status, PDF[first : last + 1])
        span = f"bytes {first}-{last}/{len(PDF)}" if status == 206 else None
        assert answer.headers.get("Content-Range") == span

    @pytest.mark.parametrize("asked", [f"bytes={len(PDF)}-", "bytes=9-3", "bytes=-0"])
    def test_a_range_outside_is_416(self, cast, sign_in, version, asked):
        answer = sign_in("nora").get(address("document_file", cast.case, version), headers={"Range": asked})
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{len(PDF)}")

    def test_a_range_of_other_bytes_gives_all(self, cast, sign_in, version):
        answer = sign_in("nora").get(
            address("document_file", cast.case, version),
            headers={"Range": "bytes=0-9", "If-Range": '"something else"'},
        )
        assert (answer.status_code, b"".join(answer.streaming_content)) == (200, PDF)

    def test_head_tells_and_sends_nothing(self, cast, sign_in, version):
        answer = sign_in("nora").head(address("document_file", cast.case, version))
        assert (answer.status_code, answer["Content-Length"]) == (200, str(len(PDF)))

    def test_what_a_browser_cannot_show_is_a_download(self, cast, sign_in, version):
        word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        DocumentVersion.objects.filter(pk=version.pk).update(content_type=word)
        answer = sign_in("nora").get(address("document_file", cast.case, version))
        assert answer["Content-Disposition"] == 'attachment; filename="HB-2026-0001-denial-letter-v1.docx"'

    def test_leave_one_read_event_each(self, cast, sign_in, version):
        client = sign_in("nora")
        client.get(address("document_file", cast.case, version))
        client.get(address("document_file", cast.case, version), headers={"Range": "bytes=0-9"})
        events = Event.objects.filter(kind="read", verb="read_document").order_by("id")
        assert [(e.case_ids, e.patient_ids, e.actor) for e in events] == [
            ([cast.case.pk], [cast.case.patient_id], cast.nora.key)
        ] * 2
        assert events[0].data == {
            "page": "cases:document_file",
            "version": str(version.public_id),
            "door": "download",
            "purpose": "casework",
            "basis": "workforce",
        }


class TestPages:
    @pytest.fixture
    def pages(self, cast, version) -> dict[str, str]:
        document = version.document
        return {
            "documents": address("documents", cast.case),
            "document_new": address("document_new", cast.case),
            "document": address("document", cast.case, document),
            "document_change": address("document_change", cast.case, document),
            "version_new": address("version_new", cast.case, document),
            "document_text": address("document_text", cast.case, version),
            "document_file": address("document_file", cast.case, version),
        }

    def test_each_leaves_one_read_event(self, cast, sign_in, pages):
        client = sign_in("nora")
        for url in pages.values():
            before = Event.objects.filter(kind="read").count()
            answer = client.get(url)
            assert answer.status_code == 200, url
            assert Event.objects.filter(kind="read").count() == before + 1, url

    def test_titles_hold_no_patient(self, cast, sign_in, pages):
        client = sign_in("nora")
        for name, url in pages.items():
            if name != "document_file":
                title = client.get(url).content.decode().split("<title>")[1].split("</title>")[0]
                assert "Whitlock" not in title, url

    def test_strangers_get_404_and_the_signed_out_the_sign_in(self, cast, sign_in, client, pages):
        for url in pages.values():
            assert client.get(url).status_code == 302, url
        client = sign_in("mia")
        for url in pages.values():
            assert client.get(url).status_code == 404, url

    def test_a_document_under_another_case_is_404(self, cast, sign_in, version):
        with scoped_to(cast.meadow.pk, actor=cast.mia.key):
            theirs = upload_document(
                actor=cast.mia,
                case=cast.meadow_case,
                kind="other",
                filename="a.pdf",
                stream=io.BytesIO(PDF),
                at=NOW,
            )
        client = sign_in("mia")
        assert client.get(address("document", cast.meadow_case, theirs)).status_code == 200
        assert client.get(address("document", cast.meadow_case, version.document)).status_code == 404
        assert sign_in("nora").get(address("document", cast.case, theirs)).status_code == 404

    def test_the_failed_reading_says_why_and_offers_another_try(self, cast, sign_in, version):
        version.text_status, version.text_note = "failed", "Page 2 of this PDF is damaged."
        version.save(update_fields=["text_status", "text_note"])
        client = sign_in("nora")
        shown = client.get(address("document", cast.case, version.document)).content.decode()
        assert "Page 2 of this PDF is damaged." in shown
        answer = client.post(address("read_again", cast.case, version))
        assert answer.status_code == 302
        assert DocumentVersion.objects.get(pk=version.pk).text_status == "pending"
        assert client.post(address("read_again", cast.case, version)).status_code == 422

    def test_type_and_title_change(self, cast, sign_in, version):
        answer = sign_in("nora").post(
            address("document_change", cast.case, version.document),
            {"kind": "plan_document", "title": "Booklet"},
        )
        assert answer.status_code == 302
        changed = Document.objects.get()
        assert (changed.kind, changed.title) == ("plan_document", "Booklet")


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_documents_costs_the_same_for_one_and_for_three(
    cast, sign_in, django_assert_max_num_queries, count
):
    for number in range(count):
        upload_document(
            actor=cast.nora,
            case=cast.case,
            kind="other",
            filename="a.txt",
            stream=io.BytesIO(f"Text {number}".encode()),
            at=timezone.now(),
        )
    client = sign_in("nora")
    with django_assert_max_num_queries(14):
        answer = client.get(address("documents", cast.case))
    assert answer.content.decode().count("data-row") == count
