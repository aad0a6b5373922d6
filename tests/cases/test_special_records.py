"""Records that the law protects further (42 CFR Part 2, psychotherapy notes) stay where they are unless a release names them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotFound, Refused
from advocacy.people.export import Enclosed
from cases.commands.communications import log_communication
from cases.commands.documents import show_to_patient, upload_document
from cases.commands.messages import send_message
from cases.commands.portal_record import matter_of_patient
from cases.commands.tags import change_document
from cases.models import Attachment, Document
from cases.queries.machine_documents import file_of_machine
from tests.cast import Cast, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def papers(cast: Cast, settings: Any, tmp_path: Any) -> dict[str, Document]:
    """A rating scale of each kind of protection, shown to the patient as far as the desk can."""
    settings.DATA_DIR = tmp_path
    kept = {}
    for special in ("", "part2", "psychotherapy"):
        row = upload_document(
            actor=cast.nora,
            case=cast.case,
            kind="rating_scale",
            filename="scale.txt",
            stream=io.BytesIO(f"Scale {special}".encode()),
            special=[special] if special else [],
            at=timezone.now(),
        )
        assert not (special and row.for_patient)
        kept[special] = show_to_patient(actor=cast.nora, document=row, shown=True, at=timezone.now())
    return kept


def test_no_fax_takes_them_along_unless_the_release_names_them(cast, papers):
    def fax(*special: str) -> str:
        try:
            log_communication(
                actor=cast.nora,
                case=cast.case,
                channel="fax",
                summary="The scale",
                happened_at=timezone.now(),
                attachments=[papers[s] for s in special],
                at=timezone.now(),
            )
        except Refused as refused:
            return refused.reasons[0].code
        return ""

    release(cast.case.patient)
    assert [fax(""), fax("", "part2"), fax("psychotherapy")] == ["", "special_category", "special_category"]
    release(cast.case.patient, special=["part2"])
    assert [fax("", "part2"), fax("part2", "psychotherapy")] == ["", "special_category"]
    release(cast.case.patient, special=["psychotherapy"])
    assert fax("psychotherapy") == ""
    told = Event.objects.filter(verb="disclosed").order_by("pk").values_list("data__special", flat=True)
    assert list(told) == [None, ["part2"], ["psychotherapy"]]


def test_the_portal_shows_what_the_law_lets_each_side_see(cast, papers, enter):
    send_message(
        actor=cast.nora,
        case=cast.case,
        body="Here it is",
        attachments=list(papers.values()),
        at=timezone.now(),
    )
    files = {
        "".join(a.version.document.special): a for a in Attachment.objects.select_related("version__document")
    }
    opened = {}
    for who in ("dana", "rosa"):
        client = enter(who)
        opened[who] = [
            (
                client.get(reverse("portal:document", args=[papers[special].public_id])).status_code,
                client.get(reverse("portal:attachment", args=[files[special].public_id])).status_code,
            )
            for special in papers
        ]
    assert opened == {
        "dana": [(200, 200), (200, 200), (404, 404)],
        "rosa": [(200, 200), (404, 404), (404, 404)],
    }


def test_no_machine_gets_them_and_psychotherapy_notes_do_not_go_along(cast, papers, machine):
    asking = machine(scopes=["documents:read", "documents:content"]).actor
    found = []
    for row in papers.values():
        try:
            found.append(file_of_machine(asking, row.public_id, None, page="api:document_content").kind)
        except NotFound:
            found.append("")
    assert found == ["rating_scale", "", ""]
    parts = list(matter_of_patient(cast.case.patient))
    assert len([part for part in parts if isinstance(part, Enclosed)]) == 2
    listed = [part.rows for part in parts if getattr(part, "key", "") == "documents"]
    assert [[row.special for row in rows] for rows in listed] == [[[], ["part2"]]]


def test_the_desk_tags_a_document_and_says_what_that_means(cast, papers, sign_in):
    client, row = sign_in("nora"), papers[""]
    change = reverse("cases:document_change", args=[cast.case.public_id, row.public_id])
    typed = {"kind": "clinical_note", "title": "Note of May", "special": ["psychotherapy"]}
    assert client.post(change, typed | {"special": ["secret"]}).status_code == 422
    assert client.post(change, typed).status_code == 302
    page = client.get(reverse("cases:document", args=[cast.case.public_id, row.public_id])).content.decode()
    assert "It may leave only if a release names it. Helpers in the portal and machines never get it." in page
    assert "45 CFR 164.524(a)(1)(i)" in page
    event = Event.objects.filter(verb="document_changed").latest("pk")
    assert event.data["special"] == [[], ["psychotherapy"]]
    with pytest.raises(Refused):
        change_document(
            actor=cast.nora, document=row, kind="other", title="x", special=["secret"], at=timezone.now()
        )
