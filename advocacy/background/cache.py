"""The cache all processes share, in a table of our own: counters of attempts, locks, the worker's heartbeat.

Django's own database cache reads and then writes: two requests that count at the same moment count once, `incr` forgets when
the count ends, and a full table throws away counters that still count. Here every write is one statement, a count is locked
while it grows, and only what has run out is thrown away. In a request the count is part of its one transaction: another one
that counts the same waits for it, and an answer of 500 counts nothing.
"""

from __future__ import annotations

import base64
import pickle
import random
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router, transaction

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
SWEEP_EVERY = 200
"""One write in so many also throws away what has run out."""

SET = """INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s)
ON CONFLICT (cache_key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires RETURNING 1"""
ADD = """INSERT INTO {table} AS kept (cache_key, value, expires) VALUES (%s, %s, %s)
ON CONFLICT (cache_key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires
WHERE kept.expires <= now() RETURNING 1"""
TOUCH = "UPDATE {table} SET expires = %s WHERE cache_key = %s AND expires > now() RETURNING 1"
LOCK = "SELECT value FROM {table} WHERE cache_key = %s AND expires > now() FOR UPDATE"
CHANGE = "UPDATE {table} SET value = %s WHERE cache_key = %s"
SWEEP = """DELETE FROM {table} WHERE cache_key IN
(SELECT cache_key FROM {table} WHERE expires <= now() FOR UPDATE SKIP LOCKED LIMIT 1000)"""


class SharedCache(DatabaseCache):
    """PostgreSQL only. Same table and same format of values as Django's DatabaseCache."""

    _table: str

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add `delta` to a number and return the sum; its end stays. Raises ValueError when there is no such key."""
        stored = self.make_and_validate_key(key, version=version)
        connection = connections[router.db_for_write(self.cache_model_class)]
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(LOCK.format(table=self._quoted(connection)), [stored])
            row = cursor.fetchone()
            if row is None:
                raise ValueError(f"Key '{key}' not found")
            total = pickle.loads(base64.b64decode(row[0])) + delta  # noqa: S301  written by this program only
            cursor.execute(CHANGE.format(table=self._quoted(connection)), [self._sealed(total), stored])
        return int(total)

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        seconds = self.get_backend_timeout(timeout)
        expires = NEVER if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = self._quoted(connection)
        with connection.cursor() as cursor:
            if mode == "touch":
                cursor.execute(TOUCH.format(table=table), [expires, key])
            else:
                statement = ADD if mode == "add" else SET
                cursor.execute(statement.format(table=table), [key, self._sealed(value), expires])
            done = cursor.fetchone() is not None
            if random.randrange(SWEEP_EVERY) == 0:  # noqa: S311  nothing secret about it
                cursor.execute(SWEEP.format(table=table))
        return done

    def _quoted(self, connection: Any) -> str:
        return str(connection.ops.quote_name(self._table))

    def _sealed(self, value: Any) -> str:
        return base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("latin1")
