"""Forms of the portal about the record, with translated words."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class HelperForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, error_messages={"required": _("Fill in the name.")}
    )
    relation = forms.CharField(
        label=_("Who this is to you"), max_length=60, required=False, help_text=_("For example: my sister.")
    )
    email = forms.EmailField(
        label=_("E-mail of this person"),
        max_length=254,
        error_messages={
            "required": _("Type the e-mail address."),
            "invalid": _("Check the address. It looks like name@example.org."),
        },
        widget=forms.EmailInput(attrs={"inputmode": "email"}),
    )
    scope = forms.MultipleChoiceField(
        label=_("What may this person see?"),
        choices=[
            ("status", _("Where my case stands")),
            ("documents", _("My papers")),
            ("letters", _("Letters in my name")),
            ("messages", _("My messages")),
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one part.")},
    )
    expires_on = forms.DateField(
        label=_("Until which day?"),
        help_text=_("One year from now at most. You can end it before."),
        error_messages={
            "required": _("Choose the last day."),
            "invalid": _("Write the day like 2026-06-30."),
        },
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    language = forms.ChoiceField(
        label=_("In which language shall we write?"), choices=[("en", "English"), ("es", "Español")]
    )
