"""Is the program alive, is it ready, and is it connected as a role that row-level security binds?

`/health/live` and `/health/ready` are public: they name checks and count the queue; why one fails is in the log only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from advocacy.background.figures import queue_depth
from advocacy.background.worker import workers_alive

log = logging.getLogger("recourse.health")

# Every role the session can become counts, not only the one it is: SET ROLE is one statement away.
ROLES_SQL = """
SELECT r.rolname, r.rolname = session_user, r.rolsuper, r.rolbypassrls, r.rolcreaterole,
       EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND d.datdba = r.oid)
       OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relowner = r.oid AND n.nspname IN ('public', 'audit', 'search'))
  FROM pg_roles r
 WHERE pg_has_role(session_user, r.oid, 'MEMBER') AND r.rolname NOT LIKE 'pg\\_%'
 ORDER BY r.rolname <> session_user, r.rolname
"""


def role_problems(connection: Any) -> list[str]:
    """Why this connection must not serve, as sentences; empty when it may.

    Takes a Django or psycopg connection. A serving role is no superuser, owns no table, cannot pass row-level
    security by and cannot become a role that does (PostgreSQL manual, 5.9 Row Security Policies).
    """
    with connection.cursor() as cursor:
        cursor.execute(ROLES_SQL)
        rows = cursor.fetchall()
    problems = []
    for name, itself, superuser, bypasses, makes_roles, owns in rows:
        who = f"The role {name}" if itself else f"{rows[0][0]} may become {name}, which"
        if superuser:
            problems.append(f"{who} is a superuser: row-level security does not bind it.")
            if itself:
                return problems  # a superuser may become anybody; the rest would only repeat it
        if bypasses:
            problems.append(f"{who} has BYPASSRLS: row-level security does not bind it.")
        if owns:
            problems.append(f"{who} owns the database or its tables: it could change what it is bound by.")
        if makes_roles:
            problems.append(f"{who} has CREATEROLE: it could give itself other roles.")
    return problems


def refuse_unsafe_role() -> None:
    """Raise ImproperlyConfigured when DATABASE_URL is a role that must not serve. Leaves it closed."""
    try:
        problems = role_problems(connection)
    finally:
        connection.close()
    if problems:
        advice = "DATABASE_URL must be the application role that deploy/roles.sql makes."
        raise ImproperlyConfigured(" ".join([*problems, advice]))


def database_reached() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


_migrated = False


def migrations_applied() -> bool:
    """Is every migration of this program in the database? Yes is remembered until a new program starts."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


def worker_alive() -> bool:
    return workers_alive() > 0


CHECKS: dict[str, Callable[[], bool]] = {
    "database": database_reached,
    "migrations": migrations_applied,
    "worker": worker_alive,
}


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "alive"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database is reached, migrations are applied and a worker is alive; else 503."""
    results: dict[str, str] = {}
    depth: int | None = None
    for name, check in CHECKS.items():
        try:
            results[name] = "ok" if check() else "not ready"
            depth = queue_depth() if name == "worker" else depth
        except (DatabaseError, OSError) as problem:
            log.warning("health check %s: %s", name, type(problem).__name__)
            results[name] = "not ready"
            connection.close_if_unusable_or_obsolete()
    good = set(results.values()) == {"ok"}
    answer = JsonResponse(
        {"status": "ready" if good else "not ready", "checks": results, "queue": depth},
        status=200 if good else 503,
    )
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django would log every probe before the start as an error
    return answer
