"""What a letter to whoever is late says, from the rows of its case: facts, recipient, and the letter as it stands."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from advocacy.errors import Reason
from appeals.blocks import Block, blocks_from_data
from appeals.carry_out_letters import CARRY_OUT, carry_out_complaint, carry_out_letter, carry_out_re
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
from appeals.dues import EFFECTUATION, PAYER
from appeals.facts import History
from appeals.letters import Letter
from appeals.models import Appeal, Deadline, Demand
from appeals.models.authorization import Channel
from appeals.queries.clocks import rule_words, spoken, who_of
from appeals.queries.demands import demand_kind
from appeals.queries.effectuations import won_at
from appeals.regulators import Agency, agencies, agencies_for
from cases.models import Case
from cases.typesetting import long_date

Kind = Demand.Kind
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
        due=words_of(zoned or deadline.due_on),
        due_on=deadline.due_on,
        days=max((on - deadline.due_on).days, 0),
        rule=rule_words(deadline),
        citation=deadline.citation,
        arithmetic=tuple(spoken(line) for line in deadline.arithmetic),
        if_missed=deadline.if_missed or "none",
        demanded_on=history.day(first.sent_at) if first else None,
        **(_decided(history, deadline) if deadline.clock == EFFECTUATION else _sent(history, deadline)),
    )


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
    if deadline.request_id is not None:
        after = history.request(deadline.request_id).timing == "post_service"
        return "the claim" if after else "the request for authorization"
    title = history.rung(_level(history, deadline)).title.split(",")[0]
    return f"the {title[:1].lower()}{title[1:]}" if title[1:2].islower() else f"the {title}"


def _sent(history: History, deadline: Deadline) -> dict[str, Any]:
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
    owed = demand_for(deadline) == Kind.CARRY_OUT
    if kind == Kind.COMPLAINT:
        complaint = carry_out_complaint if owed else complaint_letter
        return complaint(about, late_of(history, deadline, on, demanded=True))
    late = late_of(history, deadline, on)
    known = agencies_of(history, deadline)
    demand = carry_out_letter if owed else overdue_letter
    return demand(about, late, known[0].name if known else "")


def addressed_to(case: Case, history: History, deadline: Deadline, agency: Agency | None) -> tuple[str, ...]:
    """Who the letter goes to: the agency, or whoever is late where the record says how they are written to."""
    if agency is not None:
        return agency.lines
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
        titled = {Kind.COMPLAINT: complaint_re, Kind.CARRY_OUT: carry_out_re}.get(
            Kind(demand.kind), overdue_re
        )
        re = titled(about, past)
    else:
        assert demand.denial is not None
        re = cure_re(about, demand.denial.notice_on)
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
