"""Legal holds at the desk: which stand and which ended, placing one, lifting one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people import holds as commands
from advocacy.people.forms import HoldForm, LiftForm
from advocacy.people.views.steps import attempt, show_form
from advocacy.web import ActorRequest, page, paged, saw

BACK = "people:holds"


@page
def holds(request: ActorRequest) -> HttpResponse:
    """Every hold, newest first, and a form to place one."""
    actor = request.actor
    require(actor, Permission.HOLD_RECORDS)
    form, status = HoldForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            done, _result = attempt(
                lambda: commands.place_hold(
                    actor=actor,
                    reference=typed["reference"],
                    reason=typed["reason"],
                    until=typed["until"],
                    at=request.at,
                ),
                form,
            )
            if done:
                messages.success(request, "The hold stands: nothing it is about can be deleted.")
                return redirect(BACK)
    listed = paged(commands.holds_visible_to(actor), after=request.GET.get("after"), newest=True)
    today = commands.today_of(request.at)
    rows = [
        {
            "hold": row,
            "stands": commands.stands(row, today),
            "may_lift": row.lifted_at is None and row.placed_by_id != actor.user_id,
        }
        for row in listed.rows
    ]
    if patients := [row.patient_id for row in listed.rows if row.patient_id]:
        saw(request, "read_list", patients=patients)
    context = {
        "form": form,
        "rows": rows,
        "next_url": f"{reverse(BACK)}?after={listed.next_after}" if listed.next_after else "",
        "breadcrumbs": [{"label": "Legal holds", "url": ""}],
    }
    return render(request, "people/holds.html", context, status=status)


@page
def hold_lift(request: ActorRequest, hold_id: UUID) -> HttpResponse:
    """Lift one that somebody else placed, with the reason."""
    hold = commands.get_hold(request.actor, hold_id)
    form, status = LiftForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            done, _result = attempt(
                lambda: commands.lift_hold(
                    actor=request.actor, hold=hold, reason=form.cleaned_data["reason"], at=request.at
                ),
                form,
            )
            if done:
                messages.success(request, "The hold is lifted.")
                return redirect(BACK)
    return show_form(
        request,
        form,
        title="Lift the hold",
        action="Lift the hold",
        back=reverse(BACK),
        status=status,
        reads=(hold.patient_id,) if hold.patient_id else (),
    )
