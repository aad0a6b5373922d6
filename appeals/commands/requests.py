"""The authorization request, from its draft to the payer's answer, and what moves the payer's clock in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from advocacy.access.disclosures import Door, Party, Purpose, Recipient, disclose
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.commands.checks import exception_reasons, foreign, locked_case, locked_case_of, refuse, today_of
from appeals.commands.deadlines import follow_act
from appeals.commands.effectuations import deliver_by_authorization
from appeals.commands.overrides import allowed_override, use_override
from appeals.conditions import address_suits_channel
from appeals.models import AuthorizationRequest, GrantedAuthorization, RequestItem
from appeals.models.authorization import Channel
from appeals.queries.readiness import lacks_of
from appeals.workflow import REQUEST, RequestStatus
from cases.codes import CPT, HCPCS, normalized, well_formed
from cases.commands.search_text import index_case
from cases.commands.touch import touch
from cases.models import Case, Document
from cases.places import places_of_service

MOST_UNITS = Decimal("9999999.99")


@dataclass(frozen=True)
class ItemInput:
    """One line to ask for: a CPT or HCPCS code, how many units, and when (days, inclusive)."""

    code: str
    units: Decimal
    sessions: int | None = None
    frequency: str = ""
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class AuthorizationInput:
    """What the payer allows: sessions or units, and the first and last day (inclusive)."""

    number: str
    sessions: int | None
    units: Decimal | None
    valid_from: date
    valid_until: date
    document: Document | None = None


def draft_request(
    *,
    actor: Actor,
    case: Case,
    timing: str = "pre_service",
    benefit: str = "medical",
    place_of_service: str = "",
    exception: str = "",
    is_urgent: bool = False,
    urgency_certified_by: str = "",
    channel: str = "",
    sent_to: str = "",
    reference_number: str = "",
    items: Sequence[ItemInput],
    at: datetime,
) -> AuthorizationRequest:
    """Write down what will be asked of the payer. Raises Refused with every reason, each on its field."""
    require(actor, Permission.REQUEST_AUTHORIZATION, case)
    chosen = _choice_reasons(timing, benefit, channel, place_of_service, exception, is_urgent)
    refuse([*chosen, *_item_reasons(items)])
    with transaction.atomic():
        row = locked_case(case)
        request = AuthorizationRequest.objects.create(
            case=row,
            coverage=row.coverage,
            timing=timing,
            benefit=benefit,
            place_of_service=place_of_service,
            exception=exception,
            is_urgent=is_urgent,
            urgency_certified_by=urgency_certified_by.strip(),
            channel=channel,
            sent_to=sent_to.strip(),
            reference_number=reference_number.strip(),
            created_at=at,
            created_by_id=actor.user_id,
        )
        _write_items(request, items)
        record("request_drafted", subject=request, detail={"items": len(items)})
        _finish(row, at, numbered=bool(request.reference_number))
    return request


def change_request(
    *,
    actor: Actor,
    request: AuthorizationRequest,
    timing: str,
    benefit: str,
    place_of_service: str = "",
    exception: str = "",
    is_urgent: bool,
    urgency_certified_by: str = "",
    channel: str = "",
    sent_to: str = "",
    reference_number: str = "",
    items: Sequence[ItemInput],
    at: datetime,
    expected_version: int | None = None,
) -> AuthorizationRequest:
    """Change a request that has not been sent. Raises WrongState (sent, or changed meanwhile), Refused as `draft_request`."""
    require(actor, Permission.REQUEST_AUTHORIZATION, request)
    chosen = _choice_reasons(timing, benefit, channel, place_of_service, exception, is_urgent)
    refuse([*chosen, *_item_reasons(items)])
    with transaction.atomic():
        case = locked_case_of(request)
        row = AuthorizationRequest.objects.select_for_update().get(pk=request.pk)
        if row.status != RequestStatus.DRAFTING:
            raise WrongState("change", row.status, "The request was sent: it stays as it was sent.")
        if expected_version is not None and row.version != expected_version:
            raise WrongState(
                "change", row.status, "Somebody changed this request meanwhile. Look at it again."
            )
        row.timing, row.benefit, row.is_urgent = timing, benefit, is_urgent
        row.urgency_certified_by, row.channel = urgency_certified_by.strip(), channel
        row.place_of_service, row.exception, row.sent_to = place_of_service, exception, sent_to.strip()
        row.reference_number, row.version = reference_number.strip(), row.version + 1
        row.save(
            update_fields=[
                "timing",
                "benefit",
                "place_of_service",
                "exception",
                "is_urgent",
                "urgency_certified_by",
                "channel",
                "sent_to",
                "reference_number",
                "reference_number_index",
                "version",
            ]
        )
        RequestItem.objects.filter(request=row).delete()
        _write_items(row, items)
        record("request_changed", subject=row, detail={"items": len(items)})
        _finish(case, at)
    return row


def submit_request(
    *,
    actor: Actor,
    request: AuthorizationRequest,
    submitted_at: datetime | None,
    channel: str,
    sent_to: str = "",
    sent_by: str = AuthorizationRequest.Sender.US,
    reference_number: str = "",
    unready_reason: str = "",
    received_at: datetime | None = None,
    at: datetime,
) -> AuthorizationRequest:
    """Record that the request went out. Raises WrongState, Refused with everything that is still open.

    Sent by us, it needs the patient's release of health information on that day; `sent_by` the provider as its own, it does
    not. An urgent request, or one of which it is known when the payer had it (`received_at`, to be recorded next), goes out
    with open answers where `unready_reason` says why; it is kept.
    """
    refuse(_sender_reasons(sent_by))
    changes: dict[str, Any] = {"submitted_at": submitted_at, "channel": channel, "sent_by": sent_by}
    if sent_to.strip():
        changes["sent_to"] = sent_to.strip()
    if reference_number.strip():
        changes["reference_number"] = reference_number.strip()
    mistyped = (
        *_channel_reasons(channel, required=True),
        *_suiting(channel, changes.get("sent_to", request.sent_to)),
    )
    told = {"mistyped": mistyped, "received_at": received_at}
    return _take("submit", actor, request, changes, at, unready_reason=unready_reason, told=told)


def receive_request(
    *,
    actor: Actor,
    request: AuthorizationRequest,
    received_at: datetime | None,
    reference_number: str = "",
    evidence: str = "",
    sent_by: str = AuthorizationRequest.Sender.US,
    unready_reason: str = "",
    at: datetime,
) -> AuthorizationRequest:
    """Record when the payer had it: its time to decide runs from here. Raises WrongState, Refused.

    One that was never recorded as sent needs the patient's release too (unless `sent_by` the provider), and has to be ready,
    or `unready_reason` says how it got there; it is kept.
    """
    refuse(_sender_reasons(sent_by))
    changes: dict[str, Any] = {"received_at": received_at, "receipt_evidence": evidence.strip()[:120]}
    if request.status == RequestStatus.DRAFTING:
        changes["sent_by"] = sent_by
    if reference_number.strip():
        changes["reference_number"] = reference_number.strip()
    return _take("receive", actor, request, changes, at, unready_reason=unready_reason)


def approve_request(
    *,
    actor: Actor,
    request: AuthorizationRequest,
    decided_at: datetime | None,
    number: str,
    sessions: int | None,
    units: Decimal | None,
    valid_from: date,
    valid_until: date,
    document: Document | None = None,
    at: datetime,
) -> AuthorizationRequest:
    """Record the payer's approval and what it allows. Raises WrongState, Refused with every reason."""
    given = AuthorizationInput(number, sessions, units, valid_from, valid_until, document)
    require(actor, Permission.RECORD_DECISION, request)
    with transaction.atomic():
        case = locked_case_of(request)
        refuse(authorization_reasons(case, given))
        told, facts = {"decided_at": decided_at}, {"item_count": _item_count(request)}
        row = REQUEST.take("approve", request, actor=actor, at=at, changes=told, facts=facts)
        granted = grant(case, row, given, at)
        if row.denials.filter(silent_from__isnull=False).exists():
            # What a level won over the plan's silence is carried out by it.
            deliver_by_authorization(actor=actor, case=case, request=row, granted=granted, at=at)
        _finish(case, at)
    return row


