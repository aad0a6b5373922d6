"""Closing on screen: every obstacle with the page that resolves it, money apart, and opening again."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from appeals.closing import open_contest_of
from appeals.commands.decisions import deem_decided
from appeals.commands.denials import DenialInput, record_denial
from appeals.commands.requests import AuthorizationInput, record_authorization
from cases.commands.costs import record_cost
from tests.appeals.climbing import ERISA, moment
from tests.appeals.visiting import address, days_ago, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)


@pytest.fixture
def nora(climb, sign_in):
    return sign_in("nora")


def test_every_obstacle_leads_to_the_page_that_resolves_it(climb, nora):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    denial = record_denial(
        actor=climb.who,
        request=climb.request,
        letter=None,
        fields=DenialInput(),
        items=(),
        reasons=(),
        at=timezone.now(),
    )
    page = nora.get(address("close", climb.case))
    got = [(o["code"], o["url"]) for o in page.context["obstacles"] if o["code"] != "tasks_open"]
    assert got == [
        ("request_undecided", address("request", climb.case, climb.request)),
        ("denial_unconfirmed", address("denial", climb.case, denial)),
    ]
    for obstacle in page.context["obstacles"]:
        assert nora.get(obstacle["url"]).status_code == 200, obstacle["code"]


def test_a_case_closes_after_the_last_level_was_silent(climb):
    """Above it stands a court: no later level will say what became of the items."""
    climb.answer(ERISA | {"plan_kind": "grandfathered", "levels": "1"})
    climb.ask()
    climb.refuse()
    climb.stake()
    climb.file(1, "2026-04-10")
    assert open_contest_of(climb.fresh())[0].code == "level_undecided"
    deem_decided(actor=climb.who, appeal=climb.level(1), at=moment("2026-06-20"))
    assert climb.positions == [(1, "internal_appeal_1", "decided")]
    assert open_contest_of(climb.fresh()) == []


def test_closing_is_refused_with_every_reason_and_keeps_what_was_typed(climb, nora):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    climb.refuse(days_ago(25), days_ago(22), confirmed=days_ago(20))
    answer = nora.post(address("close", climb.case), {"outcome": "not_covered", "note": "Kept words"})
    assert answer.status_code == 422
    codes = {o["code"] for o in answer.context["obstacles"]}
    assert {"level_open", "item_without_outcome", "money_at_stake_missing"} <= codes
    text = words(answer)
    assert (
        text.count("Internal appeal, first level is open.") == 2
    )  # the sentence, and its link's name for a screen reader
    assert "Kept words" in answer.content.decode()
    assert "<title>Error: Close the case" in answer.content.decode()
    assert 'tabindex="-1" data-error-summary aria-labelledby="obstacles"' in answer.content.decode()
    assert answer.content.decode().count("data-error-summary") == 1
    assert re.search(r"Nothing was closed\. \d+ things? stands? in the way", text)
    before = nora.get(address("close", climb.case)).content.decode()
    assert "data-error-summary" not in before and "<title>Close the case" in before
    climb.case.refresh_from_db()
    assert climb.case.status == "open"


def test_a_missing_outcome_is_said_above_the_list_and_takes_the_focus(climb, nora):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    page = nora.post(address("close", climb.case), {"outcome": ""}).content.decode()
    assert page.count("data-error-summary") == 1
    assert "Nothing was closed. Please look at:" in page and "<title>Error: Close the case" in page


def test_a_case_without_open_things_closes_and_opens_again(climb, nora, sign_in):
    url = address("close", climb.case)
    assert "Nothing is open. The case can be closed." in words(nora.get(url))
    assert nora.post(url, {"outcome": "", "note": ""}).status_code == 422
    assert nora.post(url, {"outcome": "withdrawn", "note": "The patient moved."}).status_code == 302
    climb.case.refresh_from_db()
    assert (climb.case.status, climb.case.outcome, climb.case.outcome_note) == (
        "closed",
        "withdrawn",
        "The patient moved.",
    )
    assert nora.get(url).status_code == 409
    assert nora.post(url, {"outcome": "moot"}).status_code == 409
    again = address("reopen", climb.case)
    assert nora.get(again).status_code == 403
    sam = sign_in("sam")
    assert sam.post(again, {"reason": ""}).status_code == 422
    assert sam.post(again, {"reason": "A new denial came."}).status_code == 302
    climb.case.refresh_from_db()
    assert (climb.case.status, climb.case.outcome) == ("open", "")


def test_the_outcome_is_what_was_decided(climb):
    """One item overturned: it is not "not covered"; nothing granted after a refusal: it is not "covered"."""

    def said(outcome):
        climb.case.outcome = outcome
        return [r.message for r in open_contest_of(climb.case) if r.code == "outcome_contradicts"]

    climb.answer(ERISA | {"levels": "1"})
    climb.ask("2026-03-17")
    climb.refuse()
    refused = (
        "It cannot be closed as covered: 96365, J3490 was refused, and no decision and no authorization says otherwise."
        " Record it first, or choose “Not covered”."
    )
    assert {o: said(o) for o in ("", "not_covered", "covered", "partly_covered", "moot")} == {
        "": [],
        "not_covered": [],
        "covered": [refused],
        "partly_covered": [refused],
        "moot": [],
    }
    climb.file(1, "2026-04-10")
    first, second = climb.items
    climb.decide(1, "2026-05-01", outcomes={first.public_id: "overturned", second.public_id: "upheld"})
    given = AuthorizationInput("AUTH-991", 6, None, date(2026, 5, 4), date(2026, 8, 4))
    record_authorization(actor=climb.who, request=climb.request, given=given, at=moment("2026-05-02"))
    won = (
        "It cannot be closed as not covered: item 96365 was overturned, authorization AUTH-991 stands."
        " Choose “Covered” or “Partly covered”."
    )
    assert {o: said(o) for o in ("", "not_covered", "covered", "partly_covered")} == {
        "": [],
        "not_covered": [won],
        "covered": [],
        "partly_covered": [],
    }


@pytest.mark.parametrize("outcome", ["covered", "partly_covered"])
def test_a_case_where_nothing_shows_coverage_is_closed_as_covered_with_a_reason_only(climb, nora, outcome):
    url = address("close", climb.case)
    answer = nora.post(url, {"outcome": outcome, "note": " "})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["note"])
    assert "Nothing on the case shows coverage" in words(answer)
    why = "This care needs no authorization, the plan said so."
    assert nora.post(url, {"outcome": outcome, "note": why}).status_code == 302
    climb.case.refresh_from_db()
    assert (climb.case.outcome, climb.case.outcome_note) == (outcome, why)
    assert why in words(nora.get(address("case", climb.case)))


def test_money_that_was_paid_shows_coverage_and_a_zero_does_not(climb):
    climb.case.outcome = "covered"
    lacks = ["coverage_not_shown"]
    for amount, certainty, said in (("0", "actual", lacks), ("90", "estimate", lacks), ("120", "actual", [])):
        record_cost(
            actor=climb.who,
            case=climb.case,
            kind="plan_dollars",
            amount=Decimal(amount),
            certainty=certainty,
            basis="The plan's explanation of benefits.",
            at=timezone.now(),
        )
        assert [r.code for r in open_contest_of(climb.case) if r.code == "coverage_not_shown"] == said


def test_a_partly_overturned_item_is_named_as_that(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask("2026-03-17")
    climb.refuse()
    climb.file(1, "2026-04-10")
    first, second = climb.items
    climb.decide(1, "2026-05-01", outcomes={first.public_id: "upheld", second.public_id: "partly"})
    climb.case.outcome = "not_covered"
    assert [r.message for r in open_contest_of(climb.case) if r.code == "outcome_contradicts"] == [
        f"It cannot be closed as not covered: item {second.code} was partly overturned."
        " Choose “Covered” or “Partly covered”."
    ]


def test_the_page_says_why_an_outcome_is_not_the_one(climb, nora):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    climb.refuse(days_ago(25), days_ago(22), confirmed=days_ago(20))
    answer = nora.post(address("close", climb.case), {"outcome": "covered"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["outcome"])


def test_loose_ends_are_told_and_do_not_stand_in_the_way(climb, nora):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    climb.refuse(days_ago(25), days_ago(22), confirmed=days_ago(20))
    url = address("close", climb.case)

    def told():
        return [(o["code"], o["message"], o["url"]) for o in nora.get(url).context["loose"]]

    choice = address("denial_choice", climb.case, climb.denial)
    assert told() == [("choice_open", "After the denial: what the patient chose is not recorded.", choice)]
    filing = climb.file(1, days_ago(10))
    first, second = climb.items
    climb.decide(1, days_ago(3), outcomes={first.public_id: "overturned", second.public_id: "overturned"})
    today, ends = timezone.localdate(), timezone.localdate() + timedelta(days=60)
    granted = record_authorization(
        actor=climb.who,
        request=climb.request,
        given=AuthorizationInput("AUTH-991", 6, None, today, ends),
        at=timezone.now(),
    )
    filed = filing.filed_at.astimezone(ZoneInfo(climb.case.patient.time_zone))
    assert told() == [
        (
            "proof_missing",
            f"Internal appeal, first level, filed {filed:%b} {filed.day}, {filed.year},"
            " has no proof of sending or receipt.",
            address("proof_new", climb.case, filing),
        ),
        (
            "sessions_left",
            "Authorization AUTH-991: 6 of 6 sessions not recorded as held;"
            f" valid until {ends:%b} {ends.day}, {ends.year}.",
            address("authorization", climb.case, granted),
        ),
    ]
    page = nora.get(url)
    assert "Look at this before you close; it does not stand in the way" in words(page)
    assert not {o["code"] for o in page.context["obstacles"]} & {
        "choice_open",
        "proof_missing",
        "sessions_left",
    }


def test_money_is_shown_apart(climb, nora):
    for kind, amount in (("at_stake", 4800), ("patient_savings", 1200), ("plan_dollars", 3600)):
        record_cost(
            actor=climb.who,
            case=climb.case,
            kind=kind,
            amount=Decimal(amount),
            certainty="estimate",
            basis=f"Basis of {kind}",
            at=timezone.now(),
        )
    text = words(nora.get(address("close", climb.case)))
    assert "At stake $4,800.00 (Estimate)" in text
    assert "Patient saves $1,200.00 (Estimate)" in text and "Plan pays $3,600.00 (Estimate)" in text
    assert "they are never added up" in text


def test_who_may(climb, sign_in):
    assert {
        who: sign_in(who).get(address("close", climb.case)).status_code for who in ("clara", "petra")
    } == {
        "clara": 403,
        "petra": 403,
    }


def test_the_page_costs_little_however_much_is_in_the_way(climb, nora):
    """What is in the way is asked of every app anew; each asks for its rows together."""
    url = address("close", climb.case)
    empty = own_statements(nora, url)
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    climb.refuse(days_ago(25), days_ago(22), confirmed=days_ago(20))
    for kind in ("at_stake", "patient_savings"):
        record_cost(
            actor=climb.who,
            case=climb.case,
            kind=kind,
            amount=Decimal(100),
            certainty="estimate",
            basis="said",
            at=timezone.now(),
        )
    full = own_statements(nora, url)
    assert len(nora.get(url).context["obstacles"]) > 2
    assert (len(full), len(full) <= 12) == (len(empty), True), full
