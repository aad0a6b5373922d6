"""An address or a page that names the payer's office of appeals in its own words, and the numbers beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.proposal import Proposal
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
