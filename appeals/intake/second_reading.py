"""The second reading of every proposal: does the letter say beside the value itself what the value is?

The readers and the objections to them judge by whatever a letter says around a value. This pass is simpler and knows
nothing of either: it looks only at the words that stand directly with the value, in its cell, its sentence, its item and
its block, and keeps a proposal when these words themselves give it to its fact. Where they give it to something else, or
to nothing, a person has to look; a wrong address or day in an appeal costs the patient more than an empty field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from appeals.intake.asides import decides_appeal
from appeals.intake.layout import Page
from appeals.intake.proposal import Proposal
from appeals.intake.second_contacts import PHONES, WRITTEN, goes_to_appeals, is_for_calling, is_whole
from appeals.intake.second_dates import is_day_of_service, says_date_of
from appeals.intake.second_parties import (
    is_for_this_member,
    is_of_this_case,
    is_of_this_member,
    is_only_payer,
    is_providers,
    is_still_offered,
    is_time_to_decide,
    is_whole_name,
)
from appeals.intake.second_services import is_refused_here, is_relied_on, is_the_patients, states_reason


def confirmed(
    pages: Sequence[Page], proposals: Sequence[Proposal], *, grievance: bool
) -> tuple[Proposal, ...]:
    """The proposals that the words directly beside them confirm, in their order.

    `grievance`: the letter calls the appeal a grievance.
    """
    kept: list[Proposal] = []
    first = not decides_appeal(pages)
    for proposal in proposals:
        page = pages[proposal.page - 1]
        if proposal.fact in PHONES:
            continue
        if proposal.fact in WRITTEN:
            good = is_whole(proposal) and goes_to_appeals(page, proposal, grievance=grievance, first=first)
        else:
            good = all(holds(page, proposal) for holds in _ON_PAGE.get(proposal.fact, ())) and all(
                holds(pages, proposal) for holds in _IN_LETTER.get(proposal.fact, ())
            )
        if good:
            kept.append(proposal)
    phones = [
        one
        for one in proposals
        if one.fact in PHONES
        and is_for_calling(pages[one.page - 1], one, kept, grievance=grievance, first=first)
    ]
    chosen = {id(one) for one in (*kept, *phones)}
    return tuple(one for one in proposals if id(one) in chosen)


def _is_notice_date(pages: Sequence[Page], proposal: Proposal) -> bool:
    return says_date_of(pages, proposal, "notice") and not is_day_of_service(pages, proposal)


_NUMBERS: Final = ("member_id", "reference_number", "group_number", "policy_number")
_LIMITS: Final = (
    "stated_deadline", "stated_deadline_text", "stated_deadline_date", "receipt_rule", "standard_decision_days",
    "expedited_hours", "external_review_window", "continuation_request_by",
)  # fmt: skip
_PEERS: Final = ("p2p_phone", "p2p_window_days", "p2p_window_end")

_ON_PAGE: Final[dict[str, tuple[Callable[[Page, Proposal], bool], ...]]] = {
    **dict.fromkeys(_NUMBERS, (is_of_this_case,)),
    **dict.fromkeys(_LIMITS, (is_for_this_member,)),
    "standard_decision_days": (is_for_this_member, is_time_to_decide),
    **dict.fromkeys(_PEERS, (is_still_offered,)),
    "procedure_code": (is_refused_here,),
    "ndc": (is_refused_here,),
    "criteria": (is_relied_on,),
    "diagnosis_code": (is_the_patients,),
    "provider_npi": (is_providers,),
    "program_cue": (is_of_this_member,),
}
_IN_LETTER: Final[dict[str, tuple[Callable[[Sequence[Page], Proposal], bool], ...]]] = {
    "notice_date": (_is_notice_date,),
    "sent_date": (lambda pages, proposal: says_date_of(pages, proposal, "sent"),),
    "request_received_date": (lambda pages, proposal: says_date_of(pages, proposal, "received"),),
    "reason": (states_reason,),
    "payer": (is_only_payer,),
    "patient_name": (is_whole_name,),
}
