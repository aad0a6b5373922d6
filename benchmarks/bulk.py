"""What a declared bulk load takes off the tables and puts back: constraints, indexes, audit triggers, forced row security.

Definitions are read from the catalog, so that what is put back is what was there. COPY refuses tables under row-level
security, also for their owner while it is forced; policies stay where they are throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg

FOREIGN = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY (%(tables)s::regclass[]) ORDER BY conrelid, conname
"""
REFERRING = """
SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = ANY (%(tables)s::regclass[])
"""
UNIQUE = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype IN ('u', 'p') AND conrelid = ANY (%(tables)s::regclass[]) ORDER BY conrelid, conname
"""
INDEXES = """
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = ANY (%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('u', 'p', 'x'))
ORDER BY indrelid, indexrelid
"""
SEQUENCES = """
SELECT format('SELECT setval(%%L, greatest((SELECT max(id) FROM %%s), 1))', pg_get_serial_sequence(t::text, 'id'), t)
FROM unnest(%(tables)s::regclass[]) t WHERE pg_get_serial_sequence(t::text, 'id') IS NOT NULL
"""
AUDIT = "audit.event"


@dataclass(frozen=True)
class TakenOff:
    """The statements that put everything back, in three steps."""

    keys: list[str]
    indexes: list[str]
    foreign: list[str]


def take_off(owner: psycopg.Connection[Any], tables: Iterable[str]) -> TakenOff:
    """Make the tables bare. Triggers of the trail are off and row security is not forced until `put_back`."""
    named = {"tables": [*tables, AUDIT]}
    # The owner may do all of it: it is a member of the role that owns the trail.
    with owner.transaction():
        foreign = owner.execute(FOREIGN, named).fetchall()
        referring = [r[0] for r in owner.execute(REFERRING, named)]
        foreign = owner.execute(FOREIGN, {"tables": sorted({*named["tables"], *referring})}).fetchall()
        keys = owner.execute(UNIQUE, named).fetchall()
        indexes = owner.execute(INDEXES, named).fetchall()
        for drop, _again in [*foreign, *indexes, *keys]:
            owner.execute(drop)
        for table in tables:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    return TakenOff([k[1] for k in keys], [i[1] for i in indexes], [f[1] for f in foreign])


def put_back(
    connect: Callable[[], psycopg.Connection[Any]],
    taken: TakenOff,
    tables: Iterable[str],
    forced: frozenset[str],
    *,
    done: Callable[[], None],
) -> None:
    """Build everything again, two statements at a time; the database checks every row while it does."""

    def run(statements: list[str]) -> None:
        with connect() as connection:
            for statement in statements:
                connection.execute(statement)
                done()

    with ThreadPoolExecutor(2) as pool:
        for step in (taken.keys + taken.indexes, taken.foreign):
            # One table's statements stay together: adding a constraint locks it.
            groups: dict[str, list[str]] = {}
            for statement in step:
                words = statement.split()
                table = (
                    words[2] if words[0] == "ALTER" else words[words.index("ON") + 1].removeprefix("public.")
                )
                groups.setdefault(table.strip('"'), []).append(statement)
            for future in [
                pool.submit(run, group) for group in sorted(groups.values(), key=len, reverse=True)
            ]:
                future.result()
    with connect() as connection:
        for (statement,) in connection.execute(SEQUENCES, {"tables": list(tables)}).fetchall():
            connection.execute(statement)
        for table in tables:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            if table in forced:
                connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def forced_tables(owner: psycopg.Connection[Any], tables: Iterable[str]) -> frozenset[str]:
    """Those of the tables whose row security binds their owner too."""
    found = owner.execute(
        "SELECT oid::regclass::text FROM pg_class WHERE oid = ANY (%s::regclass[]) AND relforcerowsecurity",
        [list(tables)],
    ).fetchall()
    return frozenset(row[0].strip('"') for row in found)
