"""Django's own texts of queries, made with less work: most of what a page or a command does is a few rows of wide tables.

Half of the time of a command went into making the text of statements: each column named anew each time, and where rows come
in an order, every selected column hashed to find out whether the order is by one of them under another name. What is kept here
depends on models only, never on a request, an organization or a value; every other shape goes the way Django goes. A test
compares the texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.postgresql import compiler as postgresql
from django.db.models.expressions import Col, OrderBy
from django.db.models.sql.datastructures import Join

SQLAggregateCompiler = postgresql.SQLAggregateCompiler
SQLDeleteCompiler = postgresql.SQLDeleteCompiler
SQLInsertCompiler = postgresql.SQLInsertCompiler
SQLUpdateCompiler = postgresql.SQLUpdateCompiler


@dataclass(frozen=True)
class Selected:
    """What Django selects of a model of which all columns are wanted, with those of rows it is joined to and nothing else; and
    the joins of the query after it.
    """

    columns: list[Any]
    klass: Any
    joins: dict[str, Any]
    counts: dict[str, int]
    tables: dict[str, tuple[str, ...]]
    read: dict[int, Any] = field(default_factory=dict)
    """What reads the values of the columns, by their place; empty until rows are read."""


_named: dict[tuple[str, str], str] = {}
"""The text of a column by the text of its table and its name. As many as there are columns and aliases."""
_joined: dict[tuple[Any, ...], str] = {}
"""The text of a join by its tables, their names in the query, and its columns."""
_selected: dict[Any, Selected] = {}
"""By model, what is selected with it, and the tables that the query had joined before."""
_converters: dict[int, tuple[Col, list[Any]]] = {}
"""What makes Python of a column's values, by the identity of a column that its field keeps for good."""


class SQLCompiler(postgresql.SQLCompiler):
    kept: Selected | None = None

    def compile(self, node: Any) -> tuple[str, Any]:
        if type(node) is Join:
            return self._join(node)
        if type(node) is not Col or node.alias is None or self.query.extra:
            return super().compile(node)
        table, column = self.quote_name_unless_alias(node.alias), str(node.target.column)
        text = _named.get((table, column))
        if text is None:
            text = f"{table}.{self.quote_name_unless_alias(column)}"
            if column not in self.query.alias_map:
                _named[table, column] = text
        return text, []

    def _join(self, node: Any) -> tuple[str, Any]:
        named = self.quote_name_unless_alias
        key = (
            *(node.table_alias, node.join_type, node.join_cols),
            *(named(node.table_name), named(node.parent_alias), named(node.table_alias)),
        )
        text = None if node.filtered_relation else _joined.get(key)
        if text is not None:
            return text, []
        made, params = super().compile(node)
        if not params and not node.filtered_relation:
            _joined[key] = made
        return made, params

    def get_select(self, with_col_aliases: bool = False) -> tuple[Any, Any, Any]:
        query: Any = self.query
        self.kept = None
        if (
            with_col_aliases
            or not query.default_cols
            or query.selected is not None
            or query.select_related is True
            or query.annotation_select
            or query.extra_select
            or query.model is None
            or query.deferred_loading != (frozenset(), True)
            or query.model._meta.parents
            or query.get_initial_alias() != query.model._meta.db_table
        ):
            return super().get_select(with_col_aliases)
        joined = tuple(
            (alias, join.identity, join.join_type, query.alias_refcount[alias])
            for alias, join in query.alias_map.items()
        )
        if any(getattr(join, "filtered_relation", None) for join in query.alias_map.values()):
            return super().get_select(with_col_aliases)
        key = (query.model, repr(query.select_related), joined)
        known = _selected.get(key)
        if known is None:
            select, klass, _ = super().get_select(with_col_aliases)
            tables = {name: tuple(aliases) for name, aliases in query.table_map.items()}
            known = _selected[key] = Selected(
                select, klass, dict(query.alias_map), dict(query.alias_refcount), tables
            )
        elif query.select_related:
            query.alias_map, query.alias_refcount = dict(known.joins), dict(known.counts)
            query.table_map = {name: list(aliases) for name, aliases in known.tables.items()}
        self.kept = known
        return list(known.columns), known.klass, {}

    def get_order_by(self) -> list[Any]:
        query = self.query
        meta = query.get_meta()
        if not (
            query.order_by or query.extra_order_by or (query.default_ordering and meta and meta.ordering)
        ):
            return []
        if not self._is_plainly_ordered():
            return super().get_order_by()
        found: dict[str, Any] = {}
        for expression, is_ref in self._order_by_pairs():
            plain = type(expression) is OrderBy and type(expression.expression) is Col
            resolved = expression if plain else expression.resolve_expression(self.query, allow_joins=True)
            text, params = self.compile(resolved)
            if params:
                return super().get_order_by()
            parts: Any = self.ordering_parts.search(text)
            found.setdefault(parts[1], (resolved, (text, params, is_ref)))
        return list(found.values())

    def _is_plainly_ordered(self) -> bool:
        """By names of fields, with nothing selected under a name of its own: no order can mean a selected expression."""
        query = self.query
        return not (
            query.combinator
            or query.extra
            or query.extra_order_by
            or any(type(name) is not str for name in query.order_by)
            or any(alias for _, _, alias in self.select or ())
        )

    def _order_by_pairs(self) -> Any:
        django: Callable[[], Any] = super()._order_by_pairs
        if not self.query.order_by or not self._is_plainly_ordered():
            return django()
        selected, self.select = self.select, None
        try:
            return list(django())
        finally:
            self.select = selected

    def get_converters(self, expressions: Any) -> dict[int, Any]:
        listed = list(expressions)
        kept = self.kept
        if kept is not None and len(listed) == len(kept.columns):
            if not kept.read:
                kept.read.update(self._converters_of(listed))
            return dict(kept.read)
        return self._converters_of(listed)

    def _converters_of(self, listed: list[Any]) -> dict[int, Any]:
        if any(type(one) is not Col for one in listed):
            return super().get_converters(listed)
        found = {}
        for position, column in enumerate(listed):
            known = _converters.get(id(column))
            if known is None:
                made = self.connection.ops.get_db_converters(column) + column.get_db_converters(
                    self.connection
                )
                known = (column, made)
                if column.target.__dict__.get("cached_col") is column:
                    _converters[id(column)] = known
            if known[1]:
                found[position] = (known[1], column)
        return found
