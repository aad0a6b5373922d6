"""The steps of a story up to the denial: each is a function that gives what the story does at that point, and names its days.

Every number of days counts back from today; a negative one lies ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from advocacy.management.seed import papers
from advocacy.management.seed.intake import benefits_asked, place_of
from advocacy.management.seed.letters import Notice, letter_for
from advocacy.management.seed.life import Days, Life, Step
from advocacy.management.seed.matters import CLINICS
from advocacy.management.seed.plans import filled
from advocacy.management.seed.said import tell_the_patient
from appeals.commands.clock_events import record_clock_event
from appeals.commands.denials import (
    DenialInput,
    ReasonInput,
    confirm_denial,
    decide_proposal,
    record_denial,
)
from appeals.commands.peer_to_peers import hold_call, miss_call, schedule_call
from appeals.commands.requests import (
    ItemInput,
    approve_request,
    draft_request,
    receive_request,
    submit_request,
    withdraw_request,
)
from appeals.models import PeerToPeer, Proposal
from appeals.queries.letter_facts import proposed_values
from appeals.refusals import refusals
from appeals.sample_letters import scan_of, text_as_pdf
from cases.commands.costs import record_cost
from cases.models import Document


def asked(
    ago: int,
    *,
    received: int | None = None,
    channel: str = "fax",
    sent: bool = True,
    timing: str = "pre_service",
    urgent: bool = False,
    exception: str = "",
) -> Step:
    """The plan is asked about benefits, and the request is written and, unless `sent` is false, sent.

    `received` is the day from which the payer's clock runs. What is not sent has questions open. `exception` is for which one
    a drug plan is asked.
    """

    def step(life: Life) -> Days:
        yield ago
        matter = life.matter
        assert matter is not None
        life.reference = filled(life.story.plan.reference, life.luck)
        first = life.day(ago) + timedelta(days=21)
        if timing == "post_service":
            first = life.day(ago) - timedelta(days=20)
        items = [
            ItemInput(
                line.code,
                Decimal(line.each * line.sessions),
                line.sessions,
                line.frequency,
                first,
                first + timedelta(days=0 if timing == "post_service" else 60),
            )
            for line in matter.lines
        ]
        open_still = () if sent else ("policy_number", "coinsurance")
        benefits_asked(life, ago, left_out=open_still, unsaid=() if sent else ("copay",))
        life.request = life.do(
            draft_request,
            case=life.case,
            timing=timing,
            benefit=matter.benefit,
            place_of_service=place_of(matter),
            exception=exception,
            is_urgent=urgent,
            urgency_certified_by=CLINICS[matter.clinic].signature if urgent else "",
            channel=channel,
            items=items,
        )
        if not sent:
            return
        life.do(submit_request, request=life.asked, submitted_at=life.at, channel=channel)
        if received is not None:
            yield from receipt(received)(life)

    return step


def receipt(ago: int) -> Step:
    """The payer confirms that it has the request, with its number."""

    def step(life: Life) -> Days:
        yield ago
        at = max(life.moment(ago, 11), life.asked.submitted_at or life.moment(ago))
        life.do(
            receive_request,
            request=life.asked,
            received_at=at,
            reference_number=life.reference,
            evidence="Fax report and the clerk's confirmation",
        )

    return step


def information(asked_ago: int, sent_ago: int | None, *, days: int = 45) -> Step:
    """The payer asks for more, in writing; `sent_ago` is when it had the answer, None while nothing was sent."""

    def step(life: Life) -> Days:
        yield asked_ago - 1
        life.do(
            record_clock_event,
            case=life.case,
            request=life.asked,
            kind="information_requested",
            occurred_at=life.moment(asked_ago, 12),
            sent_on=life.day(asked_ago),
            respond_by=life.moment(asked_ago, 12) + timedelta(days=days),
            note="Current scores and the pharmacy record.",
        )
        if sent_ago is not None:
            yield sent_ago
            life.do(
                record_clock_event,
                case=life.case,
                request=life.asked,
                kind="information_sent",
                occurred_at=life.moment(sent_ago, 9),
                note="Scores and pharmacy record by portal.",
            )

    return step


def stated_by_prescriber(ago: int) -> Step:
    """The prescriber's supporting statement reaches the drug plan: the time for an exception runs from it."""

    def step(life: Life) -> Days:
        yield ago
        life.do(
            record_clock_event,
            case=life.case,
            request=life.asked,
            kind="supporting_statement",
            occurred_at=life.moment(ago, 12),
            note="The prescriber's letter on the drugs that were tried, by fax.",
        )

    return step


