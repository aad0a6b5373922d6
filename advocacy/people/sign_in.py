"""How allauth signs people in here: accounts are made by organizations, never by strangers."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.views import EmailView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names: people sign in with their e-mail address."""

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Not the one somebody signs in with: another of theirs, proven or not, would take its place."""
        return email_address.email != email_address.user.email and super().can_delete_email(email_address)


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
