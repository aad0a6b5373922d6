"""Closing a case and opening it again."""

from __future__ import annotations

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from cases.forms.inputs import lines
from cases.models import Case

# A duplicate is closed on the page "Related cases", where the other one is named.
OUTCOMES = [(key, label) for key, label in Case.Outcome.choices if key != Case.Outcome.DUPLICATE]


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(label="How the case ended", choices=[NOT_CHOSEN, *OUTCOMES])
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=lines(),
        help_text=(
            "What the next reader should know. Where it ended covered and nothing on the case shows that: why, such as that this"
            " care needs no authorization."
        ),
    )


class ReopenForm(forms.Form):
    reason = forms.CharField(label="Why it is opened again", max_length=500, widget=lines(2))
