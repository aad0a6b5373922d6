"""No row can point across organizations, and no role of the web can read across them.

`tenant_key()` is a foreign key without Django's own constraint; `SameOrganization` issues the composite one:
(organization_id, case_id) -> cases_case (organization_id, id), with the index that serves it. `TenantTable` gives a table
its UNIQUE (organization_id, id) and its row-level security, FORCE included, so that the owner is bound too.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.ddl_references import Statement, Table
from django.db.migrations.operations.base import Operation
from django.db.models.constraints import BaseConstraint

POLICY = "organization_id = NULLIF(current_setting('app.organization', true), '')::bigint"


def tenant_key(to: str, on_delete: Any = models.PROTECT, **kwargs: Any) -> Any:
    """A foreign key to another tenant table; declare SameOrganization(<field>) beside it."""
    return models.ForeignKey(to, on_delete=on_delete, db_constraint=False, db_index=False, **kwargs)


class SameOrganization(BaseConstraint):
    """The row and the row it points to belong to one organization. A breach is an IntegrityError."""

    violation_error_message = "Choose a row of your own organization."

    def __init__(self, field: str, *, name: str = "") -> None:
        self.field = field
        super().__init__(name=name or f"%(app_label)s_%(class)s_{field}_org")

    def _parts(self, model: Any, editor: Any) -> dict[str, str]:
        field = model._meta.get_field(self.field)
        quote = editor.quote_name
        return {
            "table": quote(model._meta.db_table),
            "parent": quote(field.remote_field.model._meta.db_table),
            "name": quote(self.name),
            "index": quote(f"{self.name}_ix"),
            "column": quote(field.column),
        }

    def create_sql(self, model: Any, schema_editor: Any) -> None:  # type: ignore[override]  # deferred: there is nothing to run now
        p = self._parts(model, schema_editor)
        for template in (
            "CREATE INDEX {index} ON {table} (organization_id, {column})",
            "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (organization_id, {column})"
            " REFERENCES {parent} (organization_id, id) DEFERRABLE INITIALLY IMMEDIATE",
        ):
            # Deferred to the end of the migration, when the parent's UNIQUE (organization_id, id) exists.
            schema_editor.deferred_sql.append(
                Statement(
                    template.format(**p).replace(p["table"], "%(table)s", 1),
                    table=Table(model._meta.db_table, schema_editor.quote_name),
                )
            )

    def constraint_sql(self, model: Any, schema_editor: Any) -> None:  # type: ignore[override]  # as above
        self.create_sql(model, schema_editor)

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        p = self._parts(model, schema_editor)
        return "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}; DROP INDEX IF EXISTS {index}".format(
            **p
        )

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "default") -> None:
        """Left to the database: looking the parent up in Python would answer later and less surely."""

    def deconstruct(self) -> Any:
        path, _args, kwargs = super().deconstruct()
        return path, (self.field,), {"name": kwargs["name"]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameOrganization) and (self.field, self.name) == (other.field, other.name)

    def __hash__(self) -> int:
        return hash((self.field, self.name))


class TenantTable(Operation):
    """Row-level security, enabled and forced, and the unique pair that composite foreign keys point to. Reversible."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The model itself does not change."""

    def _table(self, app_label: str, state: Any) -> str:
        return state.apps.get_model(app_label, self.model_name)._meta.db_table

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        name = self._table(app_label, to_state)
        table, unique = schema_editor.quote_name(name), schema_editor.quote_name(f"{name}_org_id")
        schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {unique} UNIQUE (organization_id, id)")
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"CREATE POLICY tenant ON {table} USING ({POLICY}) WITH CHECK ({POLICY})")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        name = self._table(app_label, from_state)
        table, unique = schema_editor.quote_name(name), schema_editor.quote_name(f"{name}_org_id")
        schema_editor.execute(f"DROP POLICY IF EXISTS tenant ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {unique} CASCADE")

    def describe(self) -> str:
        return f"Tenant isolation on {self.model_name}"
