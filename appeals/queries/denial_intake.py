"""The denial beside its letter: what stands in the row, what the letter proposes, and what the case says about the same."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from advocacy.access.policy import Actor
from advocacy.errors import NotFound
from appeals.models import Appeal, AuthorizationRequest, Denial, DenialItem, DenialReason, Proposal
from appeals.queries.letter_facts import (
    FIELD_OF,
    LABELS,
    Compared,
    Proof,
    Segment,
    marked_pages,
    proof_of,
    proposed_values,
    shown_value,
    span_hint,
)
from appeals.queries.lookup import get_denial
from appeals.queries.notice_page import NoticePage, notice_page
from appeals.queries.request_page import ItemShown, items_of
from appeals.refusals import label_of_refusal, refusals
from cases.models import Case, DocumentVersion


@dataclass(frozen=True)
class ReasonShown:
    key: str
    label: str
    words: str
    proof: Proof | None


@dataclass(frozen=True)
class Intake:
    """Everything of the page. `initial` prefills the form; `proofs` are the words behind a field's value.

    `reading` is "none" (no letter), or the version's text status: "pending", "read", "none" (a picture), "failed".
    """

    denial: Denial
    version: DocumentVersion | None
    reading: str
    pages: tuple[tuple[Segment, ...], ...]
    items: tuple[ItemShown, ...]
    reasons: tuple[ReasonShown, ...]
    initial: dict[str, Any]
    proofs: dict[str, Proof]
    hints: dict[str, str]
    compared: tuple[Compared, ...]
    proposals: tuple[Proposal, ...]
    levels: tuple[Appeal, ...]
    notice: NoticePage | None

    @property
    def item_choices(self) -> list[tuple[str, str]]:
        return [(item.key, item.name) for item in self.items]

    @property
    def disagreements(self) -> tuple[Compared, ...]:
        return tuple(c for c in self.compared if c.agrees is False and not c.rejected)


def denial_of(actor: Actor, case: Case, public_id: UUID) -> Denial:
    """A denial of this case. Raises NotFound when absent or invisible."""
    denial = get_denial(actor, public_id)
    if denial.case_id != case.pk:
        raise NotFound("denial")
    return denial


def latest_version(letter_id: int | None) -> DocumentVersion | None:
    """The newest version of a letter with its text and its document; None without a letter."""
    if letter_id is None:
        return None
    rows = DocumentVersion.objects.filter(document_id=letter_id).select_related("document", "blob")
    return rows.order_by("-number").first()


OF_THE_PERSON = ("patient_name", "member_id")


def names_another(case: Case, request: AuthorizationRequest, letter_id: int | None) -> tuple[Compared, ...]:
    """What a letter says of the person that the case says otherwise, unless somebody said that it was read wrong."""
    version = latest_version(letter_id)
    if version is None:
        return ()
    proposals = Proposal.objects.filter(document_version=version, fact__in=OF_THE_PERSON).order_by(
        "page", "id"
    )
    compared = compared_with(case, request, (), tuple(proposals), ())
    return tuple(c for c in compared if c.agrees is False and not c.rejected)


def intake(actor: Actor, case: Case, public_id: UUID) -> Intake:
    """The intake page in nine statements. Raises NotFound."""
    denial = denial_of(actor, case, public_id)
    version = latest_version(denial.letter_id)
    proposals = (
        tuple(Proposal.objects.filter(document_version=version).order_by("page", "id")) if version else ()
    )
    items = items_of(denial.request)
    refused = set(DenialItem.objects.filter(denial=denial).values_list("item__public_id", flat=True))
    given = list(DenialReason.objects.filter(denial=denial).order_by("-is_primary", "id"))
    levels = Appeal.objects.filter(denial=denial).defer("draft").order_by("position")
    filled = proposed_values(proposals)
    compared = tuple(compared_with(case, denial.request, items, proposals, {*FIELD_OF, "reason"}))
    return Intake(
        denial=denial,
        version=version,
        reading=version.text_status if version else "no_letter",
        pages=marked_pages(version.pages or [], proposals) if version else (),
        items=items,
        reasons=tuple(_reasons(given, proposals)),
        initial=_initial(denial, filled, items, refused, given, proposals),
        proofs={field: proof_of(sources[0]) for field, (_, sources) in filled.items()},
        hints=_hints(denial, filled, proposals),
        compared=compared,
        proposals=proposals,
        levels=tuple(levels) if denial.confirmed_at else (),
        notice=notice_page(case, denial, version, proposals, given),
    )


def _initial(
    denial: Denial,
    filled: dict[str, tuple[Any, tuple[Proposal, ...]]],
    items: Sequence[ItemShown],
    refused: set[UUID],
    given: Sequence[DenialReason],
    proposals: Sequence[Proposal],
) -> dict[str, Any]:
    """The row's own values; where it has none, what the letter proposes and nobody has decided about."""
    initial = {f.name: getattr(denial, f.attname) for f in denial._meta.concrete_fields if not f.is_relation}
    for field, (value, sources) in filled.items():
        undecided = any(p.status == Proposal.Status.PROPOSED for p in sources)
        if undecided and initial.get(field) in (None, "", Denial.Evidence.NONE):
            initial[field] = value
    open_ones = [p for p in proposals if p.status == Proposal.Status.PROPOSED]
    codes = {p.value for p in open_ones if p.fact == "procedure_code"}
    initial["items"] = (
        [str(key) for key in refused] if refused else [item.key for item in items if item.code in codes]
    )
    named = [r.reason for r in given] or [p.value for p in open_ones if p.fact == "reason"]
    initial["reasons"] = list(dict.fromkeys(named))
    initial["primary_reason"] = next((r.reason for r in given if r.is_primary), "")
    return initial