def record_authorization(
    *, actor: Actor, request: AuthorizationRequest, given: AuthorizationInput, at: datetime
) -> GrantedAuthorization:
    """Record an authorization that came after a refusal (a call, an appeal): it carries out what was won. Raises Refused."""
    require(actor, Permission.RECORD_DECISION, request)
    with transaction.atomic():
        case = locked_case_of(request)
        refuse(authorization_reasons(case, given))
        made = grant(case, request, given, at)
        index_case(case)
        if deliver_by_authorization(actor=actor, case=case, request=request, granted=made, at=at):
            follow_act(case, at)
        else:
            touch(case, at)
    return made


def withdraw_request(
    *, actor: Actor, request: AuthorizationRequest, reason: str, at: datetime
) -> AuthorizationRequest:
    """Take the request back. Raises WrongState, Refused without a reason."""
    return _take("withdraw", actor, request, {"end_reason": reason.strip()}, at, reason=reason.strip())


def authorization_reasons(case: Case, given: AuthorizationInput) -> Iterator[Reason]:
    """What an authorization lacks."""
    if not given.number.strip():
        yield Reason("number_missing", "Enter the authorization number.", "number")
    if given.sessions is None and given.units is None:
        yield Reason("amount_missing", "Say how many sessions or units are allowed.", "sessions")
    if given.units is not None and not 0 < given.units <= MOST_UNITS:
        yield Reason("units_impossible", "Enter how many units are allowed.", "units")
    if given.sessions is not None and given.sessions < 1:
        yield Reason("sessions_impossible", "Enter how many sessions are allowed.", "sessions")
    if given.valid_until < given.valid_from:
        yield Reason("range_backward", "The last day cannot be before the first.", "valid_until")
    yield from foreign(case, given.document, "document", "document")


