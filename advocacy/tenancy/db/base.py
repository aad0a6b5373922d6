"""Django's PostgreSQL backend, with the scope written into every transaction as it starts.

`set_config(..., true)` lasts until COMMIT or ROLLBACK, so a pooled connection never carries one tenant's setting into
another's transaction. A query made in a scope but outside a transaction would run without the setting and find nothing;
an empty *Today* page is a missed deadline, so it raises instead.
"""

from __future__ import annotations

import time
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresqlOperations

from advocacy.tenancy.db.prepared import keep_prepared


class TransactionRequired(RuntimeError):
    """A query was made in an organization's scope but outside a transaction. Always a bug."""


TRUSTED_SECONDS = 5
"""A connection that answered so short a time ago is not asked whether it lives: that would be a round trip of every request.
Should it die in between, one request fails, and the next one connects anew."""


class DatabaseOperations(PostgresqlOperations):
    compiler_module = "advocacy.tenancy.db.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    answered_at = float("-inf")

    def close_if_health_check_failed(self) -> None:
        if time.monotonic() - self.answered_at < TRUSTED_SECONDS:
            self.health_check_done = True
        super().close_if_health_check_failed()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        keep_prepared(connection)
        return connection

    def connect(self) -> None:
        self.answered_at = float("-inf")
        super().connect()

    def _commit(self) -> Any:
        done = super()._commit()  # type: ignore[misc]  # as below
        self.answered_at = time.monotonic()
        return done

    def _savepoint_commit(self, sid: str) -> None:
        """The name of the last savepoint is given again: each new one would be a statement that was never seen, and push those
        out of psycopg's list that are worth preparing.
        """
        super()._savepoint_commit(sid)  # type: ignore[misc]  # as below
        if sid.endswith(f"_x{self.savepoint_state}"):
            self.savepoint_state -= 1

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
