"""A fresh proof at a terminal, before what weighs most there: whoever types the command is who they say, and holds their factor.

The same that `advocacy/people/step_up.py` asks of pages. A shell on the server is not a person; the account is, and the trail
names it. The code is typed unseen, or read from the standard input where there is no terminal; never from the command line,
which other processes see.
"""

from __future__ import annotations

import getpass
import sys

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction

from advocacy.people.lockout import count_failure, shut_until, tell_of_failure
from advocacy.people.models import User
from advocacy.people.sign_in_trail import note_at_door

NOTHING = "Nothing was done."


def account_of(email: str) -> User:
    """The account of a mail address. Raises CommandError."""
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise CommandError(f"There is no account {email}.")
    return user


def operator_of(email: str) -> User:
    """The account of whoever runs the installation. Raises CommandError for anybody else's."""
    user = account_of(email)
    if not user.is_superuser:
        raise CommandError(f"{email} is no operator's account. {NOTHING}")
    return user


def prove(user: User) -> None:
    """Ask for a code of the account's second factor; for the passphrase where the installation requires no factor and the account
    has none. Wrong ones count as at the sign-in. Raises CommandError; then nothing may be done.
    """
    if shut_until(user.email) is not None:
        raise CommandError(f"Too many wrong tries: {user.email} is shut for an hour. {NOTHING}")
    held = list(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN))
    if not held and (settings.SECOND_FACTOR == "required" or not user.has_usable_password()):
        raise CommandError(
            f"{user.email} has no code to type: set up an app or recovery codes first. {NOTHING}"
        )
    word = _typed(f"{'Code' if held else 'Passphrase'} of {user.email}: ")
    with transaction.atomic():  # a recovery code is locked while it is compared
        proved = any(one.wrap().validate_code(word) for one in held) if held else user.check_password(word)
    if not proved:
        shut = count_failure(user.email)
        tell_of_failure(user.email, request=None, factor="terminal", shut=shut)
        raise CommandError(f"That does not prove that you are {user.email}. {NOTHING}")
    note_at_door(user, "proved_again")


def _typed(prompt: str) -> str:
    return getpass.getpass(prompt).strip() if sys.stdin.isatty() else sys.stdin.readline().strip()
