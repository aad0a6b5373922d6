"""Reads a denial letter: facts with the words that prove them. Pure Python: no database, no network, no model.

The rule of this package: propose nothing rather than something false. A person confirms every fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from appeals.intake.abstention import undoubted
from appeals.intake.addresses import mail_address, web_page
from appeals.intake.adjustments import adjustments
from appeals.intake.asides import grievance_is_appeal
from appeals.intake.beside_address import beside_address
from appeals.intake.contacts import contacts
from appeals.intake.cues import cues
from appeals.intake.deadlines import stated_deadline
from appeals.intake.diagnoses import diagnoses
from appeals.intake.evidence import evident
from appeals.intake.grounds import grounds
from appeals.intake.identifiers import identifiers
from appeals.intake.layout import Page
from appeals.intake.notice_dates import notice_dates
from appeals.intake.objections import unobjected
from appeals.intake.payer import payer_facts
from appeals.intake.people import people
from appeals.intake.procedures import procedures
from appeals.intake.proof import proven
from appeals.intake.proposal import MANY, Proposal
from appeals.intake.provider_numbers import provider_number
from appeals.intake.reasons import reasons
from appeals.intake.reviewers import reviewers
from appeals.intake.second_reading import confirmed
from appeals.intake.verdict import refuses
from appeals.intake.whole_names import whole_names
from appeals.intake.windows import other_windows

_READERS: Final[tuple[Callable[[Sequence[Page]], Iterator[Proposal]], ...]] = (
    payer_facts,
    cues,
    people,
    identifiers,
    notice_dates,
    provider_number,
    diagnoses,
    adjustments,
    grounds,
    reviewers,
    other_windows,
)

_OF_A_REFUSAL: Final[tuple[Callable[[Sequence[Page]], Iterator[Proposal]], ...]] = (
    procedures,
    stated_deadline,
    contacts,
    mail_address,
    beside_address,
    web_page,
)
"""What only a letter that refuses something tells: which services, until when, and where, an appeal goes."""


def propose_facts(pages: Sequence[str]) -> tuple[Proposal, ...]:
    """Facts found in the pages of one letter (plain text, one string a page, in order).

    Facts of one kind stand in order of importance: the first `reason` is the one the letter leads with. Of a fact
    that is not in `MANY` there is at most one. Text without letters in it (a scan) gives an empty tuple.
    """
    read = [Page(number, text) for number, text in enumerate(pages, start=1)]
    kept: dict[tuple[str, str], Proposal] = {}

    def keep(proposals: Iterator[Proposal]) -> None:
        for proposal in proposals:
            kept.setdefault((proposal.fact, proposal.value if proposal.fact in MANY else ""), proposal)

    for reader in _READERS:
        keep(reader(read))
    if refuses(read):
        for reader in _OF_A_REFUSAL:
            keep(reader(read))
        keep(reasons(read, [proposal for proposal in kept.values() if proposal.fact == "carc"]))
    grievance = grievance_is_appeal(read)
    unopposed = unobjected(read, whole_names(read, tuple(kept.values())), grievance=grievance)
    proposals = evident(read, proven(read, confirmed(read, unopposed, grievance=grievance)))
    return undoubted(read, proposals)
