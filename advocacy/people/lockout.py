"""After too many wrong tries at one account its sign-in is shut for an hour: the person is told by mail, and whoever keeps the
members of an organization may open it before.

Counted by the address as it was typed, known or not, so that being shut tells nobody whether an account is there.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from advocacy.access.disclosures import Party
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import WrongState
from advocacy.mail import Notice, deliver, link_to
from advocacy.people.models import Membership, User
from advocacy.people.queries import memberships_of
from advocacy.people.sign_in_trail import note_at_door

log = logging.getLogger("recourse.sign_in")
COUNTED_SECONDS = 3600
SHUT_SECONDS = 3600


def shut_until(email: str) -> datetime | None:
    """Until when nobody signs in with this address; None when it is open. An aware moment."""
    end = cache.get(_shut(email))
    return datetime.fromtimestamp(end, UTC) if end else None


def count_failure(email: str) -> bool:
    """One more wrong try; True when it was the one that shuts the account."""
    key = _failures(email)
    cache.add(key, 0, COUNTED_SECONDS)
    try:
        failures = cache.incr(key)
    except ValueError:  # it ran out between the two
        return False
    if failures < settings.SIGN_IN_TRIES:
        return False
    cache.delete(key)
    return bool(cache.add(_shut(email), time.time() + SHUT_SECONDS, SHUT_SECONDS))


def tell_of_failure(email: str, *, request: HttpRequest | None, factor: str, shut: bool) -> None:
    """The trail of whose account it was, and the mail when it is shut now. Nothing for an address that nobody has.

    At the sign-in this runs after the answer is sent: how long it takes tells nobody whether the account is there.
    """
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        return
    note_at_door(user, "sign_in_failed", request=request, proved=False, factor=factor)
    if shut:
        note_at_door(user, "sign_in_shut", request=request, proved=False, tries=settings.SIGN_IN_TRIES)
        if user.is_superuser or memberships_of(user.pk):  # who comes in by the portal has no passphrase
            _tell(user)


def open_again(*, actor: Actor, member: Membership) -> None:
    """Let a colleague try again before the hour is over. Raises NotAllowed, NotFound, WrongState when it is open."""
    require(actor, Permission.MANAGE_MEMBERS, member)
    if shut_until(member.user.email) is None:
        raise WrongState("open_sign_in", "open", "Their sign-in is open: there is nothing to lift.")
    forget(member.user.email)
    record("sign_in_opened", subject=member)


def forget(email: str) -> None:
    """Nothing is held against this address any more (whoever reads its mail has chosen a new passphrase)."""
    cache.delete_many([_shut(email), _failures(email)])


def _tell(user: User) -> None:
    until = shut_until(user.email) or timezone.now() + timedelta(seconds=SHUT_SECONDS)
    zones = [live.organization.time_zone for live in memberships_of(user.pk)]
    local = until.astimezone(ZoneInfo(zones[0] if zones else settings.TIME_ZONE))
    try:
        deliver(
            Notice(
                to=user.email,
                subject="Sign-in to your account is shut for an hour",
                template="notices/sign_in_shut.txt",
                facts={
                    "tries": settings.SIGN_IN_TRIES,
                    "until": f"{local:%-I:%M %p %Z}",
                    "url": link_to(reverse("account_reset_password")),
                },
                reader=Party.WORKFORCE,
            )
        )
    except OSError:
        log.exception("The mail about a shut sign-in could not be sent.")


def _hashed(email: str) -> str:
    return salted_hmac("recourse.lockout", email.strip().lower(), algorithm="sha256").hexdigest()[:32]


def _failures(email: str) -> str:
    return f"sign_in_failures:{_hashed(email)}"


def _shut(email: str) -> str:
    return f"sign_in_shut:{_hashed(email)}"
