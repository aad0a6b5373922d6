"""One form about one request: that the payer has it, what moves its clock, what kind it is, that it is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission as P
from advocacy.inputs import without_errors
from appeals.commands import requests as commands
from appeals.commands.clock_events import record_clock_event
from appeals.commands.exceptions import record_exception
from appeals.commands.silences import go_on_without_answer
from appeals.forms.requests import (
    REQUEST_EVENTS,
    EventForm,
    ExceptionForm,
    ReasonForm,
    ReceivedForm,
    UnansweredForm,
)
from appeals.queries.readiness import Lack, lacks_of
from appeals.queries.request_page import get_request_of
from appeals.views.casework import CaseRequest, case_page, show_step, today_for
from cases.queries.ways import Way
from cases.views.casework import Outcome, attempt, done
from cases.views.ways import shown_ways


def shown_lacks(lacks: Iterable[Lack]) -> list[dict[str, str]]:
    """What a request lacks, each with the address that mends it."""
    return [
        {
            "code": lack.reason.code,
            "message": lack.reason.message,
            "url": reverse(lack.url_name, args=lack.args) + (f"#{lack.place}" if lack.place else ""),
            "do": lack.do,
        }
        for lack in lacks
    ]


def attempted(request: CaseRequest, picked: Way | None, form: Any, act: Any, *others: Any) -> Outcome:
    """Choosing a way sends nothing: the form comes back with it, and complains of nothing."""
    if picked is None:
        return attempt(request, form, act, *others)
    for typed in (form, *others):
        without_errors(typed)
    return Outcome(False)


def step_of(
    request: CaseRequest,
    case: Any,
    request_id: UUID,
    form: Any,
    act: Any,
    said: str,
    ways: tuple[Way, ...] | None = None,
    picked: Way | None = None,
    **shown: Any,
) -> HttpResponse:
    """One form about one request: `act(row, data)` records it. `ways`: where it may go, on a form that asks that."""
    row = get_request_of(request.actor, case, request_id)
    if row.status != "drafting":
        form.fields.pop("sent_by", None)  # that was said when it went out
    outcome = attempted(request, picked, form, lambda data: act(row, data))
    if outcome.done:
        return done(request, said, "appeals:request", case.public_id, row.public_id)
    back = reverse("appeals:request", args=[case.public_id, row.public_id])
    open_still = (
        lacks_of(row, case, today_for(request, case).today)
        if row.status == "drafting" and "unready_reason" in form.fields
        else ()
    )
    shown["extra"] = {"lacks": shown_lacks(open_still)}
    if ways is not None:
        shown["extra"]["ways"] = shown_ways(ways, form, channel="channel", address="sent_to")
        shown["template"] = "appeals/request_sent.html"
    return show_step(request, case, form, outcome, back=back, trail=(("Request", back),), **shown)


def now_in() -> dict[str, Any]:
    return {
        "initial": {name: timezone.localtime() for name in ("submitted_at", "received_at", "occurred_at")}
    }


@case_page(P.REQUEST_AUTHORIZATION)
def request_received(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Record when the payer had it: the payer's clock starts."""
    return step_of(
        request,
        case,
        request_id,
        ReceivedForm(request.POST or None, **now_in()),
        lambda row, data: commands.receive_request(
            actor=request.actor,
            request=row,
            at=request.at,
            **data,
        ),
        "The request is recorded as received. The payer's clock runs.",
        here="Record the request as received",
        action="Record as received",
        effects=("The payer's clock to decide starts at this moment.",),
    )


@case_page(P.REQUEST_AUTHORIZATION)
def request_event(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Record what moves the payer's clock: an extension, a request for information, its answer."""
    return step_of(
        request,
        case,
        request_id,
        EventForm(request.POST or None, kinds=REQUEST_EVENTS, **now_in()),
        lambda row, data: record_clock_event(
            actor=request.actor,
            case=case,
            request=row,
            at=request.at,
            **data,
        ),
        "Recorded. The dates were computed again.",
        here="Extension or information asked",
        action="Record it",
        effects=("The payer's date is computed again, with this as its reason.",),
    )


@case_page(P.REQUEST_AUTHORIZATION)
def request_exception(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Record whether the drug plan is asked for an exception, and for which."""
    row = get_request_of(request.actor, case, request_id)
    return step_of(
        request,
        case,
        request_id,
        ExceptionForm(request.POST or None, initial={"exception": row.exception}),
        lambda row, data: record_exception(actor=request.actor, request=row, at=request.at, **data),
        "Recorded. The dates were computed again.",
        here="Exception asked for, or not",
        action="Record it",
        effects=("The plan's date is computed again: an exception waits for the prescriber's statement.",),
    )


@case_page(P.REQUEST_AUTHORIZATION)
def request_withdraw(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Take the request back, with a reason."""
    return step_of(
        request,
        case,
        request_id,
        ReasonForm(request.POST or None),
        lambda row, data: commands.withdraw_request(
            actor=request.actor,
            request=row,
            at=request.at,
            **data,
        ),
        "The request is withdrawn.",
        here="Withdraw the request",
        action="Withdraw",
        tone="danger",
        effects=("The payer's clock on this request ends. A withdrawn request cannot be appealed.",),
    )


@case_page(P.RECORD_DENIAL)
def request_unanswered(request: CaseRequest, case: Any, request_id: UUID) -> HttpResponse:
    """Go on without an answer: the plan missed its time, and the rule opens a level."""
    row = get_request_of(request.actor, case, request_id)
    form = UnansweredForm(request.POST if request.method == "POST" else None)
    outcome = attempt(
        request, form, lambda data: go_on_without_answer(actor=request.actor, request=row, at=request.at)
    )
    if outcome.done:
        said = "Recorded: no answer came in time. The level is open."
        return done(request, said, "appeals:level", case.public_id, outcome.result.public_id)
    back = reverse("appeals:request", args=[case.public_id, row.public_id])
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Go on without an answer",
        action="Go on without an answer",
        back=back,
        trail=(("Request", back),),
        effects=(
            "Every item counts as refused by the plan's silence, and the level that the rule opens is opened.",
            "No notice came, so no day is made up for the last day to file: file at once. A task says so.",
            "The plan still owes its decision: an approval, or a letter, is recorded when it comes.",
        ),
        tone="danger",
    )
