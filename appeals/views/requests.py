"""The authorization request: what was asked, when it reached the payer, and what the payer made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission as P
from advocacy.errors import WrongState
from appeals.commands import requests as commands
from appeals.forms.requests import (
    ApprovalForm,
    GrantForm,
    NewRequestForm,
    RequestForm,
    SentForm,
    item_formset,
)
from appeals.queries.readiness import lacks_of
from appeals.queries.request_page import asks_exceptions, get_request_of, items_of
from appeals.queries.request_page import request_page as page_of
from appeals.queries.ways import ways_for_request
from appeals.views.casework import CaseRequest, case_page, show, show_step, today_for
from appeals.views.papers import document_choices, picked_document
from appeals.views.request_steps import attempted, shown_lacks, step_of
from cases.places import place_name
from cases.queries.ways import Way
from cases.views.casework import Outcome, done
from cases.views.ways import filled, picked_way, shown_ways


def _items(formset: Any) -> list[commands.ItemInput]:
    """The rows that were kept, in their order."""
    return [
        commands.ItemInput(
            code=row["code"],
            units=row["units"],
            sessions=row.get("sessions"),
            frequency=row.get("frequency", ""),
            starts_on=row.get("starts_on"),
            ends_on=row.get("ends_on"),
        )
        for row in formset.cleaned_data
        if row and not row.get("DELETE")
    ]


def _shared(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in RequestForm.base_fields if name in data}


@case_page(P.REQUEST_AUTHORIZATION)
def request_new(request: CaseRequest, case: Any) -> HttpResponse:
    """Draft a request and, with the moments given, record it as sent and received: one form, one press."""
    ways, picked = _ways(request, case)
    form = NewRequestForm(
        _typed(request, picked), initial={"is_urgent": case.is_urgent}, exceptions=asks_exceptions(case)
    )
    prefilled = [{"code": code, "units": 1} for code in case.procedure_codes]
    items = item_formset(request.POST or None, initial=prefilled)

    def record(data: Mapping[str, Any]) -> Any:
        who: dict[str, Any] = {"actor": request.actor, "at": request.at}
        made = commands.draft_request(case=case, items=_items(items), **_shared(data), **who)
        if data["submitted_at"]:
            commands.submit_request(
                request=made,
                submitted_at=data["submitted_at"],
                channel=data["channel"],
                sent_to=data["sent_to"],
                sent_by=data["sent_by"],
                reference_number=data["reference_number"],
                unready_reason=data["unready_reason"],
                received_at=data["received_at"],
                **who,
            )
        if data["received_at"]:
            commands.receive_request(
                request=made,
                received_at=data["received_at"],
                reference_number=data["reference_number"],
                evidence=data["evidence"],
                sent_by=data["sent_by"],
                unready_reason=data["unready_reason"],
                **who,
            )
        return made

    outcome = attempted(request, picked, form, record, items)
    if outcome.done:
        return done(
            request, "The request is recorded.", "appeals:request", case.public_id, outcome.result.public_id
        )
    return _show_form(request, case, form, items, outcome, here="Record an authorization request", ways=ways)


@case_page(P.REQUEST_AUTHORIZATION)
def request_change(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Correct a request that has not been sent."""
    row = get_request_of(request.actor, case, request_id)
    if row.status != "drafting" and request.method != "POST":
        raise WrongState("change", row.status, "The request was sent: it stays as it was sent.")
    kept = [
        {
            "code": i.code,
            "units": i.units,
            "sessions": i.sessions,
            "frequency": i.frequency,
            "starts_on": i.starts_on,
            "ends_on": i.ends_on,
        }
        for i in items_of(row)
    ]
    ways, picked = _ways(request, case)
    form = RequestForm(
        _typed(request, picked),
        initial={name: getattr(row, name) for name in RequestForm.base_fields},
        exceptions=asks_exceptions(case),
    )
    items = item_formset(request.POST or None, initial=kept)
    outcome = attempted(
        request,
        picked,
        form,
        lambda data: commands.change_request(
            actor=request.actor,
            request=row,
            items=_items(items),
            at=request.at,
            **_shared(data),
        ),
        items,
    )
    if outcome.done:
        return done(request, "The request is changed.", "appeals:request", case.public_id, row.public_id)
    return _show_form(request, case, form, items, outcome, here="Change the request", row=row, ways=ways)


def _ways(request: CaseRequest, case: Any) -> tuple[tuple[Way, ...], Way | None]:
    """Ways to the payer, and the one whose button was pressed."""
    ways = ways_for_request(request.actor, case)
    return ways, picked_way(request, ways)


def _typed(request: CaseRequest, picked: Way | None) -> Any:
    fields = {"channel": picked.channel, "sent_to": picked.address} if picked else {}
    return filled(request, picked, **fields)


