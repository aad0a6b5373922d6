"""Naming somebody on the team of a case."""

from __future__ import annotations

from typing import Any

from django import forms

from advocacy.inputs import DayField, short
from advocacy.people.models import Membership
from cases.forms.registration import OwnerField
from cases.models import CaseTeamMember


class TeamForm(forms.Form):
    """`roles` are the parts this person may name; an outside interpreter has a name instead of a colleague."""

    role = forms.ChoiceField(label="Part in the team")
    member = OwnerField(
        Membership.objects.none(), label="Colleague", required=False, empty_label="Not a colleague"
    )
    from_on = DayField(label="From")
    until_on = DayField(label="Until (included)", required=False, help_text="Empty: until somebody ends it.")
    name = forms.CharField(
        label="Interpreter from outside", max_length=120, required=False, widget=short(), help_text="Name."
    )
    phone = forms.CharField(
        label="Interpreter's phone", max_length=40, required=False, widget=short(inputmode="tel")
    )
    language = forms.CharField(
        label="Language", max_length=60, required=False, widget=short(), help_text="For an interpreter."
    )

    def __init__(self, *args: Any, roles: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields
        labels = dict(CaseTeamMember.Role.choices)
        pick["role"].choices = [("", "Choose"), *((role, labels[role]) for role in roles)]
        pick["member"].queryset = members
