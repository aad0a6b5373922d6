"""The steps of an intake as forms: made for a request, filled again from what was kept, read together at the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.forms import Form
from django.urls import reverse

from advocacy.access.policy import Actor
from advocacy.inputs import as_posted
from advocacy.people.queries import get_patient
from cases.commands.intake import STEPS, Intake
from cases.forms.intake import (
    IntakeConsentForm,
    IntakeCoverageForm,
    IntakeProviderForm,
    IntakeUrgencyForm,
    WhatForm,
    WhoForm,
)
from cases.queries.registration import coverages_of, owners

LABELS = {
    "who": "Who it is",
    "what": "Treatment and purpose",
    "coverage": "Coverage",
    "provider": "Provider",
    "consent": "Consent",
    "urgency": "Urgency",
    "review": "Look it over",
}


def form_of(step: str, actor: Actor, row: Any, data: Any) -> Any:
    """The form of a step; `data` is what was posted or kept, or None for a fresh one."""
    made: dict[str, Callable[[], Form]] = {
        "who": lambda: WhoForm(data, initial={"language": "en"}),
        "what": lambda: WhatForm(data),
        "coverage": lambda: IntakeCoverageForm(
            data, actor=actor, patient=row.patient, initial=_usual_coverage(row)
        ),
        "provider": lambda: IntakeProviderForm(data, actor=actor),
        "consent": lambda: IntakeConsentForm(data),
        "urgency": lambda: IntakeUrgencyForm(data, actor=actor, initial=_usual_urgency(actor)),
    }
    return made[step]()


def _usual_coverage(row: Any) -> dict[str, Any]:
    known = list(coverages_of(row.patient)[:2]) if row.patient else []
    return {"coverage": known[0].public_id, "is_primary": True} if len(known) == 1 else {"is_primary": True}


def _usual_urgency(actor: Actor) -> dict[str, Any]:
    me = owners(actor).filter(pk=actor.membership_id or 0).first()
    usual = {"urgency": "standard", "safety_concern": "unknown"}
    return usual | ({"owner": me.public_id} if me else {})


class Answered:
    """Everything that was kept of an inquiry, read by the forms of its steps."""

    def __init__(self, actor: Actor, row: Any) -> None:
        self.row = row
        self.actor = actor
        self._forms: dict[str, Any] = {}

    @property
    def forms(self) -> dict[str, Any]:
        """The form of every step that was answered."""
        if not self._forms:
            self._forms = {
                step: form_of(step, self.actor, self.row, as_posted(typed))
                for step, typed in self.row.answers.items()
                if step in STEPS and step != "review"
            }
        return self._forms

    def good(self, step: str) -> bool:
        """Whether the step was answered and holds."""
        form = self.forms.get(step)
        return form is not None and bool(form.is_valid())

    def value(self, step: str, name: str) -> Any:
        """One answer, or "" when it is not there."""
        typed = self.row.answers.get(step, {}).get(name) or [""]
        return typed[-1]

    @property
    def complete(self) -> bool:
        return all(self.good(step) for step in STEPS if step != "review")

    def parts(self) -> list[dict[str, Any]]:
        """Every step with its answers in words, and where it is changed."""
        return [
            {
                "label": LABELS[step],
                "url": reverse("cases:inquiry_step", args=[self.row.public_id, step]),
                "good": self.good(step),
                "facts": self._facts(step),
            }
            for step in STEPS
            if step != "review"
        ]

    def _facts(self, step: str) -> list[dict[str, str]]:
        if step == "who" and self.row.patient:
            patient = self.row.patient
            return [{"label": "Registered", "value": f"{patient.full_name}, {patient.reference}"}]
        if not self.good(step):
            return []
        form = self.forms[step]
        chosen = next((n for n in ("coverage", "provider") if form.cleaned_data.get(n)), "")
        names = [chosen] if chosen else [n for n in form.fields if not form.fields[n].widget.is_hidden]
        shown = ((str(form[n].label), _words(form, n)) for n in names if n != "duplicates_seen")
        return [{"label": label, "value": value} for label, value in shown if value]


def _words(form: Any, name: str) -> str:
    value = form.cleaned_data.get(name)
    if value in (None, "", [], False):
        return ""
    if value is True:
        return "Yes"
    if isinstance(value, date):
        return f"{value:%b} {value.day}, {value.year}"
    if isinstance(value, list):
        return ", ".join(value)
    field = form.fields[name]
    if hasattr(field, "label_from_instance"):
        return str(field.label_from_instance(value))
    return str(dict(getattr(field, "choices", ())).get(value, value))


def intake_of(row: Any, answered: Answered) -> Intake:
    """What the command takes, of an inquiry whose steps are all complete."""
    forms = answered.forms
    who, what, coverage, provider = (forms[s] for s in ("who", "what", "coverage", "provider"))
    urgency, known = forms["urgency"].cleaned_data, row.patient
    if known is not None:
        known = get_patient(answered.actor, known.public_id)
    plan = coverage.cleaned_data.get("coverage")
    clinician = provider.cleaned_data["provider"]
    return Intake(
        patient=known,
        patient_details={} if known else who.details(),
        contacts=() if known else who.contacts(),
        coverage=plan,
        coverage_details={} if plan else coverage.details(),
        provider=clinician,
        provider_details={} if clinician else provider.details(),
        consents=forms["consent"].consents(),
        owner=urgency["owner"],
        urgency=urgency["urgency"],
        safety_concern=urgency["safety_concern"],
        **what.cleaned_data,
    )
