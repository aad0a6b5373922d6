"""The command: the same results as the pure function, and exit code 2 for a file it cannot read."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from appeals.clock.vectors import read_vectors, results_of

FILE = Path(__file__).parent / "vectors" / "deadlines.json"


def test_compute_deadlines_prints_json() -> None:
    out = StringIO()
    call_command("compute_deadlines", str(FILE), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"results": results_of(read_vectors(FILE))}


def test_compute_deadlines_prints_a_line_a_vector() -> None:
    out = StringIO()
    call_command("compute_deadlines", str(FILE), stdout=out)
    assert out.getvalue().splitlines()[0].startswith("known-001: 2026-09-11")


def test_compute_deadlines_refuses_a_file_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="cannot be read") as refused:
        call_command("compute_deadlines", "absent.json", "--json")
    assert refused.value.returncode == 2
