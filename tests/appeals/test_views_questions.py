"""Coverage questions on screen: answers with their sources, the result and why, contradictions, and every possible path."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from appeals.models import Answer
from appeals.queries.clocks import sureness
from cases.models import Task
from tests.appeals.climbing import ERISA
from tests.appeals.visiting import address, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)


@pytest.fixture
def nora(climb, sign_in):
    return sign_in("nora")


def test_nothing_is_settled_at_first(climb, nora):
    shown = words(nora.get(address("questions", climb.case)))
    assert "More than one set of rules may apply Not settled" in shown
    assert "the earliest of the patient's dates and the latest of the payer's are used" in shown
    assert "Possible: Self-funded group plan under ERISA" in shown
    assert "Possible: Medicare Advantage (Part C)" in shown


def test_an_answer_is_recorded_with_its_source(climb, nora):
    url = address("questions", climb.case)
    answer = nora.post(
        url,
        {"question": "program", "value": "medicare_advantage", "source": "card", "note": "Front, top right"},
    )
    assert answer.status_code == 302
    row = Answer.objects.get()
    assert (row.question, row.value, row.source, row.note) == (
        "program",
        "medicare_advantage",
        "card",
        "Front, top right",
    )
    shown = words(nora.get(url))
    assert "Medicare Advantage (Part C) Complete: dates are computed" in shown
    assert "Reconsideration by the independent review entity (the plan forwards the case)" in shown
    assert "42 CFR 422" in shown and "Front, top right" in shown


def test_what_settled_rules_do_not_turn_on_is_folded_away(climb, nora):
    """Asked no more, and still there: an answer that speaks against the rest can be recorded."""
    url = address("questions", climb.case)
    before = nora.get(url)
    assert before.context["settled"] == 0
    climb.answer(ERISA | {"levels": "1"})
    page = nora.get(url)
    folded = {row["shown"].question.key for row in page.context["rows"] if not row["shown"].bears}
    assert (folded, page.context["settled_open"]) == (
        {"medicaid_delivery", "benefit", "regulator"},
        False,
    )
    assert "3 questions these rules do not turn on" in words(page)
    assert nora.get(f"{url}?question=medicaid_delivery").context["settled_open"] is True


def test_two_sources_that_disagree_both_stand(climb, nora):
    climb.answer(ERISA)
    nora.post(
        address("questions", climb.case), {"question": "funding", "value": "insured", "source": "letter"}
    )
    shown = words(nora.get(address("questions", climb.case)))
    assert "Sources disagree" in shown
    assert "the denial letter says “An insurer (insured policy)”" in shown
    assert sorted(Answer.objects.filter(question="funding").values_list("source", "value")) == [
        ("card", "self_funded"),
        ("letter", "insured"),
    ]
    page = nora.get(address("questions", climb.case))
    asked = "?question=funding&source="
    assert [(d.source, d.query) for d in page.context["page"].disputed] == [
        ("the member card", "question=funding&source=card#q-funding"),
        ("the denial letter", "question=funding&source=letter#q-funding"),
    ]
    opened = nora.get(address("questions", climb.case) + f"{asked}letter")
    (row,) = [r for r in opened.context["rows"] if r["open"]]
    assert (row["shown"].question.key, row["form"]["source"].value()) == ("funding", "letter")
    nora.post(
        address("questions", climb.case), {"question": "funding", "value": "self_funded", "source": "letter"}
    )
    assert nora.get(address("questions", climb.case)).context["page"].disputed == ()
    assert "resolve_contradiction" in Task.objects.values_list("code", flat=True)


def test_a_regime_that_is_not_complete_is_recognized_and_called_so(climb, nora):
    climb.answer({"program": "va_champva"})
    shown = words(nora.get(address("questions", climb.case)))
    assert "VA health care or CHAMPVA Recognized, not complete" in shown
    assert "No other rules' dates are used instead." in shown


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"question": "program", "value": "", "source": "card"}, "value"),
        ({"question": "program", "value": "commercial", "source": ""}, "source"),
        ({"question": "program", "value": "no such", "source": "card"}, "value"),
    ],
)
def test_a_wrong_answer_stays_typed_and_says_why(climb, nora, given, field):
    answer = nora.post(address("questions", climb.case), given | {"note": "Kept words"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "Kept words" in answer.content.decode()
    assert Answer.objects.count() == 0


def test_a_question_that_is_not_asked_is_refused(climb, nora):
    answer = nora.post(
        address("questions", climb.case), {"question": "shoe_size", "value": "1", "source": "card"}
    )
    assert answer.status_code == 422
    assert Answer.objects.count() == 0


def test_a_link_may_propose_an_answer(climb, nora):
    page = nora.get(address("questions", climb.case) + "?question=funding&value=self_funded&source=letter")
    row = next(r for r in page.context["rows"] if r["shown"].question.key == "funding")
    assert (row["open"], row["form"]["value"].value(), row["form"]["source"].value()) == (
        True,
        "self_funded",
        "letter",
    )


def test_whoever_may_not_answer_sees_no_form_and_is_refused(climb, sign_in):
    petra = sign_in("petra")
    page = petra.get(address("questions", climb.case))
    assert "Record the answer" not in words(page)
    posted = {"question": "program", "value": "commercial", "source": "card"}
    assert petra.post(address("questions", climb.case), posted).status_code == 403
    assert Answer.objects.count() == 0


def test_the_page_costs_the_same_with_many_answers(climb, nora):
    url = address("questions", climb.case)
    before = own_statements(nora, url)
    climb.answer(ERISA)
    climb.answer(ERISA, source="letter")
    after = own_statements(nora, url)
    assert len(after) == len(before) <= 12


def test_no_rule_is_marked_as_verified_while_it_is_open_which_apply():
    marks = {
        (regime, unsure): sureness(regime, unsure=unsure)
        for regime in ("unknown", "fehb")
        for unsure in (False, True)
    }
    assert marks == {
        ("unknown", False): "unsettled",
        ("unknown", True): "confirm",
        ("fehb", False): "confirmed",
        ("fehb", True): "confirm",
    }
    due = {"label": "First level of appeal: last day to file", "confidence": marks["unknown", False]}
    card = render_to_string("components/due.html", {"due": due})
    assert ("Rules not settled" in card, "Rule verified" in card) == (True, False)