def extended(ago: int) -> Step:
    """The payer gives notice of an extension."""

    def step(life: Life) -> Days:
        yield ago - 1
        life.do(
            record_clock_event,
            case=life.case,
            request=life.asked,
            kind="extension",
            occurred_at=life.moment(ago, 13),
            sent_on=life.day(ago),
            note="A specialist is to look at it.",
        )

    return step


def approved(ago: int, *, sessions: int | None = None) -> Step:
    """The payer approves at once, by letter."""

    def step(life: Life) -> Days:
        yield ago
        matter, story = life.matter, life.story
        assert matter is not None
        number, count = filled("AUTH-######", life.luck), sessions or matter.sessions
        first, last = life.day(ago), life.day(ago) + timedelta(days=120)
        text = papers.approval(story.plan, story.person.full_name, number, count, first, last, life.day(ago))
        letter = life.upload(
            "approval", "approval_letter", "Approval letter", text_as_pdf(text), "approval.pdf"
        )
        life.do(
            approve_request,
            request=life.asked,
            decided_at=life.moment(ago, 8),
            number=number,
            sessions=count,
            units=None,
            valid_from=first,
            valid_until=last,
            document=letter,
        )

    return step


def taken_back(ago: int, reason: str) -> Step:
    """The request is withdrawn."""

    def step(life: Life) -> Days:
        yield ago
        life.do(withdraw_request, request=life.asked, reason=reason)

    return step


def refused(
    notice: int,
    received: int | None,
    *,
    recorded: int | None = None,
    evidence: str = "postmark",
    scan: bool = False,
    confirmed: bool = True,
    effective: int | None = None,
    stated: int | None = None,
    call: str = "skipped",
) -> Step:
    """The denial letter comes, is uploaded and read; its facts are decided about and, as a rule, confirmed.

    `notice`, `received`, `effective` and `stated` are days; a scan is a picture without text. `call` says what becomes of
    an offered peer-to-peer: "skipped" or "left" (open).
    """

    def step(life: Life) -> Days:
        day = recorded if recorded is not None else min(notice, received if received is not None else notice)
        yield day
        letter = _letter(life, notice, effective=effective, stated=stated, scan=scan)
        read = Proposal.objects.filter(document_version=life.version("denial"))
        proposals = list(read.select_related("document_version__document").order_by("id"))
        if confirmed:
            for proposal in proposals:
                life.do(decide_proposal, proposal=proposal, status="accepted")
        reasons = [
            ReasonInput(p.value, p.words) for p in proposals if p.fact == "reason" and p.value in refusals()
        ]
        life.denial = life.do(
            record_denial,
            request=life.asked,
            letter=letter,
            fields=_fields(life, proposals, notice, received, evidence, effective, stated),
            items=[item.public_id for item in life.items],
            reasons=reasons or [ReasonInput("medical_necessity")],
        )
        if not confirmed:
            return
        life.do(confirm_denial, denial=life.refusal)
        count_stake(life)
        tell_the_patient(life, "told")
        life.call = PeerToPeer.objects.filter(denial=life.denial).first()
        if life.call is not None and call == "skipped":
            yield max(day - 9, 1)
            life.do(
                miss_call,
                call=life.call,
                reason="The clinic found no time inside the window; the appeal answers in writing.",
            )

    return step


