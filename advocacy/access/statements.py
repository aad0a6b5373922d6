"""Statements that rest on a policy, made once for everybody with the same roles and sent with the values of who asks.

Making the text of such a statement takes the ORM longer than answering it takes the server. It is made with stand-ins for who
asks, for which organization and of which row; nothing of a person, an organization or a row is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from advocacy.tenancy.scope import OutsideScope, compiled_for, current_organization_id

PLACE = -7_001
"""Stands for the organization while a statement is made; no organization has it."""
SOMEBODY, MEMBER, TEAM, ROW = -7_002, -7_003, -7_004, -7_005
"""Stand for the user, the membership, a team and a row; nobody and nothing has them."""


class Person(Protocol):
    """Who asks: a user and a membership, by their keys."""

    @property
    def user_id(self) -> int | None: ...

    @property
    def membership_id(self) -> int | None: ...


@dataclass(frozen=True)
class Statement:
    """SQL that was made once for everybody with the same roles. `of` puts in whose it is, and the moment."""

    sql: str
    params: tuple[Any, ...]

    def of(self, who: Person, row: int | None = None) -> list[Any]:
        """The parameters for this actor, and this row, in the current scope, now. Raises OutsideScope."""
        organization = current_organization_id()
        if organization is None:
            raise OutsideScope("A tenant table is read outside scoped_to().")
        known = {PLACE: organization, SOMEBODY: who.user_id, MEMBER: who.membership_id, ROW: row}
        now = timezone.now()
        return [
            now if isinstance(p, datetime) else known.get(p, p) if type(p) is int else p for p in self.params
        ]

    def finds(self, who: Person, row: int) -> bool:
        """Whether it finds anything of this row for this actor. One statement; none where nobody with the roles finds any."""
        if self is NOBODYS:
            return False
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.of(who, row))
            return cursor.fetchone() is not None


NOBODYS = Statement("SELECT NULL::bigint WHERE false", ())
"""Nobody with these roles has such rows."""


def made(rows: Callable[[], QuerySet[Any, Any]]) -> Statement:
    """The statement of `rows`, which name whoever asks by the stand-ins. They may depend on roles, user, membership,
    organization, row and moment, and on nothing else: what does raises AssertionError. The moment is looked up at each use, so
    that what is over is over at the next read.
    """
    begun = timezone.now()
    with compiled_for(PLACE):
        try:
            sql, params = rows().query.sql_with_params()
        except EmptyResultSet:
            return NOBODYS
    moments = [p for p in params if isinstance(p, date)]
    plain = all(isinstance(p, str | bool | int | datetime) for p in params)
    if not plain or TEAM in params or not all(isinstance(p, datetime) and p >= begun for p in moments):
        raise AssertionError(f"These rows depend on more than roles, person and moment: {sql} {params}")
    return Statement(sql, tuple(params))
