"""The last gate: a fact is proposed only on evidence of a kind that has proven itself on letters nobody had seen.

The readers, the objections, the second reading and the general rules each know what speaks against a value, and every
new letter finds words that none of them knows. This gate asks the other way round. Per fact it names the evidence that
is enough, such as an explicit label beside the value, an assertion that something is refused, or two statements of the
letter that agree; whatever else was found is left for a person to type. What each kind of evidence was worth was measured
on the proposals that fourteen older readers made of letters written after them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from appeals.intake.elsewhere import in_message, is_quoted
from appeals.intake.evidence_appeals import answers_appeals, goes_to_appeals, is_limit_of_appeal
from appeals.intake.evidence_papers import dates_paper, numbers_case
from appeals.intake.evidence_parties import names_administrator, names_patient, names_payer
from appeals.intake.evidence_services import is_code_refused, is_ground
from appeals.intake.layout import Page
from appeals.intake.proposal import Proposal
from appeals.intake.said import Said

Gate = Callable[[Said, Sequence[Proposal]], bool]

_GATES: Final[dict[str, Gate]] = {
    "payer": names_payer,
    "administrator": names_administrator,
    "patient_name": names_patient,
    "member_id": numbers_case,
    "reference_number": numbers_case,
    "group_number": numbers_case,
    "policy_number": numbers_case,
    "notice_date": dates_paper,
    "sent_date": dates_paper,
    "procedure_code": is_code_refused,
    "diagnosis_code": is_code_refused,
    "ndc": is_code_refused,
    "carc": is_code_refused,
    "rarc": is_code_refused,
    "reason": is_ground,
    "stated_deadline": is_limit_of_appeal,
    "stated_deadline_text": is_limit_of_appeal,
    "stated_deadline_date": is_limit_of_appeal,
    "external_review_window": is_limit_of_appeal,
    "standard_decision_days": answers_appeals,
    "expedited_hours": answers_appeals,
    "expedited_available": answers_appeals,
    "send_to_fax": goes_to_appeals,
    "send_to_fax_expedited": goes_to_appeals,
    "send_to_phone": goes_to_appeals,
    "appeal_phone": goes_to_appeals,
    "send_to_mail": goes_to_appeals,
}


def withheld(pages: Sequence[Page], proposal: Proposal, every: Sequence[Proposal]) -> bool:
    """Whether the evidence for a proposal is of no kind that is enough for its fact."""
    gate = _GATES.get(proposal.fact)
    if gate is None:
        return False
    said = Said(pages, proposal)
    return is_quoted(said) or in_message(said) or not gate(said, every)


def evident(pages: Sequence[Page], proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals whose evidence is enough, in their order."""
    return tuple(one for one in proposals if not withheld(pages, one, proposals))
