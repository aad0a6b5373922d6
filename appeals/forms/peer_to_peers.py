"""The call between the treating clinician and the payer's reviewer."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.models import ItemOutcome, PeerToPeer
from cases.forms.inputs import Choices, MomentField, lines

ITEM_CHOICES: Choices = [
    ("", "Not decided in the call"),
    *((key, label) for key, label in ItemOutcome.Outcome.choices if key != ItemOutcome.Outcome.REMANDED),
]


class ScheduleForm(forms.Form):
    """`until` is the last day the letter names, or None: after it the other side has to have agreed."""

    scheduled_at = MomentField(label="The call will be on")
    after_window = forms.BooleanField(
        label="The other side agreed to a call after the last day the letter names", required=False
    )

    def __init__(self, *args: Any, until: date | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if until is None:
            del self.fields["after_window"]
        else:
            day = f"{until:%B} {until.day}, {until.year}"
            self.fields["after_window"].help_text = f"The letter offers the call until {day}."


class HoldForm(forms.Form):
    """`items` are (public id as text, label): one outcome each."""

    held_at = MomentField(label="The call was on")
    reviewer = forms.CharField(label="Reviewer's name", max_length=120, required=False)
    reviewer_specialty = forms.CharField(label="Reviewer's specialty", max_length=80, required=False)
    outcome = forms.ChoiceField(label="How it ended", choices=[NOT_CHOSEN, *PeerToPeer.Outcome.choices])
    summary = forms.CharField(label="What was said", required=False, max_length=4000, widget=lines(5))

    def __init__(self, *args: Any, items: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = list(items)
        for key, label in self.items:
            self.fields[f"item_{key}"] = forms.ChoiceField(label=label, choices=ITEM_CHOICES, required=False)
        self.order_fields(
            [
                "held_at",
                "reviewer",
                "reviewer_specialty",
                "outcome",
                *(f"item_{k}" for k, _ in self.items),
                "summary",
            ]
        )

    def item_outcomes(self) -> dict[UUID | str, str]:
        """Item public id (text) to outcome, chosen ones only."""
        return {
            key: self.cleaned_data[f"item_{key}"] for key, _ in self.items if self.cleaned_data[f"item_{key}"]
        }


class MissForm(forms.Form):
    reason = forms.CharField(label="Why it did not take place", max_length=500, widget=lines(2))
