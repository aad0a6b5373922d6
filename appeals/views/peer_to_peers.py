"""The peer-to-peer: a sheet to hold in hand during the call, its time, and how it went."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission as P
from appeals.commands import peer_to_peers as commands
from appeals.forms.peer_to_peers import HoldForm, MissForm, ScheduleForm
from appeals.queries.call_sheet import call_sheet
from appeals.views.casework import CaseRequest, case_page, show, show_step, today_for
from cases.queries.clinic import call_times_offered
from cases.views.casework import attempt, done

OPEN = frozenset({"offered", "scheduled"})


@require_safe
@case_page()
def peer_to_peer(request: CaseRequest, case: Any, call_id: UUID) -> HttpResponse:
    """The printable sheet, with the next steps above it (they are not printed)."""
    sheet = call_sheet(request.actor, case, call_id, today_for(request, case))
    call = sheet.call
    actions = []
    if call.status in OPEN and P.HOLD_PEER_TO_PEER in request.may:
        steps = [
            ("peer_to_peer_hold", "Record the call"),
            ("peer_to_peer_schedule", "Move the call" if call.scheduled_at else "Schedule the call"),
            ("peer_to_peer_miss", "It did not take place"),
        ]
        if not call.scheduled_at:
            steps[0], steps[1] = steps[1], steps[0]
        actions = [
            {"label": label, "url": reverse(f"appeals:{name}", args=[case.public_id, call.public_id])}
            for name, label in steps
        ]
        actions[0]["kind"] = "main"
    return show(
        request,
        "appeals/peer_to_peer.html",
        case,
        {
            "sheet": sheet,
            "call": call,
            "actions": actions,
            "offered": call_times_offered(case, request.at) if call.status in OPEN else (),
        },
        here="Peer-to-peer",
    )


def _step(
    request: CaseRequest, case: Any, call: Any, form: Any, act: Any, said: str, **shown: Any
) -> HttpResponse:
    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, said, "appeals:peer_to_peer", case.public_id, call.public_id)
    back = reverse("appeals:peer_to_peer", args=[case.public_id, call.public_id])
    return show_step(request, case, form, outcome, back=back, trail=(("Peer-to-peer", back),), **shown)


def _sheet(request: CaseRequest, case: Any, call_id: UUID) -> Any:
    return call_sheet(request.actor, case, call_id, today_for(request, case))


@case_page(P.HOLD_PEER_TO_PEER)
def peer_to_peer_schedule(request: CaseRequest, case: Any, call_id: UUID) -> HttpResponse:
    """Set or move the time of the call."""
    call = _sheet(request, case, call_id).call
    return _step(
        request,
        case,
        call,
        ScheduleForm(
            request.POST or None, until=call.window_ends_on, initial={"scheduled_at": call.scheduled_at}
        ),
        lambda data: commands.schedule_call(
            actor=request.actor,
            call=call,
            at=request.at,
            **data,
        ),
        "The call is scheduled.",
        here="Schedule the call",
        action="Schedule it",
        effects=("The appeal's own clock runs on: a peer-to-peer stops nothing.",),
    )


@case_page(P.HOLD_PEER_TO_PEER)
def peer_to_peer_hold(request: CaseRequest, case: Any, call_id: UUID) -> HttpResponse:
    """Record how the call went, item by item."""
    sheet = _sheet(request, case, call_id)
    form = HoldForm(
        request.POST or None,
        items=[(item.key, item.name) for item in sheet.items],
        initial={"held_at": sheet.call.scheduled_at or timezone.localtime()},
    )
    return _step(
        request,
        case,
        sheet.call,
        form,
        lambda data: commands.hold_call(
            actor=request.actor,
            call=sheet.call,
            held_at=data["held_at"],
            reviewer=data["reviewer"],
            reviewer_specialty=data["reviewer_specialty"],
            outcome=data["outcome"],
            item_outcomes=form.item_outcomes(),
            summary=data["summary"],
            at=request.at,
        ),
        "The call is recorded.",
        here="Record the call",
        action="Record the call",
        effects=(
            "Where every refused item was won, the appeal that is not filed yet ends; a task asks for the decision in writing.",
            "Otherwise the appeal stays open and its clock runs on.",
        ),
    )


@case_page(P.HOLD_PEER_TO_PEER)
def peer_to_peer_miss(request: CaseRequest, case: Any, call_id: UUID) -> HttpResponse:
    """Record that the call did not take place."""
    call = _sheet(request, case, call_id).call
    return _step(
        request,
        case,
        call,
        MissForm(request.POST or None),
        lambda data: commands.miss_call(
            actor=request.actor,
            call=call,
            at=request.at,
            **data,
        ),
        "It is recorded that the call did not take place.",
        here="The call did not take place",
        action="Record it",
        effects=("The appeal is not touched: its clock runs on.",),
    )
