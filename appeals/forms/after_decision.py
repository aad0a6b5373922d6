"""What the patient chose after a decision."""

from __future__ import annotations

from django import forms

from advocacy.inputs import DayField, lines, short
from appeals.forms.choices import NOT_CHOSEN
from appeals.models import Choice


class ChoiceForm(forms.Form):
    kind = forms.ChoiceField(label="The patient's choice", choices=[NOT_CHOSEN, *Choice.Kind.choices])
    advised_by = forms.CharField(
        label="Who advised",
        max_length=200,
        widget=short(),
        help_text="Name and role: the treating psychiatrist, a navigator, a lawyer.",
    )
    agreed_by = forms.ChoiceField(label="Who agreed", choices=[NOT_CHOSEN, *Choice.AgreedBy.choices])
    agreed_name = forms.CharField(
        label="Name of who agreed",
        max_length=120,
        required=False,
        widget=short(),
        help_text="When it was not the patient.",
    )
    agreed_way = forms.ChoiceField(label="How they agreed", choices=[NOT_CHOSEN, *Choice.Way.choices])
    agreed_on = DayField(label="On which day")
    why = forms.CharField(label="Why", max_length=2000, widget=lines(3), help_text="In the patient's words.")