def count_stake(life: Life) -> None:
    """What the treatment costs goes into the case's money, at the clinic's price."""
    matter = life.matter
    assert matter is not None
    life.do(
        record_cost,
        case=life.case,
        kind="at_stake",
        amount=matter.price * matter.sessions,
        certainty="estimate",
        basis=f"Cash price ${matter.price} a session, {matter.sessions} sessions, from the clinic's price list.",
    )


def _letter(life: Life, notice: int, *, effective: int | None, stated: int | None, scan: bool) -> Document:
    story, matter = life.story, life.matter
    assert matter is not None and life.coverage is not None
    clinic = CLINICS[matter.clinic]
    received = life.asked.received_at or life.asked.submitted_at or life.at
    text = letter_for(
        story.plan.form,
        Notice(
            patient=story.person.full_name,
            member_id=life.coverage.member_id,
            reference=life.reference,
            notice=life.day(notice),
            asked=received.date(),
            doctor=clinic.signature,
            npi=clinic.npi,
            facility=clinic.facility,
            item=matter.words,
            diagnosis=matter.diagnoses[0],
            diagnosis_name=matter.diagnosis_name,
            group=life.coverage.group_number,
            effective=life.day(effective) if effective is not None else None,
            stated=life.day(stated) if stated is not None else None,
        ),
    )
    pdf = text_as_pdf(text)
    data = scan_of(pdf, seed=story.key) if scan else pdf
    name = "scan-of-letter.pdf" if scan else "denial-letter.pdf"
    return life.upload("denial", "denial_letter", "Denial letter", data, name)


def _fields(
    life: Life,
    proposals: list[Proposal],
    notice: int,
    received: int | None,
    evidence: str,
    effective: int | None,
    stated: int | None,
) -> DenialInput:
    """What the page would hold: the proposed facts, and beside them the dates a person knows from the envelope."""
    given: dict[str, Any] = {name: value for name, (value, _) in proposed_values(proposals).items()}
    given["criteria"] = given.get("criteria", "")[:120]
    given |= {"notice_on": life.day(notice), "sent_on": life.day(notice), "sent_evidence": "postmark"}
    given["reference_number"] = given.get("reference_number") or life.reference
    if received is not None:
        given |= {"received_on": life.day(received), "received_evidence": evidence}
    if effective is not None:
        given["effective_on"] = life.day(effective)
    if stated is not None:
        given["stated_deadline_on"] = life.day(stated)
    return DenialInput(**given)


def _call_step(ago: int, act: Callable[[Life, PeerToPeer], None]) -> Step:
    def step(life: Life) -> Days:
        yield ago
        call = PeerToPeer.objects.filter(denial=life.denial).order_by("-id").first()
        assert call is not None, f"{life.story.key}: the letter offers a peer-to-peer"
        act(life, call)

    return step


def call_set(ago: int, on: int, hour: int = 13) -> Step:
    """The peer-to-peer is scheduled for the day `on` (negative: ahead)."""

    def act(life: Life, call: PeerToPeer) -> None:
        life.do(schedule_call, call=call, scheduled_at=life.in_zone(life.day(on), hour))

    return _call_step(ago, act)


def call_held(ago: int, outcome: str, reviewer: str = "Dr. Marlow Finch") -> Step:
    """The peer-to-peer takes place; `outcome` as in the list of outcomes."""

    def act(life: Life, call: PeerToPeer) -> None:
        by = "clara" if "clara" in life.standing.actors else ""
        named = {str(item.public_id): "partly" for item in life.items} if outcome == "partly" else {}
        life.do(
            hold_call,
            by=by,
            call=call,
            held_at=life.moment(ago, 13),
            reviewer=reviewer,
            reviewer_specialty="psychiatry",
            outcome=outcome,
            item_outcomes=named,
            summary="Went through doses and weeks of each medicine. The reviewer had not seen the pharmacy record.",
        )

    return _call_step(ago, act)
