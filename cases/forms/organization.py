"""What an organization says of itself, its task templates and the channels of its payers: the shape only."""

from __future__ import annotations

from typing import Any

from django import forms

from advocacy.inputs import SectionedForm, lines, short
from advocacy.people.places import TIME_ZONES
from cases.models import Case


class OrganizationForm(SectionedForm):
    SECTIONS = (
        (
            "Letterhead",
            "Stands at the head of every letter.",
            ("name", "address", "phone", "fax", "reply_email"),
        ),
        ("Days", "", ("time_zone",)),
        (
            "Whom you help",
            "Intake declines what lies outside, with a reason, and refers on.",
            ("treatments_in_scope", "scope_note"),
        ),
        ("Letters", "", ("letters_need_patient_approval",)),
        ("Records", "", ("retention_years",)),
    )

    name = forms.CharField(max_length=120, widget=short())
    address = forms.CharField(required=False, max_length=400, widget=lines(4), help_text="One line per row.")
    phone = forms.CharField(required=False, max_length=40, widget=short())
    fax = forms.CharField(required=False, max_length=40, widget=short())
    reply_email = forms.EmailField(
        label="Reply address", required=False, help_text="Where answers to letters and mails go."
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=list(TIME_ZONES.items()))
    treatments_in_scope = forms.MultipleChoiceField(
        label="Treatments you take on",
        required=False,
        choices=Case.Treatment.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: any.",
    )
    scope_note = forms.CharField(
        label="Where to refer others",
        required=False,
        max_length=1000,
        widget=lines(3),
        help_text="Shown to whoever declines a request: other organizations, lines to call.",
    )
    letters_need_patient_approval = forms.BooleanField(
        label="A letter in the patient's name waits for the patient's approval", required=False
    )
    retention_years = forms.IntegerField(
        label="How long the trail is kept (years)",
        min_value=6,
        max_value=99,
        help_text="Six years is the least. Older events are removed by the operator; the proof of them stays.",
    )


class TaskTemplateForm(forms.Form):
    title = forms.CharField(max_length=120, widget=short())
    detail = forms.CharField(required=False, max_length=2000, widget=lines(3))
    due_days = forms.IntegerField(
        label="Due after (days)", min_value=1, max_value=365, help_text="From the day the task is opened."
    )
    checklist = forms.CharField(
        required=False, max_length=4000, widget=lines(8), help_text="One line per thing to think of."
    )

    def lines(self) -> list[str]:
        """The checklist as typed, without empty lines."""
        typed: dict[str, Any] = self.cleaned_data
        return [line.strip() for line in typed["checklist"].splitlines() if line.strip()]