def _show_form(
    request: CaseRequest,
    case: Any,
    form: Any,
    items: Any,
    outcome: Outcome,
    *,
    here: str,
    ways: tuple[Way, ...],
    row: Any = None,
) -> HttpResponse:
    back = (
        reverse("appeals:request", args=[case.public_id, row.public_id])
        if row
        else reverse("appeals:case", args=[case.public_id])
    )
    return show_step(
        request,
        case,
        form,
        outcome,
        here=here,
        action="Save the request",
        back=back,
        extra={
            "formset": items,
            "ways": shown_ways(ways, form, channel="channel", address="sent_to"),
            "lacks": shown_lacks(lacks_of(row, case, today_for(request, case).today)),
        },
        template="appeals/request_form.html",
    )


@require_safe
@case_page()
def request_page(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """The request with its items, its clocks with their arithmetic, and what may be recorded next."""
    found = page_of(
        request.actor,
        case,
        request_id,
        today_for(request, case),
    )
    row = found.request
    address = [case.public_id, row.public_id]
    late = {row.status} if found.unanswered else set()
    silent = {row.status} if any(d.silent_from for d in found.denials) else set()
    steps = [
        ("request_sent", "Record as sent", {"drafting"}, P.REQUEST_AUTHORIZATION),
        ("request_received", "Record as received", {"drafting", "submitted"}, P.REQUEST_AUTHORIZATION),
        ("request_approve", "Record an approval", {"submitted", "received"}, P.RECORD_DECISION),
        ("denial_new", "Record a denial", {"submitted", "received", "denied"}, P.RECORD_DENIAL),
        ("request_unanswered", "Go on without an answer", late, P.RECORD_DENIAL),
        ("request_grant", "Record an authorization", {"denied"} | silent, P.RECORD_DECISION),
        (
            "request_event",
            "Extension or information asked",
            {"submitted", "received"},
            P.REQUEST_AUTHORIZATION,
        ),
        (
            "request_exception",
            "Exception asked for, or not",
            {"submitted", "received"} if found.asks_exceptions else set(),
            P.REQUEST_AUTHORIZATION,
        ),
        ("request_change", "Change", {"drafting"}, P.REQUEST_AUTHORIZATION),
        ("request_withdraw", "Withdraw", {"drafting", "submitted", "received"}, P.REQUEST_AUTHORIZATION),
    ]
    actions = [
        {
            "label": label,
            "url": reverse(f"appeals:{name}", args=address[:1] if name == "denial_new" else address),
        }
        for name, label, states, needed in steps
        if row.status in states and needed in request.may
    ]
    if actions:
        actions[0]["kind"] = "main"
    context = {
        "page": found,
        "row": row,
        "actions": actions,
        "lacks": shown_lacks(found.lacks),
        "place": place_name(row.place_of_service),
    }
    return show(request, "appeals/request.html", case, context, here="Request")


@case_page(P.REQUEST_AUTHORIZATION)
def request_sent(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Record when, how and where to the request went out."""
    row = get_request_of(request.actor, case, request_id)
    ways, picked = _ways(request, case)
    begun = {"channel": row.channel, "sent_to": row.sent_to, "reference_number": row.reference_number}
    sent_now = {"submitted_at": timezone.localtime()}
    form = SentForm(_typed(request, picked), initial=begun | sent_now)

    def send(row: Any, data: Mapping[str, Any]) -> Any:
        sent = commands.submit_request(actor=request.actor, request=row, at=request.at, **data)
        if data["received_at"]:
            received = data["received_at"]
            commands.receive_request(actor=request.actor, request=sent, received_at=received, at=request.at)
        return sent

    return step_of(
        request,
        case,
        request_id,
        form,
        send,
        "The request is recorded as sent.",
        here="Record the request as sent",
        action="Record as sent",
        effects=(
            "The payer's clock starts when the payer has received it: record that as soon as you know it.",
        ),
        ways=ways,
        picked=picked,
    )


@case_page(P.RECORD_DECISION)
def request_approve(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Record what the payer allows."""
    papers = document_choices(request.actor, case)

    def approve(row: Any, data: Mapping[str, Any]) -> Any:
        given = dict(data) | {"document": picked_document(request.actor, case, data["document"])}
        return commands.approve_request(
            actor=request.actor,
            request=row,
            at=request.at,
            **given,
        )

    return step_of(
        request,
        case,
        request_id,
        ApprovalForm(request.POST or None, documents=papers, initial={"decided_at": timezone.localtime()}),
        approve,
        "The approval is recorded.",
        here="Record an approval",
        action="Record the approval",
        effects=("The payer's clock on this request ends.",),
    )


@case_page(P.RECORD_DECISION)
def request_grant(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Record an authorization that came after a refusal: by a call, or by an appeal."""
    papers = document_choices(request.actor, case, "approval_letter")

    def grant(row: Any, data: Mapping[str, Any]) -> Any:
        given = dict(data) | {"document": picked_document(request.actor, case, data["document"])}
        return commands.record_authorization(
            actor=request.actor,
            request=row,
            given=commands.AuthorizationInput(**given),
            at=request.at,
        )

    return step_of(
        request,
        case,
        request_id,
        GrantForm(request.POST or None, documents=papers),
        grant,
        "The authorization is recorded.",
        here="Record an authorization",
        action="Record the authorization",
    )
