"""What left by hand, as the desk records it."""

from __future__ import annotations

from django import forms

from advocacy.inputs import DayField
from cases.commands.accounting import PARTIES
from cases.queries.accounting import GROUNDS


class DisclosureForm(forms.Form):
    """A disclosure without the patient's authorization: what the law asks an accounting to say of it."""

    left_on = DayField(label="Day it left", help_text="Where the patient lives.")
    party = forms.ChoiceField(label="Who got it", choices=[("", "Choose"), *PARTIES.items()])
    recipient = forms.CharField(label="Name of the person or body", max_length=200)
    address = forms.CharField(label="Their address, if known", max_length=300, required=False)
    what = forms.CharField(label="What was given", max_length=300, help_text="A short description.")
    ground = forms.ChoiceField(label="What it rested on", choices=[("", "Choose"), *GROUNDS.items()])
    why = forms.CharField(
        label="What it was for",
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In a line or two, or which written request it answered, of which day.",
    )
