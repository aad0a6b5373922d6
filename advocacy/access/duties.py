"""Duties are apart: nobody decides on their own request, and nobody gives themselves access or roles.

One rule for every approval and decision. A row that holds both people has the CHECK of `two_people` as well, so that no way
past the commands exists; `tests/guards/test_duties.py` lists every table that names two users, and every command that asks.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from advocacy.access.policy import Actor
from advocacy.errors import Reason

ANOTHER = "Ask a colleague: nobody gives themselves access, and nobody decides on their own request."


def not_ones_own(
    actor: Actor, asker: int | None, code: str = "own_request", text: str = ANOTHER, field: str | None = None
) -> list[Reason]:
    """Why `actor` may not decide what the user `asker` (a primary key) asked for or is given: a reason, or none.

    The program itself, and somebody whom no user stands for, decides about nobody.
    """
    if actor.user_id is None or asker != actor.user_id:
        return []
    return [Reason(code, text, field)]


def two_people(decider: str, asker: str, *, name: str) -> models.CheckConstraint:
    """The same rule in the database: these two columns never name one user. An empty column names nobody."""
    return models.CheckConstraint(
        condition=Q(**{decider: None}) | Q(**{asker: None}) | ~Q(**{decider: F(asker)}), name=name
    )
