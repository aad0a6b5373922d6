"""What left about a patient, and to whom: at the desk, as a paper, and in the patient's own portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.queries import get_patient
from advocacy.people.rules import day_in
from advocacy.people.views.steps import attempt, show_form
from advocacy.portal import portal_page
from advocacy.web import ActorRequest, page, saw
from cases.accounting import render_accounting
from cases.commands.accounting import correct_disclosure, hold_back, record_disclosure
from cases.forms.accounting import CorrectionForm, DisclosureForm, HoldForm
from cases.queries.accounting import Disclosed, accounting
from cases.queries.offers import organization_of
from cases.queries.portal_record import own_patient
from cases.release_form import render_release_form
from cases.suspensions import SENSITIVE
from cases.views.files import POLICY


@require_safe
@page
def disclosures(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """The accounting of disclosures of one patient (45 CFR 164.528)."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.ACCOUNT_DISCLOSURES, patient)
    saw(request, "read_page", patients=[patient.pk])
    context = {
        "patient": patient,
        "found": accounting(request.actor, patient, request.at),
        "sensitive": SENSITIVE,
        "breadcrumbs": [
            {"label": patient.reference, "url": reverse("people:patient", args=[patient.public_id])},
            {"label": "Disclosures", "url": ""},
        ],
    }
    return render(request, "cases/disclosures.html", context)


@page
def disclosure_new(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Record what left by another way than the program's."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.ACCOUNT_DISCLOSURES, patient)
    back = reverse("people:disclosures", args=[patient.public_id])
    today = day_in(patient.time_zone, request.at)
    form, status = DisclosureForm(request.POST or None, initial={"left_on": today}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            done, _result = attempt(
                lambda: record_disclosure(
                    actor=request.actor, patient=patient, at=request.at, **form.of_it()
                ),
                form,
            )
            if done:
                messages.success(request, "The disclosure is recorded.")
                return redirect(back)
    return show_form(
        request,
        form,
        title="Record a disclosure",
        action="Record disclosure",
        back=back,
        patient=patient,
        status=status,
    )


@page
def disclosure_hold(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Hold a line back from the patient's own view, or show it (45 CFR 164.528(a)(2), 164.512(c)(2)); `?line=` chooses it."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.ACCOUNT_DISCLOSURES, patient)
    found = accounting(request.actor, patient, request.at)
    rows = [
        (line.key, _called(line))
        for line in (*found.counted, *found.others)
        if line.held or line.ground in SENSITIVE
    ]
    form = HoldForm(request.POST or None, rows=rows, initial={"line": request.GET.get("line")})

    def act() -> None:
        line = form.cleaned_data["line"]
        hold_back(actor=request.actor, patient=patient, line=line, told=form.as_told(), at=request.at)

    return _line_form(
        request, patient, form, act, title="What the patient sees", action="Save", told="It is kept so."
    )


@page
def disclosure_correct(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Put a line right; what it said stays beside it. `?line=` chooses it and fills the form."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.ACCOUNT_DISCLOSURES, patient)
    found = accounting(request.actor, patient, request.at)
    lines = (*found.counted, *found.others)
    chosen = next((line for line in lines if str(line.key) == request.GET.get("line")), None)
    initial = {"line": chosen.key, "recipient": chosen.to, "address": chosen.address} if chosen else {}
    if chosen and chosen.by_hand:
        initial |= {"what": chosen.what}
    rows = [(line.key, _called(line)) for line in lines]
    form = CorrectionForm(request.POST or None, rows=rows, initial=initial)

    def act() -> None:
        correct_disclosure(actor=request.actor, patient=patient, at=request.at, **form.cleaned_data)

    return _line_form(
        request,
        patient,
        form,
        act,
        title="Correct a disclosure",
        action="Save the correction",
        told="The disclosure is corrected. What it said before stays beside it.",
    )


def _called(line: Disclosed) -> str:
    return f"{line.day:%b} {line.day.day}, {line.day.year}: {line.to}"


def _line_form(
    request: ActorRequest,
    patient: Any,
    form: Any,
    act: Callable[[], None],
    *,
    title: str,
    action: str,
    told: str,
) -> HttpResponse:
    """A form about one line: saved and back to the accounting, or shown again with its reasons."""
    back, status = reverse("people:disclosures", args=[patient.public_id]), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            done, _result = attempt(act, form)
            if done:
                messages.success(request, told)
                return redirect(back)
    return show_form(request, form, title=title, action=action, back=back, patient=patient, status=status)


@require_safe
@page
def disclosures_file(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """The same as a paper, to give to the patient: without what is held back from her now."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.ACCOUNT_DISCLOSURES, patient)
    return _paper(request, patient)


@require_safe
@portal_page(Permission.PORTAL_CONTROL)
def sent(request: ActorRequest) -> HttpResponse:
    """What left, and to whom."""
    patient = own_patient(request.actor)
    saw(request, "read_page", patients=[patient.pk])
    found = accounting(request.actor, patient, request.at)
    return render(request, "portal/sent.html", {"found": found})


@require_safe
@portal_page(Permission.PORTAL_CONTROL)
def sent_paper(request: ActorRequest) -> HttpResponse:
    """The same as a paper, in the language of the page."""
    return _paper(request, own_patient(request.actor))


@require_safe
@page
def release_form(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Our own form of a release, in the patient's language, to be signed on paper; with `?to=`, an organization's id, the one
    for sharing the case with that organization.
    """
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.RECORD_CONSENT, patient)
    receiving = organization_of(request.GET["to"]).name if request.GET.get("to") else ""
    passage = disclose(
        actor=request.actor,
        door=Door.PRINT,
        purpose=Purpose.CASEWORK,
        to=whoever_asks(request.actor),
        about=patient,
    )
    with translation.override("es" if patient.language == "es" else "en"):
        data = render_release_form(
            patient=patient.full_name,
            born=patient.birth_date,
            organization=request.organization.name,
            on=day_in(patient.time_zone, request.at),
            receiving=receiving,
        )
    saw(request, "read_page", patients=[patient.pk], **passage.told)
    return _pdf(data, "release.pdf")


def _paper(request: ActorRequest, patient: Any) -> HttpResponse:
    passage = disclose(
        actor=request.actor,
        door=Door.PRINT,
        purpose=Purpose.ACCESS,
        to=whoever_asks(request.actor),
        about=patient,
    )
    data = render_accounting(
        accounting(request.actor, patient, request.at, for_patient=True),
        patient=patient.full_name,
        born=patient.birth_date,
        organization=request.organization.name,
    )
    saw(request, "read_document", patients=[patient.pk], **passage.told)
    return _pdf(data, f"disclosures-{timezone.localtime(request.at):%Y-%m-%d}.pdf")


def _pdf(data: bytes, filename: str) -> HttpResponse:
    response = HttpResponse(data, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = POLICY
    return response
