"""A filing takes specially protected records along only where the release names them, and the filed file is one of them."""

from __future__ import annotations

import pytest

from advocacy.access.policy import Actor, Portal
from advocacy.audit.models import Event
from advocacy.errors import Refused
from advocacy.people.models import Consent
from appeals.commands.drafts import set_exhibits
from appeals.models import Filing
from cases.commands.documents import store_frozen
from cases.commands.tags import change_document
from cases.models import Document
from cases.views.files import file_leaves
from tests.appeals.climbing import ERISA, Climb, codes, moment

pytest_plugins = ("tests.appeals.climbing",)


def kept(climb: Climb, data: bytes, special: list[str]):
    return store_frozen(
        actor=climb.who,
        case=climb.case,
        kind=Document.Kind.CLINICAL_NOTE,
        title="Clinical note",
        filename="note.txt",
        data=data,
        special=special,
        at=moment("2026-04-01"),
    )


def test_a_special_exhibit_needs_a_release_that_names_it(climb: Climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    note = kept(climb, b"Treatment for alcohol use, May.", ["part2"])
    set_exhibits(actor=climb.who, appeal=climb.level(1), versions=[(note, "")], at=moment("2026-04-01"))
    with pytest.raises(Refused) as caught:
        climb.file(1, "2026-04-10")
    assert (codes(caught), Filing.objects.count()) == (["special_category"], 0)
    Consent.objects.filter(kind="release").update(special=["part2"])
    filed = climb.file(1, "2026-04-10")
    assert filed.document_version.document.special == ["part2"]
    (event,) = Event.objects.filter(verb="disclosed", data__door="filing")
    assert (event.data["special"], event.data["sha256"]) == (["part2"], filed.sha256)


def test_a_packet_keeps_every_tag_of_its_exhibits_also_one_that_is_known_later(climb: Climb):
    """Both kinds in one packet: a helper gets neither, the patient no notes of psychotherapy, and a plan only what is named."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    papers = [
        kept(climb, b"Treatment for alcohol use, May.", ["part2"]),
        kept(climb, b"Notes of a session.", ["part2", "psychotherapy"]),
        kept(climb, b"A scale.", []),
    ]
    set_exhibits(
        actor=climb.who,
        appeal=climb.level(1),
        versions=[(paper, "") for paper in papers[:1] + papers[2:]],
        at=moment("2026-04-01"),
    )
    Consent.objects.filter(kind="release").update(special=["part2"])
    filed = climb.file(1, "2026-04-10").document_version.document
    assert filed.special == ["part2"]
    scale = papers[2].document
    change_document(
        actor=climb.who,
        document=scale,
        kind=scale.kind,
        title=scale.title,
        special=["psychotherapy"],
        at=moment("2026-04-11"),
    )
    filed.refresh_from_db()
    assert filed.special == ["part2", "psychotherapy"]
    event = Event.objects.filter(verb="document_changed", subject_id=filed.pk).get()
    assert event.data["special"] == [["part2"], ["part2", "psychotherapy"]]
    case, patient = climb.case, climb.case.patient_id

    def taken(role: str) -> str:
        portal = Portal(1, patient, role)
        try:
            file_leaves(
                Actor("user:9", "x", climb.who.organization_id, 9, portal=portal), case, filed.special
            )
        except Refused as refused:
            return refused.reasons[0].code
        return ""

    assert [taken("patient"), taken("representative")] == ["special_category"] * 2
    both = store_frozen(
        actor=climb.who,
        case=case,
        kind=Document.Kind.FILING,
        title="",
        filename="packet.txt",
        data=b"Both.",
        special={"psychotherapy", "part2"},
        at=moment("2026-04-12"),
    )
    assert both.document.special == ["part2", "psychotherapy"]
