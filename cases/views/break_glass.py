"""Emergency access: opening a record that is closed to one, closing it again, and the review by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.places import zone_name
from advocacy.people.step_up import require_fresh, typed
from advocacy.web import ActorRequest, page, paged, saw
from cases.commands import break_glass as commands
from cases.forms.break_glass import BreakGlassForm, ReviewForm
from cases.queries.break_glass import get_glass, glasses_visible_to, looks_during, own_running
from cases.views.casework import attempt


@page
def break_glass(request: ActorRequest) -> HttpResponse:
    """What emergency access is, one's own that runs, and the form that opens a record by its reference."""
    own = own_running(request.actor, request.at)
    if not own:
        require(request.actor, Permission.BREAK_GLASS)
    form = BreakGlassForm(typed(request), initial={"hours": 1})

    def opened(said: Mapping[str, Any]) -> Any:
        require_fresh(request)
        return commands.break_glass(
            actor=request.actor,
            reference=said["reference"],
            hours=said["hours"],
            reason=said["reason"],
            at=request.at,
        )

    outcome = attempt(request, form, opened)
    if outcome.done:
        messages.success(
            request, "The record is open to you. Supervisors and privacy officers are being told."
        )
        return redirect("people:patient", outcome.result.patient.public_id)
    if own:
        saw(request, "read_list", patients=[glass.patient_id for glass in own])
    context = {
        "form": form if request.actor.may(Permission.BREAK_GLASS) else None,
        "own": own,
        "problem": outcome.problem,
        "zone": zone_name(request.organization.time_zone),
        "breadcrumbs": [{"label": "Emergency access", "url": ""}],
    }
    return render(request, "cases/break_glass.html", context, status=outcome.status)


@require_safe
@page
def glasses(request: ActorRequest) -> HttpResponse:
    """Every emergency access, newest first, by reference; for whoever reviews them."""
    require(request.actor, Permission.REVIEW_BREAK_GLASS)
    listed = paged(glasses_visible_to(request.actor), after=request.GET.get("after"), newest=True)
    for row in listed.rows:
        row.running = commands.runs(row, request.at)
    saw(request, "read_list", patients=[row.patient_id for row in listed.rows])
    context = {
        "rows": listed.rows,
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
        "zone": zone_name(request.organization.time_zone),
        "breadcrumbs": [{"label": "Emergency access", "url": ""}],
    }
    return render(request, "cases/glasses.html", context)


@page
def glass_review(request: ActorRequest, glass_id: UUID) -> HttpResponse:
    """One emergency access with its reason and how much was opened; a POST reviews it."""
    glass = get_glass(request.actor, glass_id)
    form = ReviewForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda typed: commands.review_glass(
            actor=request.actor,
            glass=glass,
            finding=typed["finding"],
            review=typed["review"],
            at=request.at,
        ),
    )
    if outcome.done:
        messages.success(request, "The review is kept.")
        return redirect("cases:glasses")
    running = commands.runs(glass, request.at)
    context = {
        "glass": glass,
        "running": running,
        "looks": looks_during(glass),
        "own": glass.user_id == request.actor.user_id,
        "form": None if running or glass.reviewed_at or glass.user_id == request.actor.user_id else form,
        "problem": outcome.problem,
        "zone": zone_name(request.organization.time_zone),
        "breadcrumbs": [
            {"label": "Emergency access", "url": reverse("cases:glasses")},
            {"label": glass.patient.reference, "url": ""},
        ],
    }
    saw(request, "read_page", patients=[glass.patient_id])
    return render(request, "cases/glass_review.html", context, status=outcome.status)


@require_POST
@page
def glass_end(request: ActorRequest, glass_id: UUID) -> HttpResponse:
    """Close it before its end: one's own, or any for whoever reviews."""
    glass = get_glass(request.actor, glass_id, own=True)
    commands.end_glass(actor=request.actor, glass=glass, at=request.at)
    messages.success(request, "The emergency access is ended.")
    if request.actor.may(Permission.REVIEW_BREAK_GLASS) and glass.user_id != request.actor.user_id:
        return redirect("cases:glass_review", glass.public_id)
    return redirect("home")
