"""The texts of queries that our compiler makes with less work are Django's own, for every table and every shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.backends.postgresql import compiler as postgresql
from django.db.models import Count, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Lower

from advocacy.tenancy.db import compiler as ours
from advocacy.tenancy.scope import compiled_for

MODELS = sorted(apps.get_models(), key=lambda m: m._meta.label)


def shapes(model: Any) -> Iterator[tuple[str, models.QuerySet[Any]]]:
    rows = model._default_manager.all()
    columns = [f.name for f in model._meta.concrete_fields if f.name != "id"]
    first, keys = columns[0], [f for f in model._meta.concrete_fields if f.is_relation and not f.primary_key]
    yield "all", rows
    yield "by key", rows.filter(pk=7)
    yield "ordered", rows.order_by("-pk", first, "pk")[:3]
    yield "reversed", rows.order_by(first).reverse()
    yield "ordered by an expression", rows.order_by(F(first).desc(nulls_last=True), Lower(first))
    yield "ordered by a value's own name", rows.annotate(named=Value(1)).order_by("named", first)
    yield "deferred", rows.defer(first).order_by(first)
    yield "some columns", rows.only(first).order_by("pk")
    yield "values", rows.values(first).order_by(first)
    yield "one column's values, distinct", rows.order_by(first).values_list(first, flat=True).distinct()
    yield "counted", rows.values(first).annotate(many=Count("pk")).order_by("many")
    yield "locked", rows.select_for_update(of=("self",)).filter(pk=7).order_by("pk")
    yield "extra", rows.extra(select={"pk_too": "1"}, order_by=["pk_too"])
    yield "both", rows.filter(pk=1).order_by().union(rows.filter(pk=2).order_by()).order_by(first)
    yield "within itself", rows.filter(pk__in=rows.filter(pk=3).order_by("pk").values("pk")[:2])
    yield "beside itself", rows.filter(Exists(rows.filter(pk=OuterRef("pk")))).order_by("pk")
    yield "none", rows.none()
    for field in keys[:2]:
        yield f"joined to {field.name}", rows.select_related(field.name).order_by(f"{field.name}__pk", "pk")
        yield (
            f"joined and under {field.name}",
            rows.select_related(field.name)
            .filter(**{f"{field.name}__pk__gt": 3})
            .select_for_update(of=("self",)),
        )
        yield (
            f"joined to many, {field.name} or none",
            rows.filter(
                Q(**{f"{field.name}__pk__gt": 3}) | Q(**{f"{field.name}__isnull": True})
            ).select_related(*[k.name for k in keys[:3]]),
        )
        yield (
            f"under {field.name}",
            rows.filter(Q(**{f"{field.name}__pk__gt": 3}) | Q(pk=1)).order_by(field.name),
        )


def told(rows: models.QuerySet[Any]) -> tuple[Any, ...]:
    compiler = rows.query.chain().get_compiler(connection=connection)
    try:
        text, params = compiler.as_sql()
    except EmptyResultSet:
        return ("nothing",)
    found = (text, tuple(params), compiler.annotation_col_map)
    if compiler.select is None:
        return found
    columns = [column for column, _, _ in compiler.select]
    converters = {
        n: [c.__qualname__ for c in made] for n, (made, _) in compiler.get_converters(columns).items()
    }
    return (*found, parts_of(compiler.klass_info or {}), converters)


def parts_of(klass: dict[str, Any]) -> Any:
    """Which columns are whose."""
    field = klass.get("field")
    return (
        klass.get("model"),
        klass.get("select_fields"),
        getattr(field, "name", None),
        klass.get("from_parent"),
        [parts_of(one) for one in klass.get("related_klass_infos", [])],
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)
def test_a_text_is_djangos_own(model, db, monkeypatch):
    with compiled_for(5):
        mine = [(name, told(rows), told(rows)) for name, rows in shapes(model)]
        assert connection.ops.compiler("SQLCompiler") is ours.SQLCompiler
        monkeypatch.setattr(connection.ops, "_cache", postgresql)
        assert connection.ops.compiler("SQLCompiler") is postgresql.SQLCompiler
        for (name, once, again), (_, rows) in zip(mine, shapes(model), strict=True):
            assert once == again == told(rows), name
