"""manage.py check_database: is the server as deploy/roles.sql leaves it? Changes nothing."""

from __future__ import annotations

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from advocacy.health import role_problems
from advocacy.made_by import OLDER, is_older

OLDEST = 15
# name -> login, bypasses row-level security, may make databases
ROLES = {
    "recourse_owner": (True, False, True),
    "recourse_app": (True, False, False),
    "recourse_audit": (False, False, False),
    "recourse_search": (False, True, False),
    "recourse_reporting": (False, False, False),
    "recourse_backup": (True, True, False),
    "recourse_operator": (True, False, False),
}
MEMBERS = (
    ("recourse_owner", "recourse_audit"),
    ("recourse_owner", "recourse_search"),
    ("recourse_app", "recourse_reporting"),
    ("recourse_backup", "pg_read_all_data"),
)


# What the application role never does, by table: a right, and what it would mean.
EXCESS = (
    ("tenancy_organization", "INSERT", "make organizations"),
    ("tenancy_organization", "DELETE", "delete organizations"),
    ("django_migrations", "INSERT", "write the list of migrations"),
    ("cases_case", "TRUNCATE", "empty tables past row-level security"),
)
FIXED = ("id", "public_id", "slug", "reference_prefix", "created_at")
LARGE_OBJECTS_SQL = """
SELECT count(*) FROM pg_proc p
 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND (p.proname LIKE 'lo\\_%' OR p.proname IN ('loread', 'lowrite'))
   AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')
"""


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
        if member in found and (role in found or role.startswith("pg_")):
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
    problems += excess_on(owner)
    if is_older(owner):
        problems.append(f"{OLDER} Use an empty database, or the version that made this one.")
    return problems


def excess_on(owner: psycopg.Connection[Any]) -> list[str]:
    """What the application role may do in this database and should not, as sentences; empty before the first migration."""
    problems = []
    if owner.execute(LARGE_OBJECTS_SQL).fetchone() != (0,):
        problems.append("Everybody may make large objects, which row-level security does not bind.")
    if "recourse_app" not in {row[0] for row in owner.execute("SELECT rolname FROM pg_roles").fetchall()}:
        return problems
    for table, verb, words in EXCESS:
        if owner.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
            continue
        query = "SELECT has_table_privilege('recourse_app', %s, %s)"
        if owner.execute(query, [table, verb]).fetchone() == (True,):
            problems.append(f"The role recourse_app may {words}.")
    if owner.execute("SELECT to_regclass('tenancy_organization')").fetchone() != (None,):
        query = (
            "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = 'tenancy_organization'::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attname = ANY(%s) AND has_column_privilege('recourse_app', attrelid, attnum, 'UPDATE')"
        )
        row = owner.execute(query, [list(FIXED)]).fetchone()
        if row and row[0]:
            problems.append(f"The role recourse_app may change what organizations are called by: {row[0]}.")
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
