"""Django's PostgreSQL backend, with the scope written into every transaction as it starts.

`set_config(..., true)` lasts until COMMIT or ROLLBACK, so a pooled connection never carries one tenant's setting into
another's transaction. A query made in a scope but outside a transaction would run without the setting and find nothing;
an empty *Today* page is a missed deadline, so it raises instead.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base


class TransactionRequired(RuntimeError):
    """A query was made in an organization's scope but outside a transaction. Always a bug."""


class DatabaseWrapper(base.DatabaseWrapper):
    def set_autocommit(
        self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False
    ) -> None:
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        if not autocommit:
            from advocacy.tenancy import scope  # noqa: PLC0415  the backend loads before the app registry

            if scope.current_scope() is not None:
                self.connection.execute(scope.SETTINGS_SQL, scope.settings_of(scope.current_scope()))

    def _cursor(self, name: str | None = None) -> Any:
        if not self.in_atomic_block:
            from advocacy.tenancy import scope  # noqa: PLC0415  the backend loads before the app registry

            if scope.current_scope() is not None:
                raise TransactionRequired("A query in scoped_to() needs transaction.atomic() around it.")
        return super()._cursor(name)  # type: ignore[misc]  # Django's own hook, not in the stubs
