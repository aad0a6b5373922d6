"""Tables of services: the column of codes under its head, and what each line says was decided."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from appeals.intake.layout import Cell, Page
from appeals.intake.service_polarity import AGAINST, FOR_US, NONE_NEEDED, OPEN

_CODE: Final = r"(?:\d{5}|[A-V]\d{4}|\d{4}[FTU])"
_CODE_HEAD: Final = re.compile(
    r"(?:CPT|HCPCS|CPT/HCPCS|CPT \(HCPCS\)|procedure|proc\.?|service|billing|drug|treatment)?\s?(?:code|codes|"
    r"CPT|HCPCS)s?(?:\s?\(?modifier\)?)?|"
    r"CPT\s?/\s?HCPCS(?:\scode)?s?|c[o\u00f3]digo",
    re.IGNORECASE,
)
_LOOSE_HEAD: Final = re.compile(
    r"(?:procedure|proc\.?|service|services?(?: requested)?|item|drug/procedure|what was asked for|requested|"
    r"servicio)(?:\(s\)|s)?",
    re.IGNORECASE,
)
_OTHER_HEAD: Final = re.compile(
    r"\b(?:units?|qty|quantity|charged?|billed|allowed|amount|description|decision|status|outcome|determination|from|through|"
    r"date|dates|paid|result|requested|what we decided|approved|visits?|days|decisi[o\u00f3]n|estado)\b",
    re.IGNORECASE,
)
_LINE: Final = re.compile(rf"(?:\d{{1,2}}[.)]?\s+)?(?:[\d/-]{{8,10}}\s+)?{_CODE}\b")
_MOST_LINES: Final = 40


@dataclass(frozen=True)
class Line:
    """A line of a table with the cell that holds its code, and whether it was refused."""

    cell: Cell
    standing: str


@dataclass(frozen=True)
class Table:
    lines: tuple[Line, ...]
    rows: frozenset[int]
    code_column: int


def tables(page: Page) -> Iterator[Table]:
    """Every table of the page that has a column of codes; its head row is not among its rows."""
    done = -1
    for number, row in enumerate(page.rows):
        if number <= done or not row:
            continue
        head = _code_head(row)
        if head is None:
            continue
        lines: list[Line] = []
        rows: set[int] = set()
        gap = 0
        for below in page.rows[number + 1 : number + 1 + _MOST_LINES]:
            gap = 0 if below else gap + 1
            if gap > 1 or (len(below) == 1 and not _LINE.match(below[0].text) and not _wraps(below[0], head)):
                break
            cell = _code_cell(below, head)
            if cell is None:
                continue
            lines.append(Line(cell, _standing(row, below)))
            rows.add(below[0].row)
            done = below[0].row
        if lines:
            yield Table(tuple(lines), frozenset(rows), head.column)


def _wraps(cell: Cell, head: Cell) -> bool:
    """Whether a lone cell goes on with the line above: it stands to the right of the codes, or under the line."""
    return cell.column > head.column + 2


def _code_head(row: Sequence[Cell]) -> Cell | None:
    if len(row) < 2:
        joined = re.search(r"\bCode\b(?= {1,8}(?:Units|Qty|Charged|Description|Amount))", row[0].text)
        return row[0] if joined else None
    exact = [cell for cell in row if _CODE_HEAD.fullmatch(cell.text)]
    if exact:
        return exact[0]
    loose = [cell for cell in row if _LOOSE_HEAD.fullmatch(cell.text)]
    others = [
        cell
        for cell in row
        if cell not in loose and _OTHER_HEAD.search(cell.text) and not re.search(r"\d", cell.text)
    ]
    return loose[0] if loose and others and not any(":" in cell.text for cell in row) else None


def _code_cell(row: Sequence[Cell], head: Cell) -> Cell | None:
    """The cell of a row whose code stands under the head, or that begins with a code after a line number or a date."""
    near = sorted(row, key=lambda cell: abs(cell.column - head.column))
    for cell in near[:1]:
        if re.match(rf"{_CODE}\b", cell.text) and abs(cell.column - head.column) <= 12:
            return cell
    for cell in row:
        if _LINE.match(cell.text) and not re.match(r"[\d,]*\.\d\d", cell.text):
            return cell
    return None


_MONEY: Final = re.compile(r"\$?[\d,]*\d\.\d\d")
_APPROVED: Final = re.compile(
    r"(?:(?:fully )?approved?|paid|covered|certified|authorized|allowed|aprobado|yes)\b", re.IGNORECASE
)
_DENIED: Final = re.compile(
    r"\b(?:denied|deny|not (?:approved|covered|certified|authorized|paid)|refused|non-?covered|rechazado|negado|denegado)\b",
    re.IGNORECASE,
)


def _standing(head: Sequence[Cell], row: Sequence[Cell]) -> str:
    """What a line says was decided: a cell that reads `Approved`, or a paid amount under `Plan paid`."""
    words = " ".join(cell.text for cell in row)
    if _DENIED.search(words):
        return AGAINST
    if re.search(NONE_NEEDED, words, re.IGNORECASE):
        return FOR_US
    counted = _counted(head, row)
    if counted:
        return counted
    for cell in row[1:]:
        match = _APPROVED.match(cell.text)
        if match:
            counts = re.findall(r"\b\d{1,4}\b", cell.text[match.end() :])
            asked = re.findall(r"\b\d{1,4}\b", " ".join(other.text for other in row if other is not cell))
            return OPEN if counts and counts[0] not in asked else FOR_US
    if len(head) == len(row):
        paid = [
            cell
            for top, cell in zip(head, row, strict=True)
            if re.fullmatch(r"(?:plan |we |amount )?(?:paid|pays)", top.text, re.IGNORECASE)
        ]
        refused = [
            cell
            for top, cell in zip(head, row, strict=True)
            if re.match(r"(?:not (?:covered|allowed|paid)|denied)", top.text, re.IGNORECASE)
        ]
        if (
            paid
            and _amount(paid[0]) > 0
            and not re.search(r"\b(?:CO|PR|OA|PI)-\d", words)
            and not (refused and _amount(refused[0]) > 0)
        ):
            return FOR_US
    return OPEN


_COUNT: Final = re.compile(r"(?:\d{1,5}(?![\d.,/-])|none\b|-+$)", re.IGNORECASE)
_ASKED_HEAD: Final = re.compile(
    r"(?:units? |visits? |qty |number )?(?:asked(?: for)?|requested)(?: units| visits| qty)?", re.IGNORECASE
)
_GRANTED_HEAD: Final = re.compile(
    r"(?:units? |visits? |qty |number )?(?:approved|granted|allowed|yes|certified|authorized)(?: units| visits| qty)?",
    re.IGNORECASE,
)


def _below(head: Sequence[Cell], row: Sequence[Cell], top: Cell) -> list[Cell]:
    """The cells of a row under a head: the one of the same number where both have as many, or those near its column."""
    if len(head) == len(row):
        return [cell for other, cell in zip(head, row, strict=True) if other is top]
    return [cell for cell in row if abs(cell.column - top.column) <= _NEAR]


_NEAR: Final = 6


def _under(head: Sequence[Cell], row: Sequence[Cell], named: re.Pattern[str]) -> str:
    """The count that stands in a row under the head of a name; empty where none does."""
    tops = [cell for cell in head if named.fullmatch(cell.text)]
    counts = [
        cell.text for top in tops for cell in _below(head, row, top) if re.fullmatch(r"\d{1,5}", cell.text)
    ]
    return counts[0] if len(tops) == 1 and len(counts) == 1 else ""


def _counted(head: Sequence[Cell], row: Sequence[Cell]) -> str:
    """What a count under `Denied` says: none is a grant, more is a refusal; nothing where no such count stands."""
    asked, granted = _under(head, row, _ASKED_HEAD), _under(head, row, _GRANTED_HEAD)
    if asked and granted:
        return FOR_US if asked == granted and int(asked) else AGAINST
    for top in head:
        if re.fullmatch(
            r"(?:units? |visits? |qty )?(?:denied|not (?:approved|certified|covered|authorized|granted|allowed)|non-?certified|"
            r"refused|declined|rejected|disallowed|cut|no)",
            top.text,
            re.IGNORECASE,
        ):
            under = [cell for cell in _below(head, row, top) if _COUNT.match(cell.text)]
            if under:
                return (
                    FOR_US
                    if re.match(r"(?:0+\b(?![.,]\d)|none|-+$)", under[0].text, re.IGNORECASE)
                    else AGAINST
                )
    return OPEN


def _amount(cell: Cell) -> float:
    match = _MONEY.match(cell.text)
    return float(match[0].replace("$", "").replace(",", "")) if match else 0.0
