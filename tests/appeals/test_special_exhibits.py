"""A filing takes specially protected records along only where the release names them, and the filed file is one of them."""

from __future__ import annotations

import pytest

from advocacy.audit.models import Event
from advocacy.errors import Refused
from advocacy.people.models import Consent
from appeals.commands.drafts import set_exhibits
from appeals.models import Filing
from cases.commands.documents import store_frozen
from cases.models import Document
from tests.appeals.climbing import ERISA, Climb, codes, moment

pytest_plugins = ("tests.appeals.climbing",)


def test_a_special_exhibit_needs_a_release_that_names_it(climb: Climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    note = store_frozen(
        actor=climb.who,
        case=climb.case,
        kind=Document.Kind.CLINICAL_NOTE,
        title="Clinical note",
        filename="note.txt",
        data=b"Treatment for alcohol use, May.",
        special=["part2"],
        at=moment("2026-04-01"),
    )
    set_exhibits(actor=climb.who, appeal=climb.level(1), versions=[(note, "")], at=moment("2026-04-01"))
    with pytest.raises(Refused) as caught:
        climb.file(1, "2026-04-10")
    assert (codes(caught), Filing.objects.count()) == (["special_category"], 0)
    Consent.objects.filter(kind="release").update(special=["part2"])
    filed = climb.file(1, "2026-04-10")
    assert filed.document_version.document.special == "part2"
    (event,) = Event.objects.filter(verb="disclosed", data__door="filing")
    assert (event.data["special"], event.data["sha256"]) == (["part2"], filed.sha256)
