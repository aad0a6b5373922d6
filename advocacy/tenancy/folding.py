"""A list of migration operations that says the same in fewer steps.

After every constraint and every index of its own step Django renders the models anew, all that are related included: with
eighty tables that was half of the time of a first migration. What follows a new table goes into the step that makes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.migrations.operations import AddConstraint, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation

OPTIONS: dict[type[Operation], tuple[str, str]] = {
    AddConstraint: ("constraints", "constraint"),
    AddIndex: ("indexes", "index"),
}


def folded(operations: Iterable[Operation]) -> list[Operation]:
    """The same tables, constraints and indexes, those of a table that the list makes inside its CreateModel.

    A constraint or an index stays a step of its own where its table is not made here, or was changed in between (a column
    that came later).
    """
    kept: list[Operation] = []
    made: dict[str, CreateModel] = {}
    for operation in operations:
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
    return kept
