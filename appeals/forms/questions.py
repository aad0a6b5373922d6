"""One answer to one coverage question, with its source."""

from __future__ import annotations

from typing import Any

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.models import Answer
from cases.forms.inputs import Choices, lines


class AnswerForm(forms.Form):
    """`question` comes from the address of the row, its choices from the question table."""

    question = forms.CharField(widget=forms.HiddenInput, max_length=40)
    value = forms.ChoiceField(label="Answer")
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
    note = forms.CharField(label="Where exactly", required=False, max_length=500)

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].choices = [NOT_CHOSEN, *choices]  # type: ignore[attr-defined]
