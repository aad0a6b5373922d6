"""Codes that open a numbered or dated line of a statement, or follow in a line that says what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from appeals.intake.dates import find_dates
from appeals.intake.layout import Page

_CODE: Final = r"(?:\d{5}|[A-V]\d{4}|\d{4}[FTU])"
_DAY: Final = r"\d{1,2}[/-]\d{1,2}(?:[/-]\d{2,4})?(?:\s?-\s?\d{1,2}[/-]\d{1,2}(?:[/-]\d{2,4})?)?"
_NUMBERED: Final = re.compile(
    rf"\s*[\[(]?(?:(?:line|ln|item|service|svc)[\s#]*)?\d{{1,2}}[\])]?[.:)]?\s+(?:\.{{3,}}\s*)?(?:{_DAY}\s+|"
    rf"(?P<long>[A-Z][a-z]+ \d{{1,2}}, \d{{4}}\s+))?"
    rf"(?P<code>{_CODE})(?![\w.-]*\d)",
    re.IGNORECASE,
)
_DATED: Final = re.compile(rf"\s*(?P<day>{_DAY})\s+(?P<code>{_CODE})(?![\w.-]*\d)")
_ANY: Final = re.compile(
    rf"\s*[\[(]?(?:(?:line|ln|item|service|svc)[\s#]*)?\d{{1,2}}[\])]?[.:)]?\s|\s*{_DAY}\s", re.IGNORECASE
)
_NOTHING_PAID: Final = re.compile(
    r"\b(?:not (?:covered|payable|paid|allowed|approved)|denied|excluded)\b|\b(?:paid|pays|allowed|"
    r"benefit)[ :|.]{1,12}\$?0?\.00(?!\d)|"
    r"(?<![\d.,])\$?0\.00 (?:paid|allowed)\b|\b(?:CO|PR|OA|PI)[- ]?\d{1,3}\b",
    re.IGNORECASE,
)
_PAID: Final = re.compile(
    r"\b(?:plan )?(?:paid|pays|benefit)[ :|.]{1,12}\$?(?=[\d,.]*[1-9])\d[\d,]*\.\d\d|\$?\s?(?=[\d,.]*[1-9])\d[\d,]*\.\d\d paid\b",
    re.IGNORECASE,
)
_MOST_ROWS: Final = 4
_KEPT_CODES: Final = re.compile(r"\b(?:CO|PR|OA|PI)[- ]?(?:1|2|3|45)\b", re.IGNORECASE)
"""Codes of a deductible, of coinsurance and of the fee schedule refuse no service."""


def refused_lines(page: Page, taken: set[int]) -> Iterator[tuple[str, int]]:
    """The code, and where it stands, of each numbered or dated line whose own rows say that nothing was paid for it."""
    begins = [
        number
        for number, row in enumerate(page.rows)
        if row and _ANY.match(page.plain, row[0].start, row[-1].end)
    ]
    for place, number in enumerate(begins):
        if number in taken:
            continue
        row = page.rows[number]
        line = page.plain[row[0].start : row[-1].end]
        match = _NUMBERED.match(line) or _DATED.match(line)
        if match is None or (match.re is _DATED and not find_dates(match["day"])):
            continue
        last = min([*begins[place + 1 : place + 2], number + _MOST_ROWS, len(page.rows)])
        block = [line]
        for other in page.rows[number + 1 : last]:
            if not other:
                break
            block.append(page.plain[other[0].start : other[-1].end])
        whole = _KEPT_CODES.sub(" ", " ".join(block))
        if _NOTHING_PAID.search(whole) and not _PAID.search(whole):
            yield match["code"].upper(), row[0].start + match.start("code")


_ASKED: Final = re.compile(
    r"\W*(?:(?:the )?(?:services?|treatments?|item|drug|test|procedure|care|level)(?:\(s\)|s)? (?:requested|asked for|"
    r"ordered|in question|"
    r"denied|subject to this notice)|services?|what (?:was|is|you|we were|your doctor) (?:requested|asked(?: for)?|for)|"
    r"(?:you )?asked for|"
    r"requested|requested services?(?:\(s\))?|test ordered|level of care|subject|re|about|what)\s?:?\s(?:\| )?(?=.*[A-Za-z]{4})",
    re.IGNORECASE,
)
_IN_LIST: Final = re.compile(
    rf"(?:(?<=\()|(?<=, )|(?<=: )|(?<=; )|(?<=and )|(?<=administration )|(?<=programming ))(?P<code>{_CODE})"
    r"(?=\)|,(?! ?[A-Z][a-z]+ \d)|;|\.?$|\s(?:and|x|\(|for|\|)|\sx?\d)"
)
_BARRED: Final = re.compile(
    r"\b(?:revenue|rev\.?|diagnosis|dx|ICD\S*|case|claim|reference|number|no\.?|box|zip|suite|group|plan|policy|authorization|"
    r"auth|NPI|approved|paid|dated?)\b[^,;()]{0,14}$",
    re.IGNORECASE,
)
_TOWN: Final = re.compile(r"[A-Z][a-z]+,? [A-Z]{2} $|\b[A-Z]{2} $")


def asked_for(text: str) -> Iterator[tuple[int, int]]:
    """Where the codes stand in a line that begins by saying that it names what was asked for."""
    opening = _ASKED.match(text)
    if opening is None:
        return
    for match in _IN_LIST.finditer(text, opening.end()):
        before = text[: match.start()]
        if re.search(r"[A-Za-z]{4}", before[opening.end() :]) and not (
            _BARRED.search(before) or _TOWN.search(before)
        ):
            yield match.span("code")
