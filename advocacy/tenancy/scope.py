"""Who is asking, for which organization: the scope every tenant row is read and written in.

The scope is a context variable. The database backend writes it into transaction-local settings at every transaction
start, where row-level security and the audit triggers read it. `TenantModel.objects` filters by it and refuses to be
evaluated without it (on evaluation, not on construction: a ModelForm with a tenant foreign key is built at import).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, connections, models
from django.db.models.expressions import Expression
from django.db.models.sql import InsertQuery, UpdateQuery
from uuid_utils.compat import uuid7

from advocacy.tenancy.models import Organization

M = TypeVar("M", bound=models.Model)


class OutsideScope(RuntimeError):
    """A tenant table was read or written while no organization was set. Always a bug."""


@dataclass(frozen=True)
class Scope:
    """`organization_id` is the tenant; `actor` a stable key ("user:12", "system:reminders"); `at` an aware moment or None.

    `at` is set only when history is told after the fact (the seed): the trail keeps it beside the true recording time.
    """

    organization_id: int
    actor: str = ""
    actor_label: str = ""
    request_id: str = ""
    at: datetime | None = None
    reason: str = ""


_scope: ContextVar[Scope | None] = ContextVar("recourse_scope", default=None)

SETTINGS_SQL = (
    "SELECT set_config('app.organization', %s, true), set_config('app.actor', %s, true),"
    " set_config('app.actor_label', %s, true), set_config('app.request_id', %s, true),"
    " set_config('app.at', %s, true), set_config('app.reason', %s, true)"
)


def current_scope() -> Scope | None:
    return _scope.get()


def current_organization_id() -> int | None:
    scope = _scope.get()
    return None if scope is None else scope.organization_id


def settings_of(scope: Scope | None) -> tuple[str, str, str, str, str, str]:
    """The values of SETTINGS_SQL; all empty outside a scope, so that nothing of an earlier scope remains."""
    if scope is None:
        return ("", "", "", "", "", "")
    at = scope.at.isoformat() if scope.at else ""
    return (str(scope.organization_id), scope.actor, scope.actor_label, scope.request_id, at, scope.reason)


def _apply() -> None:
    if connection.in_atomic_block and not connection.needs_rollback and connection.connection is not None:
        connection.connection.execute(SETTINGS_SQL, settings_of(_scope.get()))


@contextmanager
def _entered(scope: Scope, *, written: bool = False) -> Iterator[Scope]:
    if scope == _scope.get():
        yield scope  # written already, and to be left as it is
        return
    token = _scope.set(scope)
    if not written:
        _apply()
    try:
        yield scope
    finally:
        _scope.reset(token)
        _apply()


@contextmanager
def scoped_to(
    organization_id: int,
    *,
    actor: str = "",
    actor_label: str = "",
    request_id: str = "",
    at: datetime | None = None,
    reason: str = "",
) -> Iterator[Scope]:
    """Everything inside reads and writes this organization's rows. Inside a transaction the settings change at once."""
    with _entered(Scope(organization_id, actor, actor_label, request_id, at, reason)) as scope:
        yield scope


@contextmanager
def scope_written(scope: Scope) -> Iterator[Scope]:
    """The same where the statement that found out who asks has written the settings already: one round trip less."""
    with _entered(scope, written=True):
        yield scope


@contextmanager
def compiled_for(organization_id: int) -> Iterator[None]:
    """For making SQL that names this organization, never for running it: the database is told nothing."""
    token = _scope.set(Scope(organization_id))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def scope_with(**changes: Any) -> Iterator[Scope]:
    """The current scope with some fields changed (a reason, a moment). Raises OutsideScope without a scope."""
    scope = _scope.get()
    if scope is None:
        raise OutsideScope("scope_with() changes the current scope, and there is none.")
    with _entered(replace(scope, **changes)) as changed:
        yield changed


def scope_goes_on(**changes: Any) -> None:
    """Change fields of the current scope until the scope around it ends: one round trip where `scope_with` takes two. For whoever
    tells many acts one after the other, with nothing between them that is not theirs. Raises OutsideScope without a scope.
    """
    scope = _scope.get()
    if scope is None:
        raise OutsideScope("scope_goes_on() changes the current scope, and there is none.")
    if (changed := replace(scope, **changes)) != scope:
        _scope.set(changed)
        _apply()


class CurrentOrganization(Expression):
    """The scope's organization, looked up when the SQL is made. Raises OutsideScope when there is none."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[int, ...]]:
        scope = _scope.get()
        if scope is None:
            raise OutsideScope("A tenant table is read outside scoped_to().")
        return "%s", (scope.organization_id,)


class ScopedManager(models.Manager[M]):
    """Reads only the scope's organization; evaluation outside a scope raises OutsideScope."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet[M]:
        rows = super().get_queryset()
        if self.model not in _scoped:
            _scoped[self.model] = rows.filter(organization_id=CurrentOrganization()).query
        rows.query = _scoped[self.model].chain()
        return rows


