"""What the plan delivered after it lost, and when it had the decision."""

from __future__ import annotations

from typing import Any

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.models import Effectuation
from cases.forms.inputs import Choices, MomentField, PickField, lines


class EffectuationForm(forms.Form):
    """`items` are (public id as text, label) of what was won and is not delivered."""

    kind = forms.ChoiceField(label="How", choices=[NOT_CHOSEN, *Effectuation.Kind.choices])
    done_at = MomentField(label="When the plan did it")
    note = forms.CharField(
        label="What shows it",
        required=False,
        max_length=1000,
        widget=lines(2),
        help_text="The number of the authorization, the check, who said so.",
    )

    def __init__(self, *args: Any, items: Choices, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"] = forms.MultipleChoiceField(
            label="What was delivered", choices=items, widget=forms.CheckboxSelectMultiple
        )
        self.fields["document"] = PickField(
            label="The paper that shows it", choices=documents, required=False
        )
        self.order_fields(["items", "kind", "done_at", "document", "note"])


class PlanNoticeForm(forms.Form):
    received_at = MomentField(
        label="The plan had the decision on",
        help_text="From the reviewer's notice to the plan, its fax report, or what the plan says.",
    )
    version = forms.CharField(required=False, widget=forms.HiddenInput)
