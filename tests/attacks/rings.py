"""Four rings around every row, one probe for each, and the ways to take a ring away.

A probe attacks past all other rings and names what it reached; nothing reached is the empty set. Each ring stands by
itself: taking one away turns exactly its own probe red, at every table (tests/attacks/test_rings.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection, models
from django.db.models import Q

from advocacy.access import policy
from advocacy.access.policy import Policy, visible
from advocacy.tenancy.scope import OutsideScope, ScopedManager, TenantModel, scoped_to, tenant_models
from tests.attacks.reach import DESK, IN_PORTAL, PORTAL, TABLES
from tests.attacks.siege import Siege, as_superuser, run, undone

MODELS = {model._meta.label: model for model in tenant_models()}
KEYS = [
    (label, f)
    for label, model in MODELS.items()
    for f in model._meta.local_fields
    if isinstance(f, models.ForeignKey) and issubclass(f.related_model, TenantModel)
]
EXACTLY_ONE: dict[str, tuple[str, ...]] = {
    "appeals.ClockEvent": ("request_id", "appeal_id"),
    "appeals.Demand": ("deadline_id", "denial_id"),
    "appeals.ItemOutcome": ("decision_id", "peer_to_peer_id"),
    "appeals.LetterApproval": ("appeal_id", "demand_id"),
    "appeals.StepOverride": ("request_id", "appeal_id"),
    "appeals.Effectuation": ("appeal_id", "peer_to_peer_id"),
}
"""References of which the database wants exactly one: the others are emptied before one is turned elsewhere."""
TOGETHER: dict[tuple[str, str], str] = {
    ("appeals.Appeal", "beside"): ", beside_basis = 'urgent', beside_on = '2026-03-02'",
}
"""What the database wants beside a reference: it is written with it."""


# -- first: row-level security, asked by raw SQL as the application role ---------------------------------------------
def raw_reads(siege: Siege) -> set[str]:
    """Tables of which somebody of Meadow reads a row of Harbor's, or somebody in no scope any row at all."""
    found = set()
    for organization in (siege.meadow, 0):
        parts = [
            f"SELECT '{label}' WHERE EXISTS (SELECT FROM \"{model._meta.db_table}\" WHERE organization_id <> {organization})"
            for label, model in MODELS.items()
        ]
        with scoped_to(organization), connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts))
            found |= {label for (label,) in cursor.fetchall()}
    return found


def raw_writes(siege: Siege) -> set[str]:
    """Tables into which somebody of Meadow writes a row of Harbor's. What stops it must be the policy, and nothing later."""
    found = set()
    with scoped_to(siege.meadow):
        for label, model in MODELS.items():
            table = model._meta.db_table
            copied = (
                f'INSERT INTO "{table}" SELECT (jsonb_populate_record(t, jsonb_build_object('
                f"'organization_id', {siege.harbor}, 'id', -7, 'public_id', gen_random_uuid()))).*"
                f' FROM "{table}" t WHERE id = {siege.meadows[label]}'
            )
            if _stopped_by(copied) != "new row violates row-level security policy":
                found.add(label)
    return found


def _stopped_by(statement: str) -> str:
    """The first words of the refusal, or nothing."""
    try:
        with undone():
            run(statement)
    except DatabaseError as error:
        return str(error).partition(" for table")[0]
    return ""


# -- second: the scoped manager, asked where no policy of the database stands behind it ------------------------------
def managed(siege: Siege) -> set[str]:
    """Tables of which the ORM finds a row of another organization, or anything at all outside a scope."""
    found = set()
    with as_superuser():
        for label, model in MODELS.items():
            for manager in (model._default_manager, model._base_manager):
                with scoped_to(siege.meadow):
                    if manager.exclude(organization_id=siege.meadow).exists():
                        found.add(label)
                with scoped_to(siege.harbor):
                    if manager.filter(pk=siege.meadows[label]).exists():
                        found.add(label)
            if not _refused_outside(model):
                found.add(label)
    return found


def _refused_outside(model: type[TenantModel]) -> bool:
    try:
        model._default_manager.exists()
    except OutsideScope:
        return True
    return False


# -- third: the composite key, asked by turning a row of Harbor's to one of Meadow's ---------------------------------
def turned(siege: Siege) -> set[tuple[str, str]]:
    """References that point into another organization and are not refused by their own key."""
    found = set()
    with as_superuser(), scoped_to(siege.harbor):
        for label, key in KEYS:
            model = MODELS[label]
            group = EXACTLY_ONE.get(label, ())
            others = [column for column in group if column != key.column] if key.column in group else []
            emptied = "".join(f', "{column}" = NULL' for column in others)
            foreign = siege.meadows[key.related_model._meta.label]
            statement = (
                f'UPDATE "{model._meta.db_table}" SET "{key.column}" = {foreign}{emptied}{TOGETHER.get((label, key.name), "")}'
                f" WHERE id = {siege.rows[label]['open']}"
            )
            if not _breaks_its_key(statement):
                found.add((label, key.name))
    return found


