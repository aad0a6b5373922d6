"""What a declared bulk load takes off the tables and puts back: constraints, indexes, audit triggers, forced row security.

Definitions are read from the catalog, so that what is put back is what was there. COPY refuses tables under row-level
security, also for their owner while it is forced; policies stay where they are throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg

FOREIGN = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       conrelid::regclass::text,
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s NOT VALID', conrelid::regclass, conname, pg_get_constraintdef(oid)),
       format('ALTER TABLE %%s VALIDATE CONSTRAINT %%I', conrelid::regclass, conname)
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY (%(tables)s::regclass[]) ORDER BY conrelid, conname
"""
REFERRING = """
SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = ANY (%(tables)s::regclass[])
"""
UNIQUE = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname), conrelid::regclass::text,
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype IN ('u', 'p') AND conrelid = ANY (%(tables)s::regclass[]) ORDER BY conrelid, conname
"""
INDEXES = """
SELECT format('DROP INDEX %%s', indexrelid::regclass), indrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = ANY (%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('u', 'p', 'x'))
ORDER BY indrelid, indexrelid
"""
SEQUENCES = """
SELECT format('SELECT setval(%%L, greatest((SELECT max(id) FROM %%s), 1))', pg_get_serial_sequence(t::text, 'id'), t)
FROM unnest(%(tables)s::regclass[]) t WHERE pg_get_serial_sequence(t::text, 'id') IS NOT NULL
"""
SIZES = "SELECT t, pg_table_size(t::regclass) FROM unnest(%(tables)s::text[]) t"
OWN = """
SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND pg_has_role(relowner, 'USAGE')
"""
AUDIT = "audit.event"


@dataclass(frozen=True)
class Rebuilt:
    """A statement of a table."""

    table: str
    statement: str


@dataclass(frozen=True)
class TakenOff:
    """What was taken off these tables, and the statements that put it back, in three steps: keys and indexes, references as
    the catalog has them but not yet checked, and the check of every row of each.
    """

    indexes: list[Rebuilt]
    foreign: list[Rebuilt]
    checks: list[Rebuilt]

    @property
    def steps(self) -> int:
        return len(self.indexes) + len(self.checks)


def take_off(
    owner: psycopg.Connection[Any], tables: Iterable[str], *, besides: Iterable[str] = ()
) -> TakenOff:
    """Make the tables bare. Their triggers are off and row security is not forced until `guard`; of the tables `besides`, which
    others own, only keys and indexes are taken off.
    """
    mine = list(tables)
    named = {"tables": [*mine, *besides]}
    # The owner may do all of it: it is a member of the role that owns the trail.
    with owner.transaction():
        referring = [r[0] for r in owner.execute(REFERRING, named)]
        foreign = owner.execute(FOREIGN, {"tables": sorted({*named["tables"], *referring})}).fetchall()
        keys = owner.execute(UNIQUE, named).fetchall()
        indexes = owner.execute(INDEXES, named).fetchall()
        for row in [*foreign, *indexes, *keys]:
            owner.execute(row[0])
        for table in mine:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    return TakenOff(
        [Rebuilt(table, again) for _drop, table, again in [*keys, *indexes]],
        [Rebuilt(table, again) for _drop, table, again, _check in foreign],
        [Rebuilt(table, check) for _drop, table, _again, check in foreign],
    )


def put_back(
    connect: Callable[[], psycopg.Connection[Any]],
    taken: TakenOff,
    *,
    done: Callable[[], None],
) -> None:
    """Build everything again, two tables at a time; the database checks every row while it does. It has to see them all: no
    table that is referred to may be under forced row security yet.

    A reference locks the table it leads to while it is made, so two of them would wait for each other: they are made first, which
    reads nothing, and checked then, which locks nothing that another check needs.
    """
    _two_at_a_time(connect, taken.indexes, done)
    with connect() as connection, connection.transaction():
        for one in taken.foreign:
            connection.execute(one.statement)
    _two_at_a_time(connect, taken.checks, done)


def guard(owner: psycopg.Connection[Any], tables: Sequence[str], forced: frozenset[str]) -> None:
    """The tables as the program uses them: keys go on behind the last, triggers work, row security binds the owner too."""
    with owner.transaction():
        for (statement,) in owner.execute(SEQUENCES, {"tables": list(tables)}).fetchall():
            owner.execute(statement)
        for table in tables:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            if table in forced:
                owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def analyze(connect: Callable[[], psycopg.Connection[Any]]) -> None:
    """What ANALYZE does for every table that the owner may ask it of, two tables at a time."""
    with connect() as connection:
        names = [row[0] for row in connection.execute(OWN)]
    _two_at_a_time(connect, [Rebuilt(name, f"ANALYZE {name}") for name in names], lambda: None)


def _two_at_a_time(
    connect: Callable[[], psycopg.Connection[Any]], statements: Iterable[Rebuilt], done: Callable[[], None]
) -> None:
    """Run them, those of one table one after the other; tables with the most to do first, so that both ends end together."""
    groups: dict[str, list[str]] = {}
    for one in statements:
        groups.setdefault(one.table, []).append(one.statement)
    with connect() as connection:
        sizes = dict(connection.execute(SIZES, {"tables": list(groups)}).fetchall())
    waiting = iter(sorted(groups, key=lambda table: -sizes[table] * len(groups[table])))

    def run() -> None:
        with connect() as connection:
            for table in waiting:  # one list for both
                for statement in groups[table]:
                    connection.execute(statement)
                    done()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(run) for _ in range(2)]:
            future.result()


def forced_tables(owner: psycopg.Connection[Any], tables: Iterable[str]) -> frozenset[str]:
    """Those of the tables whose row security binds their owner too."""
    found = owner.execute(
        "SELECT oid::regclass::text FROM pg_class WHERE oid = ANY (%s::regclass[]) AND relforcerowsecurity",
        [list(tables)],
    ).fetchall()
    return frozenset(row[0].strip('"') for row in found)
