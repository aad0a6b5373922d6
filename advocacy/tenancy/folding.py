"""A list of migration operations that says the same in fewer steps.

After every step that changes a model Django renders the models anew, all that are related included: with eighty tables that
was nine tenths of the time of a first migration. What follows a new table goes into the step that makes it, and steps that
need not see each other's models follow each other in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation

OPTIONS: dict[type[Operation], tuple[str, str]] = {
    AddConstraint: ("constraints", "constraint"),
    AddIndex: ("indexes", "index"),
}
TABLES, ADDITIONS = (CreateModel,), (AddField, AddConstraint, AddIndex)
"""Kinds of steps that go together. A table is made with the columns that its model has by then: so no column is added in
the same step as a table is made."""


class Together(Operation):
    """New tables, or additions to tables, one after another: the models are rendered once, after the last of them."""

    def __init__(self, operations: list[Operation]) -> None:
        self.operations = operations

    def deconstruct(self) -> Any:
        return self.__class__.__name__, [self.operations], {}

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)

    def state_forwards(self, app_label: str, state: Any) -> None:
        rendered = state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if rendered is not None:
            state.__dict__["apps"] = rendered
            changed = {
                getattr(o, "model_name_lower", "") or getattr(o, "name_lower", "") for o in self.operations
            }
            state.reload_models(sorted((app_label, name) for name in changed), delay=False)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def references_model(self, name: str, app_label: str) -> bool:
        return any(operation.references_model(name, app_label) for operation in self.operations)


def folded(operations: Iterable[Operation]) -> list[Operation]:
    """The same tables, constraints and indexes, those of a table that the list makes inside its CreateModel.

    A constraint or an index stays a step of its own where its table is not made here, or was changed in between (a column
    that came later). What follows each other and goes together is one step.
    """
    kept: list[Operation] = []
    made: dict[str, CreateModel] = {}
    for operation in _apart(operations):
        name = str(getattr(operation, "model_name", "")).lower()
        if isinstance(operation, CreateModel):
            operation = CreateModel(
                operation.name,
                fields=operation.fields,
                options=dict(operation.options),
                bases=operation.bases,
                managers=operation.managers,
            )
            made[operation.name_lower] = operation
        elif type(operation) in OPTIONS and name in made:
            option, attribute = OPTIONS[type(operation)]
            options: dict[str, Any] = made[name].options
            options[option] = [*options.get(option, []), getattr(operation, attribute)]
            continue
        elif operation.__class__.__module__.startswith("django."):
            made.pop(name, None)
        kept.append(operation)
    return list(_joined(kept))


def _apart(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, Together):
            yield from operation.operations
        else:
            yield operation


def _joined(operations: list[Operation]) -> Iterator[Operation]:
    for kind, run in groupby(operations, key=_kind):
        found = list(run)
        if kind and len(found) > 1:
            yield Together(found)
        else:
            yield from found


def _kind(operation: Operation) -> int:
    """1: a table; 2: an addition; 0: what stands by itself."""
    return 1 if type(operation) in TABLES else 2 if type(operation) in ADDITIONS else 0
