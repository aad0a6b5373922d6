"""Whether a name is its own whole self: no label before it, and no other plan that writes the letter it stands in."""

from __future__ import annotations

import re
from typing import Final

from appeals.intake.said import Said

_LABEL_BEFORE: Final = re.compile(
    r"(?:to|from|re|attn|attention|dear|cc|for|name|date|page)\b:?\s", re.IGNORECASE
)


def begins_with_label(name: str) -> bool:
    """Whether a text without its gaps has put a label into a person's name: `To Wilhelmina Okonjo`."""
    return _LABEL_BEFORE.match(name) is not None


_BORNE: Final = re.compile(r"\b(?:underwritten|insured|issued)\s+by\b", re.IGNORECASE)
_PLAN: Final = re.compile(r"\b(?:plan|trust|fund|association)\W*$", re.IGNORECASE)
_COMMON: Final = frozenset(
    re.findall(
        r"\S+",
        "the of and for a an health plan trust fund association benefit benefits insurance company medical life mutual",
    )
)
_HEAD_ROWS: Final = 3


def heads_another_plan(said: Said) -> bool:
    """Whether a name is only the underwriter's, in a letter that a plan of quite another name heads.

    A federal employees' plan, for one, decides its appeals itself, whoever insures it.
    """
    around = said.page.plain[max(0, said.proposal.start - 40) : said.proposal.end]
    if not _BORNE.search(around):
        return False
    own = set(re.findall(r"[\w'-]+", said.proposal.value.casefold())) - _COMMON
    head = [cell.text for row in said.pages[0].rows[:_HEAD_ROWS] for cell in row[:1]]
    return any(
        _PLAN.search(text)
        and not _BORNE.search(text)
        and not own & set(re.findall(r"[\w'-]+", text.casefold()))
        for text in head
    )
