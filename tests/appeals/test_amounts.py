"""The amount in dispute at the levels that ask for one: recorded and large enough, or explained (42 CFR 405.1006, 422.600)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from advocacy.errors import Refused
from appeals.models import Filing
from appeals.rungs import Rung
from tests.appeals.climbing import MEDICARE_ADVANTAGE, codes
from tests.appeals.visiting import address, days_ago, minutes_ago, words

TOGETHER = "The two dates of service are claimed together: $620."


def test_an_unknown_amount_opens_no_hearing(climb):
    climb.to_the_hearing()
    with pytest.raises(Refused) as caught:
        climb.file(3, "2026-06-15", channel="mail")
    assert [(r.code, r.field) for r in caught.value.reasons] == [("amount_missing", "amount_reason")]
    assert "$200" in caught.value.reasons[0].message
    climb.stake("200")
    assert climb.file(3, "2026-06-15", channel="mail").amount_reason == ""


def test_one_dollar_short_needs_the_reason_why_it_is_met(climb):
    climb.to_the_hearing()
    climb.stake("199")
    with pytest.raises(Refused) as caught:
        climb.file(3, "2026-06-15", channel="mail")
    assert codes(caught) == ["amount_too_small"]
    filing = climb.file(3, "2026-06-15", channel="mail", amount_reason=f" {TOGETHER} ")
    assert Filing.objects.get(pk=filing.pk).amount_reason == TOGETHER


def test_levels_below_the_hearing_ask_for_no_amount(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    assert climb.level(1).status == "filed"


def test_a_rung_asks_only_when_every_set_of_rules_that_may_apply_does():
    from appeals.regimes import ladder

    levels = {level.key: level for level in ladder("medicare_advantage")}
    hearing, council = levels["alj_hearing"], levels["council_review"]
    known = Rung(3, "medicare_advantage", "alj_hearing", "Hearing", (hearing,), ("medicare_advantage",))
    doubt = Rung(3, "unknown", "level_3", "Third level", (hearing, council), ())
    assert known.amount_lacks(Decimal("199.99"), 2026).code == "amount_too_small"
    assert (known.amount_lacks(Decimal(200), 2026), doubt.amount_lacks(None, 2026)) == (None, None)


def test_the_page_says_where_to_record_it_and_the_form_asks_why_it_is_met(climb, sign_in):
    nora = sign_in("nora")
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask(days_ago(120))
    climb.refuse(days_ago(110), days_ago(107), confirmed=days_ago(105))
    climb.file(1, days_ago(100))
    climb.decide(1, days_ago(80), days_ago(77))
    climb.forward(2, days_ago(76))
    climb.receive(2, days_ago(74))
    climb.decide(2, days_ago(20), days_ago(18))
    hearing = climb.level(3)
    page = nora.get(address("level", climb.case, hearing))
    asked = {m["code"]: m["url"] for m in page.context["missing"]}
    assert asked["amount_missing"] == f"/admin/cases/{climb.case.public_id}/costs/new/"
    draft = nora.get(address("level_draft", climb.case, hearing)).context["form"]
    nora.post(
        address("level_draft", climb.case, hearing),
        {
            "version": draft["version"].value(),
            "recipient": draft["recipient"].value(),
            "dated": days_ago(1),
            "text": "Please decide again.",
        },
    )
    url = address("level_file", climb.case, hearing)
    shown = nora.get(url).context["form"]
    typed = {
        "channel": "mail",
        "address": "Office of Medicare Hearings and Appeals",
        "filed_at": minutes_ago(5),
        "expected_sha256": shown["expected_sha256"].value(),
    }
    answer = nora.post(url, typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["amount_reason"])
    answer = nora.post(url, typed | {"amount_reason": TOGETHER})
    assert answer.status_code == 302
    assert TOGETHER in words(nora.get(answer.url))
    assert climb.level(3).status == "filed"


def test_a_level_without_an_amount_does_not_ask_in_its_form(climb, sign_in):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask(days_ago(40))
    climb.refuse(days_ago(25), days_ago(22), confirmed=days_ago(20))
    page = sign_in("nora").get(address("level_file", climb.case, climb.level(1)))
    assert "amount_reason" not in page.context["form"].fields


def test_the_year_of_the_filing_decides(climb):
    """The court's figure of 2027 is another than that of 2026; a hearing's figure of 2025 was lower."""
    from appeals.regimes import ladder

    hearing = next(level for level in ladder("medicare_advantage") if level.key == "alj_hearing")
    rung = Rung(3, "medicare_advantage", hearing.key, hearing.title, (hearing,), ("medicare_advantage",))
    assert [rung.amount_lacks(Decimal(190), year) is None for year in (2025, 2026, 2027)] == [
        True,
        False,
        False,
    ]
