"""One fact of the plan: its value as the fact is counted, who says so, and where it stands."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.models import Answer
from appeals.plan_facts import CHOICE, DAYS, PlanFact
from cases.forms.inputs import DayField, lines


class PlanFactForm(forms.Form):
    """`about` decides what the value is; whether it can be is the command's to say."""

    fact = forms.CharField(widget=forms.HiddenInput, max_length=40)
    source = forms.ChoiceField(label="Who or what says so", choices=[NOT_CHOSEN, *Answer.Source.choices])
    page = forms.IntegerField(
        label="Page",
        required=False,
        min_value=1,
        max_value=9999,
        help_text="Of the letter or the plan document.",
    )
    quote = forms.CharField(
        label="The words that say it",
        required=False,
        max_length=1000,
        widget=lines(2),
        help_text="As they stand in the letter or the plan document.",
    )
    note = forms.CharField(
        label="Where exactly",
        required=False,
        max_length=500,
        help_text="Which document and part, or who said it on which call.",
    )

    def __init__(self, *args: Any, about: PlanFact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = _value_field(about)
        self.order_fields(["fact", "value", "source", "page", "quote", "note"])

    @property
    def text(self) -> str:
        """The value as it is kept: a number, an ISO day or a key."""
        value = self.cleaned_data["value"]
        return value.isoformat() if isinstance(value, date) else str(value)


def _value_field(about: PlanFact) -> forms.Field:
    if about.kind == DAYS:
        return forms.IntegerField(label="Days", min_value=about.least, max_value=about.most)
    if about.kind == CHOICE:
        return forms.ChoiceField(label="Answer", choices=[NOT_CHOSEN, *(about.choices or {}).items()])
    return DayField(label="First day")
