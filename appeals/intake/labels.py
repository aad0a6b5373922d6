"""Values that a letter prints beside a label.

A label without a value of the right shape right beside it, or right under it, gives nothing. Two values of equal
standing that differ give nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from appeals.intake.layout import Cell, Page, Sentence
from appeals.intake.proposal import HIGH, Proposal

_OLD: Final = re.compile(
    r"(?:\b(?:old|former|formerly|previous|previously|prior|expired|example|sample|original|"
    r"earlier|spouse'?s?|wrong|"
    r"incorrect|another|other|replaces|supersedes|not|fax|new)|\byour (?:own|sister|brother|spouse|husband|wife|son|"
    r"daughter|child|mother|father|parent|partner)(?:'s)?\s?\(?|\bif your)\s*$",
    re.IGNORECASE,
)
_NOT_AFTER: Final = re.compile(
    r"\s*\(?\s*(?:is\s+)?\(?(?:old|sample|example|expired|former|void|not used)\b", re.IGNORECASE
)
_JOIN: Final = re.compile(
    r"(?:\s*\([^()\n]{1,24}\))?(?:\s(?:for|of|on) (?:this|your|the) (?:request|case|decision|"
    r"notice|letter|plan|file|account))?\s*(?:[:#=]|\bis\b|\bwas\b|-(?=\s))*\s*",
    re.IGNORECASE,
)
ANY_LABEL: Final = re.compile(
    r"(?:date|dated|mailed|issued|dob|birth|member|subscriber|cardholder|enrollee|insured|"
    r"beneficiary|patient|name|group|"
    r"policy|plan|case|claim|claims|request|reference|ref|notice|tracking|control|authorization|"
    r"auth|npi|provider|"
    r"prescriber|physician|doctor|facility|service|services|code|codes|procedure|diagnosis|dx|id|"
    r"identification|payer|review|enrollee's|member's|patient's|"
    r"insurer|carrier|employer|phone|fax|tel|page|product|network|status|outcome|decision|"
    r"determination|received|relationship|"
    r"medicaid|medicare|type|form|letter|number|from|to|re|subject|account|address|determined|"
    r"units|drug|rx|rxbin|rxgrp|rxgroup|rxpcn|grp|bin|pcn|ndc)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Label:
    """A label of one fact; of two values the one with the lower `rank` is kept."""

    pattern: re.Pattern[str]
    rank: int
    opens: bool


def label(pattern: str, rank: int = 0, *, opens: bool = False) -> Label:
    """A label by its regular expression; `opens` asks that it be the first word of its cell."""
    return Label(re.compile(rf"(?<![\w-])(?:{pattern})(?![\w])", re.IGNORECASE), rank, opens)


HOLDER: Final = (
    r"(?:plan\s)?(?:member(?:ship)?|subscriber|cardholder|card\s?holder|enrollee|insured(?:'s)?|"
    r"beneficiary|participant|recipient|client|policy\s?holder|certificate|cert\.?)(?:'s)?"
)

Value = tuple[int, int, str]
"""Where a value begins and ends in the text it was looked for in, and the value itself."""


@dataclass(frozen=True)
class Found:
    rank: int
    value: str
    page: Page
    start: int
    end: int


def every_value(
    pages: Sequence[Page],
    labels: Sequence[Label],
    read: Callable[[str], Value | None],
    *,
    barred: re.Pattern[str] | None = None,
) -> list[Found]:
    """Every value that stands beside one of the labels, or is told in a sentence (`your member ID is ...`)."""
    found: list[Found] = []
    named = _any_of(tuple(one.pattern.pattern for one in labels))
    for page in pages:
        cells = [cell for row in page.rows for cell in row if named.search(cell.text)]
        sentences = [sentence for sentence in page.sentences if named.search(sentence.text)]
        for one in labels:
            for cell in cells:
                found.extend(beside(page, cell, one, read, barred=barred))
            for sentence in sentences:
                found.extend(_told(page, sentence, one, read, barred=barred))
    return found


@lru_cache(maxsize=64)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all labels of a fact: most cells and sentences hold none of them."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def _told(
    page: Page,
    sentence: Sentence,
    one: Label,
    read: Callable[[str], Value | None],
    *,
    barred: re.Pattern[str] | None,
) -> Iterator[Found]:
    """A value that a sentence gives with `is` and that a line's end parts from its label."""
    for match in one.pattern.finditer(sentence.text):
        before = sentence.text[: match.start()]
        join = _JOIN.match(sentence.text, match.end())
        if (
            join is None
            or (not re.search(r"\bis\b", join[0]) and (join[0] != " " or one.opens or not before.strip()))
            or _OLD.search(before)
            or (barred and barred.search(before))
        ):
            continue
        value = read(sentence.text[join.end() :])
        if value and not _NOT_AFTER.match(sentence.text[join.end() + value[1] :]):
            words = sentence.proposal("", value[2], (match.start(), join.end() + value[1]), HIGH)
            if "\n" in words.words:
                yield Found(one.rank, value[2], page, words.start, words.end)