def _breaks_its_key(statement: str) -> bool:
    try:
        with undone():
            run(statement)
    except DatabaseError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name or "" if isinstance(cause, psycopg.Error) else ""
        return isinstance(cause, psycopg.errors.ForeignKeyViolation) and name.endswith("_org")
    return False


# -- fourth: each policy's Q, asked within one organization ----------------------------------------------------------
EVERYBODY = tuple(sorted(DESK | PORTAL))
FEW = ("clara", "dana", "nils", "olga")


def seen_by_few(siege: Siege) -> set[str]:
    """The same, asked by a few of them: enough to see that the policies still stand when another ring is away."""
    return seen(siege, who=FEW)


def seen(siege: Siege, only: str = "", who: tuple[str, ...] = EVERYBODY) -> set[str]:
    """Tables of which somebody sees other rows than the table of expectations says (or `only` the named one)."""
    found = set()
    with scoped_to(siege.harbor), connection.cursor() as cursor:
        for label in [only] if only else MODELS:
            reached: dict[str, set[int]] = {}
            text, params = _everybodys(siege, label, who)
            if text:
                cursor.execute(text, params)
                for name, key in cursor.fetchall():
                    reached.setdefault(name, set()).add(key)
            kinds = siege.rows[label]
            for name in who:
                expected = (TABLES[label] if name in DESK else IN_PORTAL.get(label, {})).get(
                    name, frozenset()
                )
                told = {kind for kind, key in kinds.items() if key in reached.get(name, ())}
                if told != expected & set(kinds):
                    found.add(label)
                    DIFFERENCES.append((label, name, sorted(told)))
    return found


def _everybodys(siege: Siege, label: str, who: tuple[str, ...]) -> tuple[str, list[Any]]:
    """What each of them sees of a table, as one statement; made once as long as no ring is away that it is made from."""
    key = (label, who, ScopedManager.get_queryset, policy._policies.get(label))
    if key not in siege.texts:
        parts, params = [], []
        for name in who:
            rows = MODELS[label]._default_manager.filter(visible(siege.actors[name], MODELS[label]))
            try:
                sql, values = rows.values_list("pk").query.sql_with_params()
            except EmptyResultSet:
                continue
            parts.append(f"SELECT '{name}', seen.* FROM ({sql}) seen")
            params.extend(values)
        siege.texts[key] = " UNION ALL ".join(parts), params
    return siege.texts[key]


DIFFERENCES: list[tuple[str, str, list[str]]] = []
"""What `seen` found last, for whoever reads the failure."""


# -- without a ring --------------------------------------------------------------------------------------------------
@contextmanager
def without_row_level_security(siege: Siege) -> Iterator[None]:
    with undone():
        with as_superuser():
            for model in MODELS.values():
                run(f'ALTER TABLE "{model._meta.db_table}" DISABLE ROW LEVEL SECURITY')
        yield


@contextmanager
def without_check_of_writes(siege: Siege) -> Iterator[None]:
    """Half of the first ring: reads stay bound, writes do not."""
    with undone():
        with as_superuser():
            for model in MODELS.values():
                run(f'ALTER POLICY tenant ON "{model._meta.db_table}" WITH CHECK (true)')
        yield


@contextmanager
def without_managers(siege: Siege) -> Iterator[None]:
    scoped = ScopedManager.get_queryset
    ScopedManager.get_queryset = models.Manager.get_queryset  # type: ignore[method-assign]
    try:
        yield
    finally:
        ScopedManager.get_queryset = scoped  # type: ignore[method-assign]


@contextmanager
def without_composite_keys(siege: Siege) -> Iterator[None]:
    with undone():
        with as_superuser():
            for label, key in KEYS:
                name = next(
                    c.name for c in MODELS[label]._meta.constraints if getattr(c, "field", None) == key.name
                )
                run(f'ALTER TABLE "{MODELS[label]._meta.db_table}" DROP CONSTRAINT "{name}"')
        yield


def everything(*_asked: object) -> Q:
    return Q(pk__isnull=False)


@contextmanager
def without_policies(siege: Siege, *labels: str) -> Iterator[None]:
    """Every row of the organization is there for everybody: of the named tables, or of all."""
    kept, kept_of_portal = dict(policy._policies), dict(policy._portal)
    for label in labels or MODELS:
        held = kept.get(label)
        see = held.see if held else next(iter(policy.Permission))
        policy._policies[label] = Policy(see, everything, exceptions=everything)
        theirs = policy._portal.get(label)
        if theirs is not None:
            policy._portal[label] = replace(theirs, rows=everything)
    try:
        yield
    finally:
        policy._policies.clear()
        policy._policies.update(kept)
        policy._portal.clear()
        policy._portal.update(kept_of_portal)
