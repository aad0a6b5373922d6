"""The payer's and the administrator's name as the letter prints it whole, where a reader took a piece of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.names import fullest, has_own_word, is_office, spots, stands_whole, without_loose_end
from appeals.intake.payer import cased
from appeals.intake.proposal import Proposal

_NAMED: Final = frozenset({"payer", "administrator"})


def whole_names(pages: Sequence[Page], proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals, in their order; a name that is a piece of the one longer name that the letter prints becomes that name."""
    whole = "\n".join(page.plain for page in pages)
    return tuple(_mended(pages, one, whole) if one.fact in _NAMED else one for one in proposals)


def _mended(pages: Sequence[Page], proposal: Proposal, whole: str) -> Proposal:
    name = without_loose_end(proposal.value)
    if name != proposal.value:
        again = next(
            (
                one
                for one in spots(pages, name)
                if one.end <= proposal.end + 2 and one.start >= proposal.start
            ),
            None,
        )
        proposal = replace(proposal, value=name)
        if again:
            words = again.page.raw[again.start : again.end]
            proposal = replace(
                proposal, words=words, page=again.page.number, start=again.start, end=again.end
            )
    if is_office(name) or (has_own_word(name) and stands_whole(pages, name)):
        return proposal
    found = fullest(pages, name)
    if found is None:
        return proposal
    value = cased(found.text, whole)
    return found.page.proposal(proposal.fact, value, found.start, found.end, proposal.confidence)