def beside(
    page: Page, cell: Cell, one: Label, read: Callable[[str], Value | None], *, barred: re.Pattern[str] | None
) -> Iterator[Found]:
    """The value of a label in a cell: in the rest of the cell, in the next one, or in the one below."""
    for match in one.pattern.finditer(cell.text):
        before = cell.text[: match.start()]
        if _OLD.search(before) or (barred and barred.search(before)):
            continue
        if one.opens and before.strip(" *-") and not re.search(r"\b[Rr][Ee]:?\s*$|[/:]\s*$", before):
            continue
        begin = cell.start + match.start()
        join = _JOIN.match(cell.text, match.end())
        position = join.end() if join else match.end()
        rest = cell.text[position:]
        if rest:
            if one.opens and not re.search(r":|\s-\s", cell.text[match.end() : position]):
                continue
            value = read(rest)
            if value and not _NOT_AFTER.match(rest[value[1] :]):
                yield Found(one.rank, value[2], page, begin, cell.start + position + value[1])
            continue
        neighbor = _neighbor(page, cell, whole=not before.strip(" *-"))
        if neighbor is None:
            continue
        colon = _COLON.match(neighbor.text)  # `Case      : X-2026-11`
        text = neighbor.text[colon.end() :] if colon else neighbor.text
        value = read(text)
        if value and not _NOT_AFTER.match(text[value[1] :]):
            at = neighbor.end - len(text)
            start = begin if neighbor.row == cell.row else at + value[0]
            yield Found(one.rank, value[2], page, start, at + value[1])


_COLON: Final = re.compile(r"[:=]\s*")


def _neighbor(page: Page, cell: Cell, *, whole: bool) -> Cell | None:
    """The cell that holds the value of a label cell: to its right, or under it when labels stand in a row."""
    right = page.right_of(cell)
    if right and not (ANY_LABEL.match(right.text) and not re.search(r"\d", right.text)):
        return right
    if not whole:
        return None
    under = page.below(cell)
    if under and (re.search(r":$|:\s{1,3}\S", under.text) or _is_statement_line(page, under.row)):
        return None
    return under


_AMOUNT: Final = re.compile(r"(?<![\d.])\$?\d{1,3}(?:,\d{3})*\.\d\d(?!\d)")


def _is_statement_line(page: Page, row: int) -> bool:
    """Whether a row is a line with several amounts: its dates and numbers are those of a charge."""
    cells = page.rows[row]
    return len(cells) > 2 and len(_AMOUNT.findall(page.plain, cells[0].start, cells[-1].end)) > 1


def best(fact: str, found: Sequence[Found], confidence: str = HIGH) -> Iterator[Proposal]:
    """The one value of the best rank; nothing when two values share it."""
    if not found:
        return
    rank = min(one.rank for one in found)
    kept = [one for one in found if one.rank == rank]
    if len({_same(one.value) for one in kept}) > 1:
        kept = [one for one in kept if not _in_prose(one)]  # what the letter's lines say before what it tells
    if len({_same(one.value) for one in kept}) == 1:
        first = kept[0]
        yield first.page.proposal(fact, first.value, first.start, first.end, confidence)


_PROSE: Final = 60
"""Characters of a sentence that is no line of a label and its value."""


def _in_prose(one: Found) -> bool:
    """Whether a value stands within the words of a longer sentence."""
    row = one.page.rows[one.page.plain.count("\n", 0, one.start)]
    cell = next((cell for cell in row if cell.start <= one.start < cell.end), None)
    if cell is None or one.start - cell.start <= 1:
        return False
    return any(
        len(sentence.text) > _PROSE and sentence.places[0] < one.start <= sentence.places[-1]
        for sentence in one.page.sentences
        if cell.row in sentence.rows
    )


def _same(value: str) -> str:
    return re.sub(r"[^0-9a-z]", "", value.lower())
