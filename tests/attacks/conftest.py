"""What every attack begins with."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from tests.attacks.siege import Siege, besiege, superuser
from tests.guards.world import world
from tests.standing import STANDING


@pytest.fixture(scope="module")
def siege(django_db_setup, django_db_blocker) -> Siege:
    """See tests/attacks/siege.py. Nothing of it is ever committed."""
    with django_db_blocker.unblock():
        STANDING.drop()
        before = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
        connection.close()
        connection.settings_dict.update(superuser())
        block = transaction.atomic()
        block._from_testcase = True  # as Django's own TestCase does: commands may be durable
        try:
            with block:
                yield besiege()
                transaction.set_rollback(True)
        finally:
            connection.close()
            connection.settings_dict.update(before)


__all__ = ["siege", "world"]
