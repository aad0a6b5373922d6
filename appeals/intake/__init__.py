"""Reads a denial letter: facts with the words that prove them. Pure Python: no database, no network, no model.

The rule of this package: propose nothing rather than something false. A person confirms every fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from appeals.intake.billing_codes import billing_codes, provider_number
from appeals.intake.labels import identifiers
from appeals.intake.layout import Page
from appeals.intake.notice_dates import notice_dates
from appeals.intake.people import people
from appeals.intake.proposal import MANY, Proposal

_READERS: Final[tuple[Callable[[Sequence[Page]], Iterator[Proposal]], ...]] = (
    identifiers,
    people,
    notice_dates,
    billing_codes,
    provider_number,
)


def propose_facts(pages: Sequence[str]) -> tuple[Proposal, ...]:
    """Facts found in the pages of one letter (plain text, one string a page, in order).

    Facts of one kind stand in order of importance: the first `reason` is the one the letter leads with. Of a fact
    that is not in `MANY` there is at most one. Text without letters in it (a scan) gives an empty tuple.
    """
    read = [Page(number, text) for number, text in enumerate(pages, start=1)]
    kept: dict[tuple[str, str], Proposal] = {}
    for reader in _READERS:
        for proposal in reader(read):
            key = (proposal.fact, proposal.value if proposal.fact in MANY else "")
            kept.setdefault(key, proposal)
    return tuple(kept.values())
