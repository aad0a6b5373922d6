"""Forms of the portal's door, with their own translated messages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        error_messages={
            "required": _("Type your e-mail address."),
            "invalid": _("Check the address. It looks like name@example.org."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )


class WayForm(EmailForm):
    """Where text messages are sent, also how the code is to come. Asked of everybody: it tells nothing about anybody."""

    way = forms.ChoiceField(
        label=_("How should the code come?"),
        choices=[("email", _("By e-mail")), ("text", _("As a text message"))],
        required=False,
        initial="email",
        help_text=_(
            "We text only the number that you told us is safe. If there is none, the code comes by e-mail."
        ),
        widget=forms.RadioSelect,
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("8 digits. The dash does not matter."),
        error_messages={"required": _("Type the code from the mail.")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
