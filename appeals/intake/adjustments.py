"""Adjustment and remark codes of a statement (CARC and RARC), in its lines, its legend or beside their label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.proposal import HIGH, Proposal

_CARC: Final = re.compile(
    r"(?<![\w-])(?:CO|PR|OA|PI|CR)[- ]?(?P<code>[1-9]\d{0,2}|[ABDPWY]\d{1,2})(?![\w-]|\.\d)"
)
_CARC_LABEL: Final = re.compile(
    r"\b(?:CARC|claim adjustment reason codes?|adjustment reason codes?|(?<!remark )reason codes?|denial (?:reason )?codes?|"
    r"adjustment codes?)\s*[:#]?\s*(?:CO|PR|OA|PI|CR)?-?(?P<code>[1-9]\d{0,2}|"
    r"[ABDPWY]\d{1,2})(?![\w-]|\.\d)",
    re.IGNORECASE,
)
_RARC: Final = re.compile(r"(?<![\w-])(?P<code>MA?\d{1,3}|N\d{1,3})(?![\w-]|\.\d)")
_RARC_LABEL: Final = re.compile(
    r"\b(?:RARC|remark codes?|remittance advice remark codes?)\s*[:#]?\s*(?P<code>MA?\d{1,3}|"
    r"N\d{1,3})(?![\w-]|\.\d)",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(r"(?<![\d.])\$?\d{1,3}(?:,\d{3})*\.\d\d(?!\d)")
_SLASHED: Final = re.compile(r"\s(?P<code>[1-9]\d{0,2})/[A-Z]{1,2}$")
"""`242/A` at the end of a statement's line: the code, and the mark of its line in the legend."""


_EXAMPLE: Final = re.compile(
    r"\b(?:examples?|samples?|for instance|such as|e\.g\.|may not apply|would mean|does not appear|do not appear|"
    r"common(?:ly)?|list of (?:\w+ )?codes|frequently asked|how to read|other codes|not on this|might see|may see|"
    r"can mean|all codes|not used)\b",
    re.IGNORECASE,
)
_EXAMPLE_HEADING: Final = re.compile(
    r"\b(?:examples?|samples?|common|glossary|frequently|how to read|list of|all (?:\w+ )?codes)\b",
    re.IGNORECASE,
)


def adjustments(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Adjustment reason codes and remark codes, each once for each place where it is printed.

    Where the lines of a statement carry codes themselves, its legend adds none: it may explain more than was used.
    """
    found = [one for page in pages for one in _adjustments(page)]
    in_lines = {one.fact for on_line, one in found if on_line}
    for on_line, one in found:
        if on_line or one.fact not in in_lines:
            yield one


def _example_rows(page: Page) -> frozenset[int]:
    """Rows whose sentences only give examples of codes."""
    return frozenset(
        row
        for sentence in page.sentences
        if _EXAMPLE.search(sentence.text) or _EXAMPLE_HEADING.search(sentence.heading)
        for row in sentence.rows
    )


def _adjustments(page: Page) -> Iterator[tuple[bool, Proposal]]:
    """Each code with whether it stands on a line with amounts."""
    examples = _example_rows(page)
    for row in page.rows:
        if not row or row[0].row in examples:
            continue
        text = page.plain[row[0].start : row[-1].end]
        base = row[0].start
        above = page.rows[row[0].row - 1] if row[0].row else ()
        on_line = any(
            _MONEY.search(page.plain, cells[0].start, cells[-1].end) for cells in (row, above) if cells
        )
        reasons = [match for match in _CARC.finditer(text) if _is_line_of_statement(text, match)]
        marked = _SLASHED.search(text) if not reasons and len(_MONEY.findall(text)) > 1 else None
        if marked:
            start, end = marked.span("code")
            yield True, page.proposal("carc", marked["code"], base + start, base + end, HIGH)
        for match in reasons or list(_CARC_LABEL.finditer(text)):
            yield (
                on_line,
                page.proposal("carc", match["code"].upper(), base + match.start(), base + match.end(), HIGH),
            )
        if reasons:
            remarks = [match for match in _RARC.finditer(text) if match.start() > reasons[0].end()]
        else:
            remarks = list(_RARC_LABEL.finditer(text))
        for match in remarks:
            yield (
                on_line,
                page.proposal("rarc", match["code"].upper(), base + match.start(), base + match.end(), HIGH),
            )


def _is_line_of_statement(text: str, match: re.Match[str]) -> bool:
    """Whether the row is a line of a statement: `CO 80202` is Colorado and `PR-197` beside amounts is a code."""
    return (
        re.search(r"\d\.\d\d\b", text) is not None
        or (match.start() == 0 and re.match(r"[A-Z]{2}-\d{1,3}\s?(?:[:,;(]|$)", text) is not None)
        or re.search(r"\b(?:adjust|carc|reason code|denial code)", text, re.IGNORECASE) is not None
    )
