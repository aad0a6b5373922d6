"""Going past a refusal: what is asked, and the second person's answer."""

from __future__ import annotations

from typing import Any

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.models import StepOverride
from cases.forms.inputs import Choices, lines


class AskOverrideForm(forms.Form):
    def __init__(self, *args: Any, steps: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["step"] = forms.ChoiceField(label="Which step", choices=[NOT_CHOSEN, *steps])
        self.fields["reason"] = forms.CharField(
            label="Why",
            max_length=2000,
            widget=lines(3),
            help_text="Why it cannot wait, and what was tried. The second person reads this.",
        )


class AnswerOverrideForm(forms.Form):
    answer = forms.ChoiceField(label="Your answer", choices=[NOT_CHOSEN, *StepOverride.Answer.choices])
    note = forms.CharField(label="Why", max_length=2000, widget=lines(3))
