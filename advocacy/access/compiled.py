"""The policy as SQL, for the few reads that are written by hand: the same Q, compiled once for each role set.

A machine is no member: what it reaches depends on its roles and scopes only, never on its name or on the moment. So the
condition has one parameter, the organization. A policy that needs another for a machine fails here, not silently.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection
from django.db.models import QuerySet

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, likes_of, nobody_like, reachable, visible
from advocacy.access.statements import PLACE, Statement, made
from advocacy.tenancy.scope import compiled_for


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
_statements: dict[tuple[Any, ...], Statement] = {}


def statement_for(name: str, actor: Actor, rows: Callable[[Actor], QuerySet[Any, Any]]) -> Statement:
    """The statement of `rows(actor)`, which rests on the policy of members; made once for each `name` and set of roles.

    The rows may depend on the actor's roles, user, membership and organization, on whether emergency access runs and on the
    moment, and on nothing else; what does fails here. One column, a key.
    """
    if actor.portal is not None or actor.scopes is not None or actor.system:
        raise TypeError("Only members have roles that many share.")
    key = (name, likes_of(actor))
    if key not in _statements:
        _statements[key] = made(lambda: rows(nobody_like(actor)))
    return _statements[key]
