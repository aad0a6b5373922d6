"""Reads a file of determinations as California's Department of Managed Health Care publishes it.

The file is text (UTF-8, with or without its mark) with a heading row, parted by semicolons or commas; columns are found by
their names, so that more columns or another order change nothing. Pure: no database.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

COLUMNS: Final = {
    "reference": "Reference ID",
    "year": "Report Year",
    "diagnosis": "Diagnosis Category",
    "diagnosis_detail": "Diagnosis Sub Category",
    "treatment": "Treatment Category",
    "treatment_detail": "Treatment Sub Category",
    "determination": "Determination",
    "type": "Type",
    "age": "Age Range",
    "gender": "Patient Gender",
}
"""Our names and the headings of the published file."""

OUTCOMES: Final = {
    "overturned decision of health plan": True,
    "upheld decision of health plan": False,
}
LONGEST: Final = {"reference": 40, "type": 60, "age": 20, "gender": 20}
MOST = 120
EARLIEST, LATEST = 1990, 2100


class NotThisFile(ValueError):
    """The file is no such publication at all; the text says why."""


@dataclass(frozen=True)
class Determination:
    """One row. `age` is a band of years with a hyphen (published also as 11_20); blanks stay blank."""

    reference: str
    year: int
    diagnosis: str
    diagnosis_detail: str
    treatment: str
    treatment_detail: str
    type: str
    age: str
    gender: str
    is_overturned: bool


FIELDS: Final = tuple(field.name for field in fields(Determination))


@dataclass(frozen=True)
class BadRow:
    """A row that was left out: the line it begins on (the heading is line 1), and every reason."""

    line: int
    reference: str
    reasons: tuple[str, ...]


def rows_of(path: Path) -> Iterator[Determination | BadRow]:
    """Every row of the file, good or bad, in its order. Raises NotThisFile before the first row, or OSError."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        heading = file.readline()
        separator = max(";,\t", key=heading.count)
        names = [name.strip() for name in next(csv.reader([heading], delimiter=separator), [])]
        missing = [name for name in COLUMNS.values() if name not in names]
        if missing:
            raise NotThisFile(f"These columns are missing: {', '.join(missing)}.")
        places = {ours: names.index(theirs) for ours, theirs in COLUMNS.items()}
        reader = csv.reader(file, delimiter=separator)
        line = 2
        for cells in reader:
            if cells:
                yield _read(cells, places, len(names), line)
            line = reader.line_num + 2


def _read(cells: list[str], places: dict[str, int], width: int, line: int) -> Determination | BadRow:
    if len(cells) != width:
        first = cells[places["reference"]].strip() if places["reference"] < len(cells) else ""
        return BadRow(line, first[:40], (f"It has {len(cells)} columns and not {width}.",))
    told = {ours: " ".join(cells[place].split()) for ours, place in places.items()}
    told["age"] = re.sub(r"(?<=\d)_(?=\d)", "-", told["age"])
    reasons = list(_wrong(told))
    if reasons:
        return BadRow(line, told["reference"][:40], tuple(reasons))
    values: dict[str, Any] = {key: value for key, value in told.items() if key != "determination"}
    values["year"] = int(told["year"])
    return Determination(**values, is_overturned=OUTCOMES[told["determination"].lower()])


def _wrong(told: dict[str, str]) -> Iterator[str]:
    if not told["reference"]:
        yield "The Reference ID is blank."
    if not re.fullmatch(r"\d{4}", told["year"]) or not EARLIEST <= int(told["year"]) <= LATEST:
        yield f"The Report Year is no year: {told['year'][:20]!r}."
    if told["determination"].lower() not in OUTCOMES:
        yield f"The Determination is neither upheld nor overturned: {told['determination'][:60]!r}."
    if not told["type"]:
        yield "The Type is blank."
    for key, value in told.items():
        if "\ufffd" in value or "\x00" in value:
            yield f"{COLUMNS[key]} has a character that cannot be read."
        if key != "determination" and len(value) > LONGEST.get(key, MOST):
            yield f"{COLUMNS[key]} is longer than {LONGEST.get(key, MOST)} characters."
