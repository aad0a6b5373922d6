"""Papers inside a letter give nothing: fax covers, old messages, histories, what was granted, forms filled in as examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appeals.intake import propose_facts
from tests.appeals.test_intake_asides import FOOT, HEAD, KNOWN

PAPERS: tuple[tuple[str, str], ...] = tuple(
    (one["where"], one["text"])
    for one in json.loads(Path(__file__).with_name("papers.json").read_text(encoding="utf-8"))
)
"""Where each paper stands (over the letter, before its greeting, after its decision, at its end), and its text."""


def letter_with(where: str, paper: str) -> str:
    return {
        "top": f"{paper}\n\n{HEAD}{FOOT}",
        "head": HEAD.replace("Dear ", f"{paper}\n\nDear ", 1) + FOOT,
        "mid": f"{HEAD}\n{paper}\n{FOOT}",
        "end": f"{HEAD}{FOOT}\n{paper}\n",
    }[where]


@pytest.mark.parametrize(("where", "paper"), PAPERS)
def test_a_paper_in_a_letter_adds_nothing(where: str, paper: str) -> None:
    assert {(one.fact, one.value) for one in propose_facts([letter_with(where, paper)])} - KNOWN == set()


@pytest.mark.parametrize(("where", "paper"), PAPERS[::4])
def test_nor_does_it_where_the_text_has_lost_its_gaps(where: str, paper: str) -> None:
    lines = (" ".join(line.split()) for line in letter_with(where, paper).splitlines())
    closed = "\n".join(line for line in lines if line)
    assert {(one.fact, one.value) for one in propose_facts([closed])} - KNOWN == set()
