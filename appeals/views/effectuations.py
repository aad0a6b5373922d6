"""After a decision against the plan, or a call in which it gave way: what it delivered, when it had the decision, and what was
recorded wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission as P
from advocacy.errors import NotAllowed
from appeals.commands.effectuations import (
    record_call_delivery,
    record_effectuation,
    record_plan_notice,
    void_effectuation,
)
from appeals.forms.effectuations import EffectuationForm, PlanNoticeForm
from appeals.forms.sessions import VoidForm
from appeals.queries.call_sheet import get_call
from appeals.queries.effectuation_page import (
    EffectuationPage,
    call_delivery_page,
    effectuation_page,
    get_effectuation,
)
from appeals.queries.level_page import get_level
from appeals.views.casework import CaseRequest, case_page, show_step, today_for
from appeals.views.papers import document_choices, picked_document
from cases.views.casework import Outcome, attempt, done

BACK = "appeals:effectuation"
CALL, OF_CALL = "appeals:peer_to_peer", "appeals:call_delivery"


def _trail(case: Any, level: Any) -> tuple[tuple[str, str], ...]:
    return (("Level", reverse("appeals:level", args=[case.public_id, level.public_id])),)


def _call_trail(case: Any, call: Any) -> tuple[tuple[str, str], ...]:
    return (("Peer-to-peer", reverse(CALL, args=[case.public_id, call.public_id])),)


@case_page()
def effectuation(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """The plan's time to carry out the decision, what it delivered, and the form that records more of it."""
    level = get_level(request.actor, case, level_id)
    page = effectuation_page(case, level, today_for(request, case))

    def act(data: Mapping[str, Any]) -> Any:
        return record_effectuation(actor=request.actor, appeal=level, at=request.at, **data)

    return _show(
        request,
        case,
        page,
        act,
        here=(BACK, case.public_id, level.public_id),
        back=reverse("appeals:level", args=[case.public_id, level.public_id]),
        trail=_trail(case, level),
    )


@case_page()
def call_delivery(request: CaseRequest, case: Any, call_id: UUID) -> HttpResponse:
    """What the plan delivered of what was won in a call, and the form that records more of it."""
    call = get_call(request.actor, case, call_id)

    def act(data: Mapping[str, Any]) -> Any:
        return record_call_delivery(actor=request.actor, call=call, at=request.at, **data)

    return _show(
        request,
        case,
        call_delivery_page(case, call, today_for(request, case)),
        act,
        here=(OF_CALL, case.public_id, call.public_id),
        back=reverse(CALL, args=[case.public_id, call.public_id]),
        trail=_call_trail(case, call),
    )


def _show(
    request: CaseRequest,
    case: Any,
    page: EffectuationPage,
    act: Callable[[Mapping[str, Any]], Any],
    *,
    here: tuple[Any, ...],
    back: str,
    trail: tuple[tuple[str, str], ...],
) -> HttpResponse:
    may = P.RECORD_DECISION in request.may and case.status == "open"
    if request.method == "POST" and P.RECORD_DECISION not in request.may:
        raise NotAllowed(P.RECORD_DECISION)
    form = EffectuationForm(
        request.POST or None,
        items=[(item.key, item.name) for item in page.open_items],
        documents=document_choices(request.actor, case, "approval_letter"),
        initial={"items": [item.key for item in page.open_items]},
    )
    outcome = Outcome(False)
    if may:
        outcome = attempt(
            request,
            form,
            lambda data: act({**data, "document": picked_document(request.actor, case, data["document"])}),
        )
    if outcome.done:
        return done(request, "What was delivered is recorded.", *here)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="What the plan delivered",
        action="Record what was delivered",
        back=back,
        trail=trail,
        template="appeals/effectuation.html",
        lists=frozenset({"items"}),
        extra={"page": page, "may_record": may},
    )


@case_page(P.RECORD_DECISION)
def plan_notice(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """When the plan had the decision of whoever reversed it: its time to carry it out runs from there."""
    level = get_level(request.actor, case, level_id)
    page = effectuation_page(case, level, today_for(request, case))
    had = page.decision.plan_received_at if page.decision is not None else None
    form = PlanNoticeForm(
        request.POST or None,
        initial={"received_at": timezone.localtime(had) if had else None, "version": str(had or "none")},
    )
    outcome = attempt(
        request,
        form,
        lambda data: record_plan_notice(
            actor=request.actor,
            appeal=level,
            received_at=data["received_at"],
            seen=data["version"] or None,
            at=request.at,
        ),
    )
    if outcome.done:
        return done(
            request, "Recorded. The dates were computed again.", BACK, case.public_id, level.public_id
        )
    back = reverse(BACK, args=[case.public_id, level.public_id])
    return show_step(
        request,
        case,
        form,
        outcome,
        here="When the plan had the decision",
        action="Record it",
        back=back,
        trail=(*_trail(case, level), ("What the plan delivered", back)),
        effects=("The plan's time to carry out the decision is computed from this moment.",),
    )


@case_page(P.RECORD_DECISION)
def effectuation_void(request: CaseRequest, case: Any, effectuation_id: UUID) -> HttpResponse:
    """What was recorded as delivered and was not."""
    row = get_effectuation(request.actor, case, effectuation_id)
    form = VoidForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda typed: void_effectuation(
            actor=request.actor, effectuation=row, reason=typed["reason"], at=request.at
        ),
    )
    of, page, trail = (
        (row.appeal, BACK, _trail) if row.appeal is not None else (row.peer_to_peer, OF_CALL, _call_trail)
    )
    back = reverse(page, args=[case.public_id, of.public_id])
    if outcome.done:
        return done(request, "It no longer counts.", page, case.public_id, of.public_id)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Take back what was recorded as delivered",
        action="Take it back",
        tone="danger",
        back=back,
        trail=(*trail(case, of), ("What the plan delivered", back)),
        text=f"{row.item.code}: {row.get_kind_display().lower()}.",
        effects=(
            "It stays in the list, struck out, with your reason. It no longer counts.",
            "The plan's time runs on, where a rule gives it one.",
        ),
    )
