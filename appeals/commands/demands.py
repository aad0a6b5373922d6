"""Letters to whoever is late, and to the agency: written from what is recorded, edited by a person, sent as frozen pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from appeals.blocks import Block, blocks_as_data, blocks_from_data, blocks_from_text, unfilled_gaps
from appeals.commands.approvals import approval_reasons, let_go_of_approval
from appeals.commands.checks import foreign, locked_case, locked_case_of, refuse
from appeals.commands.demand_facts import (
    NO_AGENCY,
    addressed_to,
    agencies_of,
    agency_of,
    body_of,
    demand_for,
    letter_of_demand,
)
from appeals.commands.letter_dates import office_day
from appeals.conditions import address_suits_channel
from appeals.dues import CLAIMANT, PAYER
from appeals.facts import History
from appeals.letters import render_letter
from appeals.models import Deadline, Demand
from appeals.models.authorization import Channel
from appeals.packets import Packet, build_packet
from appeals.queries.clocks import day_at, is_over
from appeals.queries.history import load_history
from appeals.queries.owed import of_denial, owed_of
from cases.commands.communications import log_sent
from cases.commands.documents import store_frozen
from cases.commands.touch import touch
from cases.models import Case, Communication, Document, DocumentVersion

Kind = Demand.Kind
WRITTEN = frozenset(Channel.values) - {Channel.PHONE}
TITLES = {
    Kind.OVERDUE: "Demand to decide, as sent",
    Kind.COMPLAINT: "Complaint to the agency, as sent",
    Kind.CURE: "Demand to mend the notice, as sent",
    Kind.DOCUMENTS: "Demand for the documents, as sent",
    Kind.CARRY_OUT: "Demand to carry out the decision, as sent",
}
NOT_LATE = Reason(
    "not_overdue",
    "The time has not passed on the latest reading of the rule. It may be demanded from the first minute after it.",
)
MOVED = Reason(
    "date_moved",
    "The date of this letter does not stand any more: the answer was recorded, or the date was computed anew. Look at the dates"
    " of the case; where the other side is late all the same, begin a letter from the date that stands now.",
)
NOTHING_OWED = Reason(
    "nothing_owed",
    "Nothing that was won here is owed without a date: it is recorded as delivered, or a rule gives the plan a time. Look at what"
    " the plan delivered.",
)
NOT_CHECKED = Reason(
    "address_not_checked",
    "The address of this agency was not seen at its source. Hold it against the agency's own site, then say that you did.",
    "address_checked",
)


def first_draft(
    *, actor: Actor, case: Case, deadline: Deadline, kind: str, agency: str = "", at: datetime
) -> dict[str, Any]:
    """The letter about a missed date as it would be begun now: blocks, date, recipient, signer. Writes nothing.

    Raises Refused: not_overdue, date_moved, agency_unknown.
    """
    require(actor, Permission.DRAFT_APPEAL, case)
    history = load_history(case)
    refuse(_reasons(history, deadline, kind, agency, at))
    dated = office_day(case, at)
    body = body_of(case, history, deadline, kind, dated)
    return drafted(body, dated, addressed_to(case, history, deadline, agency_of(agency)), actor.label)


def write_demand(
    *,
    actor: Actor,
    case: Case,
    deadline: Deadline,
    kind: str,
    agency: str = "",
    text: str | None = None,
    dated: date | None = None,
    recipient: Sequence[str] | None = None,
    at: datetime,
) -> Demand:
    """Begin a letter about a missed date, filled from what is recorded, or with the text a person made of it.

    `agency` is the key of the agency that a complaint goes to. Raises NotAllowed, Refused with every reason: not_overdue,
    date_moved, agency_unknown, demand_drafted, letter_empty, letter_dated_before, letter_dated_ahead.
    """
    require(actor, Permission.DRAFT_APPEAL, case)
    refuse(foreign(case, deadline, "deadline", "date"))
    with transaction.atomic():
        locked_case(case)
        whole = whole_case(case)
        draft = first_draft(actor=actor, case=whole, deadline=deadline, kind=kind, agency=agency, at=at)
        draft = edited(draft, text, dated, recipient)
        standing = Demand.objects.filter(deadline=deadline, kind=kind, agency=agency, sent_at=None)
        refuse([*begun_reasons(standing.exists()), *letter_reasons(whole, draft, deadline, at)])
        made = Demand.objects.create(
            case=whole, deadline=deadline, kind=kind, agency=agency, draft=draft, started_at=at
        )
        record("demand_drafted", subject=made, detail={"kind": kind, "agency": agency})
        touch(whole, at)
    return made


def save_demand(
    *,
    actor: Actor,
    demand: Demand,
    text: str,
    dated: date | None = None,
    recipient: Sequence[str] | None = None,
    at: datetime,
    expected_version: int | None = None,
) -> Demand:
    """Keep the letter as edited. An answer of the patient about what it said before counts no more.

    Raises NotAllowed, WrongState once sent or when somebody was faster, Refused: letter_empty, and as its date may be wrong.
    """
    require(actor, Permission.DRAFT_APPEAL, demand)
    with transaction.atomic():
        case, row = _ready(demand)
        _still_a_draft(row, "save_demand")
        if expected_version is not None and expected_version != row.version:
            raise WrongState(
                "save_demand", "changed", "Somebody changed this letter meanwhile. Look at it again."
            )
        draft = edited(row.draft, text, dated, recipient)
        refuse(letter_reasons(case, draft, row.deadline, at))
        row.draft, row.version = draft, row.version + 1
        row.save(update_fields=["draft", "version"])
        record("demand_drafted", subject=row, detail={"kind": row.kind})
        let_go_of_approval(case, row, at)
        touch(case, at)
    return row


def preview_demand(*, actor: Actor, demand: Demand) -> Packet:
    """The pages as they would go out now: sending freezes these very bytes while nothing changes. Writes nothing.

    Raises Refused for a character that no font of ours has.
    """
    require(actor, Permission.DRAFT_APPEAL, demand)
    return _packet(whole_case(demand.case), _whole_demand(demand.pk))


def send_demand(
    *,
    actor: Actor,
    demand: Demand,
    channel: str,
    address: str,
    sent_at: datetime | None,
    proof_note: str = "",
    unapproved_reason: str = "",
    address_checked: bool = False,
    expected_sha256: str | None = None,
    at: datetime,
) -> Demand:
    """Record that the letter went out: its pages become one file that never changes, logged with the very file.

    Where the organization asks for the patient's yes, it has to stand; about a missed time of hours it may go with a reason.
    Raises NotAllowed, WrongState once sent, Refused with every reason (open places, the date that does not stand any more,
    address, approval, no release of the patient).
    """
    require(actor, Permission.FILE_APPEAL, demand)
    with transaction.atomic():
        case, row = _ready(demand)
        _still_a_draft(row, "send_demand")
        history = load_history(case)
        agency = agency_of(row.agency)
        dated = date.fromisoformat(row.draft["dated"])
        sent_on = history.day(sent_at)
        reasons = [
            *unfilled_gaps(blocks_from_data(row.draft["blocks"])),
            *_stands(history, row.deadline, at),
            *_still_owed(history, row),
            *approval_reasons(case, row, history, unapproved_reason),
            *_sending(channel, address, sent_at, at),
        ]
        if sent_on is not None and dated > sent_on:
            reasons.append(
                Reason(
                    "letter_dated_later",
                    "The letter is dated after the day it was sent. Correct one of the two.",
                    "sent_at",
                )
            )
        if agency is not None and not agency.is_sure and not address_checked:
            reasons.append(NOT_CHECKED)
        refuse(reasons)
        packet = _packet(case, row)
        if expected_sha256 and expected_sha256 != packet.sha256:
            raise Refused(
                [
                    Reason(
                        "file_changed",
                        "The letter has changed since you looked at it. Look at it again, then send it.",
                    )
                ]
            )
        disclose(
            actor=actor,
            door=Door.FILING,
            purpose=Purpose.APPEAL,
            to=_recipient(case, row, address),
            about=case,
            on=sent_on,
            what=f"{row.get_kind_display()}, {packet.page_count} pages",
            detail={"kind": row.kind, "agency": row.agency, "sha256": packet.sha256},
        )
        version = store_frozen(
            actor=actor,
            case=case,
            kind=Document.Kind.FILING,
            title=TITLES[Kind(row.kind)],
            filename=f"{case.reference}-{row.kind}.pdf",
            data=packet.pdf,
            at=at,
        )
        assert sent_at is not None
        row.document_version, row.sha256, row.page_count = version, packet.sha256, packet.page_count
        row.channel, row.address, row.proof_note = channel, address.strip(), proof_note.strip()
        row.unapproved_reason = unapproved_reason.strip() if row.is_urgent else ""
        row.sent_at, row.sent_by_id = sent_at, actor.user_id
        row.save()
        record(
            "demand_sent", subject=row, detail={"kind": row.kind, "sha256": packet.sha256, "channel": channel}
        )
        _log(actor, case, row, version, at)
        touch(case, at)
    return row


def _log(actor: Actor, case: Case, row: Demand, version: DocumentVersion, at: datetime) -> None:
    party = _party(row)
    assert row.sent_at is not None
    log_sent(
        actor=actor,
        case=case,
        source=f"demand:{row.pk}",
        channel=row.channel,
        party={
            Party.PLAN: Communication.With.PAYER,
            Party.REVIEWER: Communication.With.REVIEWER,
            Party.OTHER: Communication.With.OTHER,
        }[party],
        address=row.address,
        summary=f"{row.get_kind_display()}: SHA-256 {row.sha256[:12]}.",
        versions=[version],
        sent_at=row.sent_at,
        at=at,
    )


def _party(row: Demand) -> Party:
    if row.kind == Kind.COMPLAINT:
        return Party.OTHER
    late_is_plan = row.deadline is None or row.deadline.side == PAYER
    return Party.PLAN if late_is_plan else Party.REVIEWER


def _recipient(case: Case, row: Demand, address: str) -> Recipient:
    party = _party(row)
    if party is Party.PLAN:
        return Recipient(party, case.coverage.payer.name, address.strip())
    agency = agency_of(row.agency)
    name = agency.name if agency is not None else (row.draft["recipient"] or ["Reviewer"])[0]
    return Recipient(party, name, address.strip())


def _reasons(history: History, deadline: Deadline, kind: str, agency: str, at: datetime) -> Iterator[Reason]:
    if kind not in (demand_for(deadline), Kind.COMPLAINT):
        wanted = demand_for(deadline).label.lower()
        yield Reason("kind_unknown", f"Choose a {wanted} or a complaint.", "kind")
        return
    yield from _stands(history, deadline, at)
    if kind == Kind.COMPLAINT and agency not in {a.key for a in agencies_of(history, deadline)}:
        yield NO_AGENCY


def _stands(history: History, deadline: Deadline | None, at: datetime) -> Iterator[Reason]:
    """Whether the other side is late by a date as it stands now: its time is over and it did not answer, or answered too late."""
    if deadline is None:
        return
    states = Deadline.Status
    if deadline.status not in (states.RUNNING, states.MISSED) or deadline.side == CLAIMANT:
        yield MOVED
    elif deadline.status == states.RUNNING and not is_over(deadline, day_at(at, history.zone)):
        yield NOT_LATE


def _still_owed(history: History, row: Demand) -> Iterator[Reason]:
    """What a demand without a date asks for is not delivered yet."""
    if row.kind != Kind.CARRY_OUT or row.denial_id is None:
        return
    if not of_denial(owed_of(history), row.denial_id):
        yield NOTHING_OWED


def begun_reasons(is_begun: bool) -> Iterator[Reason]:
    """One draft of a kind stands at a time."""
    if is_begun:
        yield Reason("demand_drafted", "This letter is begun already. Open it, change it or send it.")


def _sending(channel: str, address: str, sent_at: datetime | None, at: datetime) -> Iterator[Reason]:
    if channel not in WRITTEN:
        yield Reason("channel_missing", "Say how it was sent.", "channel")
    if not address.strip():
        yield Reason("address_missing", "Say where it went: the address, fax number or portal.", "address")
    if elsewhere := address_suits_channel(channel, address, "address"):
        yield elsewhere
    if sent_at is None:
        yield Reason("sent_missing", "Say when it was sent.", "sent_at")
    elif sent_at > at:
        yield Reason("in_future", "This has not come yet. Enter when it really happened.", "sent_at")


def letter_reasons(
    case: Case, draft: dict[str, Any], deadline: Deadline | None, at: datetime
) -> Iterator[Reason]:
    """What stands against a letter as it is written: empty, or dated on a day that cannot be."""
    dated = date.fromisoformat(draft["dated"])
    if not draft["blocks"]:
        yield Reason("letter_empty", "Write the letter.", "text")
    if dated > office_day(case, at):
        yield Reason(
            "letter_dated_ahead",
            "This day has not come yet where your organization is. Date it today or before.",
            "dated",
        )
    if deadline is not None and dated < deadline.due_on:
        yield Reason(
            "letter_dated_before",
            "The letter is dated before the time of the other side ended. Date it after that day.",
            "dated",
        )


def drafted(body: Sequence[Block], dated: date, recipient: Sequence[str], signer: str) -> dict[str, Any]:
    """A draft as the row keeps it."""
    return {
        "blocks": blocks_as_data(body),
        "dated": dated.isoformat(),
        "recipient": list(recipient),
        "signer": signer,
    }


def edited(
    draft: dict[str, Any], text: str | None, dated: date | None, recipient: Sequence[str] | None
) -> dict[str, Any]:
    """The draft with what a person typed."""
    changed = dict(draft)
    if text is not None:
        changed["blocks"] = blocks_as_data(blocks_from_text(text))
    if dated is not None:
        changed["dated"] = dated.isoformat()
    if recipient is not None:
        changed["recipient"] = [line.strip() for line in recipient if line.strip()]
    return changed


def _packet(case: Case, demand: Demand) -> Packet:
    return build_packet(render_letter(letter_of_demand(case, demand)), [], reference=case.reference)


def _ready(demand: Demand) -> tuple[Case, Demand]:
    locked_case_of(demand)
    return whole_case(demand.case), _whole_demand(demand.pk, lock=True)


def whole_case(case: Case) -> Case:
    """The case with everything that stands on a letter's page."""
    return Case.objects.select_related("patient", "coverage__payer", "organization", "owner").get(pk=case.pk)


def _whole_demand(pk: int, *, lock: bool = False) -> Demand:
    rows = Demand.objects.select_for_update(of=("self",)) if lock else Demand.objects
    return rows.select_related(
        "case",
        "deadline__request",
        "deadline__appeal__denial",
        "deadline__document_request__denial",
        "denial",
    ).get(pk=pk)


def _still_a_draft(row: Demand, step: str) -> None:
    if row.sent_at is not None:
        raise WrongState(step, "sent", "This was sent: what went out stays as it is. Begin another letter.")
