"""Rows of several tables in one statement, as model instances, so that a page of many parts costs one round trip.

Each queryset is compiled as the ORM compiles it (scoped manager, limits and order included) and becomes one JSON array of
one row; row-level security applies as everywhere. Columns that a queryset defers stay deferred. Not for `select_related`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection, models

from advocacy.tenancy.sealing import Sealed


@dataclass(frozen=True)
class Written:
    """A queryset of `model` that is text already (see `tenancy.kept`); empty text for one that is known to find nothing."""

    model: type[models.Model]
    text: str
    params: tuple[Any, ...] = ()


def written(queryset: models.QuerySet[Any]) -> Written:
    """The text the ORM makes of it."""
    try:
        text, params = queryset.query.sql_with_params()
    except EmptyResultSet:
        return Written(queryset.model, "")
    return Written(queryset.model, text, tuple(params))


def fetched(querysets: Mapping[str, models.QuerySet[Any] | Written]) -> dict[str, list[Any]]:
    """The rows of every queryset, under its key, in its order. One statement; none when all are known to be empty."""
    found: dict[str, list[Any]] = {key: [] for key in querysets}
    parts: list[str] = []
    keys: list[str] = []
    params: list[Any] = []
    told = {k: q if isinstance(q, Written) else written(q) for k, q in querysets.items()}
    for key, one in told.items():
        if not one.text:
            continue
        parts.append(f"(SELECT json_agg(t)::text FROM ({one.text}) t)")  # noqa: S608  SQL compiled by the ORM
        keys.append(key)
        params.extend(one.params)
    if not parts:
        return found
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), params)
        answer = cursor.fetchone()
    for key, text in zip(keys, answer, strict=True):
        rows = json.loads(text, parse_float=Decimal) if isinstance(text, str) else text
        found[key] = _instances(told[key].model, rows or ())
    return found


Reader = Callable[[Any], Any]


def _instances(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> list[models.Model]:
    """The rows of one queryset, which all have the same columns; what is no column of the model becomes an attribute."""
    if not rows:
        return []
    present = [known for known in _columns(model) if known[0] in rows[0]]
    names = [attname for _, attname, _ in present]
    readers = [(column, read) for column, _, read in present]
    more = rows[0].keys() - {column for column, _ in readers}
    using, found = connection.alias, []
    for row in rows:
        values = [
            raw if (raw := row[column]) is None or read is None else read(raw) for column, read in readers
        ]
        made = model.from_db(using, names, values)
        for name in more:
            setattr(made, name, row[name])
        found.append(made)
    return found


@cache
def _columns(model: type[models.Model]) -> tuple[tuple[str, str, Reader | None], ...]:
    """Column, attribute, and what makes of the text in JSON what the ORM would have read; None where it is that already."""
    return tuple((str(f.column), f.attname, _reader(f)) for f in model._meta.concrete_fields)


def _reader(field: models.Field[Any, Any]) -> Reader | None:
    """JSON knows neither moments nor bytes."""
    if isinstance(field, ArrayField):
        item = _reader(field.base_field)
        return None if item is None else lambda raw: [None if one is None else item(one) for one in raw]
    if isinstance(field, models.BinaryField):
        is_sealed = hasattr(field, "opened")
        return lambda raw: Sealed(bytes.fromhex(raw[2:])) if is_sealed else bytes.fromhex(raw[2:])
    if isinstance(field, models.ForeignKey):
        return _reader(field.target_field)
    if isinstance(field, models.DateTimeField):
        return lambda raw: datetime.fromisoformat(raw).astimezone(UTC)
    if isinstance(field, models.DateField):
        return date.fromisoformat
    if isinstance(field, models.TimeField):
        return time.fromisoformat
    if isinstance(field, models.DecimalField):
        return lambda raw: Decimal(str(raw))
    return uuid.UUID if isinstance(field, models.UUIDField) else None
