"""Documents are asked for in writing, and come, or do not: the claim file, the plan documents, the patient's own records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.commands.checks import foreign, future_days, locked_case, locked_case_of, refuse, today_of
from appeals.commands.deadlines import follow_act
from appeals.conditions import CLOCK_SKEW, address_suits_channel
from appeals.models import Denial, DocumentRequest
from appeals.models.authorization import Channel
from cases.commands.communications import log_sent
from cases.models import Case, Communication, Document

WRITTEN = frozenset(Channel.values) - {Channel.PHONE}


def request_documents(
    *,
    actor: Actor,
    case: Case,
    asked: str,
    details: str = "",
    denial: Denial | None = None,
    channel: str,
    address: str,
    sent_at: datetime | None,
    received_at: datetime | None = None,
    proof_note: str = "",
    letter: Document | None = None,
    at: datetime,
) -> DocumentRequest:
    """Record that documents were asked for in writing: what, of which denial, how, where and when; `letter` is what was sent. It
    goes into the log of contacts, and into the accounting of disclosures. The plan's time runs from when it arrived.

    Raises NotAllowed, Refused with every reason (nothing asked, a channel not in writing, no address, moments that cannot be).
    """
    require(actor, Permission.FILE_APPEAL, case)
    with transaction.atomic():
        row = locked_case(case)
        refuse(
            [
                *_what(asked, channel, address),
                *_moments(sent_at, received_at, at),
                *foreign(row, denial, "denial", "denial"),
                *foreign(row, letter, "letter", "document"),
            ]
        )
        assert sent_at is not None
        made = DocumentRequest.objects.create(
            case=row,
            denial=denial,
            asked=asked,
            details=details.strip(),
            channel=channel,
            address=address.strip(),
            sent_at=sent_at,
            received_at=received_at,
            proof_note=proof_note.strip(),
            letter=letter,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        record("documents_requested", subject=made, detail={"kind": asked})
        _goes_out(actor, row, made, at)
        follow_act(row, at)
    return made


def _goes_out(actor: Actor, case: Case, row: DocumentRequest, at: datetime) -> None:
    """Who asks for papers says whose they are: it is accounted for, and logged with the very file."""
    disclose(
        actor=actor,
        door=Door.REQUEST,
        purpose=Purpose.APPEAL,
        to=Recipient(Party.PLAN, case.coverage.payer.name, row.address),
        about=case,
        on=today_of(case, row.sent_at),
        what=f"A request for documents: {row.get_asked_display().lower()}",
        detail={"document_request": row.pk},
    )
    newest = row.letter.versions.order_by("-number")[:1] if row.letter is not None else ()
    log_sent(
        actor=actor,
        case=case,
        source=f"document_request:{row.pk}",
        channel=row.channel,
        party=Communication.With.PAYER,
        address=row.address,
        summary=f"Asked for: {row.get_asked_display().lower()}.",
        versions=list(newest),
        sent_at=row.sent_at,
        at=at,
    )


def correct_document_request(
    *,
    actor: Actor,
    request: DocumentRequest,
    received_at: datetime | None,
    extended_on: date | None,
    proof_note: str = "",
    seen: str | None = None,
    at: datetime,
) -> DocumentRequest:
    """Record, or correct, when the request arrived, and the day of a notice that it takes longer: the date moves with them.
    `seen` is the `arrival` that is corrected.

    Raises NotAllowed, WrongState once it ended or where something else stands there now, Refused.
    """
    require(actor, Permission.FILE_APPEAL, request)
    with transaction.atomic():
        case, row = _open(request, "correct")
        if seen is not None and seen != row.arrival:
            raise WrongState("correct", "changed", "Somebody recorded this meanwhile. Look at it again.")
        refuse(
            [
                *_moments(row.sent_at, received_at, at),
                *future_days(case, at, {"extended_on": extended_on}),
                *_extension(case, row, extended_on),
            ]
        )
        row.received_at, row.extended_on = received_at, extended_on
        row.proof_note = proof_note.strip() or row.proof_note
        row.save(update_fields=["received_at", "extended_on", "proof_note"])
        record("documents_request_corrected", subject=row, detail={"kind": row.asked})
        follow_act(case, at)
    return row


def receive_documents(
    *,
    actor: Actor,
    request: DocumentRequest,
    answered_at: datetime | None,
    document: Document | None = None,
    note: str = "",
    at: datetime,
) -> DocumentRequest:
    """Record that the documents came: the plan's time ends. The document itself is attached, or `note` says where it is.

    Raises NotAllowed, WrongState once it ended, Refused.
    """
    require(actor, Permission.FILE_APPEAL, request)
    with transaction.atomic():
        case, row = _open(request, "receive")
        reasons = list(foreign(case, document, "document", "document"))
        if document is None and not note.strip():
            reasons.append(
                Reason("document_missing", "Attach what came, or say in a sentence where it is.", "document")
            )
        if answered_at is None:
            reasons.append(Reason("moment_missing", "Say when it came.", "answered_at"))
        elif answered_at > at + CLOCK_SKEW:
            reasons.append(_future("answered_at"))
        elif answered_at < row.sent_at:
            reasons.append(
                Reason("before_sent", "It cannot have come before it was asked for.", "answered_at")
            )
        refuse(reasons)
        row.answered_at, row.answer, row.answer_note = answered_at, document, note.strip()
        row.save(update_fields=["answered_at", "answer", "answer_note"])
        record("documents_received", subject=row, detail={"kind": row.asked})
        follow_act(case, at)
    return row


def withdraw_document_request(
    *, actor: Actor, request: DocumentRequest, reason: str, at: datetime
) -> DocumentRequest:
    """The documents are not awaited any more, or were never asked for: the clock ends, the row is kept with the reason.

    Raises NotAllowed, WrongState once it ended, Refused without a reason.
    """
    require(actor, Permission.FILE_APPEAL, request)
    with transaction.atomic():
        case, row = _open(request, "withdraw")
        if not reason.strip():
            refuse([Reason("reason_missing", "Say why, in one sentence.", "reason")])
        row.withdrawn_at, row.withdrawn_reason = at, reason.strip()
        row.save(update_fields=["withdrawn_at", "withdrawn_reason"])
        record("documents_request_withdrawn", subject=row, detail={"kind": row.asked})
        follow_act(case, at)
    return row


def _open(request: DocumentRequest, step: str) -> tuple[Case, DocumentRequest]:
    case = locked_case_of(request)
    row = DocumentRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if not row.is_open:
        raise WrongState(
            step, "ended", "This request has ended. Record another one, if something is awaited."
        )
    return case, row


def _what(asked: str, channel: str, address: str) -> Iterator[Reason]:
    if asked not in DocumentRequest.Asked.values:
        yield Reason("asked_missing", "Say what was asked for.", "asked")
    if channel not in WRITTEN:
        yield Reason("channel_missing", "Say how it was sent. Only a request in writing counts.", "channel")
    if not address.strip():
        yield Reason("address_missing", "Say where it went: the address, fax number or portal.", "address")
    if elsewhere := address_suits_channel(channel, address, "address"):
        yield elsewhere


def _future(field: str) -> Reason:
    return Reason("in_future", "This moment is in the future. Enter when it really happened.", field)


def _moments(sent_at: datetime | None, received_at: datetime | None, at: datetime) -> Iterator[Reason]:
    if sent_at is None:
        yield Reason("sent_missing", "Say when it was sent.", "sent_at")
    elif sent_at > at + CLOCK_SKEW:
        yield _future("sent_at")
    if received_at is not None and received_at > at + CLOCK_SKEW:
        yield _future("received_at")
    elif received_at is not None and sent_at is not None and received_at < sent_at:
        yield Reason("received_before_sent", "It cannot have arrived before it was sent.", "received_at")


def _extension(case: Case, row: DocumentRequest, extended_on: date | None) -> Iterator[Reason]:
    if extended_on is not None and extended_on < today_of(case, row.sent_at):
        yield Reason(
            "extended_before",
            "The notice cannot be earlier than the request. Give the day that stands on it.",
            "extended_on",
        )
