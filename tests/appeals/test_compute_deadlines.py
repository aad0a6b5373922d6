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


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"%PDF-1.7", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"vectors": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b"[]", "no list named 'vectors'"),
        (b'{"vectors": {}}', "no list named 'vectors'"),
    ],
    ids=["empty", "a PDF", "no text", "deep", "an endless number", "a list", "no list"],
)
def test_compute_deadlines_refuses_what_is_no_file_of_vectors(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "vectors.json"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=says) as refused:
        call_command("compute_deadlines", str(file), "--json")
    assert refused.value.returncode == 2


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("compute_deadlines", str(tmp_path))


def test_an_error_names_the_input_that_is_missing() -> None:
    row = {
        "id": 1,
        "regime": "medicare_advantage",
        "stage": "reconsideration_filing",
        "inputs": {"received_on": "2026-03-02"},
    }
    assert results_of([row]) == [
        {
            "id": 1,
            "error": "Neither a date of receipt nor a date on the notice is recorded. Input: `receipt` or `notice_date`.",
        }
    ]


def test_bad_rows_are_answered_beside_good_ones_in_sound_json(tmp_path: Path) -> None:
    """An id may hold any text; half a character, a number without end and a list are no reason to print nothing."""
    good = json.loads(FILE.read_text())["vectors"][0]
    file = tmp_path / "vectors.json"
    rows = [
        '{"id": "\\ud800", "regime": "none"}',
        '{"id": 1e400}',
        '{"id": [1]}',
        "null",
        json.dumps(good),
    ]
    file.write_text(f'{{"vectors": [{", ".join(rows)}]}}')
    out = StringIO()
    call_command("compute_deadlines", str(file), "--json", stdout=out)
    out.getvalue().encode("ascii")
    found = json.loads(out.getvalue(), parse_constant=pytest.fail)["results"]
    assert [r["id"] for r in found] == ["\ud800", None, None, None, good["id"]]
    assert [bool(r.get("error")) for r in found] == [True, True, True, True, False]
    assert found[-1] == results_of([good])[0]


def test_a_line_says_what_was_not_read_and_takes_any_id(tmp_path: Path) -> None:
    row = {"regime": "erisa_self_funded", "stage": "postservice_claim_decision"}
    inputs = {"received_date": "2026-05-20", "extension_notced": True}
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps({"vectors": [{**row, "id": "\ud800", "inputs": inputs}]}))
    out = StringIO()
    call_command("compute_deadlines", str(file), stdout=out)
    told = "29 CFR 2560.503-1(f)(2)(iii)(B)  not read: extension_notced"
    assert out.getvalue() == f"\\ud800: 2026-06-19  work to 2026-06-19  {told}\n"
