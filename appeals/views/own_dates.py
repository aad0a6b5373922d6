"""The organization's own, earlier dates: which stand, proposing one, confirming or ending one. No page here knows a patient."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import Refused
from advocacy.people.views.steps import attempt
from advocacy.web import ActorRequest, page, paged
from appeals.commands import own_dates as commands
from appeals.forms.own_dates import OwnDateForm
from appeals.queries.own_dates import (
    get_own_date,
    own_date,
    own_dates_listed,
    stage_choices,
    stage_words,
)
from appeals.views.links import day_of

BACK = "appeals:own_dates"
SIZE = 25


@require_safe
@page
def own_dates(request: ActorRequest) -> HttpResponse:
    """All of them, newest first, with what may be done."""
    actor = request.actor
    require(actor, Permission.SEE_LOOKUPS)
    listed = paged(own_dates_listed(actor), after=request.GET.get("after"), size=SIZE, newest=True)
    decides = actor.may(Permission.MANAGE_LOOKUPS) or actor.may(Permission.ASSIGN_CASE)
    rows = [
        {
            "row": row,
            "stage": stage_words(row),
            "words": own_date(row).words,
            "may_confirm": decides
            and row.confirmed_at is None
            and row.ended_at is None
            and row.proposed_by_id != actor.user_id,
            "may_end": decides and row.ended_at is None,
        }
        for row in listed.rows
    ]
    context = {
        "rows": rows,
        "may_propose": actor.may(Permission.MANAGE_LOOKUPS),
        "next_url": f"{reverse(BACK)}?after={listed.next_after}" if listed.next_after else "",
        "breadcrumbs": [{"label": "Own dates", "url": ""}],
    }
    return render(request, "appeals/own_dates.html", context)


@page
def own_date_new(request: ActorRequest) -> HttpResponse:
    """Propose one. What would be later than the law is refused with the arithmetic."""
    require(request.actor, Permission.MANAGE_LOOKUPS)
    form, status = OwnDateForm(request.POST or None, stages=stage_choices()), 200
    back = reverse(BACK)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = dict(form.cleaned_data)
            regime, _, level = typed.pop("stage").partition(":")
            done, _row = attempt(
                lambda: commands.propose_own_date(
                    actor=request.actor,
                    regime=regime,
                    level=level,
                    today=day_of(request).today,
                    at=request.at,
                    **typed,
                ),
                form,
            )
            if done:
                messages.success(request, "Proposed. No date moves before somebody else confirms it.")
                return redirect(back)
    context = {
        "form": form,
        "title": "Propose an own date",
        "action": "Propose it",
        "back_url": back,
        "meta": None,
        "breadcrumbs": [{"label": "Own dates", "url": back}, {"label": "Propose", "url": ""}],
    }
    return render(request, "people/form.html", context, status=status)


@require_POST
@page
def own_date_confirm(request: ActorRequest, own_date_id: UUID) -> HttpResponse:
    """Confirm what somebody else proposed. Raises NotFound."""
    row = get_own_date(request.actor, own_date_id)
    try:
        commands.confirm_own_date(actor=request.actor, row=row, at=request.at)
    except Refused as refusal:
        for reason in refusal.reasons:
            messages.warning(request, reason.message)
        return redirect(BACK)
    messages.success(request, "Confirmed. The dates of open cases are being computed again.")
    return redirect(BACK)


@require_POST
@page
def own_date_end(request: ActorRequest, own_date_id: UUID) -> HttpResponse:
    """End one: the law's date is in front again. Raises NotFound."""
    commands.end_own_date(actor=request.actor, row=get_own_date(request.actor, own_date_id), at=request.at)
    messages.success(request, "Ended. The dates of open cases are being computed again.")
    return redirect(BACK)
