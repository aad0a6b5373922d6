"""Why payers refuse, told in one place."""

from __future__ import annotations

from pathlib import Path

from appeals.refusals import label_of_refusal, refusals


def test_a_refusal_has_its_label_and_what_answers_it():
    found = refusals()["medical_necessity"]
    assert (found.key, found.label, label_of_refusal("medical_necessity")) == (
        "medical_necessity",
        "Called not medically necessary",
        "Called not medically necessary",
    )
    assert found.evidence != ()


def test_a_key_the_taxonomy_no_longer_knows_is_shown_as_it_is():
    assert label_of_refusal("retired_reason") == "retired_reason"


def test_the_taxonomy_is_read_in_one_place():
    root = Path(__file__).parents[2]
    readers = [
        path.relative_to(root).as_posix()
        for package in ("advocacy", "cases", "appeals")
        for path in sorted((root / package).rglob("*.py"))
        if '"denial_reasons.json"' in path.read_text(encoding="utf-8")
    ]
    assert readers == ["appeals/refusals.py"]
