"""The form of signing in: address, passphrase, button, in the order they are typed."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm


class SignInForm(LoginForm):
    """Without the link that allauth puts between the two fields: the page has it after its button, where Tab comes last."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
