"""What is typed into a letter block: the shape only."""

from __future__ import annotations

from django import forms

from advocacy.inputs import lines, short
from appeals.models import OwnLetterBlock


class LetterBlockForm(forms.Form):
    title = forms.CharField(max_length=120, widget=short(), help_text="For your list; it is not printed.")
    place = forms.ChoiceField(
        label="Where it stands",
        choices=OwnLetterBlock.Place.choices,
        initial=OwnLetterBlock.Place.CLOSING,
    )
    text = forms.CharField(
        max_length=4000,
        widget=lines(8),
        help_text="An empty line begins a new paragraph; “- ” begins a list. Leave places to fill in as [[what to write]].",
    )