def _reasons(given: Sequence[DenialReason], proposals: Sequence[Proposal]) -> list[ReasonShown]:
    """Every reason of the taxonomy; those that the letter gives stand in front with their words."""
    proofs: dict[str, Proof] = {}
    for proposal in proposals:
        if proposal.fact == "reason":
            proofs.setdefault(proposal.value, proof_of(proposal))
    own = {row.reason: row.words for row in given}
    front = list(dict.fromkeys([*own, *proofs]))
    known = refusals()
    order = [*(k for k in front if k in known), *(k for k in known if k not in front)]
    return [
        ReasonShown(
            key,
            label_of_refusal(key),
            own.get(key) or (proofs[key].words if key in proofs else ""),
            proofs.get(key),
        )
        for key in order
    ]


def _hints(
    denial: Denial, filled: dict[str, tuple[Any, tuple[Proposal, ...]]], proposals: Sequence[Proposal]
) -> dict[str, str]:
    if "stated_deadline_on" in filled:
        return {}
    notice = denial.notice_on or (filled.get("notice_on") or (None, ()))[0]
    hint = span_hint(proposals, notice, denial.received_on)
    return {"stated_deadline_on": hint} if hint else {}


def _plain(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.lower())


def compared_with(
    case: Case,
    request: AuthorizationRequest,
    items: Sequence[ItemShown],
    proposals: Sequence[Proposal],
    fields: Container[str],
) -> list[Compared]:
    """Facts without a field of their own (`fields` have one), each beside what the case says about the same."""
    coverage, patient = case.coverage, case.patient
    received = request.received_at
    known = {
        # A letter of a self-funded plan names the plan and who administers it: either is whom the case calls the payer.
        "payer": [coverage.payer.name, *filter(None, [coverage.plan_name])],
        "administrator": [coverage.payer.name],
        "patient_name": [patient.full_name, patient.called],
        "member_id": [coverage.member_id],
        "group_number": [coverage.group_number] if coverage.group_number else [],
        "provider_npi": [case.provider.npi],
        "diagnosis_code": list(case.diagnosis_codes),
        "procedure_code": [item.code for item in items],
        "request_received_date": [str(timezone.localdate(received))] if received else [],
    }
    shown = []
    for proposal in proposals:
        if proposal.fact in fields:
            continue
        ours = known.get(proposal.fact, [])
        agrees = any(_same(proposal.fact, proposal.value, own) for own in ours) if ours else None
        if proposal.fact == "procedure_code" and agrees:
            continue  # it stands as an item already
        shown.append(
            Compared(
                str(proposal.public_id),
                proposal.fact,
                LABELS.get(proposal.fact, proposal.fact.replace("_", " ").capitalize()),
                label_of_refusal(proposal.value)
                if proposal.fact == "reason"
                else shown_value(proposal.value),
                ", ".join(dict.fromkeys(shown_value(own) for own in ours)),
                agrees,
                proof_of(proposal),
                proposal.status == Proposal.Status.REJECTED,
            )
        )
    return shown


def _same(fact: str, letter: str, ours: str) -> bool:
    """Whether two writings mean the same: signs and case do not count; of names the first and last word do."""
    if fact == "patient_name":
        names = [text.lower().split() for text in (letter, ours)]
        return all(names) and len({frozenset((name[0], name[-1])) for name in names}) == 1
    one, other = _plain(letter), _plain(ours)
    return one == other or (fact == "payer" and bool(one and other) and (one in other or other in one))
