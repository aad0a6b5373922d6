"""The forms of signing in: address, passphrase, button, in the order they are typed; then the code."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm

from advocacy.people.lockout import shut_until


class SignInForm(LoginForm):
    """Without the link that allauth puts between the two fields: the page has it after its button, where Tab comes last."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


def _while_open(user: Any) -> None:
    """No code is compared while the account is shut (advocacy/people/lockout.py)."""
    if shut_until(user.email) is not None:
        raise get_adapter().validation_error("too_many_login_attempts")


class SignInCodeForm(AuthenticateForm):
    """The second step of signing in."""

    def clean_code(self) -> str:
        _while_open(self.user)
        return str(super().clean_code())


class ProofCodeForm(ReauthenticateForm):
    """The same of somebody who is signed in."""

    def clean_code(self) -> str:
        _while_open(self.user)
        return str(super().clean_code())
