"""What allauth and Django tell about the door: a session begins, a code was wrong, a second factor or a passphrase changed.

They offer no other way to be told than their signals. Nothing of ours sends one.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from advocacy.people import lockout, sessions
from advocacy.people.sign_in_trail import note_at_door
from advocacy.people.step_up import note_proof


@receiver(user_logged_in)
def entered(request: HttpRequest, user: Any, **_told: Any) -> None:
    """Signing in is a proof: whoever has a second factor was asked for it."""
    sessions.begin(request)
    note_proof(request)


@receiver(authentication_failed)
def wrong_code(request: HttpRequest, user: Any, authenticator: Any, **_told: Any) -> None:
    shut = lockout.count_failure(user.email)
    lockout.tell_of_failure(user.email, request=request, factor=str(authenticator.type), shut=shut)


@receiver(authenticator_added)
def factor_added(request: HttpRequest, user: Any, authenticator: Any, **_told: Any) -> None:
    note_at_door(user, "factor_changed", request=request, factor=str(authenticator.type), what="added")


@receiver(authenticator_removed)
def factor_removed(request: HttpRequest, user: Any, authenticator: Any, **_told: Any) -> None:
    note_at_door(user, "factor_changed", request=request, factor=str(authenticator.type), what="removed")


@receiver(authenticator_reset)
def factor_renewed(request: HttpRequest, user: Any, authenticator: Any, **_told: Any) -> None:
    note_at_door(user, "factor_changed", request=request, factor=str(authenticator.type), what="renewed")


@receiver([password_changed, password_set])
def passphrase_changed(request: HttpRequest, user: Any, **_told: Any) -> None:
    note_at_door(user, "factor_changed", request=request, factor="passphrase", what="changed")


@receiver(password_reset)
def passphrase_chosen_anew(request: HttpRequest, user: Any, **_told: Any) -> None:
    """Whoever reads the mail of the account chose it: what strangers tried is not held against them."""
    lockout.forget(user.email)
    note_at_door(user, "factor_changed", request=request, factor="passphrase", what="renewed")
