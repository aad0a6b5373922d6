"""A shell on a running installation could set any organization and read it: it is opened in an emergency only, and told."""

from __future__ import annotations

import os
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

VARIABLE = "RECOURSE_BREAK_GLASS"
HOW = (
    "This installation holds patients' records. Run manage.py break_glass first; it prints what to put in"
    f" {VARIABLE}, and supervisors and privacy officers are told."
)


def must_be_allowed() -> None:
    """Raises CommandError in production, unless RECOURSE_BREAK_GLASS names an operator's emergency access that runs."""
    if not settings.PRODUCTION:
        return
    try:
        wanted = UUID(os.environ.get(VARIABLE, ""))
    except ValueError:
        raise CommandError(HOW) from None
    with connection.cursor() as cursor:
        cursor.execute("SELECT search.operators_glass_runs(%s)", [wanted])
        found = cursor.fetchone()
    if found != (True,):
        raise CommandError(f"That emergency access does not run (any more). {HOW}")
