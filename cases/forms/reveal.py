"""The form that asks for a full identifier."""

from __future__ import annotations

from django import forms

from advocacy.inputs import lines


class RevealForm(forms.Form):
    reason = forms.CharField(
        label="What you need it for",
        max_length=500,
        widget=lines(3),
        help_text="Kept encrypted, with your name, in the trail that supervisors and privacy officers read.",
    )
