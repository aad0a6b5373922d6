"""Forms of emergency access: opening a record, and looking at it afterward."""

from __future__ import annotations

from django import forms

from advocacy.inputs import lines, short
from advocacy.people.models import BreakGlass
from cases.commands.break_glass import HOURS


class BreakGlassForm(forms.Form):
    reference = forms.CharField(
        label="Reference of the case or patient",
        max_length=24,
        widget=short(),
        help_text="As it stands on a letter or in a task.",
    )
    reason = forms.CharField(
        label="What the emergency is",
        max_length=500,
        widget=lines(3),
        help_text="Kept encrypted. Whoever reviews it reads it.",
    )
    hours = forms.TypedChoiceField(
        label="For how long",
        choices=[(n, f"{n} hour{'' if n == 1 else 's'}") for n in HOURS],
        coerce=int,
        initial=1,
    )
    understood = forms.BooleanField(
        label="I need this now. Supervisors and privacy officers are told at once, and somebody else reviews it."
    )


class ReviewForm(forms.Form):
    finding = forms.ChoiceField(
        label="Was it needed?", choices=BreakGlass.Finding.choices, widget=forms.RadioSelect
    )
    review = forms.CharField(
        label="What you looked at and found", max_length=2000, widget=lines(4), help_text="Kept encrypted."
    )
