"""How allauth signs people in here: accounts are made by organizations, never by strangers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.views import EmailView, LoginView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from advocacy.people.kept_forms import last_person
from advocacy.people.lockout import count_failure, shut_until, tell_of_failure
from advocacy.people.queries import SESSION_KEY
from advocacy.people.sign_in_trail import note_at_door

log = logging.getLogger("recourse.sign_in")


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names: people sign in with their e-mail address."""

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Not the one somebody signs in with: another of theirs, proven or not, would take its place."""
        return email_address.email != email_address.user.email and super().can_delete_email(email_address)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing is compared while the account is shut. One answer for being shut and for having tried too often."""
        if shut_until(credentials.get("email", "")) is not None:
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        email = credentials.get("email", "")
        then = partial(
            tell_of_failure, email, request=request, factor="passphrase", shut=count_failure(email)
        )
        if request.user.is_authenticated:
            then()
        else:
            request.after_answer = then  # type: ignore[attr-defined]  # see SignIn

    def login(self, request: HttpRequest, user: Any) -> None:
        """Whoever signs in is led back to the organization in which they worked last in this browser."""
        person, _, organization = last_person(request).partition(":")
        super().login(request, user)
        if person == str(user.public_id) and organization and SESSION_KEY not in request.session:
            request.session[SESSION_KEY] = organization
        by = [r.get("type") or r["method"] for r in get_authentication_records(request, user)]
        note_at_door(user, "signed_in", request=request, by=sorted(set(by)))

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        super().logout(request)
        note_at_door(user, "signed_out", request=request, by="hand")


class SignIn(LoginView):
    """allauth's page; what a wrong try leaves in the trail of a known account is written when the answer has been sent."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        then: Callable[[], None] | None = getattr(request, "after_answer", None)
        if then is not None:
            response.close = partial(_closed, response.close, then)
        return response


def _closed(close: Callable[[], None], then: Callable[[], None]) -> None:
    close()
    try:
        then()
    except Exception:
        log.exception("A failed sign-in could not be noted.")


class Addresses(EmailView):
    """Only an address that was proven to be somebody's own becomes the one of the account.

    Organizations find people by their address (`add_member`): whoever took an unproven one would be let in instead of its
    owner.
    """

    def _action_primary(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        address = self._get_email_address(request)
        if address is not None and not address.verified:
            messages.error(request, "Prove this address first, by the mail that was sent to it.")
            return None
        return super()._action_primary(request, *args, **kwargs)
