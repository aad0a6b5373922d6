"""Names of organizations: stacked letterheads, columns, vendors, trusts, agencies and signatures give no piece of a name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appeals.intake import propose_facts
from appeals.intake.layout import Page
from appeals.intake.names import fullest, has_own_word, is_office, stands_whole, without_loose_end

CASES: tuple[dict, ...] = tuple(
    json.loads(Path(__file__).with_name("names_in_letters.json").read_text(encoding="utf-8"))
)
"""Heads, sentences and signatures as payers write them, each with all names that may be proposed of it at most."""
BODY = """
March 9, 2026

Dana R. Whitlock
14 Quarry Lane
Elm Falls, OH 44099

Dear Dana Whitlock:

We denied the request for ketamine infusions (CPT 96365) because they are not medically necessary.
You have 180 days after you receive this letter to appeal.
"""


def told(head: list[str], end: list[str]) -> dict[str, str]:
    letter = "\n".join([*(head or ["Notice"]), BODY, *end, ""])
    return {one.fact: one.value for one in propose_facts([letter])}


@pytest.mark.parametrize(
    "case", [pytest.param(one, id=" ".join([*one["head"], *one["end"]])[:60]) for one in CASES]
)
def test_no_piece_of_a_name_and_nobody_elses_name_is_proposed(case: dict) -> None:
    found = told(case["head"], case["end"])
    assert found.get("patient_name", "") in ("", "Dana R. Whitlock", "Dana Whitlock")
    for fact in ("payer", "administrator"):
        assert found.get(fact, "").casefold() in {"", *(one.casefold() for one in case[fact])}


@pytest.mark.parametrize(
    ("head", "end", "fact", "name"),
    [
        (
            ["KEYSTONE HOLLOW", "HEALTH ASSURANCE CO."],
            ["Mail it to Keystone Hollow Health Assurance Co., PO Box 2."],
            "payer",
            "Keystone Hollow Health Assurance Co.",
        ),
        (
            ["RIVERTON PIPE TRADES HEALTH TRUST FUND", "Office of the Fund Administrator"],
            ["On behalf of the Trust Fund we must tell you this."],
            "payer",
            "Riverton Pipe Trades Health Trust Fund",
        ),
        (
            [
                "Orchard Gap Benefit Partners                     Health Plan: Wexcombe Paper Mills, Inc.",
                "A claims administrator                                        Employee Benefit Plan",
            ],
            [],
            "administrator",
            "Orchard Gap Benefit Partners",
        ),
    ],
)
def test_a_piece_of_a_name_becomes_the_one_name_that_the_letter_prints_whole(
    head: list[str], end: list[str], fact: str, name: str
) -> None:
    assert told(head, end)[fact] == name


@pytest.mark.parametrize(
    "name", ["Trust Fund", "Health Assurance Co.", "Gold Choice PPO", "The Employee Benefit Plan"]
)
def test_a_name_of_generic_words_is_none(name: str) -> None:
    assert not has_own_word(name)


@pytest.mark.parametrize("name", ["Oakridge Mutual", "Blue Cross of Idaho", "Local 9 Health Fund"])
def test_a_name_with_a_word_of_its_own_is_one(name: str) -> None:
    assert has_own_word(name)


@pytest.mark.parametrize(
    "name",
    [
        "Office of the Fund",
        "Medical Director of Elm Plan",
        "Franklin Department of Insurance",
        "Elm and Its Plans",
    ],
)
def test_an_office_is_no_organization(name: str) -> None:
    assert is_office(name)


def test_an_article_or_one_letter_at_the_end_of_a_name_belongs_to_what_follows() -> None:
    assert without_loose_end("Orchard Gap Benefit Partners A") == "Orchard Gap Benefit Partners"
    assert without_loose_end("Harbor Mutual of") == "Harbor Mutual"
    assert without_loose_end("Plan A Trust") == "Plan A Trust"


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("NORTHERN LAKES\nELM HEALTH PLAN\nPO Box 2", False),
        ("ELM LIFE\n& HEALTH", False),
        ("ELM HEALTH PLAN\nAppeals Department", True),
        ("Elm Health Plan denied it.", True),
        ("Write to Elm Health Plan Member Services.", True),
        ("Greater Elm Health Plan denied it.", False),
        ("Elm Health Plan of Ohio denied it.", False),
        ("Elm Health Plan          Notice\nof Ohio                  March 9", False),
    ],
)
def test_a_name_stands_whole_where_nothing_beside_it_may_belong_to_it(text: str, whole: bool) -> None:
    name = "Elm Life" if "LIFE" in text else "Elm Health Plan"
    assert stands_whole([Page(1, text)], name) is whole


def test_where_two_longer_names_are_printed_none_is_taken() -> None:
    page = Page(1, "We wrote to Elm Trust Fund. Later we wrote to Oak Trust Fund, too.")
    assert fullest([page], "Trust Fund") is None


def patient(head: str) -> str | None:
    letter = f"Elm Health Plan\n{head}\n\n{BODY.split('Dear Dana Whitlock:')[1]}"
    return next((one.value for one in propose_facts([letter]) if one.fact == "patient_name"), None)


@pytest.mark.parametrize(
    "head",
    [
        "Patient:  Maria Elena\n          Ortiz Vega\n\nDear Member:",
        "Member: Ruth Hale Elm Gold\n\nDear Member:",
        "Patient: See Below\n\nDear Member:",
        "Insured: Acorn Foods\n\nDear Member:",
        "\nElm Wellness Clinic\nAttn: Dana Whitlock\n12 Oak St\n\nDear Dana Whitlock:\nRe: our member Ruth Hale",
        "\nRuth Hale\nDana Whitlock\n12 Oak St\n\nDear Ruth Hale and Dana Whitlock:",
    ],
)
def test_a_piece_of_a_patients_name_or_somebody_elses_name_is_not_proposed(head: str) -> None:
    assert patient(head) is None


@pytest.mark.parametrize(
    "head",
    [
        "Patient:  Ruth Hale\nMember ID:  1002 33 X\n\nDear Member:",
        "\nRuth Hale\n12 Oak St\n\nDear Ruth Hale:",
        "\nTo the Parent or Guardian of\nRuth Hale\n12 Oak St\n\nDear Ola and Per Hale:",
    ],
)
def test_a_patients_whole_name_is(head: str) -> None:
    assert patient(head) == "Ruth Hale"
