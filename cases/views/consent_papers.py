"""Linking the scan of a signed form to its consent, taking a wrong one back, putting right what was copied from it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.queries import get_consent
from advocacy.people.views.steps import attempt, show_form
from advocacy.web import ActorRequest, page
from cases.commands.consent_papers import correct_recipients, link_paper, take_paper_back
from cases.forms.portal import ConsentCorrectionForm, ConsentPaperForm
from cases.queries.consent_papers import get_paper


@page
def consent_paper(request: ActorRequest, consent_id: UUID) -> HttpResponse:
    """Choose the document of the patient's cases that shows the signature."""
    consent = get_consent(request.actor, consent_id)
    patient: Any = consent.patient
    require(request.actor, Permission.RECORD_CONSENT, consent)
    form, status = ConsentPaperForm(request.POST or None, actor=request.actor, patient=patient), 200
    back = reverse("people:patient", args=[patient.public_id])
    if request.method == "POST":
        status = 422
        if form.is_valid():
            chosen = form.cleaned_data["document"]
            done, _result = attempt(
                lambda: link_paper(actor=request.actor, consent=consent, document=chosen, at=request.at), form
            )
            if done:
                messages.success(request, "The scan is linked.")
                return redirect(back)
    return show_form(
        request,
        form,
        title="Link the signed form",
        action="Link it",
        back=back,
        patient=patient,
        status=status,
    )


@page
def consent_correct(request: ActorRequest, consent_id: UUID) -> HttpResponse:
    """Put right who may receive, as the signed form says."""
    consent = get_consent(request.actor, consent_id)
    patient: Any = consent.patient
    require(request.actor, Permission.RECORD_CONSENT, consent)
    form = ConsentCorrectionForm(request.POST or None, initial={"recipients": consent.recipients})
    back, status = reverse("people:patient", args=[patient.public_id]), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            done, _result = attempt(
                lambda: correct_recipients(actor=request.actor, consent=consent, at=request.at, **typed), form
            )
            if done:
                messages.success(request, "It is corrected. What it said before stays in the trail.")
                return redirect(back)
    return show_form(
        request,
        form,
        title="Correct who may receive",
        action="Save the correction",
        back=back,
        patient=patient,
        status=status,
    )


@require_POST
@page
def consent_paper_back(request: ActorRequest, consent_paper_id: UUID) -> HttpResponse:
    """This scan does not prove the consent."""
    paper = get_paper(request.actor, consent_paper_id)
    patient: Any = paper.consent.patient
    take_paper_back(actor=request.actor, paper=paper, at=request.at)
    messages.success(request, "The scan is not shown with the consent any more.")
    return redirect("people:patient", patient.public_id)
