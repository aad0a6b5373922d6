"""The time zone of a new patient on a form: chosen, or that of the state. Never the organization's own by oversight."""

from __future__ import annotations

from typing import Any

from django import forms

from advocacy.inputs import one_of
from advocacy.people.places import STATES, TIME_ZONES, USUAL_ZONE


def zone_field() -> forms.ChoiceField:
    field = forms.ChoiceField(
        label="Time zone",
        choices=[("", "As in the state of residence"), *TIME_ZONES.items()],
        required=False,
        help_text="Choose another where letters reach the patient elsewhere.",
    )
    one_of(field)
    return field


def usual_zone(form: forms.Form, typed: dict[str, Any]) -> None:
    """Where no time zone was chosen, that of the state; an error where the state has none or two."""
    if typed.get("time_zone") or "time_zone" in form.errors:
        return
    state = typed.get("state", "")
    if zone := USUAL_ZONE.get(state):
        typed["time_zone"] = zone
    elif state:
        form.add_error("time_zone", f"{STATES[state]} has two time zones. Choose the patient's.")
    else:
        form.add_error("time_zone", "Choose a time zone, or the state.")
