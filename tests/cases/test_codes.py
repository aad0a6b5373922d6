"""Codes, their dates and formats, rating scales, and the check digit of provider numbers."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from cases import codes

DATA = Path(codes.__file__).parent / "data"


@pytest.mark.parametrize(
    ("code", "on", "answer"),
    [
        ("S0013", date(2025, 12, 31), True),
        ("S0013", date(2026, 1, 1), False),
        ("J0013", date(2025, 12, 31), False),
        ("J0013", date(2026, 1, 1), True),
        ("96365", date(2026, 3, 24), True),
        (" f33.2 ", date(2026, 3, 24), True),
        ("Z99.99", date(2026, 3, 24), None),
    ],
)
def test_valid_on(code: str, on: date, answer: bool | None) -> None:
    assert codes.valid_on(code, on) is answer


@pytest.mark.parametrize(
    ("npi", "answer"),
    [
        ("1234567893", True),
        ("2004100774", True),
        ("1234567890", False),
        ("1234567894", False),
        ("3234567893", False),
        ("123456789", False),
        ("12345678930", False),
        ("12345 67893", False),
        ("１２３４５６７８９３", False),
        ("", False),
    ],
)
def test_npi_is_valid(npi: str, answer: bool) -> None:
    assert codes.npi_is_valid(npi) is answer


def test_one_wrong_digit_of_a_provider_number_is_always_noticed() -> None:
    good = "1234567893"
    slips = [
        good[:at] + digit + good[at + 1 :] for at in range(10) for digit in "0123456789" if digit != good[at]
    ]
    assert [slip for slip in slips if codes.npi_is_valid(slip)] == []


@pytest.mark.parametrize(
    ("code", "system", "answer"),
    [
        ("F33.2", codes.ICD_10_CM, True),
        ("F33", codes.ICD_10_CM, True),
        ("F33.", codes.ICD_10_CM, False),
        ("96365", codes.CPT, True),
        ("9636", codes.CPT, False),
        ("J3490", codes.HCPCS, True),
        ("W3490", codes.HCPCS, False),
    ],
)
def test_well_formed(code: str, system: str, answer: bool) -> None:
    assert codes.well_formed(code, system) is answer


@pytest.mark.parametrize(
    ("ndc", "answer"),
    [
        ("99999-0451-60", True),
        ("9999-0451-60", True),
        ("99999-451-60", True),
        ("99999045160", True),
        ("99999-04516-0", False),
        ("", False),
    ],
)
def test_ndc_well_formed(ndc: str, answer: bool) -> None:
    assert codes.ndc_well_formed(ndc) is answer


def test_label_and_system_of_a_code() -> None:
    assert codes.label_of("j3490") == "Unclassified drug (racemic ketamine is billed here)"
    assert codes.label_of("99999") is None
    assert [codes.system_of(code) for code in ("F33.2", "96365", "G2083", "nonsense")] == [
        "ICD-10-CM",
        "CPT",
        "HCPCS",
        None,
    ]


def test_every_row_of_the_code_file_is_sound() -> None:
    rows = json.loads((DATA / "codes.json").read_text(encoding="utf-8"))["codes"]
    assert len({row["code"] for row in rows}) == len(rows)
    assert [row["code"] for row in rows if not codes.well_formed(row["code"], row["system"])] == []
    assert {row["confidence"] for row in rows} <= {"V", "K", "U"}
    assert [
        row["code"]
        for row in rows
        if not row["label"] or (row["confidence"] == "V" and not row.get("source"))
    ] == []


def test_every_scale_has_bands_inside_its_range() -> None:
    scales = codes.all_scales()
    assert set(scales) == {
        "phq9",
        "madrs",
        "qids_sr16",
        "ham_d17",
        "gad7",
        "pcl5",
        "bpi_severity",
        "bpi_interference",
        "cssrs",
    }
    for scale in scales.values():
        starts = [start for start, _ in scale.bands]
        assert starts == sorted(starts)
        if scale.low is not None and scale.high is not None:
            assert all(scale.low <= start <= scale.high for start in starts)


def test_every_denial_reason_is_sound() -> None:
    path = Path(__file__).parents[2] / "appeals" / "data" / "denial_reasons.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["reasons"]
    assert len(rows) == len({row["key"] for row in rows}) == 23
    assert [row["key"] for row in rows if not row["is_denial"]] == ["cost_share_only"]
    assert {code["confidence"] for row in rows for code in row["carc"] + row["rarc"]} <= {"V", "K", "U"}
