"""Closing a case: everything that stands in the way, each with the page that resolves it; and opening it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from advocacy import registries
from advocacy.access.permissions import Permission as P
from advocacy.errors import WrongState
from appeals.forms.closing import CloseForm, ReopenForm
from appeals.queries.closing_page import Obstacle, closing_page
from appeals.views.casework import CaseRequest, case_page, show_step, today_for
from cases.commands.cases import close_case, reopen_case
from cases.views.casework import attempt, done


@case_page(P.CLOSE_CASE)
def close(request: CaseRequest, case: Any) -> HttpResponse:
    """The obstacles, the money, and the outcome. While there is an obstacle the button is there and says why not."""
    if case.status == "closed" and request.method != "POST":
        raise WrongState("close", case.status, "This case is closed already.")
    form = CloseForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda data: close_case(
            actor=request.actor,
            case=case,
            at=request.at,
            **data,
        ),
    )
    if outcome.done:
        return done(request, "The case is closed.", "appeals:case", case.public_id)
    found = [reason for obstacles in registries.obstacles_to_closing for reason in obstacles(case)]
    page = closing_page(case, found, today_for(request, case).today)
    obstacles, loose = _with_addresses(page.obstacles), _with_addresses(page.loose)
    if obstacles and form.is_bound:
        _say_once(form, {o["message"] for o in obstacles})
    costs = page.costs
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Close the case",
        action="Close the case",
        back=reverse("appeals:case", args=[case.public_id]),
        extra={
            "obstacles": obstacles,
            "loose": loose,
            "refused": form.is_bound,
            "at_stake": costs.get("at_stake"),
            "savings": costs.get("patient_savings"),
            "plan": costs.get("plan_dollars"),
        },
        template="appeals/close.html",
    )


def _with_addresses(found: Iterable[Obstacle]) -> list[dict[str, str]]:
    return [
        {"code": o.code, "message": o.message, "url": reverse(o.url_name, args=o.args), "do": o.do}
        for o in found
    ]


def _say_once(form: CloseForm, shown: set[str]) -> None:
    """What the list of obstacles says already is not said again above the form."""
    kept = [error for error in form.non_field_errors() if error not in shown]
    form.errors.pop("__all__", None)
    for error in kept:
        form.add_error(None, error)


@case_page(P.REOPEN_CASE)
def reopen(request: CaseRequest, case: Any) -> HttpResponse:
    """Open a closed case again, with a reason that stays in the trail."""
    if case.status != "closed" and request.method != "POST":
        raise WrongState("reopen", case.status, "This case is open.")
    form = ReopenForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda data: reopen_case(
            actor=request.actor,
            case=case,
            at=request.at,
            **data,
        ),
    )
    if outcome.done:
        return done(request, "The case is open again.", "appeals:case", case.public_id)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Reopen the case",
        action="Reopen it",
        back=reverse("appeals:case", args=[case.public_id]),
        effects=("The case stands in the queue again. Its outcome is cleared; what was recorded stays.",),
    )
