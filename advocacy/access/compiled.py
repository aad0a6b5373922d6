"""The policy as SQL, for the few reads that are written by hand: the same Q, compiled once for each role set.

A machine is no member: what it reaches depends on its roles and scopes only, never on its name or on the moment. So the
condition has one parameter, the organization. A policy that needs another for a machine fails here, not silently.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, reachable, visible
from advocacy.tenancy.scope import compiled_for, current_organization_id

PLACE = -7_001
"""Stands for the organization while the condition is made; no organization has it."""


def rows_of(actor: Actor, label: str, permission: Permission | None = None) -> str:
    """The rows of the model `label` that the machine sees, or on which it may use `permission`, as a condition.

    Its columns carry the table's own name; its one parameter is `%(organization)s`.
    """
    if actor.scopes is None or actor.user_id is not None or actor.membership_id is not None:
        raise TypeError("Only the policy of a machine is the same for everybody with its roles.")
    return _compiled(label, permission, actor.roles, actor.scopes)


@functools.lru_cache(maxsize=512)
def _compiled(
    label: str, permission: Permission | None, roles: frozenset[str], scopes: frozenset[str]
) -> str:
    actor = Actor(key="machine:0", label="", organization_id=PLACE, roles=roles, scopes=scopes)
    model = apps.get_model(label)
    q = visible(actor, model) if permission is None else reachable(actor, permission, model)
    with compiled_for(PLACE):
        query = model._default_manager.filter(q).query
        compiler = query.get_compiler(connection=connection)
        try:
            compiler.setup_query()
            sql, params = compiler.compile(query.where)
        except EmptyResultSet:
            return "false"
        except FullResultSet:
            raise AssertionError("every tenant table is read by its organization") from None
    joined = [alias for alias, uses in query.alias_refcount.items() if uses]
    if set(params) != {PLACE} or joined != [model._meta.db_table]:
        raise AssertionError(
            f"What a machine reaches of {label} depends on more than its roles: {sql} {params}"
        )
    return f"({sql.replace('%s', '%(organization)s')})"


# -- of people -------------------------------------------------------------------------------------------------------
SOMEBODY, MEMBER, TEAM = -7_002, -7_003, -7_004
"""Stand for the user, the membership and a team while the statement is made; nobody has them."""


@dataclass(frozen=True)
class Statement:
    """SQL that was made once for everybody with the same roles. `of` puts in whose it is, and the moment."""

    sql: str
    params: tuple[Any, ...]

    def of(self, actor: Actor) -> list[Any]:
        """The parameters for this actor in the current scope, now."""
        known = {PLACE: current_organization_id(), SOMEBODY: actor.user_id, MEMBER: actor.membership_id}
        now = timezone.now()
        return [
            now if isinstance(p, datetime) else known.get(p, p) if type(p) is int else p for p in self.params
        ]


_statements: dict[tuple[Any, ...], Statement] = {}


def statement_for(name: str, actor: Actor, rows: Callable[[Actor], QuerySet[Any, Any]]) -> Statement:
    """The statement of `rows(actor)`, which rests on the policy of members; made once for each `name` and set of roles.

    Making such a statement takes the ORM several times as long as running it takes the server. The rows may depend on the
    actor's roles, user, membership and organization, on whether emergency access runs and on the moment, and on nothing else;
    what does fails here. One column, a key. The moment is looked up at each use, so that what is over is over at the next read.
    """
    if actor.portal is not None or actor.scopes is not None or actor.system:
        raise TypeError("Only members have roles that many share.")
    key = (name, actor.roles, actor.user_id is None, actor.membership_id is None, actor.glass_until is None)
    if key not in _statements:
        _statements[key] = _made(actor, rows)
    return _statements[key]


def _made(actor: Actor, rows: Callable[[Actor], QuerySet[Any, Any]]) -> Statement:
    nobody = Actor(
        key="user:0",
        label="",
        organization_id=PLACE,
        user_id=None if actor.user_id is None else SOMEBODY,
        membership_id=None if actor.membership_id is None else MEMBER,
        roles=actor.roles,
        team_ids=frozenset({TEAM}),
        glass_until=actor.glass_until,
    )
    begun = timezone.now()
    with compiled_for(PLACE):
        queryset = rows(nobody)
        try:
            sql, params = queryset.query.sql_with_params()
        except EmptyResultSet:
            sql, params = "SELECT NULL::bigint WHERE false", ()  # nobody with these roles has such rows
    moments = [p for p in params if isinstance(p, date)]
    plain = all(isinstance(p, str | bool | int | datetime) for p in params)
    if not plain or TEAM in params or not all(isinstance(p, datetime) and p >= begun for p in moments):
        raise AssertionError(f"These rows depend on more than roles, person and moment: {sql} {params}")
    return Statement(sql, tuple(params))
