"""What a letter to whoever is late says, from the rows of its case: facts, recipient, and the letter as it stands."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from advocacy.errors import Reason
from appeals.blocks import Block, blocks_from_data
from appeals.carry_out_letters import (
    CARRY_OUT,
    carry_out_complaint,
    carry_out_letter,
    carry_out_re,
    owed_re,
)
from appeals.clock.arithmetic import words_of
from appeals.commands.paper import CLOSING, SALUTATION, letterhead_of, recipient_of
from appeals.demand_letters import (
    About,
    Late,
    complaint_letter,
    complaint_re,
    cure_re,
    overdue_letter,
    overdue_re,
)
from appeals.document_letters import (
    SEND_THEM,
    documents_complaint,
    documents_letter,
    documents_re,
    in_a_request,
)
from appeals.dues import DOCUMENTS, EFFECTUATION, PAYER
from appeals.facts import History
from appeals.letters import Letter
from appeals.models import Appeal, Deadline, Demand, DocumentRequest
from appeals.models.authorization import Channel
from appeals.queries.clocks import rule_words, spoken, who_of
from appeals.queries.demands import demand_kind
from appeals.queries.effectuations import won_at
from appeals.regulators import Agency, agencies, agencies_for
from cases.models import Case
from cases.typesetting import long_date

Kind = Demand.Kind
LETTERS = {
    Kind.OVERDUE: (overdue_letter, complaint_letter),
    Kind.CARRY_OUT: (carry_out_letter, carry_out_complaint),
    Kind.DOCUMENTS: (documents_letter, documents_complaint),
}
"""What demands that which was missed, and what complains about it."""
TITLED = {Kind.COMPLAINT: complaint_re, Kind.CARRY_OUT: carry_out_re, Kind.DOCUMENTS: documents_re}
TO_THE_AGENCY = "To the office that takes complaints:"
NO_AGENCY = Reason(
    "agency_unknown",
    "No agency is known that takes complaints about this coverage. Answer the coverage questions and the state of issue first, or"
    " demand the decision from the plan.",
    "agency",
)


def agencies_of(history: History, deadline: Deadline) -> tuple[Agency, ...]:
    """Whom to complain to about a missed date: by the rules the date was computed with, or by all that may apply."""
    found = history.classification
    regimes = (deadline.regime,) if deadline.regime != "unknown" else found.candidates
    return agencies_for(regimes, found.state)


def demand_for(deadline: Deadline) -> Demand.Kind:
    """The kind of letter that demands what was missed."""
    return Kind(demand_kind(deadline.clock))


def about_of(case: Case, reference: str) -> About:
    """Whom the letter is about. `case` comes with its patient, coverage and payer."""
    return About(
        patient=case.patient.full_name,
        plan=case.coverage.payer.name,
        service=case.get_treatment_display(),
        member_id=case.coverage.member_id,
        group_number=case.coverage.group_number,
        reference_number=reference,
    )


def reference_of(demand: Demand) -> str:
    """The payer's number of what the letter is about."""
    if demand.denial is not None:
        return demand.denial.reference_number
    assert demand.deadline is not None
    return _reference(demand.deadline)


def _reference(deadline: Deadline) -> str:
    if deadline.request is not None:
        return deadline.request.reference_number
    if deadline.document_request is not None:
        asked_about = deadline.document_request.denial
        return asked_about.reference_number if asked_about is not None else ""
    return deadline.appeal.denial.reference_number if deadline.appeal is not None else ""


def late_of(history: History, deadline: Deadline, on: date, *, demanded: bool = False) -> Late:
    """The missed time as a letter dated `on` tells it; `demanded` also says when it was demanded first. `deadline` comes with its
    request, or its level and denial.
    """
    first = _first_demand(deadline) if demanded else None
    zoned = deadline.due_at.astimezone(ZoneInfo(history.zone)) if deadline.due_at else None
    return Late(
        what=_what(history, deadline),
        who=history.case.coverage.payer.name if deadline.side == PAYER else f"the {who_of(deadline).lower()}",
        due=spoken(words_of(zoned or deadline.due_on)),
        due_on=deadline.due_on,
        days=max((on - deadline.due_on).days, 0),
        rule=rule_words(deadline),
        citation=deadline.citation,
        arithmetic=tuple(spoken(line) for line in deadline.arithmetic),
        if_missed=deadline.if_missed or "none",
        demanded_on=history.day(first.sent_at) if first else None,
        **_before(history, deadline),
    )


def _before(history: History, deadline: Deadline) -> dict[str, Any]:
    """What went before the missed time: what was sent, or what was decided."""
    if deadline.clock == EFFECTUATION:
        return _decided(history, deadline)
    return _sent(history, deadline) | ({"act": SEND_THEM} if deadline.clock == DOCUMENTS else {})


def _asked(history: History, deadline: Deadline) -> DocumentRequest:
    return next(d for d in history.documents if d.pk == deadline.document_request_id)


