"""Makes the anchor's tables in a schema of their own and copies the product's cases into them."""

from __future__ import annotations

from pathlib import Path

from advocacy.embedded import Server
from benchmarks import cluster

SQL = Path(__file__).with_name("fill.sql")


def filled(server: Server, database: str) -> None:
    """The schema `conventional` of the database, filled; nothing happens when it is there."""
    with cluster.superuser(server, database) as connection:
        if connection.execute("SELECT to_regclass('conventional.authtoken_token')").fetchone() != (None,):
            return
        connection.execute("DROP SCHEMA IF EXISTS conventional CASCADE")
        connection.execute("CREATE SCHEMA conventional AUTHORIZATION recourse_owner")
        given = cluster.environment(server, database)
        given["DJANGO_SETTINGS_MODULE"] = "benchmarks.conventional.settings"
        cluster.run(["-m", "django", "migrate", "-v", "0"], given)
        cluster.run(["-m", "django", "migrate", "--run-syncdb", "-v", "0"], given)
        connection.execute(SQL.read_text())
        connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA conventional TO recourse_owner")
        connection.execute("ANALYZE")
