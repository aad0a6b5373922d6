"""The last gate: what evidence is enough for a fact, and what is left to the person who reads the letter."""

from __future__ import annotations

import pytest

from appeals.intake import propose_facts

HEAD = (
    "Thistledown Mutual Health Plan\nNotice date: August 4, 2026\nMember: Ana Ruiz\nMember ID: TMH-553-20\n"
    "Reference number: TM-26-0091\n\n"
)
ASKED = "We denied your request for ketamine infusions (CPT 96365) at the clinic that Thistledown Mutual names.\n\n"


def told(letter: str, fact: str) -> list[str]:
    return [one.value for one in propose_facts([letter]) if one.fact == fact]


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ("Allowed:  G2082 x 4\nDenied:   G2083 x 8\n", ["G2083"]),
        ("We denied G2083.\n\nG2082 stays as it is.\n", ["G2083"]),
        ("We denied G2083.\n\nThe claim for G2082, having been abandoned, is not before us.\n", ["G2083"]),
        ("Denied services: G2083 and G2082.\n", ["G2083", "G2082"]),
    ],
)
def test_in_a_letter_that_grants_a_part_a_code_needs_its_own_refusal(lines: str, codes: list[str]) -> None:
    assert told(f"{HEAD}YOUR REQUEST WAS PARTLY DENIED\n\n{lines}", "procedure_code") == codes


@pytest.mark.parametrize("paid", ["Paid    ", "Plan pd ", "We paid "])
def test_a_line_that_was_paid_is_not_what_was_refused(paid: str) -> None:
    table = (
        "Claim 26170-118-004\n"
        f"Date       Code    Charge    Allowed    {paid} Your share   Codes\n"
        "05/11/26   90837   210.00    0.00       0.00     210.00       PR-242\n"
        "05/18/26   99214   190.00    141.00     112.80   28.20        PR-2\n"
    )
    assert told(HEAD + table, "procedure_code") == ["90837"]


@pytest.mark.parametrize(
    ("sentence", "reasons"),
    [
        (
            "The use is experimental for this condition, and so it is denied.",
            ["experimental_investigational"],
        ),
        ("The reviewer did not so find, nor does the plan hold, that the use is experimental.", []),
        ("This is no finding that the use is experimental.", []),
        ("In May the request was denied because the use is experimental.", []),
        ("The request was first turned down because the use is experimental.", []),
        ("[ ] The use is experimental.", []),
    ],
)
def test_a_ground_is_asserted_of_this_denial(sentence: str, reasons: list[str]) -> None:
    assert told(f"{HEAD}{ASKED}Why we denied it\n\n{sentence}\n", "reason") == reasons


@pytest.mark.parametrize(
    ("head", "days"),
    [
        ("August 4, 2026", ["2026-08-04"]),
        ("Date of notice: August 4, 2026          Mailed August 5, 2026", ["2026-08-04"]),
        ("Prepared August 4, 2026          Mailed August 5, 2026", []),
        ("Mailed August 5, 2026", ["2026-08-05"]),
    ],
)
def test_a_day_is_the_notices_by_its_own_label_or_as_the_only_one(head: str, days: list[str]) -> None:
    assert (
        told(f"Thistledown Mutual Health Plan\n\n{head}\n\nDear Ana Ruiz:\n\n{ASKED}", "notice_date") == days
    )


@pytest.mark.parametrize(
    ("words", "spans"),
    [
        ("within 180 days after you receive this letter", ["180 calendar_day after receipt"]),
        ("within 180 days of receiving his own notice", []),
    ],
)
def test_the_event_that_a_limit_runs_from_stands_in_its_own_words(words: str, spans: list[str]) -> None:
    assert told(f"{HEAD}{ASKED}You may appeal {words}.\n", "stated_deadline") == spans


def test_two_limits_for_the_appeal_give_none() -> None:
    limits = "You may appeal within 180 days after you receive this letter.\n\nTo appeal you must write within 60 days.\n"
    assert told(f"{HEAD}{ASKED}{limits}", "stated_deadline") == []


@pytest.mark.parametrize(
    ("line", "faxes"),
    [
        ("Fax your appeal to 614-555-0113.", ["614-555-0113"]),
        ("Fax for chart notes, not an appeal: 614-555-0113.", []),
    ],
)
def test_a_fax_takes_appeals_by_its_own_words(line: str, faxes: list[str]) -> None:
    body = f"You may appeal within 180 days after you receive this letter.\n\n{line}\n"
    assert told(f"{HEAD}{ASKED}{body}", "send_to_fax") == faxes


def test_a_time_of_an_answer_stands_alone_in_its_sentence() -> None:
    appeal = "You may appeal within 180 days after you receive this letter.\n\n"
    assert told(f"{HEAD}{ASKED}{appeal}We decide an appeal within 30 days.\n", "standard_decision_days") == [
        "30 calendar_day"
    ]
    assert (
        told(
            f"{HEAD}{ASKED}{appeal}We decide an appeal within 14 days, sometimes 30.\n",
            "standard_decision_days",
        )
        == []
    )


@pytest.mark.parametrize(
    ("body", "payers"),
    [
        ("", ["Thistledown Mutual Health Plan"]),
        ("Benefits are offered by Marlowe Health Plan and Orrin Assurance.\n", []),
        ("Your policy is underwritten by Marlowe Casualty Company.\n", []),
    ],
)
def test_a_letterhead_is_the_payer_where_nobody_else_bears_the_risk(body: str, payers: list[str]) -> None:
    assert told(f"{HEAD}{ASKED}{body}", "payer") == payers


def test_a_letterhead_alone_names_no_administrator() -> None:
    letter = "Marlowe Benefit Services\n\n" + HEAD + ASKED
    assert told(letter, "administrator") == []


@pytest.mark.parametrize(
    ("end", "addresses"),
    [
        ("to", ["Bluff Appeals, P.O. Box 502, Tahlequah OK 74499"]),
        ("to Cherokee", []),
    ],
)
def test_an_address_whose_name_begins_in_the_row_above_is_not_cut(end: str, addresses: list[str]) -> None:
    body = (
        "You may appeal within 180 days after you receive this letter.\n\n"
        f"There is no form for it: please mail your signed appeal {end}\n"
        "Bluff Appeals, P.O. Box 502, Tahlequah OK 74499, with a copy of this letter.\n"
    )
    assert told(f"{HEAD}{ASKED}{body}", "send_to_mail") == addresses
