"""Constraints and indexes folded into the step that makes their table: the same tables come out of fewer steps."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import migrations, models
from django.db.migrations.state import ProjectState

from advocacy.tenancy.folding import folded

LISTED = [
    migrations.CreateModel(
        "Shelf", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]
    ),
    migrations.AddConstraint("shelf", models.UniqueConstraint(fields=["name"], name="shelf_name")),
    migrations.CreateModel(
        "Book",
        [("id", models.BigAutoField(primary_key=True)), ("title", models.TextField())],
        options={"indexes": [models.Index(fields=["id"], name="book_id")]},
    ),
    migrations.AddIndex("book", models.Index(fields=["title"], name="book_title")),
    migrations.AddConstraint("book", models.UniqueConstraint(fields=["title"], name="book_once")),
    migrations.AddField("book", "shelf", models.ForeignKey("library.shelf", models.PROTECT)),
    migrations.AddConstraint("book", models.UniqueConstraint(fields=["shelf"], name="book_shelf")),
    migrations.AddIndex("shelf", models.Index(fields=["name"], name="shelf_by_name")),
    migrations.AddIndex("elsewhere", models.Index(fields=["id"], name="elsewhere_id")),
]


def test_what_follows_a_new_table_goes_into_the_step_that_makes_it():
    assert [operation.describe() for operation in folded(LISTED)] == [
        "Create model Shelf; Create model Book",
        "Add field shelf to book; Create constraint book_shelf on model book; "
        "Create index elsewhere_id on field(s) id of model elsewhere",
    ]


def test_what_goes_together_renders_the_models_once_and_the_same():
    """A state whose models were rendered before, as a migration has it, against one that is rendered at the end."""
    once, anew = ProjectState(), ProjectState()
    assert list(once.apps.get_models()) == []
    for operation in folded(LISTED[:-1]):
        operation.state_forwards("library", once)
    for operation in LISTED[:-1]:
        operation.state_forwards("library", anew)
    for name in ("shelf", "book"):
        models_ = [state.apps.get_model("library", name) for state in (once, anew)]
        fields = [
            [(f.name, f.column, type(f).__name__) for f in m._meta.get_fields() if f.concrete]
            for m in models_
        ]
        assert fields[0] == fields[1]
    assert once.apps.get_model("library", "book")._meta.get_field(
        "shelf"
    ).related_model is once.apps.get_model("library", "shelf")


def test_the_same_tables_come_out():
    def states(operations):
        state = ProjectState()
        for operation in operations:
            operation.state_forwards("library", state)
        return {
            key: (list(model.fields), {name: set(map(repr, rows)) for name, rows in model.options.items()})
            for key, model in state.models.items()
        }

    listed = LISTED[:-1]
    assert states(folded(listed)) == states(listed)
    assert [list(o.options) for o in listed if isinstance(o, migrations.CreateModel)] == [[], ["indexes"]]


@pytest.mark.parametrize("app", ["advocacy.people", "cases", "appeals"])
def test_a_first_migration_has_nothing_left_to_fold(app):
    """One that was written anew ends with `operations = folded(operations)` again."""
    listed = import_module(f"{app}.migrations.0001_initial").Migration.operations
    assert [o.describe() for o in folded(listed)] == [o.describe() for o in listed]
