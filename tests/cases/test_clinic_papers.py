"""What a clinic signs becomes a frozen PDF: the exact words, who, when with the zone, how, the hash of what was shown."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.errors import Refused
from appeals.commands.drafts import set_exhibits
from appeals.models import Appeal
from appeals.queries.level_page import choosable_exhibits
from cases.attestation import AGREED, moment_in_words
from cases.commands.clinic import ask_clinic
from cases.commands.documents import add_version, open_version
from cases.models import Attestation, ClinicAsk, DocumentVersion
from tests.appeals.climbing import ERISA
from tests.cases.test_clinic import asked, link, visit  # noqa: F401  the fixture of the door

pytestmark = pytest.mark.django_db
STATEMENT = (
    "I treat the patient for depression.\r\nTwo medicines at full dose did not help.\r\n\r\nÅse Öberg, MD"
)


def signed_through(cast, link) -> Attestation:  # noqa: F811
    ask, token = asked(cast, "signature", statement=STATEMENT), link()
    address = reverse("clinic_answer", args=[token, ask.public_id])
    page = visit("get", address).content.decode()
    shown = re.search(r'name="sha256" value="([0-9a-f]{64})"', page)
    assert shown and page.count(shown[1]) == 2  # in the form, and to be read under the statement
    typed = {
        "sha256": shown[1],
        "signer": "Amara Osei",
        "signer_role": "treating psychiatrist",
        "agreed": "on",
    }
    assert visit("post", address, typed).status_code == 200
    return Attestation.objects.select_related("document").get()


def pdf_of(cast, version) -> tuple[bytes, str]:
    data = b"".join(open_version(cast.nora, version))
    document = pypdfium2.PdfDocument(data)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    return data, text.replace("\r\n", "\n")


def test_the_paper_says_exactly_what_was_shown_and_signed(cast, link):  # noqa: F811
    signed = signed_through(cast, link)
    document = signed.document
    assert (document.kind, document.is_frozen, document.get_kind_display()) == (
        "attestation",
        True,
        "Statement signed by a clinic",
    )
    version = DocumentVersion.objects.get(document=document)
    data, text = pdf_of(cast, version)
    assert data.startswith(b"%PDF") and version.content_type == "application/pdf"
    shown = "\n".join(STATEMENT.splitlines())
    assert (signed.statement, ClinicAsk.objects.get().statement) == (shown, shown)
    assert signed.sha256 == hashlib.sha256(shown.encode()).hexdigest()
    flat = " ".join(text.split())
    for words in (*shown.splitlines(), AGREED, "Amara Osei", "treating psychiatrist", "Dana Whitlock"):
        assert " ".join(words.split()) in flat
    assert "Name typed under the text, box ticked, by a link sent to the clinic" in flat
    assert "Harbor Patient Advocates" in flat and "NPI 1234567893" in flat
    assert signed.sha256 in re.sub(r"\s", "", text)
    zone = cast.case.patient.time_zone
    assert moment_in_words(signed.signed_at.astimezone(ZoneInfo(zone)), zone) in flat


def test_the_time_stands_with_its_zone():
    moment = datetime(2026, 7, 6, 15, 4, 5, tzinfo=UTC).astimezone(ZoneInfo("America/Los_Angeles"))
    assert moment_in_words(moment, "America/Los_Angeles") == (
        "July 6, 2026, 8:04 AM PDT (America/Los_Angeles), 2026-07-06T15:04:05Z"
    )


def test_it_never_changes_and_its_text_is_read(cast, link, sign_in):  # noqa: F811
    signed = signed_through(cast, link)
    with pytest.raises(Refused) as refused:
        add_version(
            actor=cast.nora,
            document=signed.document,
            filename="other.txt",
            stream=io.BytesIO(b"Other words."),
            at=timezone.now(),
        )
    assert [r.code for r in refused.value.reasons] == ["document_frozen"]
    job = Job.objects.get(name="cases.read_document")
    assert queue.run(cast.harbor.pk, job.pk) == "done"
    assert "Two medicines" in DocumentVersion.objects.get().pages[0]
    page = sign_in("nora").get(reverse("cases:documents", args=[cast.case.public_id])).content.decode()
    assert "Statement signed by a clinic" in page
    desk = sign_in("nora").get(reverse("cases:clinic", args=[cast.case.public_id])).content.decode()
    assert signed.sha256 in desk and str(signed.document.public_id) in desk


def test_it_goes_along_as_an_exhibit(climb, link):  # noqa: F811
    cast = climb.cast
    signed = signed_through(cast, link)
    climb.answer(ERISA)
    climb.ask()
    climb.refuse()
    level = Appeal.objects.get(case=cast.case, position=1)
    offered = {c.name: c for c in choosable_exhibits(cast.nora, cast.case, level)}
    (mine,) = [c for c in offered.values() if c.kind == "Statement signed by a clinic"]
    version = DocumentVersion.objects.get(document=signed.document)
    assert mine.key == str(version.public_id)
    set_exhibits(
        actor=cast.nora, appeal=level, versions=[(version, "The clinician's statement")], at=timezone.now()
    )
    chosen = choosable_exhibits(cast.nora, cast.case, level)
    assert [c.place for c in chosen if c.key == mine.key] == [1]


def test_words_that_cannot_be_printed_are_refused_before_the_clinic_reads_them(cast):
    with pytest.raises(Refused) as refused:
        ask_clinic(
            actor=cast.nora,
            case=cast.case,
            provider=cast.case.provider,
            kind="signature",
            words="Please sign.",
            statement="Signed in linear B: \U00010000",
            at=timezone.now(),
        )
    assert [(r.code, r.field) for r in refused.value.reasons] == [("text_unprintable", "statement")]
