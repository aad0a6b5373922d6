"""At the desk: who of the patient's side enters the portal, who is invited, and who no longer enters."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people import portal_invitations as commands
from advocacy.people.invitation_hours import invitation_goes_out
from advocacy.people.portal_access import get_portal_access
from advocacy.people.queries import get_patient
from advocacy.people.views.steps import attempt, show_form
from advocacy.web import ActorRequest, page, saw
from cases.forms.portal import InvitePatientForm, InviteRepresentativeForm


@page
def portal_invite(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Invite the patient by a safe address."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.INVITE_TO_PORTAL, patient)
    form, status = InvitePatientForm(request.POST or None, patient=patient), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            done, access = attempt(
                lambda: commands.invite_patient(
                    actor=request.actor, patient=patient, at=request.at, **form.cleaned_data
                ),
                form,
            )
            if done:
                messages.success(request, _said(access, request.at))
                return redirect("people:patient", patient.public_id)
    return show_form(
        request,
        form,
        title="Invite the patient to the portal",
        action="Send invitation",
        back=reverse("people:patient", args=[patient.public_id]),
        patient=patient,
        status=status,
    )


@page
def portal_representative(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Invite somebody the patient appointed."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.INVITE_TO_PORTAL, patient)
    form = InviteRepresentativeForm(request.POST or None, actor=request.actor, patient=patient)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed: dict[str, Any] = dict(form.cleaned_data)
            document = typed.pop("proof")
            done, access = attempt(
                lambda: commands.invite_representative(
                    actor=request.actor,
                    patient=patient,
                    proof=document.public_id if document else None,
                    at=request.at,
                    **typed,
                ),
                form,
            )
            if done:
                messages.success(request, _said(access, request.at))
                return redirect("people:patient", patient.public_id)
    return show_form(
        request,
        form,
        title="Invite somebody who helps the patient",
        action="Send invitation",
        back=reverse("people:patient", args=[patient.public_id]),
        patient=patient,
        status=status,
    )


def _said(access: Any, at: datetime) -> str:
    """When the mail goes out: now, or at the next hour for it where the patient lives."""
    when = invitation_goes_out(access, at)
    if when is None or when <= at:
        return "The invitation is on its way."
    there = when.astimezone(ZoneInfo(access.patient.time_zone))
    return f"The invitation goes out on {there:%b} {there.day} at {there:%-I:%M %p}, where the patient lives."


@page
def portal_end(request: ActorRequest, portal_access_id: UUID) -> HttpResponse:
    """This person no longer enters."""
    access = get_portal_access(request.actor, portal_access_id)
    patient: Any = access.patient
    require(request.actor, Permission.INVITE_TO_PORTAL, patient)
    if request.method == "POST":
        commands.end_portal_access(actor=request.actor, access=access, at=request.at)
        messages.success(request, "This access has ended.")
        return redirect("people:patient", patient.public_id)
    saw(request, "read_page", patients=[patient.pk])
    return show_form(
        request,
        None,  # type: ignore[arg-type]  # nothing to fill in
        title="End this access to the portal",
        action="End access",
        back=reverse("people:patient", args=[patient.public_id]),
        patient=patient,
        template="people/confirm.html",
        text=access.name or access.get_kind_display(),
        effects=["From the next page on nothing opens for them.", "They are not told by mail."],
        tone="danger",
    )
