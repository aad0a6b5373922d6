"""A transaction that joins the one that stands, without a savepoint of its own."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connection, transaction


def joined() -> AbstractContextManager[Any]:
    """One transaction; within another it is a part of that one. For what refuses before it writes anything, and for what is a
    part of a command: there is never a half of it to take back alone. A savepoint costs two statements.
    """
    return nullcontext() if connection.in_atomic_block else transaction.atomic()
