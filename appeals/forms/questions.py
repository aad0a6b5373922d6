"""One answer to one coverage question, with its source."""

from __future__ import annotations

from typing import Any

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.models import Answer
from cases.forms.inputs import Choices


class AnswerForm(forms.Form):
    """`question` comes from the address of the row, its choices from the question table."""

    question = forms.CharField(widget=forms.HiddenInput, max_length=40)
    value = forms.ChoiceField(label="Answer")
    source = forms.ChoiceField(label="Who or what says so", choices=[NOT_CHOSEN, *Answer.Source.choices])
    note = forms.CharField(label="Where exactly", required=False, max_length=500)

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].choices = [NOT_CHOSEN, *choices]  # type: ignore[attr-defined]
