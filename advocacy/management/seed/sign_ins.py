"""Who can sign in to the demonstration, as a table for the terminal, with one-time codes where they are asked for."""

from __future__ import annotations

import time
from functools import cache
from urllib.parse import quote

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.contrib.auth.hashers import check_password

from advocacy.access.roles import ROLES, Role
from advocacy.management.seed.cast import COLLEAGUES, HOUSES, PASSPHRASE, Colleague, has_second_factor
from advocacy.management.seed.portal import portal_sign_ins
from advocacy.people.models import User
from advocacy.tenancy.models import Organization


def sign_ins() -> str:
    """A table of name, work, e-mail address and passphrase, then the one-time codes; a sentence when nobody is there."""
    known = {user.email: user for user in User.objects.filter(email__in=[c.email for c in COLLEAGUES])}
    houses = set(Organization.objects.values_list("slug", flat=True))
    present = [c for c in COLLEAGUES if c.email in known and any(job.house in houses for job in c.jobs)]
    if not present:
        return "There are no demonstration accounts in this database."
    rows = [("Who", "Works as", "E-mail", "Passphrase")]
    rows += [(c.name, _work(c), c.email, _passphrase(known[c.email].password)) for c in present]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for colleague in present:
        lines += _codes(colleague, known[colleague.email])
    return "\n".join([*lines, *portal_sign_ins()])


def _work(colleague: Colleague) -> str:
    names = {house.slug: house.name.split()[0] for house in HOUSES}
    return "; ".join(
        f"{' and '.join(ROLES[Role(role)].title for role in job.roles)} at {names[job.house]}"
        for job in colleague.jobs
    )


@cache
def _passphrase(hashed: str) -> str:
    """All accounts share one hash until somebody changes theirs, so the slow comparison is made once."""
    return PASSPHRASE if check_password(PASSPHRASE, hashed) else "(changed)"


def _codes(colleague: Colleague, user: User) -> list[str]:
    device = has_second_factor(user)
    if device is None:
        return []
    secret = decrypt(device.data["secret"])
    period = app_settings.TOTP_PERIOD
    now, passed = divmod(int(time.time()), period)
    first, second = (format_hotp_value(hotp_value(secret, counter)) for counter in (now, now + 1))
    left = "1 second" if period - passed == 1 else f"{period - passed} seconds"
    label = quote(f"Recourse:{colleague.email}")
    return [
        "",
        f"{colleague.name} is also asked for a one-time code: {first} for {left}, then {second}.",
        "  A fresh one at any time: .venv/bin/python manage.py seed_demo --print-sign-ins",
        f"  Or add it to an authenticator: otpauth://totp/{label}?secret={secret}&issuer=Recourse",
    ]
