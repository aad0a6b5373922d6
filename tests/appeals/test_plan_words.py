"""What was read about a plan: kept with its page and words, shown where a date is explained; a longer window only argues."""

from __future__ import annotations

from datetime import date

import pytest

from advocacy.errors import Refused
from appeals.commands.answers import record_answer
from appeals.commands.plan_facts import record_plan_fact
from appeals.models import Answer
from appeals.plan_facts import argued, counted
from appeals.regimes.classifier import Answer as Said
from tests.appeals.climbing import ERISA, codes, moment
from tests.appeals.test_plan_facts import WORDS, plan
from tests.appeals.visiting import address, words

pytest_plugins = ("tests.appeals.climbing",)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("first_appeal_days", "365", "payer_call")], {}),
        ([("first_appeal_days", "365", "letter")], {"first_appeal_days": 365}),
        (
            [("first_appeal_days", "365", "letter"), ("first_appeal_days", "200", "plan_document")],
            {"first_appeal_days": 200},
        ),
        ([("filed_when", "sending", "plan_document")], {"filed_when": "sending"}),
        (
            [("filed_when", "sending", "plan_document"), ("filed_when", "arrival", "letter")],
            {"filed_when": "arrival"},
        ),
        ([("filed_when", "sending", "patient"), ("external_review_days", "200", "card")], {}),
    ],
)
def test_what_only_argues_counts_when_it_was_read(said, expected):
    rows = [Said(*row) for row in said]
    assert (argued(rows), counted(rows, None)) == (expected, {})


def test_a_longer_window_of_the_plan_argues_and_never_moves_the_date_in_front(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    before = climb.row("filing", 1)
    assert (climb.date("filing", 1), before.permissive_on) == (("2026-09-18", "2026-09-23", "running"), None)
    plan(climb, "first_appeal_days", "150", "plan_document")
    plan(climb, "external_review_days", "365", "plan_document")
    assert climb.row("filing", 1) == before
    # A year after the receipt of March 27, 2026.
    plan(climb, "first_appeal_days", "365", "plan_document")
    row = climb.row("filing", 1)
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    assert (row.permissive_on, row.safe_on) == (date(2027, 3, 27), before.safe_on)
    assert row.arithmetic[-1].startswith(
        "The plan gives 365 days: Saturday, March 27, 2027, counted from Friday, March 27"
    )
    plan(climb, "filed_when", "arrival", "plan_document")
    assert (
        climb.row("filing", 1)
        .arithmetic[-1]
        .startswith("The plan counts an appeal as filed when it arrives:")
    )
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")


@pytest.mark.parametrize(
    ("source", "page", "quote", "lacks"),
    [
        ("plan_document", None, "", ["page_missing", "quote_missing"]),
        ("letter", 0, WORDS, ["page_missing"]),
        ("letter", 3, " ", ["quote_missing"]),
    ],
)
def test_what_was_read_has_its_page_and_its_words(climb, source, page, quote, lacks):
    with pytest.raises(Refused) as caught:
        record_plan_fact(
            actor=climb.who,
            case=climb.case,
            fact="plan_window_days",
            value="60",
            source=source,
            page=page,
            quote=quote,
            at=moment("2026-04-30"),
        )
    assert codes(caught) == lacks
    assert not Answer.objects.exists()


def test_page_and_words_are_kept_and_stand_where_the_date_is_explained(climb, sign_in):
    climb.answer(ERISA)
    levels = {"page": 12, "quote": "There are two levels of appeal."}
    record_answer(
        actor=climb.who,
        case=climb.case,
        question="levels",
        value="2",
        source="plan_document",
        at=moment("2026-03-16"),
        **levels,
    )
    climb.ask()
    climb.refuse()
    kept = plan(climb, "plan_window_days", "60", "plan_document")
    plan(climb, "plan_window_days", "90", "payer_call")
    assert (kept.page, kept.quote) == (41, WORDS)
    nora = sign_in("nora")
    for name, rows in {"case": (climb.case,), "level": (climb.case, climb.level(1))}.items():
        shown = words(nora.get(address(name, *rows)))
        assert f"60 days says the plan document, page 41 {WORDS}" in shown, name
        assert "Two says the plan document, page 12 There are two levels of appeal." in shown, name
        assert "90 days" not in shown, name
