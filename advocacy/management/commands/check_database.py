"""manage.py check_database: is the server as deploy/roles.sql leaves it? Changes nothing."""

from __future__ import annotations

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from advocacy.health import role_problems

OLDEST = 15
# name -> login, bypasses row-level security, may make databases
ROLES = {
    "recourse_owner": (True, False, True),
    "recourse_app": (True, False, False),
    "recourse_audit": (False, False, False),
    "recourse_search": (False, True, False),
    "recourse_reporting": (False, False, False),
}
MEMBERS = (
    ("recourse_owner", "recourse_audit"),
    ("recourse_owner", "recourse_search"),
    ("recourse_app", "recourse_reporting"),
)


def connect(database: dict[str, Any]) -> psycopg.Connection[Any]:
    """A plain connection to a settings entry, with ten seconds of patience."""
    return psycopg.connect(
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        host=database["HOST"],
        port=database["PORT"],
        connect_timeout=10,
        autocommit=True,
    )


def missing_on(owner: psycopg.Connection[Any]) -> list[str]:
    """What deploy/roles.sql would add to the server behind the owner's connection, as sentences."""
    problems = []
    if owner.info.server_version // 10000 < OLDEST:
        problems.append(f"PostgreSQL {OLDEST} or newer is needed.")
    rows = owner.execute(
        "SELECT rolname, rolcanlogin, rolbypassrls, rolcreatedb, rolsuper FROM pg_roles"
        " WHERE rolname = ANY(%s)",
        [list(ROLES)],
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    for role, wanted in ROLES.items():
        if role not in found:
            problems.append(f"The role {role} does not exist.")
        elif found[role] != (*wanted, False):
            problems.append(f"The role {role} has other attributes than it should.")
    for member, role in MEMBERS:
        if member in found and role in found:
            row = owner.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [member, role]).fetchone()
            if row != (True,):
                problems.append(f"The role {member} is not a member of {role}.")
    query = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    if owner.execute(query).fetchone() != ("recourse_owner",):
        problems.append(f"The database {owner.info.dbname} does not belong to recourse_owner.")
    schemas = dict(owner.execute("SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace").fetchall())
    for schema, role in (("audit", "recourse_audit"), ("search", "recourse_search")):
        if schemas.get(schema) != role:
            problems.append(f"The schema {schema} of {role} does not exist.")
    return problems


class Command(BaseCommand):
    help = (
        "Checks the roles of the database server, and says which SQL file to run first if they are missing."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        problems: list[str] = []
        for variable, database, check, user in (
            ("DATABASE_OWNER_URL", settings.OWNER_DATABASE, missing_on, "recourse_owner"),
            ("DATABASE_URL", settings.DATABASES["default"], role_problems, "recourse_app"),
        ):
            try:
                with connect(database) as connection:
                    problems += check(connection)
                    if connection.info.user != user:
                        problems.append(
                            f"{variable} signs in as {connection.info.user}; it should be {user}."
                        )
            except psycopg.OperationalError as problem:
                problems.append(f"{variable} cannot be reached: {str(problem).strip().splitlines()[0]}")
        if problems:
            advice = (
                "Run deploy/roles.sql as a superuser first (its head says how; "
                "`python -m advocacy.embedded roles` prints it)."
            )
            raise CommandError("\n  ".join(["The database is not ready for Recourse:", *problems, advice]))
        self.stdout.write(
            "The database has its roles apart, and the application role is bound by row-level security."
        )
