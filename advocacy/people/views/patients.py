"""Registering a patient and keeping the record current: details, ways to reach them, what they allowed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.inputs import without_errors
from advocacy.people import commands
from advocacy.people.drafts import end_draft
from advocacy.people.forms import ConsentForm, ContactForm, ContactRows, NewPatientForm, PatientForm
from advocacy.people.queries import get_consent, get_contact, get_patient, likely_duplicates
from advocacy.people.views.steps import attempt, kept, show_form
from advocacy.web import ActorRequest, page, saw


@page
def patient_new(request: ActorRequest) -> HttpResponse:
    """Register a patient. Whoever is like them is shown before anything is saved."""
    require(request.actor, Permission.REGISTER_PATIENT)
    key = "patient:new"
    alike: tuple[Any, ...] = ()
    status = 200
    if request.method == "POST":
        form, contacts = NewPatientForm(request.POST), ContactRows(request.POST, prefix="contacts")
        status = 422
        if all([form.is_valid(), contacts.is_valid()]):
            typed = dict(form.cleaned_data)
            typed.pop("version")
            rows = contacts.filled()
            inputs = [row.contact() for row in rows]
            done, result = attempt(
                lambda: commands.register_patient(
                    actor=request.actor, contacts=inputs, at=request.at, **typed
                ),
                form,
                {f"contacts-{i}": row for i, row in enumerate(rows)},
            )
            if done:
                end_draft(actor=request.actor, key=key)
                messages.success(request, "The patient is registered. Next: coverage and consent.")
                return redirect("people:patient", result.public_id)
            if any(reason.code == "likely_duplicates" for reason in result):
                alike = likely_duplicates(
                    request.actor,
                    given_name=typed["given_name"],
                    family_name=typed["family_name"],
                    birth_date=typed["birth_date"],
                    phones=[c.value for c in inputs if c.kind in ("phone", "text")],
                )
    else:
        words = kept(request, key)
        form = NewPatientForm(words, initial={"language": "en"})
        contacts = ContactRows(
            words if words and "contacts-TOTAL_FORMS" in words else None, prefix="contacts"
        )
        if words:
            without_errors(form)
        if contacts.is_bound:
            without_errors(contacts)
    return show_form(
        request,
        form,
        title="New patient",
        action="Register patient",
        back=reverse("home"),
        status=status,
        template="people/patient_new.html",
        formset=contacts,
        row_label="Contact",
        alike=[likeness for likeness in alike if likeness.patient],
        hidden=sum(1 for likeness in alike if likeness.patient is None),
        draft_key=key,
        draft_restored=request.method == "GET" and form.is_bound,
        reads=tuple(likeness.patient.pk for likeness in alike if likeness.patient),
    )


@page
def patient_change(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Correct the patient's details."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.CHANGE_PATIENT, patient)
    key = f"patient:{patient.public_id}"
    back = reverse("people:patient", args=[patient.public_id])
    now = {name: getattr(patient, name) for name in PatientForm.base_fields}
    status = 200
    if request.method == "POST":
        form, status = PatientForm(request.POST, initial=now), 422
        if form.is_valid():
            typed = dict(form.cleaned_data)
            version = typed.pop("version")
            done, _result = attempt(
                lambda: commands.change_patient(
                    actor=request.actor, patient=patient, expected_version=version, at=request.at, **typed
                ),
                form,
            )
            if done:
                end_draft(actor=request.actor, key=key)
                messages.success(request, "The patient's details are changed.")
                return redirect(back)
    else:
        words = kept(request, key)
        form = PatientForm(words, initial=now)
        if words:
            without_errors(form)
    return show_form(
        request,
        form,
        title="Change details",
        action="Save",
        back=back,
        patient=patient,
        status=status,
        draft_key=key,
        draft_restored=request.method == "GET" and form.is_bound,
    )


@page
def contact_new(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Add a way to reach the patient."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.CHANGE_PATIENT, patient)
    back = reverse("people:patient", args=[patient.public_id])
    form, status = ContactForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            done, _result = attempt(
                lambda: commands.add_contact(
                    actor=request.actor, patient=patient, contact=form.contact(), at=request.at
                ),
                form,
            )
            if done:
                messages.success(request, "The contact is added.")
                return redirect(back)
    return show_form(
        request, form, title="Add a contact", action="Add contact", back=back, patient=patient, status=status
    )


@page
def contact_end(request: ActorRequest, contact_id: UUID) -> HttpResponse:
    """This way is not used any more. It stays in the trail."""
    contact = get_contact(request.actor, contact_id)
    patient: Any = contact.patient
    require(request.actor, Permission.CHANGE_PATIENT, patient)
    if request.method == "POST":
        commands.end_contact(actor=request.actor, contact=contact, at=request.at)
        messages.success(request, "The contact is ended.")
        return redirect("people:patient", patient.public_id)
    return _confirm(
        request,
        patient,
        title="End this contact",
        text=f"{contact.get_kind_display()}: {contact.value}",
        effects=["It is no longer shown or used.", "The trail keeps that it was there."],
        action="End contact",
    )


@page
def consent_new(request: ActorRequest, patient_id: UUID) -> HttpResponse:
    """Record what the patient allowed."""
    patient = get_patient(request.actor, patient_id)
    require(request.actor, Permission.RECORD_CONSENT, patient)
    key = f"consent:{patient.public_id}"
    back = reverse("people:patient", args=[patient.public_id])
    status = 200
    if request.method == "POST":
        form, status = ConsentForm(request.POST), 422
        if form.is_valid():
            done, result = attempt(
                lambda: commands.record_consent(
                    actor=request.actor, patient=patient, at=request.at, **form.recorded()
                ),
                form,
            )
            if done:
                end_draft(actor=request.actor, key=key)
                if result.lacks:
                    said = "It is recorded and allows nothing: see below what the form lacks."
                    messages.warning(request, said)
                else:
                    messages.success(request, "The consent is recorded.")
                return redirect(back)
    else:
        words = kept(request, key)
        form = ConsentForm(words)
        if words:
            without_errors(form)
    return show_form(
        request,
        form,
        title="Record consent",
        action="Record consent",
        back=back,
        patient=patient,
        status=status,
        draft_key=key,
        draft_restored=request.method == "GET" and form.is_bound,
    )


@page
def consent_revoke(request: ActorRequest, consent_id: UUID) -> HttpResponse:
    """The patient withdrew a consent."""
    consent = get_consent(request.actor, consent_id)
    patient: Any = consent.patient
    require(request.actor, Permission.RECORD_CONSENT, patient)
    if request.method == "POST":
        commands.revoke_consent(actor=request.actor, consent=consent, at=request.at)
        messages.success(request, "The withdrawal is recorded.")
        return redirect("people:patient", patient.public_id)
    return _confirm(
        request,
        patient,
        title="Record a withdrawal",
        text=consent.get_kind_display(),
        effects=[
            "From now on this consent does not stand.",
            "It cannot be undone; a new consent can be recorded.",
        ],
        action="Record withdrawal",
    )


def _confirm(
    request: ActorRequest, patient: Any, *, title: str, text: str, effects: list[str], action: str
) -> HttpResponse:
    saw(request, "read_page", patients=[patient.pk])
    return show_form(
        request,
        None,  # type: ignore[arg-type]  # nothing to fill in
        title=title,
        action=action,
        back=reverse("people:patient", args=[patient.public_id]),
        patient=patient,
        template="people/confirm.html",
        text=text,
        effects=effects,
        tone="danger",
    )