_scoped: dict[type[models.Model], Any] = {}
"""The query of every scoped manager as it begins. The organization is looked up when its SQL is made, so one serves all."""


def new_public_id() -> uuid.UUID:
    """A UUIDv7: unguessable enough to be shown, ordered enough to index (RFC 9562)."""
    return uuid7()


class TenantModel(models.Model):
    """A row that belongs to one organization. `id` stays inside; `public_id` is what URLs and payloads carry."""

    public_id = models.UUIDField(default=new_public_id, editable=False, unique=True)
    organization = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        default=current_organization_id,
        editable=False,
        related_name="+",
        db_index=False,
    )

    objects = ScopedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    @classmethod
    def from_db(  # type: ignore[override]  # the stubs are of a newer Django
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        """As Django does it, without a call for every column: what was read needs no default, and no field acts on it."""
        row = cls.__new__(cls)
        row._state = models.base.ModelState()
        row._state.adding, row._state.db = False, db
        row.__dict__.update(zip(field_names, values, strict=True))
        return row

    def _do_insert(self, manager: Any, using: Any, fields: Any, returning_fields: Any, raw: Any) -> Any:
        """As Django does it; the text is made once for the columns that are written, by Django."""
        to = connections[using]
        given = [] if raw else [field.pre_save(self, add=True) for field in fields]
        if given and all(_is_plain(value) for value in given):
            text = _insert_of(self, using, fields, returning_fields)
            if text:
                stored = zip(fields, given, strict=True)
                with to.cursor() as cursor:
                    cursor.execute(
                        text, [field.get_db_prep_save(value, connection=to) for field, value in stored]
                    )
                    return [cursor.fetchone()]
        return super()._do_insert(manager, using, fields, returning_fields, raw)  # type: ignore[misc]  # not in the stubs

    def _do_update(self, base_qs: Any, using: Any, pk_val: Any, values: Any, *how: Any) -> Any:
        """As Django does it; the text is made once for the columns that are written, by Django."""
        organization = current_organization_id()
        if organization is not None and values and all(_is_plain(value) for _, _, value in values):
            to = connections[using]
            stored = [field.get_db_prep_save(value, connection=to) for field, _, value in values]
            text = _update_of(type(self), base_qs, pk_val, values, [value is None for value in stored])
            if text:
                with to.cursor() as cursor:
                    given = [value for value in stored if value is not None]
                    cursor.execute(text, [*given, organization, pk_val])
                    return cursor.rowcount > 0
        return super()._do_update(base_qs, using, pk_val, values, *how)


_updates: dict[tuple[Any, ...], str] = {}
"""By model, columns and which of them become NULL: the statement whose last two values are the organization and the key. Empty
where Django's own has others."""


_inserts: dict[tuple[Any, ...], str] = {}
"""By model and columns: the statement with one value for each of them, which returns the key. Empty where Django's has more."""


def _insert_of(row: TenantModel, using: Any, fields: list[Any], returned: list[Any]) -> str:
    key = (type(row), *(field.attname for field in fields))
    if key not in _inserts:
        query = InsertQuery(type(row))
        query.insert_values(fields, [row])
        compiler: Any = query.get_compiler(using)
        compiler.returning_fields = returned
        ((text, params),) = compiler.as_sql()
        # What the text has for a value depends on its field alone: an array names its type, the others are plain.
        plain = all(isinstance(f, ArrayField) or not hasattr(f, "get_placeholder") for f in fields)
        kept = plain and len(params) == len(fields) and returned == [row._meta.pk]
        _inserts[key] = text if kept else ""
    return _inserts[key]


def _is_plain(value: Any) -> bool:
    return not hasattr(value, "resolve_expression") and not hasattr(value, "prepare_database_save")


def _update_of(model: type[TenantModel], rows: Any, pk: Any, values: list[Any], nulls: list[bool]) -> str:
    key = (model, *(field.attname for field, _, _ in values), *nulls)
    if key not in _updates:
        query = rows.filter(pk=pk).query.chain(UpdateQuery)
        query.add_update_fields(values)
        text, params = query.get_compiler(rows.db).as_sql()
        asked = (current_organization_id(), pk)
        plain = not model._meta.select_on_save and len(params) == nulls.count(False) + 2
        _updates[key] = text if plain and tuple(params[-2:]) == asked else ""
    return _updates[key]


def tenant_models() -> list[type[TenantModel]]:
    """Every concrete tenant model, in a stable order; the guard tests count them."""
    found: list[type[TenantModel]] = []
    pending = list(TenantModel.__subclasses__())
    while pending:
        model = pending.pop()
        pending.extend(model.__subclasses__())
        if not model._meta.abstract:
            found.append(model)
    return sorted(found, key=lambda m: m._meta.label)
