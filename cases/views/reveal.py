"""The door to a full identifier, for whoever sees it masked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.step_up import require_fresh, typed
from advocacy.people.views.steps import attempt, show_form
from advocacy.web import ActorRequest, page, saw
from cases.commands.reveal import reveal_member_id
from cases.forms.reveal import RevealForm
from cases.queries.registration import get_coverage


@page
def reveal(request: ActorRequest, coverage_id: UUID) -> HttpResponse:
    """Say why, prove who you are, and see the member id once: on the answer to the form and nowhere else."""
    coverage = get_coverage(request.actor, coverage_id)
    patient: Any = coverage.patient
    require(request.actor, Permission.SEE_PATIENTS, coverage)
    form, status = RevealForm(typed(request)), 200
    back = reverse("people:patient", args=[patient.public_id])
    if request.method == "POST":
        status = 422
        if form.is_valid():
            require_fresh(request)
            said = form.cleaned_data["reason"]
            done, number = attempt(
                lambda: reveal_member_id(actor=request.actor, coverage=coverage, reason=said), form
            )
            if done:
                saw(request, "read_page", patients=[patient.pk])
                context = {
                    "number": number,
                    "coverage": coverage,
                    "back_url": back,
                    "breadcrumbs": [
                        {"label": patient.reference, "url": back},
                        {"label": "Member id", "url": ""},
                    ],
                }
                return render(request, "cases/revealed.html", context, status=201)
    return show_form(
        request,
        form,
        title="Show the full member id",
        action="Show it once",
        back=back,
        patient=patient,
        status=status,
    )
