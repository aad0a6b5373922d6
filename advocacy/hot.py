"""Statements written by hand, for the few reads and writes that must be fast: prepared, in binary, JSON as it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg.pq import Format


def one_row(sql: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Run one statement on Django's own connection, in its transaction, and give its first row; None without one.

    Goes through Django's cursor, so that it is counted and refused outside a transaction like every other.
    """
    with connection.cursor() as cursor:
        cursor.cursor.format = Format.BINARY  # psycopg's cursor under Django's
        cursor.execute(sql, values)
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found
