"""What the server is told so that it plans a statement well.

A statement that is sent often is prepared, and from its sixth call on the server plans it once, for any values. That saves the
planning of short lookups. Such a plan does not know how many rows an organization, a payer or a date leaves, and cannot use a
partial index (open cases, running clocks) unless the index's own condition is in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, BooleanField, F, Func, Q, TextChoices, Value


class Fixed(Value):
    """A code written into the text of a statement. Never what somebody typed: only a member of a TextChoices is taken."""

    def __init__(self, code: TextChoices) -> None:
        if not isinstance(code, TextChoices) or not code.value.replace("_", "").isalnum():
            raise TypeError(f"{code!r} is no code.")
        super().__init__(code.value)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[()]]:
        return f"'{self.value}'", ()


def any_of(column: str, keys: Iterable[int]) -> Q:
    """The column is one of these keys, whatever their number: one value and one text, where `__in` has one for each key, and
    the server a statement to prepare for each length.
    """
    listed = Value(list(keys), output_field=ArrayField(BigIntegerField()))
    how = {"template": "(%(expressions)s))", "arg_joiner": " = ANY ("}
    return Q(Func(F(column), listed, output_field=BooleanField(), **how))


@contextmanager
def planned_with_values() -> Iterator[None]:
    """Statements sent in here are planned for their own values, each time. For long lists, where planning is the small part."""
    connection.ensure_connection()
    raw: Any = connection.connection
    before, raw.prepare_threshold = raw.prepare_threshold, None
    try:
        yield
    finally:
        raw.prepare_threshold = before
