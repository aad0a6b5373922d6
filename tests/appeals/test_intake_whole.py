"""What runs on is cut, and what belongs to another house, another day or another ground is left to be typed."""

from __future__ import annotations

import pytest

from appeals.intake import propose_facts
from appeals.intake.credentials import within_vocabulary
from appeals.intake.own_names import begins_with_label


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("MD, board certified in psychiatry", "MD, board certified in psychiatry"),
        ("MD, board certified in psychiatry, made this decision", "MD, board certified in psychiatry"),
        ("DO, psychiatrist, on behalf of the Plan", "DO, psychiatrist"),
        ("MD, psychiatry and Jane", "MD, psychiatry"),
        ("DO, board certified in Ms", "DO, board certified"),
        ("Psychiatrist, licensed in Texas and Ohio since then", "Psychiatrist, licensed in Texas and Ohio"),
        (
            "MD, pain medicine, holding an active Colorado license",
            "MD, pain medicine, holding an active Colorado license",
        ),
        ("MD (psychiatry) Call 555", "MD (psychiatry)"),
        ("Harlan Falls", ""),
    ],
)
def test_credentials_end_where_their_vocabulary_ends(said: str, kept: str) -> None:
    assert within_vocabulary(said) == kept


@pytest.mark.parametrize(
    ("name", "label"), [("To Ada Quist", True), ("Tova Quist", False), ("Dateline Quist", False)]
)
def test_a_label_before_a_name_is_seen(name: str, label: bool) -> None:
    assert begins_with_label(name) is label


def facts(body: str, fact: str) -> list[str]:
    letter = (
        "Alder Mutual Health Plan\nNotice date: March 9, 2026\nMember ID: AMX 4471 9920\n\nDear Ada Quist:\n\n"
        f"We denied your request for ketamine infusion (CPT 96365).\n\n{body}\n\n"
        "You may appeal within 180 days after you receive this notice.\n"
    )
    return [one.value for one in propose_facts((letter,)) if one.fact == fact]


@pytest.mark.parametrize(
    ("whose", "read"), [("Our", ["LPR-77120"]), ("Alder's", ["LPR-77120"]), ("Lakefront's", [])]
)
def test_a_file_number_is_the_case_s_only_where_it_is_the_payer_s_own(whose: str, read: list[str]) -> None:
    assert facts(f"A physician read the records. {whose} file no. is LPR-77120.", "reference_number") == read


@pytest.mark.parametrize(
    ("until", "read"),
    [
        ("by March 20, 2026.", ["2026-03-20"]),
        ("by March 20, 2026, or before April 1, 2026, whichever is later.", []),
    ],
)
def test_one_of_two_days_of_which_the_later_counts_is_not_the_day(until: str, read: list[str]) -> None:
    body = f"You can keep getting your visits if you ask for the appeal {until}"
    assert facts(body, "continuation_request_by") == read


def test_a_drug_left_off_the_list_is_not_an_exclusion_of_the_benefit() -> None:
    assert facts("We denied it because the drug is excluded from the plan's drug list.", "reason") == [
        "non_formulary"
    ]
