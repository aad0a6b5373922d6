"""The fax and the telephone in one block with the one address for appeals: lines of their own, or right after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from appeals.intake.addresses import mail_address
from appeals.intake.layout import Page
from appeals.intake.proposal import MEDIUM, Proposal
from appeals.intake.telephones import PHONE, QUICK

_APPEALS: Final = re.compile(r"\bappeal|\bredetermin|\breconsider|\bgrievance", re.IGNORECASE)
_LINE: Final = re.compile(
    r"\W*(?:or |and |by |appeals? |tell us by |fax your (?:appeal|letter) to )*(?:(?P<fax>fax|facsimile)|"
    r"(?P<phone>tele?phone|phone|tel|"
    r"call))\b(?: (?:us )?(?:it )?(?:to|at|number|no\.?))?[\s:.,]*$",
    re.IGNORECASE,
)
_NEXT: Final = re.compile(
    r"\s?[.,;)]*\s*(?:or\s|and\s)?(?:by\s|you may (?:also )?|send (?:it )?by )?(?:(?P<fax>fax|facsimile)|"
    r"(?P<phone>telephone|phone|tel))"
    r"(?: (?:it )?(?:to|at|number|no\.?))?[\s:.,]*",
    re.IGNORECASE,
)
_ROWS: Final = 4
_URGENT: Final = re.compile(
    r"\b(?:fast|urgent|expedited|rush)\b(?![^|]*\b(?:standard|regular)\b)", re.IGNORECASE
)
_FAXES: Final = re.compile(
    r"\b(?:fax|facsimile)\b[^\d|]{0,12}(?:\| )?((?:1[-. ])?\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4})",
    re.IGNORECASE,
)
_ZIP: Final = re.compile(r"\b\d{5}(?:-\d{4})?\b")


def beside_address(pages: Sequence[Page]) -> Iterator[Proposal]:
    """A fax and a telephone that the letter prints in one block with an address whose own words name appeals."""
    for address in mail_address(pages):
        if not _APPEALS.search(address.value):
            return
        page = pages[address.page - 1]
        found = [*_right_after(page, address), *_in_lines(page, address)]
        for kind, fact in (("fax", "send_to_fax"), ("phone", "send_to_phone")):
            numbers = [one for name, one in found if name == kind]
            if len({one[0] for one in numbers}) == 1:
                printed, start, end = numbers[0]
                yield page.proposal(fact, printed, start, end, MEDIUM)


Number = tuple[str, int, int]


def _end_of(page: Page, address: Proposal) -> int:
    """Where the last line of an address ends: the words that prove it may be one line of it."""
    zips = _ZIP.findall(address.value)
    at = page.plain.find(zips[-1], address.start, address.start + 400) if zips else -1
    return at + len(zips[-1]) if at >= 0 else address.end


def _right_after(page: Page, address: Proposal) -> Iterator[tuple[str, Number]]:
    """`..., OH 45401; fax 614-555-0113`."""
    end = _end_of(page, address)
    match = _NEXT.match(page.plain, end)
    number = PHONE.match(page.plain, match.end()) if match else None
    if match and number and page.plain.count("\n", end, number.start()) <= 1:
        yield (
            "fax" if match["fax"] else "phone",
            (_as_printed(number), match.start(match.lastgroup or 0), number.end()),
        )


def _in_lines(page: Page, address: Proposal) -> Iterator[tuple[str, Number]]:
    """Lines that begin with `Fax` or `Phone`, over or under the address with no gap between."""
    first = page.plain.count("\n", 0, address.start)
    last = page.plain.count("\n", 0, _end_of(page, address))
    while first > 0 and page.rows[first - 1] and first > page.plain.count("\n", 0, address.start) - _ROWS:
        first -= 1
    bottom = min(last + _ROWS, len(page.rows) - 1)
    while last < bottom and page.rows[last + 1]:
        last += 1
    if (
        len(
            {
                re.sub(r"\D", "", one[1])[-10:]
                for one in _FAXES.finditer(_text(page, max(0, first - 2 * _ROWS), last))
            }
        )
        > 1
    ):
        return
    for row in range(first, last + 1):
        if _is_table(page, row) or (row and _URGENT.search(_text(page, row - 1))):
            continue  # a column, or a head over it, for the urgent ones
        for cell in page.rows[row]:
            number = PHONE.search(page.plain, cell.start, cell.end)
            if number is None:
                continue
            begin = cell.start
            if number.start() == cell.start and cell is not page.rows[row][0]:
                begin = max(one.start for one in page.rows[row] if one.start < cell.start)
            label = page.plain[begin : number.start()]
            line = _LINE.match(label)
            rest = page.plain[number.end() : cell.end]
            if (
                line
                and not QUICK.search(rest)
                and not re.search(r"\b(?:not|only|for)\b", rest, re.IGNORECASE)
            ):
                start = begin + line.start(line.lastgroup or 0)
                yield "fax" if line["fax"] else "phone", (_as_printed(number), start, number.end())


def _is_table(page: Page, row: int) -> bool:
    """Whether a row holds two numbers that no word of a kind tells apart."""
    text = _text(page, row)
    found = list(PHONE.finditer(text))
    return any(
        re.search(r"[A-Za-z]{3}", text[one.end() : other.start()]) is None for one, other in pairwise(found)
    )


def _text(page: Page, first: int, last: int | None = None) -> str:
    return " | ".join(
        cell.text for row in page.rows[first : (last if last is not None else first) + 1] for cell in row
    )


def _as_printed(number: re.Match[str]) -> str:
    return re.sub(r"\s+", " ", number[0])