def grant(
    case: Case, request: AuthorizationRequest, given: AuthorizationInput, at: datetime
) -> GrantedAuthorization:
    """Write what was allowed; whoever calls has asked `authorization_reasons` and the permission."""
    made = GrantedAuthorization.objects.create(
        case=case,
        request=request,
        number=given.number.strip(),
        sessions=given.sessions,
        units=given.units,
        valid_from=given.valid_from,
        valid_until=given.valid_until,
        granted_at=at,
        document=given.document,
    )
    record(
        "authorization_granted",
        subject=made,
        detail={"sessions": given.sessions, "valid_until": given.valid_until},
    )
    return made


def _take(
    step: str,
    actor: Actor,
    request: AuthorizationRequest,
    changes: dict[str, Any],
    at: datetime,
    reason: str = "",
    unready_reason: str = "",
    told: Mapping[str, Any] | None = None,
) -> AuthorizationRequest:
    require(actor, REQUEST.step(step, request.workflow_version).permission, request)
    with transaction.atomic():
        case = locked_case_of(request)
        lacking: tuple[Reason, ...] = ()
        barred: tuple[Reason, ...] = ()
        went: datetime | None = None
        if step in ("submit", "receive") and request.status == RequestStatus.DRAFTING:
            went = changes.get("submitted_at") or changes.get("received_at") or at
            lacks = lacks_of(request, case, today_of(case, went))
            lacking = tuple(lack.reason for lack in lacks if not lack.bars)
            if changes.get("sent_by") != AuthorizationRequest.Sender.PROVIDER:
                barred = tuple(lack.reason for lack in lacks if lack.bars)
        if lacking and unready_reason.strip():
            changes = changes | {"unready_reason": unready_reason.strip()}
        override = allowed_override("send_unready", request) if lacking and step == "submit" else None
        if override is not None:
            changes = changes | {"unready_reason": unready_reason.strip() or override.reason}
        row = REQUEST.take(
            step,
            request,
            actor=actor,
            at=at,
            changes=changes,
            facts={
                "item_count": _item_count(request),
                "reason": reason,
                "not_ready": () if override is not None else lacking,
                "barred": barred,
            }
            | dict(told or {}),
            detail={"open_answers": [r.code for r in lacking]} if lacking else None,
        )
        use_override(override, at)
        if went is not None and changes.get("sent_by") != AuthorizationRequest.Sender.PROVIDER:
            disclose(
                actor=actor,
                door=Door.REQUEST,
                purpose=Purpose.COVERAGE,
                to=Recipient(Party.PLAN, case.coverage.payer.name, row.sent_to),
                about=case,
                on=today_of(case, went),
                what="The request for authorization",
                detail={"request": row.pk},
            )
        _finish(case, at, numbered="reference_number" in changes)
    return row


