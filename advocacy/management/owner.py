"""Working as the owner for a moment: organizations are made by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

PLACES = ("USER", "PASSWORD", "HOST", "PORT")


@contextmanager
def as_owner() -> Iterator[None]:
    """The block makes organizations: as this process's role where that may, else as the owner, and back afterwards.

    Raises CommandError when this process knows no role that may.
    """
    if may_make_organizations():
        yield
        return
    before = {key: connection.settings_dict[key] for key in PLACES}
    owner = settings.OWNER_DATABASE
    if owner["USER"]:
        _sign_in({key: owner[key] for key in PLACES})
    try:
        if not may_make_organizations():
            raise CommandError(
                "This role may not make organizations. Set DATABASE_OWNER_URL to the owner's address and run it again."
            )
        yield
    finally:
        _sign_in(before)


def may_make_organizations() -> bool:
    """Whether the role this process is connected as may insert organizations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('tenancy_organization', 'INSERT')")
        return bool(cursor.fetchone() == (True,))


def _sign_in(places: dict[str, object]) -> None:
    connection.close()
    connection.settings_dict.update(places)
