"""The letter of a decision beside the form that records it: what is read in it, with the words, for a person to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from appeals.models import Appeal, Decision, Proposal
from appeals.queries.denial_intake import compared_with
from appeals.queries.letter_facts import (
    DECISION_FIELD_OF,
    Compared,
    Proof,
    Segment,
    marked_pages,
    proof_of,
    proposed_values,
    span_hint,
)
from appeals.queries.request_page import ItemShown
from cases.models import Case, Document, DocumentVersion


@dataclass(frozen=True)
class LetterBeside:
    """`initial` prefills the form, `proofs` are the words behind a value, `hints` say what stands there without a day.

    `reading` is the version's text status: "pending", "read", "none" (a picture) or "failed".
    """

    version: DocumentVersion
    reading: str
    pages: tuple[tuple[Segment, ...], ...]
    initial: dict[str, Any]
    proofs: dict[str, Proof]
    hints: dict[str, str]
    compared: tuple[Compared, ...]
    proposals: tuple[Proposal, ...]

    @property
    def key(self) -> str:
        """The public id of the document, as text."""
        return str(self.version.document.public_id)

    @property
    def disagreements(self) -> tuple[Compared, ...]:
        return tuple(c for c in self.compared if c.agrees is False and not c.rejected)

    def field_of(self, proposal: Proposal) -> str | None:
        """The form's field for a fact, or None."""
        return DECISION_FIELD_OF.get(proposal.fact)

    def value_of(self, proposal: Proposal) -> Any:
        """What the form was prefilled with because of a fact, or None."""
        value, sources = proposed_values(self.proposals, DECISION_FIELD_OF).get(
            DECISION_FIELD_OF.get(proposal.fact, ""), (None, ())
        )
        return value if proposal in sources else None


def letter_beside(
    actor: Actor, case: Case, appeal: Appeal, items: tuple[ItemShown, ...], wanted: str
) -> LetterBeside | None:
    """The letter named by its document's public id, else the newest decision letter that no decision has; in two statements.

    None where there is none. Raises NotFound for a `wanted` that is no document of this case the actor sees.
    """
    rows = DocumentVersion.objects.filter(visible(actor, DocumentVersion), case=case)
    if wanted:
        rows = rows.filter(document__public_id=_key(wanted))
    else:
        taken = Decision.objects.filter(case=case, letter__isnull=False).values("letter_id")
        rows = rows.filter(document__kind=Document.Kind.DECISION_LETTER).exclude(document_id__in=taken)
    version = rows.select_related("document").order_by("-document_id", "-number").first()
    if version is None:
        if wanted:
            raise NotFound("letter")
        return None
    proposals = tuple(Proposal.objects.filter(document_version=version).order_by("page", "id"))
    filled = proposed_values(proposals, DECISION_FIELD_OF)
    undecided = {
        field: value
        for field, (value, sources) in filled.items()
        if any(p.status == Proposal.Status.PROPOSED for p in sources)
    }
    if reasons := quoted_reasons(proposals):
        undecided["reasons_quoted"] = reasons
    notice = undecided.get("notice_on")
    hint = (
        ""
        if "stated_deadline_on" in filled
        else span_hint(proposals, notice if isinstance(notice, date) else None, None)
    )
    return LetterBeside(
        version,
        version.text_status,
        marked_pages(version.pages or [], proposals),
        undecided,
        {field: proof_of(sources[0]) for field, (_, sources) in filled.items()},
        {"stated_deadline_on": hint} if hint else {},
        tuple(compared_with(case, appeal.denial.request, items, proposals, DECISION_FIELD_OF)),
        proposals,
    )


def quoted_reasons(proposals: tuple[Proposal, ...]) -> str:
    """The words behind each reason that was read and not rejected, a reason to a line, each words once."""
    read = (p for p in proposals if p.fact == "reason" and p.status != Proposal.Status.REJECTED)
    return "\n".join(dict.fromkeys(" ".join(p.words.split()) for p in read))


def _key(wanted: str) -> UUID:
    try:
        return UUID(wanted)
    except ValueError:
        raise NotFound("letter") from None
