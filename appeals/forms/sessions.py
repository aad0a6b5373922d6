"""A session of treatment, recorded against an authorization."""

from __future__ import annotations

from typing import Any

from django import forms

from advocacy.inputs import DayField, lines
from appeals.forms.choices import NOT_CHOSEN
from cases.forms.inputs import Choices, PickField
from cases.places import place_name, places_of_service


class SessionForm(forms.Form):
    held_on = DayField(label="Day of the session")
    minutes = forms.IntegerField(label="Minutes", min_value=1, max_value=1440)
    units = forms.DecimalField(
        label="Units used", min_value=0, max_digits=9, decimal_places=2, required=False
    )
    place_of_service = forms.ChoiceField(
        label="Where", choices=[NOT_CHOSEN, *((code, place_name(code)) for code in places_of_service())]
    )
    override_reason = forms.CharField(
        label="Why more than was allowed",
        max_length=500,
        required=False,
        widget=lines(2),
        help_text="Only when nothing is left. The session is marked.",
    )

    def __init__(self, *args: Any, providers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"] = PickField(label="Provider", choices=providers, empty="Choose")
        self.order_fields(["held_on", "minutes", "units", "place_of_service", "provider", "override_reason"])


class VoidForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=500, widget=lines(2), help_text="One sentence.")
