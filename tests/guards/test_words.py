"""Shipped words promise nothing, pass no blanket verdict and give no clinical advice; the fixed sentence stands once.

Read are templates, Python string constants (docstrings aside) and reference data. A hit is changed at its source, not here.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from advocacy.words import NOTICE_ENGLISH, NOTICE_SPANISH

ROOT = Path(__file__).resolve().parents[2]
APPS = ("advocacy", "cases", "appeals")

# A sentence that says there is no guarantee, or repeats a payer's own letter, is no promise.
PATTERNS: dict[str, str] = {
    "guarantee": r"(?<!no )(?<!not a )(?<!without )\bguarantee(s|d|ing)?\b(?! of (issue|renewal))",
    "promise of success": r"\b(you|(your|the|this) appeal) will (win|succeed|prevail|be (approved|overturned|granted))\b",
    "certain outcome": r"\b(certain|sure|bound) to (win|succeed|be (approved|covered|overturned))\b",
    "blanket verdict": r"\b(always|never) (covered|covers|approved|denied|medically necessary|experimental)\b",
    "must be paid": r"\b(plan|insurer|payer) (must|has to) (pay for|approve|cover) (this|your|the) (treatment|claim|care)\b",
    "success rate as a promise": r"\b(100 ?%|hundred percent) (success|sure|certain|of appeals)",
    "cannot lose": r"\b(cannot|can't|can not) lose\b|\brisk[- ]free\b",
    "dose advice": r"\b(increase|reduce|double|lower|skip) (your|the patient's) (dose|dosage|medication)\b",
    "start or stop": r"\byou (should|must|need to|ought to) (take|try|start|stop|switch|continue) (taking |using )?"
    r"(ketamine|esketamine|spravato|the medication|your medication|your medicine|treatment)\b",
    "recommended treatment": r"\bwe recommend (ketamine|esketamine|this treatment|a dose|that you take)\b",
    "safe for you": r"\b(is|are) (completely |perfectly )?safe for (you|this patient|everybody)\b",
    "cure": r"\b(will|does) (cure|heal) (you|depression|the patient)\b",
    "legal verdict": r"\byou (have|are) a (winning|strong legal) case\b|\bthe (plan|insurer) (broke|violated) the law\b",
    "spanish promise": r"\b(garantizamos|garantizado|ganará (su|la) apelación|siempre (está )?cubierto)\b",
}
COMPILED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in PATTERNS.items()}

BAD = {
    "guarantee": "We guarantee a reversal.",
    "promise of success": "With this letter your appeal will succeed.",
    "certain outcome": "It is certain to be approved.",
    "blanket verdict": "IV ketamine is always covered by this plan.",
    "must be paid": "The insurer must pay for this treatment.",
    "success rate as a promise": "100% success in external review.",
    "cannot lose": "You cannot lose.",
    "dose advice": "Increase your dose before the review.",
    "start or stop": "You should stop taking your medication.",
    "recommended treatment": "We recommend ketamine for you.",
    "safe for you": "It is completely safe for you.",
    "cure": "It will cure you.",
    "legal verdict": "You have a winning case.",
    "spanish promise": "Garantizamos que ganará su apelación.",
}


def problems(text: str) -> list[str]:
    return [name for name, pattern in COMPILED.items() if pattern.search(text)]


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt", ".typ"}:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def constants() -> Iterator[tuple[str, str]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            silent = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def data() -> Iterator[tuple[str, str]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("data/*.json")):
            for text in strings(json.loads(path.read_text(encoding="utf-8"))):
                yield str(path.relative_to(ROOT)), text


@pytest.mark.parametrize("source", [templates, constants, data], ids=["templates", "python", "data"])
def test_shipped_words_promise_nothing_and_advise_nothing(source):
    read = list(source())
    assert len(read) > 20
    assert [(where, found, text[:120]) for where, text in read if (found := problems(text))] == []


def test_every_pattern_catches_what_it_is_for():
    assert {name: problems(text) for name, text in BAD.items()} == {name: [name] for name in PATTERNS}


def test_the_fixed_sentence_says_all_three_things_and_is_caught_by_none():
    assert problems(NOTICE_ENGLISH) == problems(NOTICE_SPANISH) == []
    for words in ("no guarantee", "no legal or medical advice", "letter", "govern"):
        assert words in NOTICE_ENGLISH
    for words in ("No garantizan", "no son consejo legal ni médico", "Prevalecen la carta"):
        assert words in NOTICE_SPANISH


def test_the_fixed_sentence_is_written_in_one_place():
    opening = NOTICE_ENGLISH[:40]
    holders = {
        where.split(":")[0] for where, text in [*templates(), *constants(), *data()] if opening in text
    }
    assert holders == {"advocacy/words.py"}
