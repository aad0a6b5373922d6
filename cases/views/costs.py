"""Money at the desk: three kinds of figure, each with how it was found and all that stood before. Never a total."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.web import ActorRequest
from cases.commands.costs import record_cost
from cases.forms.work import CostForm
from cases.queries.registration import may_here
from cases.queries.work import money_of
from cases.views.casework import attempt, case_page, done, show, typed_before


@require_safe
@case_page()
def costs(request: ActorRequest, case: Any) -> HttpResponse:
    """The money of a case."""
    money = money_of(request.actor, case)
    context = {
        "money": money,
        "actions": [
            {
                "label": "Record an amount",
                "kind": "main",
                "url": reverse("cases:cost_new", args=[case.public_id]),
            }
        ]
        if may_here(request.actor, Permission.CHANGE_CASE, case)
        else [],
    }
    return show(request, "cases/cost_list.html", case, context, here="Money")


@case_page(Permission.CHANGE_CASE)
def cost_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Record an amount of one kind (`?kind=`); the one that stood becomes history."""
    form = CostForm(
        request.POST or None,
        initial={"kind": request.GET.get("kind", "at_stake"), "certainty": "estimate"}
        | typed_before(request),
    )

    def act(typed: Mapping[str, Any]) -> Any:
        return record_cost(actor=request.actor, case=case, at=request.at, **typed)

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "The amount is recorded.", "cases:costs", case.public_id)
    back = reverse("cases:costs", args=[case.public_id])
    return show(
        request,
        "cases/cost_form.html",
        case,
        {"form": form, "back_url": back},
        here="Record an amount",
        status=outcome.status,
        trail=(("Money", back),),
    )
