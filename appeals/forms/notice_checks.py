"""A person's answer about one check of a denial notice."""

from __future__ import annotations

from django import forms

from advocacy.inputs import lines
from appeals.forms.choices import NOT_CHOSEN
from appeals.models import NoticeCheck


class NoticeCheckForm(forms.Form):
    answer = forms.ChoiceField(label="Your answer", choices=[NOT_CHOSEN, *NoticeCheck.Answer.choices])
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=2000,
        widget=lines(3),
        help_text="What the letter says, and where. Not needed for a defect that was not found in the letter either.",
    )
