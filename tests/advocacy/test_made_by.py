"""The fingerprint of a migration is what it does: its code and the SQL it reads, not how it is laid out."""

from __future__ import annotations

from pathlib import Path

import pytest

from advocacy.made_by import fingerprints

MIGRATION = '''"""First."""
SQL = (FOLDER / "search.sql").read_text()


class Migration:
    operations = [Make("Case", ["reference"])]
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("advocacy/people", "cases", "appeals"):
        (tmp_path / folder / "migrations").mkdir(parents=True)
        (tmp_path / folder / "migrations/__init__.py").touch()
    (tmp_path / "cases/migrations/0001_initial.py").write_text(MIGRATION)
    (tmp_path / "cases/search.sql").write_text("SELECT 1")
    return tmp_path


KEY = ("cases", "0001_initial")


def test_layout_and_comments_are_no_difference(tree: Path) -> None:
    before = fingerprints(tree)
    assert set(before) == {KEY}
    text = MIGRATION.replace(
        '[Make("Case", ["reference"])]', '[\n        Make("Case", ["reference"]),  # the matter\n    ]'
    )
    (tree / "cases/migrations/0001_initial.py").write_text(text)
    assert fingerprints(tree) == before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("cases/migrations/0001_initial.py", MIGRATION.replace('"reference"', '"reference", "stage"')),
        ("cases/search.sql", "SELECT 2"),
    ],
)
def test_another_table_and_another_function_are(tree: Path, file: str, text: str) -> None:
    before = fingerprints(tree)
    (tree / file).write_text(text)
    assert fingerprints(tree)[KEY] != before[KEY]


def test_a_new_migration_leaves_the_old_ones_as_they_are(tree: Path) -> None:
    before = fingerprints(tree)
    (tree / "cases/migrations/0002_more.py").write_text("class Migration: operations = []\n")
    after = fingerprints(tree)
    assert after[KEY] == before[KEY] and len(after) == 2


def test_the_program_has_one_for_every_migration_of_its_own() -> None:
    assert {app for app, _ in fingerprints()} == {
        "audit",
        "appeals",
        "background",
        "cases",
        "people",
        "reporting",
        "tenancy",
    }
