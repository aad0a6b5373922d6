"""Which version of the program made this data: a fingerprint of every migration, kept in the database as it was applied.

Before 1.0 a first migration may be rewritten. Data made by an older one has its name in the list of migrations and other
tables than the program expects: it must be told apart before a page crashes. Adding migrations is no difference. Standard
library only; the connection is given (Django's or psycopg's, the owner's for writing).
"""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path
from typing import Any

from advocacy.local_state import CHECKOUT

TABLE = "migration_fingerprint"
APPS = ("advocacy/*/migrations", "cases/migrations", "appeals/migrations")
OLDER = (
    "This data was made by an earlier version of Recourse, whose first migrations have been rewritten since."
)
MAKE = f"""CREATE TABLE IF NOT EXISTS public.{TABLE} (
  app text NOT NULL, name text NOT NULL, fingerprint text NOT NULL, PRIMARY KEY (app, name));
REVOKE ALL ON public.{TABLE} FROM recourse_app, recourse_search;
GRANT SELECT ON public.{TABLE} TO recourse_app"""


def fingerprints(root: Path = CHECKOUT) -> dict[tuple[str, str], str]:
    """(app label, migration) -> fingerprint of what it says: its code without comments and layout, and the SQL it reads."""
    found = {}
    for pattern in APPS:
        for file in sorted(root.glob(f"{pattern}/[0-9]*.py")):
            found[(file.parent.parent.name, file.stem)] = _fingerprint(file)
    return found


def _fingerprint(file: Path) -> str:
    text = file.read_text()
    digest = hashlib.sha256(ast.dump(ast.parse(text)).encode())
    for name in sorted(set(re.findall(r"\w+\.sql\b", text))):
        beside = file.parent.parent / name
        if beside.exists():
            digest.update(beside.read_bytes())
    return digest.hexdigest()


def remember(connection: Any, root: Path = CHECKOUT) -> None:
    """Keep the fingerprints of the applied migrations of ours that have none yet. As the owner, after migrating."""
    now = fingerprints(root)
    with connection.cursor() as cursor:
        cursor.execute(MAKE)
        for app, name in _applied(cursor):
            if (app, name) in now:
                cursor.execute(
                    f"INSERT INTO public.{TABLE} VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",  # noqa: S608  a constant
                    [app, name, now[(app, name)]],
                )


def is_older(connection: Any, root: Path = CHECKOUT) -> bool:
    """Whether a migration of ours was applied here in other words than it has now, or before anybody kept its words."""
    now = fingerprints(root)
    ours = {app for app, _ in now}
    with connection.cursor() as cursor:
        applied = [(app, name) for app, name in _applied(cursor) if app in ours]
        if not applied:
            return False
        if not _is_there(cursor, TABLE):
            return True
        cursor.execute(f"SELECT app, name, fingerprint FROM public.{TABLE}")  # noqa: S608  a constant
        kept = {(app, name): fingerprint for app, name, fingerprint in cursor.fetchall()}
    return any(kept.get(key) is None or kept[key] != now.get(key) for key in applied)


def _applied(cursor: Any) -> list[tuple[str, str]]:
    if not _is_there(cursor, "django_migrations"):
        return []
    cursor.execute("SELECT app, name FROM public.django_migrations ORDER BY id")
    return list(cursor.fetchall())


def _is_there(cursor: Any, table: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{table}"])
    return bool(cursor.fetchone() == (True,))
