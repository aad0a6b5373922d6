"""Second factors of people at the desk: nobody works there without one, and its secret lies sealed in the database."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any, Final

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from advocacy.tenancy.keystore import INSTALLATION, CannotOpen
from advocacy.tenancy.sealing import keystore, seal_bytes, unseal_bytes

MARK: Final = "sealed:"
CONTEXT: Final = "mfa_authenticator.data"
REQUIRED: Final = "required"
HELD: Final = "second_factor_held"
"""Stands in a session of somebody who was seen to hold one: the table is asked once a session."""
ELSEWHERE: Final = ("/accounts/", "/portal/", "/api/", "/static/", "/health/", "/invitation/")
"""Addresses that a desk session opens nothing at, and those where a second factor is set up."""
SECRETS: Final = ("secret", "seed")
"""What allauth hands to the adapter of an authenticator's data: the secret of an app, the seed of recovery codes."""


class SecondFactorAdapter(DefaultMFAAdapter):
    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Where a second factor is required, the last one stays until there is another."""
        if settings.SECOND_FACTOR != REQUIRED or authenticator.type == Authenticator.Type.RECOVERY_CODES:
            return super().can_delete_authenticator(authenticator)
        return _factors(authenticator.user).exclude(pk=authenticator.pk).exists()

    def encrypt(self, text: str) -> str:
        sealed = seal_bytes(text.encode(), organization_id=INSTALLATION, context=CONTEXT)
        return MARK + base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises CannotOpen for a text that is not sealed by this installation."""
        return unseal_bytes(_bytes(encrypted_text), organization_id=INSTALLATION, context=CONTEXT).decode()


def _factors(user: Any) -> Any:
    """What somebody signs in with beside the passphrase; recovery codes alone are none."""
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)


class SecondFactorMiddleware:
    """Whoever is signed in at the desk without a second factor is led to where one is set up, and nowhere else.

    A sign-in of somebody who has one asks for it (allauth), so a session without it is one of somebody who has none yet.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECOND_FACTOR != REQUIRED or request.path.startswith(ELSEWHERE):
            return self.get_response(request)
        if not request.user.is_authenticated or request.session.get(HELD):
            return self.get_response(request)
        if _factors(request.user).exists():
            request.session[HELD] = True
            return self.get_response(request)
        messages.info(
            request, "Working here takes a second step when you sign in. Set it up now; it takes a minute."
        )
        return HttpResponseRedirect(reverse("mfa_activate_totp"))


def _bytes(text: str) -> bytes:
    mark, _, sealed = text.partition(":")
    try:
        if mark + ":" == MARK:
            return base64.b64decode(sealed, validate=True)
    except binascii.Error:
        pass
    raise CannotOpen("The secret of a second factor is not sealed.")


def under_another_key() -> Iterator[Authenticator]:
    """Second factors with a secret that is not sealed under the current key; a few hundred at most have any."""
    prefix = keystore().of(INSTALLATION).prefix
    for one in Authenticator.objects.order_by("pk").iterator():
        told: list[Any] = [one.data[name] for name in SECRETS if name in one.data]
        if any(not _bytes(text).startswith(prefix) for text in told):
            yield one


def seal_anew(authenticator: Authenticator) -> None:
    """Seal its secrets under the current key. Raises CannotOpen when the key they lie under is not configured."""
    adapter = SecondFactorAdapter()
    for name in SECRETS:
        if name in authenticator.data:
            authenticator.data[name] = adapter.encrypt(adapter.decrypt(authenticator.data[name]))
    authenticator.save(update_fields=["data"])
