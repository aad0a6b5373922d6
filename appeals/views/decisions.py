"""What a level decided, item by item; or that it did not decide in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission as P
from advocacy.errors import WrongState
from appeals.commands.decisions import decide_appeal, deem_decided
from appeals.commands.requests import AuthorizationInput
from appeals.forms.decisions import DecisionForm, DeemForm, GrantedForm
from appeals.queries.level_page import LevelPage, level_page
from appeals.views.casework import CaseRequest, case_page, show_step, today_for
from appeals.views.papers import document_choices, given_document
from cases.views.casework import attempt, done


def _page(request: CaseRequest, case: Any, level_id: UUID) -> LevelPage:
    page = level_page(request.actor, case, level_id, today_for(request, case))
    if request.method != "POST" and not page.is_awaiting:
        raise WrongState(
            "decide",
            page.appeal.status,
            "A decision is recorded for a level that was filed and is not decided.",
        )
    return page


def _granted(form: GrantedForm) -> AuthorizationInput | None:
    if not form.is_given:
        return None
    names = ("number", "sessions", "units", "valid_from", "valid_until")
    return AuthorizationInput(**{name: form.cleaned_data[name] for name in names})


@case_page(P.RECORD_DECISION)
def level_decide(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Record the decision: outcomes, dates with their evidence, the letter, and the authorization."""
    actor = request.actor
    page = _page(request, case, level_id)
    form = DecisionForm(
        request.POST or None,
        request.FILES or None,
        items=[(item.key, item.name) for item in page.items],
        documents=document_choices(actor, case, "decision_letter"),
        initial={"version": page.appeal.version, "decided_at": timezone.localtime()},
    )
    granted = GrantedForm(request.POST or None)

    def record(data: Mapping[str, Any]) -> Any:
        letter = given_document(
            actor,
            case,
            file=data["file"],
            chosen=data["letter"],
            kind="decision_letter",
            at=request.at,
        )
        return decide_appeal(
            actor=actor,
            appeal=page.appeal,
            decided_at=data["decided_at"],
            notice_on=data["notice_on"],
            sent_on=data["sent_on"],
            received_on=data["received_on"],
            received_evidence=data["received_evidence"] or "none",
            stated_deadline_on=data["stated_deadline_on"],
            outcomes=form.outcomes(),
            letter=letter,
            summary=data["summary"],
            authorization=_granted(granted),
            at=request.at,
            expected_version=data["version"],
        )

    outcome = attempt(request, form, record, granted)
    address = [case.public_id, page.appeal.public_id]
    if outcome.done:
        return done(request, "The decision is recorded.", "appeals:level", *address)
    back = reverse("appeals:level", args=address)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Record the decision",
        action="Record the decision",
        back=back,
        trail=((page.rung.title, back),),
        extra={"page": page, "granted": granted},
        template="appeals/decision.html",
    )


@case_page(P.RECORD_DECISION)
def level_deem(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Go on without a decision: the other side missed its time, and the rule opens the next level."""
    page = _page(request, case, level_id)
    form = DeemForm(request.POST or None, initial={"version": page.appeal.version})
    outcome = attempt(
        request,
        form,
        lambda data: deem_decided(
            actor=request.actor,
            appeal=page.appeal,
            at=request.at,
            expected_version=data["version"],
        ),
    )
    address = [case.public_id, page.appeal.public_id]
    if outcome.done:
        return done(request, "Recorded: no decision came in time.", "appeals:level", *address)
    back = reverse("appeals:level", args=address)
    late = next((c for c in page.clocks if c.whose == "plan" and c.overdue), None)
    effects = ["Nothing is decided about any item.", "The next level opens, where the rule says so."]
    if late and late.date:
        effects.insert(
            0,
            f"The time to decide ended on {late.date:%B} {late.date.day}, {late.date.year}. {late.if_missed}",
        )
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Go on without a decision",
        action="Go on without a decision",
        back=back,
        trail=((page.rung.title, back),),
        effects=tuple(effects),
        tone="danger",
    )