def _finish(case: Case, at: datetime, *, numbered: bool = True) -> None:
    """`numbered` is false where no number can have changed."""
    if numbered:
        index_case(case)
    follow_act(case, at)


def _item_count(request: AuthorizationRequest) -> int:
    return RequestItem.objects.filter(request=request).count()


def _write_items(request: AuthorizationRequest, items: Sequence[ItemInput]) -> None:
    for position, item in enumerate(items, start=1):
        RequestItem.objects.create(
            case_id=request.case_id,
            request=request,
            position=position,
            code=normalized(item.code),
            units=item.units,
            sessions=item.sessions,
            frequency=item.frequency.strip(),
            starts_on=item.starts_on,
            ends_on=item.ends_on,
        )


def _choice_reasons(
    timing: str, benefit: str, channel: str, place: str, exception: str, is_urgent: bool
) -> Iterator[Reason]:
    yield from exception_reasons(exception)
    if is_urgent and timing == AuthorizationRequest.Timing.POST_SERVICE:
        # 29 CFR 2560.503-1(m)(1), 42 CFR 422.570(a), 423.570(a): what is over cannot be hurried.
        yield Reason(
            "care_already_given",
            "Care already given is not urgent. Ask for a standard decision.",
            "is_urgent",
        )
    if place and place not in places_of_service():
        yield Reason("place_unknown", "Choose the place of service from the list.", "place_of_service")
    if timing not in AuthorizationRequest.Timing.values:
        yield Reason("timing_unknown", "Say whether the care is still to come.", "timing")
    if benefit not in AuthorizationRequest.Benefit.values:
        yield Reason("benefit_unknown", "Choose the benefit it is asked under.", "benefit")
    yield from _channel_reasons(channel, required=False)


def _channel_reasons(channel: str, *, required: bool) -> list[Reason]:
    if channel in Channel.values or (not channel and not required):
        return []
    return [Reason("channel_missing", "Say how it was sent.", "channel")]


def _suiting(channel: str, address: str) -> list[Reason]:
    """Why a request cannot have gone there by this channel; empty when it can."""
    found = address_suits_channel(channel, address, "sent_to")
    return [found] if found else []


def _sender_reasons(sent_by: str) -> list[Reason]:
    if sent_by in AuthorizationRequest.Sender.values:
        return []
    return [Reason("sender_unknown", "Say who sent it.", "sent_by")]


def _item_reasons(items: Sequence[ItemInput]) -> Iterator[Reason]:
    if not items:
        yield Reason("items_missing", "Add at least one item (code and units) to the request.", "items")
    for number, item in enumerate(items, start=1):
        code = normalized(item.code)
        # Local and temporary codes exist besides the published sets; five characters is the shape of all of them.
        if not (well_formed(code, CPT) or well_formed(code, HCPCS)):
            yield Reason(
                "code_malformed",
                f"Item {number}: a CPT or HCPCS code has five characters. Correct it.",
                "items",
            )
        if not item.units.is_finite() or not 0 < item.units <= MOST_UNITS:
            yield Reason("units_impossible", f"Item {number}: say how many units.", "items")
        if item.starts_on and item.ends_on and item.ends_on < item.starts_on:
            yield Reason(
                "range_backward",
                f"Item {number}: the last day is before the first. Correct one of them.",
                "items",
            )
