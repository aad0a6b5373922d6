"""An address or a page that names the payer's office of appeals in its own words, and the numbers beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.proposal import Proposal
from appeals.intake.said import Said
from appeals.intake.topics import topics

PATH: Final = re.compile(r"appeal|grievance|reconsider|redetermin", re.IGNORECASE)
_NUMBERS: Final = frozenset({"send_to_fax", "send_to_fax_expedited", "send_to_phone"})
_BETWEEN: Final = re.compile(
    r"[\W\d]*(?:(?:or|and|by|to|at|fax|facsimile|it|you|may|also|instead|phone|telephone|call|us|tel|number|send|letter|either|"
    r"standard|urgent|expedited|fast|regular|tty|both|ordinary|[A-Z]{2})\b[\W\d]*)*",
    re.IGNORECASE,
)
"""What may stand between an address and a number of the same office."""


def names_appeals_itself(proposal: Proposal) -> bool:
    """Whether an address names the appeal and nothing else, or a web page has it in its path."""
    if proposal.fact == "send_to_portal":
        return PATH.search(proposal.value.partition("/")[2]) is not None
    if proposal.fact != "send_to_mail":
        return False
    return {one.name for one in topics(re.sub(r"\s+", " ", proposal.value))} == {"own"}


def stands_beside_appeals(page: Page, number: Proposal, kept: Sequence[Proposal]) -> bool:
    """Whether nothing but words of sending stands between a number and such an address."""
    if number.fact not in _NUMBERS:
        return False
    for other in kept:
        if other.fact != "send_to_mail" or other.page != number.page or not names_appeals_itself(other):
            continue
        begin, end = (
            sorted((other.end, number.start)) if number.start >= other.end else (number.end, other.start)
        )
        between = page.plain[begin:end]
        if (
            begin <= end
            and "\n\n" not in between
            and len(between.split()) <= _WORDS
            and _BETWEEN.fullmatch(between)
        ):
            return True
    return False


_WORDS: Final = 14


_FAST: Final = re.compile(
    r"\b(?:fast|expedit\w+|urgent\w*|quick\w*|rush|emergency|r[a\u00e1]pid\w+)\b", re.IGNORECASE
)


def for_all_appeals(said: Said, every: Sequence[Proposal]) -> bool:
    """Whether a fax is the one for every appeal: no sentence, heading, row beside it or head of its column is of fast ones."""
    page, proposal = said.page, said.proposal
    if any(one.value != proposal.value for one in every if one.fact == "send_to_fax"):
        return False
    rows = page.rows[max(0, said.row - 1) : said.row + 2]
    near = (said.heading, said.text, *(cell.text for row in rows for cell in row))
    own = max((cell.column for cell in page.rows[said.row] if cell.start <= proposal.start), default=0)
    heads = (cell for row in page.rows[max(0, said.row - _COLUMN) : said.row] for cell in row)
    in_column = own > _COLUMN and any(
        abs(cell.column - own) <= _ASIDE and _FAST.match(cell.text) for cell in heads
    )
    return not in_column and not any(_FAST.search(text) for text in near)


_COLUMN: Final = 6
"""How far above a number the head of its column may stand, and where a column that is not the first begins."""
_ASIDE: Final = 2
