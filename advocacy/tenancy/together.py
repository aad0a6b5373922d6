"""Rows of several tables in one statement, as model instances, so that a page of many parts costs one round trip.

Each queryset is compiled as the ORM compiles it (scoped manager, limits and order included) and becomes one JSON array of
one row; row-level security applies as everywhere. Columns that a queryset defers stay deferred. Not for `select_related`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection, models

from advocacy.tenancy.sealing import Sealed


def fetched(querysets: Mapping[str, models.QuerySet[Any]]) -> dict[str, list[Any]]:
    """The rows of every queryset, under its key, in its order. One statement; none when all are known to be empty."""
    found: dict[str, list[Any]] = {key: [] for key in querysets}
    parts: list[str] = []
    keys: list[str] = []
    params: list[Any] = []
    for key, queryset in querysets.items():
        try:
            sql, given = queryset.query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"(SELECT jsonb_agg(to_jsonb(t)) FROM ({sql}) t)")  # noqa: S608  SQL compiled by the ORM
        keys.append(key)
        params.extend(given)
    if not parts:
        return found
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), params)
        answer = cursor.fetchone()
    for key, text in zip(keys, answer, strict=True):
        rows = json.loads(text, parse_float=Decimal) if isinstance(text, str) else text
        found[key] = [_instance(querysets[key].model, row) for row in rows or ()]
    return found


def _instance(model: type[models.Model], row: Mapping[str, Any]) -> models.Model:
    fields: list[Any] = [f for f in model._meta.concrete_fields if f.column in row]
    made = model.from_db(
        connection.alias, [f.attname for f in fields], [_value(f, row[f.column]) for f in fields]
    )
    columns = {f.column for f in fields}
    for name in row.keys() - columns:
        setattr(made, name, row[name])
    return made


def _value(field: models.Field[Any, Any], raw: Any) -> Any:
    """What the ORM would have read: JSON knows neither moments nor bytes."""
    if raw is None:
        return None
    if isinstance(field, ArrayField):
        return [_value(field.base_field, item) for item in raw]
    if isinstance(field, models.BinaryField):
        data = bytes.fromhex(raw[2:])
        return Sealed(data) if hasattr(field, "opened") else data
    if isinstance(field, models.ForeignKey):
        return _value(field.target_field, raw)
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat(raw).astimezone(UTC)
    if isinstance(field, models.DateField):
        return date.fromisoformat(raw)
    if isinstance(field, models.TimeField):
        return time.fromisoformat(raw)
    if isinstance(field, models.DecimalField):
        return Decimal(str(raw))
    if isinstance(field, models.UUIDField):
        return uuid.UUID(raw)
    return raw
