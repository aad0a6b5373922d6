"""What moves a clock after it began: an extension, a question for information, its answer, an assignment, a notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from appeals.commands.checks import foreign, future_days, locked_case, refuse
from appeals.commands.deadlines import follow_act
from appeals.conditions import CLOCK_SKEW
from appeals.facts import shift_reasons
from appeals.models import Appeal, AuthorizationRequest, ClockEvent
from appeals.workflow import APPEAL, REQUEST
from cases.models import Case, Document

MOST_EXTENSION = 90


def record_clock_event(
    *,
    actor: Actor,
    case: Case,
    request: AuthorizationRequest | None = None,
    appeal: Appeal | None = None,
    kind: str,
    occurred_at: datetime,
    sent_on: date | None = None,
    received_on: date | None = None,
    respond_by: datetime | None = None,
    days: int | None = None,
    note: str = "",
    document: Document | None = None,
    at: datetime,
) -> ClockEvent:
    """Record what moves a clock after it began: an extension (of so many `days`, where it names them), a question for
    information, its answer, an assignment, a notice that a request for review is incomplete.

    Raises WrongState when what it is about has ended, Refused with every reason.
    """
    require(actor, Permission.REQUEST_AUTHORIZATION, case)
    with transaction.atomic():
        row = locked_case(case)
        event = ClockEvent(
            case=row,
            request=request,
            appeal=appeal,
            kind=kind,
            occurred_at=occurred_at,
            sent_on=sent_on,
            received_on=received_on,
            respond_by=respond_by,
            days=days,
            note=note.strip(),
            document=document,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        refuse(_event_reasons(row, event, at))
        subject: Any = request or appeal
        flow: Any = REQUEST if request else APPEAL
        if subject.status in flow.final:
            raise WrongState(
                "record_event", subject.status, "This has ended: nothing moves its clock any more."
            )
        event.save(force_insert=True)
        record("extension_recorded", subject=event, detail={"kind": kind})
        follow_act(row, at)
    return event


def _event_reasons(case: Case, event: ClockEvent, at: datetime) -> Iterator[Reason]:
    if (event.request is None) == (event.appeal is None):
        raise Refused([Reason("subject_missing", "Say whether this is about the request or a level.")])
    yield from foreign(case, event.request, "request", "request")
    yield from foreign(case, event.appeal, "appeal", "level")
    yield from foreign(case, event.document, "document", "document")
    if event.kind not in ClockEvent.Kind.values:
        yield Reason("kind_unknown", "Choose what happened.", "kind")
    if event.occurred_at > at + CLOCK_SKEW:
        yield Reason(
            "in_future", "This moment is in the future. Enter when it really happened.", "occurred_at"
        )
    yield from future_days(case, at, {"sent_on": event.sent_on, "received_on": event.received_on})
    yield from shift_reasons(event)
    if event.days is not None and event.kind != ClockEvent.Kind.EXTENSION:
        yield Reason(
            "days_without_extension", "Only an extension has a number of days. Leave the days empty.", "days"
        )
    elif event.days is not None and not 0 < event.days <= MOST_EXTENSION:
        yield Reason("days_impossible", f"Enter 1 to {MOST_EXTENSION} days.", "days")
    if event.kind == ClockEvent.Kind.SUPPORTING_STATEMENT and event.request is None:
        yield Reason("kind_elsewhere", "Record this with the request it supports.", "kind")
    if event.kind == ClockEvent.Kind.INCOMPLETE_NOTICE and event.appeal is None:
        yield Reason("kind_elsewhere", "Record this with the level whose request is incomplete.", "kind")
    subject: Any = event.request or event.appeal
    began = subject.received_at or (subject.submitted_at if event.request else subject.filed_at)
    if began and event.occurred_at < began and event.kind != ClockEvent.Kind.FILE_ASSIGNED:
        yield Reason("before_receipt", "This cannot have happened before it was received.", "occurred_at")
