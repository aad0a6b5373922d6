"""The measures of tests/reading.py on texts whose level is known."""

from __future__ import annotations

import pytest

from tests.reading import ease, grade, sentences_of, syllables_english, syllables_spanish, too_hard

HARD_EN = [
    "The adjudication of your pre-authorization determination necessitates additional documentation pursuant to policy."
]
EASY_EN = ["We sent the form.", "They have to write back by May 4."]
HARD_ES = [
    "La adjudicación de su determinación de autorización previa necesita documentación adicional complementaria."
]
EASY_ES = ["Le mandamos la carta.", "Tienen que responder antes del 4 de mayo."]


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("plan", 1),
        ("have", 1),
        ("appeal", 2),
        ("letter", 2),
        ("decide", 2),
        ("reviewers", 3),
        ("asked", 1),
        ("waited", 2),
    ],
)
def test_syllables_of_english_words(word: str, number: int):
    assert syllables_english(word) == number


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("plan", 1),
        ("carta", 2),
        ("quién", 1),
        ("días", 2),
        ("tiene", 2),
        ("apelación", 4),
        ("ley", 1),
        ("guía", 2),
        ("caer", 2),
    ],
)
def test_syllables_of_spanish_words(word: str, number: int):
    assert syllables_spanish(word) == number


def test_hard_and_easy_are_told_apart():
    assert grade(EASY_EN) < 4 < 7 < grade(HARD_EN)
    assert ease(HARD_ES) < 40 < 80 < ease(EASY_ES)


def test_only_the_main_part_counts_and_labels_do_not():
    html = "<header><p>This is the head of it.</p></header>"
    html += "<main><h1>My case</h1><p>We sent the form. They write back soon.</p></main>"
    assert sentences_of(html) == ["We sent the form.", "They write back soon."]
    assert too_hard(html, "en") == ""
    assert too_hard(f"<main><p>{HARD_EN[0]}</p></main>", "en").startswith("en ")
    assert too_hard(f"<main><p>{HARD_ES[0]}</p></main>", "es").startswith("es ")
