"""Typing while a letter is still being read: what was typed stays, and every other field takes what the letter proposes."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from appeals.jobs import propose_facts_job
from appeals.models import Denial, Proposal
from appeals.sample_letters import text_as_pdf
from cases.commands.documents import upload_document
from cases.jobs import read_document
from tests.appeals.climbing import ERISA
from tests.appeals.visiting import address, days_ago, letter_in, words

pytest_plugins = ("tests.appeals.climbing",)

BANNER = "What you typed here before and did not send stands in the fields."
DECISION = """NOTICE OF APPEAL DECISION
Decision date: {day:%B} {day.day}, {day.year}

We upheld the denial of CPT code 96365. We still find the treatment is investigational.
"""


@pytest.fixture
def nora(climb, sign_in):
    climb.answer(ERISA | {"levels": "1"})
    return sign_in("nora")


def read(document) -> None:
    version = document.versions.get().pk
    read_document(version=version)
    propose_facts_job(version=version)


def sent_by(page, **changed) -> dict:
    """What the browser sends of a page: every field as it stands, the page's own fields, and what was `changed`."""
    sent: dict = {"draft_key": page.context["draft_key"], "offered_then": page.context["offered_then"]}
    if page.context["unread"]:
        sent["unread"] = "1"
    for form in filter(None, (page.context["form"], page.context.get("granted"))):
        for name, field in form.fields.items():
            value = form[name].value()
            if name in ("items", "reasons", "wrong"):
                sent[name] = [str(v) for v in value or ()]
            elif name != "file":
                shown = field.widget.format_value(value)
                sent[name] = (shown[0] if isinstance(shown, list) else shown) or ""
    return sent | changed


def keep(client, sent: dict) -> None:
    """What the page's script does some seconds after a change."""
    assert client.post(reverse("people:draft"), sent).status_code == 204


def values(page, *names) -> tuple:
    form = page.context["form"]
    return tuple(form[name].value() for name in names)


class TestDenial:
    @pytest.fixture
    def denial(self, climb, nora):
        climb.consent("release", on="2026-03-01")
        climb.ask("2026-03-02", reference_number="PA-26-0309-77142")
        letter = letter_in(climb.cast, read=False)
        typed = {"letter": str(letter.public_id), "request": str(climb.request.public_id)}
        nora.post(address("denial_new", climb.case), typed)
        return Denial.objects.get()

    NAMES = ("reviewer", "notice_on", "send_to_fax", "received_on")

    def test_what_was_typed_stays_and_the_rest_is_proposed(self, climb, nora, denial):
        url = address("denial", climb.case, denial)
        keep(nora, sent_by(nora.get(url), reviewer="Dr. Half", send_to_fax="1"))
        assert values(nora.get(url), *self.NAMES) == ("Dr. Half", None, "1", None)
        read(denial.letter)
        page = nora.get(url)
        assert values(page, *self.NAMES) == ("Dr. Half", date(2026, 3, 9), "1", None)
        assert page.context["page"].initial["reasons"] == values(page, "reasons")[0] != []
        assert page.context["page"].initial["items"] == values(page, "items")[0] != []
        assert BANNER in words(page)
        assert "offered then" not in words(nora.get(reverse("people:draft")))

    def test_what_was_emptied_or_unticked_after_that_stays_so(self, climb, nora, denial):
        url = address("denial", climb.case, denial)
        keep(nora, sent_by(nora.get(url), reviewer="Dr. Half"))
        read(denial.letter)
        keep(nora, sent_by(nora.get(url), notice_on="", reasons=[], items=[]))
        page = nora.get(url)
        assert values(page, *self.NAMES, "reasons", "items") == (
            "Dr. Half",
            "",
            "515-555-0142",
            None,
            [],
            [],
        )

    def test_look_again_keeps_what_is_typed(self, climb, nora, denial):
        url = address("denial", climb.case, denial)
        page = nora.get(url)
        assert 'form="facts" name="look_again"' in page.content.decode()
        answer = nora.post(url, sent_by(page, reviewer="Dr. Half", look_again="1"))
        assert (answer.status_code, answer.url) == (302, url)
        read(denial.letter)
        assert values(nora.get(url), "reviewer", "notice_on") == ("Dr. Half", date(2026, 3, 9))

    def test_nothing_typed_is_nothing_kept(self, climb, nora, denial):
        url = address("denial", climb.case, denial)
        keep(nora, sent_by(nora.get(url)))
        read(denial.letter)
        page = nora.get(url)
        assert (BANNER in words(page), values(page, "notice_on")) == (False, (date(2026, 3, 9),))

    def test_a_page_made_before_the_reading_decides_about_nothing_of_it(self, climb, nora, denial):
        url = address("denial", climb.case, denial)
        sent = sent_by(nora.get(url), reviewer="Dr. Half", check="1")
        read(denial.letter)
        answer = nora.post(url, sent)
        assert (answer.status_code, answer.url) == (302, url)
        assert set(Proposal.objects.values_list("status", flat=True)) == {"proposed"}
        assert values(nora.get(url), "reviewer", "notice_on") == ("Dr. Half", date(2026, 3, 9))


class TestDecision:
    def test_what_was_typed_stays_and_the_rest_is_proposed(self, climb, nora):
        climb.ask(days_ago(60))
        climb.refuse(days_ago(50), days_ago(48), confirmed=days_ago(46))
        climb.file(1, days_ago(40))
        notice = date.fromisoformat(days_ago(12))
        told = {"actor": climb.who, "case": climb.case, "kind": "decision_letter", "title": "The decision"}
        stream = io.BytesIO(text_as_pdf(DECISION.format(day=notice)))
        letter = upload_document(**told, filename="d.pdf", stream=stream, at=timezone.now())
        url = address("level_decide", climb.case, climb.level(1))
        page = nora.get(url)
        typed = {"summary": "Upheld again", "number": "A-1", "decided_at": f"{days_ago(11)}T10:00"}
        answer = nora.post(url, sent_by(page, **typed, look_again="1"))
        assert (answer.status_code, answer.url) == (302, f"{url}?letter={letter.public_id}")
        read(letter)
        page = nora.get(answer.url)
        assert values(page, "summary", "decided_at", "notice_on", "reasons_quoted") == (
            "Upheld again",
            f"{days_ago(11)}T10:00",
            notice,
            "We still find the treatment is investigational.",
        )
        assert page.context["granted"]["number"].value() == "A-1"
        assert BANNER in words(page)
