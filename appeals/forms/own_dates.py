"""What is typed into an organization's own date: the shape only."""

from __future__ import annotations

from typing import Any

from django import forms

from advocacy.inputs import lines
from appeals.forms.choices import NOT_CHOSEN
from appeals.models import OwnDateRule
from appeals.own_dates import MOST_DAYS
from cases.forms.inputs import Choices, DayField


class OwnDateForm(forms.Form):
    """`stages` are the steps to choose from (regime:level, words)."""

    stage = forms.ChoiceField(label="Which step")
    kind = forms.ChoiceField(label="How it is counted", choices=[NOT_CHOSEN, *OwnDateRule.Kind.choices])
    days = forms.IntegerField(label="Calendar days", min_value=1, max_value=MOST_DAYS)
    reason = forms.CharField(
        max_length=200,
        widget=lines(2),
        help_text="Shown beside each date it moves. About your work; never about a patient.",
    )
    in_force_from = DayField(
        label="For notices from", help_text="Windows that began before this day keep their date."
    )
    in_force_to = DayField(label="To", required=False, help_text="Left empty: until it is ended.")

    def __init__(self, *args: Any, stages: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [NOT_CHOSEN, *stages]  # type: ignore[attr-defined]