def _decided(history: History, deadline: Deadline) -> dict[str, Any]:
    """What was decided, as the letter tells it that demands that it is carried out."""
    appeal = next(a for a in history.appeals if a.pk == deadline.appeal_id)
    decision = history.decisions[appeal.pk]
    won = won_at(history, appeal)
    codes = ", ".join(i.code for i in history.items if i.pk in won)
    decided = history.day(decision.decided_at)
    assert decided is not None
    told = f"On {long_date(decided, 'en')} {_what(history, deadline)} was decided for the patient: {codes} is covered."
    if decision.notice_on:
        told += f" The notice is dated {long_date(decision.notice_on, 'en')}."
    had = history.day(decision.plan_received_at)
    if had is not None:
        told += f" {history.case.coverage.payer.name} had it on {long_date(had, 'en')}."
    return {"act": CARRY_OUT, "story": told}


def _first_demand(deadline: Deadline) -> Demand | None:
    sent = Demand.objects.filter(deadline=deadline, kind=demand_for(deadline), sent_at__isnull=False)
    return sent.order_by("sent_at", "id").first()


def _level(history: History, deadline: Deadline) -> Appeal:
    """The level that should have been decided: of a case that should have been sent on, the one below."""
    appeal = next(a for a in history.appeals if a.pk == deadline.appeal_id)
    return history.previous(appeal) or appeal if deadline.clock == "forwarding" else appeal


def _what(history: History, deadline: Deadline) -> str:
    if deadline.document_request_id is not None:
        return f"the request for {in_a_request(_asked(history, deadline).get_asked_display())}"
    if deadline.request_id is not None:
        after = history.request(deadline.request_id).timing == "post_service"
        return "the claim" if after else "the request for authorization"
    title = history.rung(_level(history, deadline)).title.split(",")[0]
    return f"the {title[:1].lower()}{title[1:]}" if title[1:2].islower() else f"the {title}"


def _sent(history: History, deadline: Deadline) -> dict[str, Any]:
    if deadline.document_request_id is not None:
        asked = _asked(history, deadline)
        return {
            "sent_on": history.day(asked.sent_at),
            "sent_by": _by(asked.channel),
            "arrived_on": history.day(asked.received_at),
            "proof": asked.proof_note,
            "exactly": asked.details,
        }
    if deadline.request_id is not None:
        request = history.request(deadline.request_id)
        return {
            "sent_on": history.day(request.submitted_at),
            "sent_by": _by(request.channel),
            "arrived_on": history.day(request.received_at),
            "proof": request.receipt_evidence,
        }
    level = _level(history, deadline)
    filing = history.filings.get(level.pk)
    return {
        "sent_on": history.day(level.filed_at),
        "sent_by": _by(filing.channel if filing else ""),
        "arrived_on": history.day(level.received_at),
        "proof": filing.proof_note if filing else "",
    }


def _by(channel: str) -> str:
    words = Channel(channel).label if channel else ""
    return (
        "e-mail"
        if channel == Channel.EMAIL
        else "the payer's portal"
        if channel == Channel.PORTAL
        else words.lower()
    )


def body_of(case: Case, history: History, deadline: Deadline, kind: str, on: date) -> tuple[Block, ...]:
    """The first draft about a missed date."""
    about = about_of(case, _reference(deadline))
    demand, complaint = LETTERS[demand_for(deadline)]
    if kind == Kind.COMPLAINT:
        return complaint(about, late_of(history, deadline, on, demanded=True))
    known = agencies_of(history, deadline)
    return demand(about, late_of(history, deadline, on), known[0].name if known else "")


def addressed_to(case: Case, history: History, deadline: Deadline, agency: Agency | None) -> tuple[str, ...]:
    """Who the letter goes to: the agency, or whoever is late where the record says how they are written to."""
    if agency is not None:
        return agency.lines
    if deadline.clock == DOCUMENTS:
        return (case.coverage.payer.name, "Attention: Plan administrator, request for documents")
    if deadline.appeal_id is None:
        return (case.coverage.payer.name, "Attention: Prior authorization, overdue decision")
    if deadline.clock == EFFECTUATION:
        return (case.coverage.payer.name, "Attention: Appeals, decision to be carried out")
    below, level = _level(history, deadline), deadline.appeal
    if level is None or level.pk != below.pk:
        level = Appeal.objects.select_related("denial").get(pk=below.pk)
    return recipient_of(case, level, history.rung(level))


def letter_of_demand(case: Case, demand: Demand) -> Letter:
    """The letter as it would go out now; the draft holds its body, date, recipient and signer. `case` as in `about_of`, with its
    organization; `demand` with what it is about.
    """
    draft = demand.draft
    about = about_of(case, reference_of(demand))
    if demand.deadline is not None:
        past = Late("", "", "", demand.deadline.due_on, 0, "", "", (), "none")
        titled = TITLED.get(Kind(demand.kind), overdue_re)
        re = titled(about, past)
    else:
        assert demand.denial is not None
        re = owed_re(about) if demand.kind == Kind.CARRY_OUT else cure_re(about, demand.denial.notice_on)
    return Letter(
        letterhead=letterhead_of(case.organization),
        date=date.fromisoformat(draft["dated"]),
        recipient=tuple(draft["recipient"]),
        salutation=TO_THE_AGENCY if demand.kind == Kind.COMPLAINT else SALUTATION,
        body=blocks_from_data(draft["blocks"]),
        closing=CLOSING,
        signer_name=draft["signer"],
        signer_title=case.organization.name,
        re=re,
    )


def agency_of(key: str) -> Agency | None:
    """The agency by its key; None for "" and one that is kept no more."""
    return agencies().get(key)
