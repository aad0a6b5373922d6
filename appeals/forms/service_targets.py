"""What is typed into a service target: the shape only."""

from __future__ import annotations

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.service_targets import KINDS, MOST_SPAN, UNITS
from cases.forms.inputs import DayField


class ServiceTargetForm(forms.Form):
    kind = forms.ChoiceField(
        label="What is to be done", choices=[NOT_CHOSEN, *((key, kind.title) for key, kind in KINDS.items())]
    )
    span = forms.IntegerField(label="Days", min_value=0, max_value=MOST_SPAN, help_text="0: the same day.")
    unit = forms.ChoiceField(label="How they are counted", choices=[NOT_CHOSEN, *UNITS.items()])
    in_force_from = DayField(label="From", help_text="What started before this day keeps what held then.")
