"""The questions of a benefit check as data, and the pure rules about them. No database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cases import benefits, places, rules, safety
from cases.benefits import Said, benefit_questions, open_questions, said

ALL = {
    "covered": "yes",
    "authorization": "yes",
    "criteria": "said",
    "policy_number": "said",
    "referral": "no",
    "network": "in",
    "deductible": "said",
    "copay": "said",
    "coinsurance": "said",
}


def test_every_question_can_be_asked_and_answered():
    known = benefit_questions()
    seen: list[str] = []
    for question in known.values():
        assert question.kind in benefits.KINDS
        assert question.words.endswith("?")
        assert question.help
        assert bool(question.choices) == (question.kind == "choice")
        for earlier, values in question.asked_when.items():
            assert earlier in seen, f"{question.key} depends on a question that is not asked before it"
            assert set(values) <= set(known[earlier].choices)
        seen.append(question.key)
    assert {q.key for q in known.values() if q.needed} == set(ALL) | {"gap_exception"}


def keys(questions):
    return [q.key for q in questions]


def test_what_is_asked_follows_from_the_answers():
    assert keys(open_questions({})) == ["covered", "authorization", "referral", "network"]
    assert keys(open_questions({"covered": "no", "authorization": "no"})) == ["referral", "network"]
    assert keys(open_questions(ALL)) == []
    assert keys(open_questions(ALL | {"network": "out"})) == ["gap_exception"]
    assert (
        keys(
            open_questions({k: "would_not_say" for k in ("covered", "authorization", "referral", "network")})
        )
        == []
    )


def test_both_ends_of_one_call_may_come_up():
    known = benefit_questions()
    assert benefits.may_come_up(known["criteria"], {})
    assert not benefits.may_come_up(known["criteria"], {"authorization": "no"})
    assert not benefits.comes_up(known["criteria"], {})


@pytest.mark.parametrize(
    ("key", "given", "expected"),
    [
        ("covered", "yes", Said("yes")),
        ("covered", "would_not_say", Said("would_not_say")),
        ("criteria", " Policy 7 ", Said("said", words="Policy 7")),
        ("deductible", "$1,350.50", Said("said", amount=Decimal("1350.50"))),
        ("deductible", "0", Said("said", amount=Decimal("0.00"))),
        ("coinsurance", "20 %", Said("said", amount=Decimal("20.00"))),
    ],
)
def test_an_answer_is_read(key, given, expected):
    assert said(benefit_questions()[key], given) == expected


@pytest.mark.parametrize(
    ("key", "given", "code"),
    [
        ("covered", "maybe", "answer_unknown"),
        ("deductible", "a lot", "figure_form"),
        ("deductible", "-1", "figure_range"),
        ("deductible", "NaN", "figure_range"),
        ("coinsurance", "101", "figure_range"),
        ("copay", "20.005", "figure_cents"),
        ("criteria", "x" * 201, "answer_long"),
    ],
)
def test_an_answer_that_is_none(key, given, code):
    found = said(benefit_questions()[key], given)
    assert (found.code, found.field) == (code, key)


def test_windows_have_their_reasons():
    assert {
        name: benefits.window(name).days for name in ("network_days", "referral_days", "follow_up_days")
    } == {
        "network_days": 30,
        "referral_days": 14,
        "follow_up_days": 3,
    }
    assert all(benefits.window(n).why.endswith(".") for n in ("network_days", "referral_days"))


def test_places_of_service_have_two_digits_and_a_name():
    known = places.places_of_service()
    assert {"11", "12", "19", "22", "49"} <= set(known)
    assert all(len(code) == 2 and code.isdigit() and label for code, label in known.items())
    assert places.place_name("11") == "11 · Office or clinic of the practice"


@pytest.mark.parametrize(
    ("treatment", "purpose", "scope", "code"),
    [
        ("iv_ketamine", "condition", None, None),
        ("iv_ketamine", "maintenance", {"iv_ketamine"}, None),
        ("iv_ketamine", "recreation", None, "outside_scope_purpose"),
        ("iv_ketamine", "wellness", {"iv_ketamine"}, "outside_scope_purpose"),
        ("esketamine", "condition", {"iv_ketamine"}, "outside_scope_treatment"),
        ("", "", {"iv_ketamine"}, None),
    ],
)
def test_inside_scope(treatment, purpose, scope, code):
    found = rules.inside_scope(treatment, purpose, scope)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("urgency", "concern", "rank"),
    [
        ("emergency", "no", 0),
        ("standard", "yes", 1),
        ("urgent", "unknown", 2),
        ("standard", "unknown", 3),
        ("standard", "no", 3),
    ],
)
def test_triage_rank(urgency, concern, rank):
    assert rules.triage_rank(urgency, concern) == rank


def test_what_to_do_names_the_line_whenever_something_is_in_question():
    assert safety.what_to_do("standard", "no") == ()
    for urgency, concern in (("emergency", "no"), ("standard", "yes"), ("standard", "unknown")):
        assert safety.what_to_do(urgency, concern)[-1] == safety.line()
    assert "988" in safety.line()
    assert "911" in safety.what_to_do("emergency", "yes")[0]


DAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("checked", "code"),
    [
        (None, "network_unchecked"),
        (date(2026, 3, 1), None),
        (date(2026, 2, 28), "network_check_old"),
        (date(2026, 4, 2), None),
    ],
)
def test_network_is_verified_at_its_edge(checked, code):
    found = rules.network_is_verified(checked, DAY, 30)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("referrals", "code"),
    [
        ([], "referral_missing"),
        ([(date(2026, 3, 1), date(2026, 4, 30))], None),
        ([(date(2026, 3, 2), date(2026, 4, 30))], "referral_not_valid"),
        ([(date(2026, 3, 1), date(2026, 4, 29))], "referral_not_valid"),
        ([(date(2025, 1, 1), date(2025, 2, 1)), (date(2026, 1, 1), date(2026, 6, 1))], None),
    ],
)
def test_a_referral_covers_every_day_of_the_service(referrals, code):
    found = rules.referral_covers(referrals, date(2026, 3, 1), date(2026, 4, 30))
    assert (found.code if found else None) == code
