"""The second reading of dates: what the words directly at a date call it, and whether it is the day of a service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from appeals.intake.dates import find_dates
from appeals.intake.layout import Page
from appeals.intake.proposal import Proposal
from appeals.intake.topics import sentence_at

_CALLED: Final = {
    "notice": re.compile(
        r"\b(?:notice|letter|ltr|statement|EOB|issu(?:ed?|ance)|dated?|today(?:'s)?|process(?:ed|ing)|prepared|produced|"
        r"generated|remittance|payment|paid|determination|decision|denial|mail(?:ed|ing)?|sent|fecha|explanation|finalized|written|"
        r"posted|print(?:ed)?|"
        r"summary)\b",
        re.IGNORECASE,
    ),
    "sent": re.compile(
        r"\b(?:mail(?:ed|ing)?|sent|enviad[oa]|post(?:ed|mark(?:ed)?)?|faxed|released)\b", re.IGNORECASE
    ),
    "received": re.compile(
        r"\b(?:recei(?:ved|pt)|rec'?d|recv'?d?|rcvd|got|request in|came (?:in|to us)|reached us|arrived|had)\b",
        re.IGNORECASE,
    ),
}
_NOT_CALLED: Final = {
    "notice": re.compile(
        r"\b(?:birth|dob|born|services?|received|receipt|rec'?d|recv'?d?|effective|from|through|until|expir\w+|due|deadline|"
        r"last|next|previous|prior(?! auth)|original|first|earlier|form|rev(?:ised|ision)?|hired?|admi\w+|discharge\w*|"
        r"begin\w*|start\w*|end\w*|filed|records?|calls?|called|order\w*|accident|term|line|appealed|appeal (?:date|received))\b",
        re.IGNORECASE,
    ),
    "sent": re.compile(
        r"\b(?:previous|prior(?! auth)|original|first|earlier|records?|appeal|check|claim|you|your|form|bill|copy|copies)\b",
        re.IGNORECASE,
    ),
    "received": re.compile(
        r"\b(?:records?|appeal|claim|payment|premium|notes?|information|additional|more|last|previous|prior(?! auth)|"
        r"original|first|earlier|grievance|documents?)\b",
        re.IGNORECASE,
    ),
}
_LONGEST_LABEL: Final = 40


def _date_place(page: Page, proposal: Proposal) -> int:
    """Where the date itself begins in the page: the words of a proposal may begin with its label."""
    words = page.plain[proposal.start : proposal.end]
    days = [one for one in find_dates(words) if one.day.isoformat() == proposal.value]
    return proposal.start + (days[-1].start if days else 0)


def _labels_of(page: Page, at: int) -> tuple[str, ...]:
    """The words that may name a date: those before it in its cell, or else the cell to its left and the one over it."""
    row = page.plain.count("\n", 0, at)
    cells = page.rows[row]
    place = next((number for number in reversed(range(len(cells))) if cells[number].start <= at), None)
    if place is None:
        return ()
    inside = re.split(r"[;|]|\d{4}\s", _WEEKDAY.sub("", page.plain[cells[place].start : at]))[-1]
    if re.search(r"[A-Za-z]{3}", inside):
        return (inside,)
    left = [cell.text for cell in cells[:place] if re.search(r"[A-Za-z]{2}", cell.text)][-1:]
    over = page.rows[row - 1] if row else ()
    near = [cell.text for cell in over if abs(cell.column - cells[place].column) <= 2]
    near = [text for text in near if _NAMES_A_DATE.search(text)]
    return tuple(text for text in (*left, *near) if len(text) < _LONGEST_LABEL and not find_dates(text))


def labels_of_date(page: Page, proposal: Proposal) -> tuple[str, ...]:
    """The words that may name the date of a proposal."""
    return _labels_of(page, _date_place(page, proposal))


_WEEKDAY: Final = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.?,?\s*$"
)
_NAMES_A_DATE: Final = re.compile(
    "|".join(one.pattern for one in (*_CALLED.values(), *_NOT_CALLED.values())), re.IGNORECASE
)


_NO_LABEL: Final = re.compile(r"\d|^[A-Z][\w'.&-]+(?: (?:of|and|&|the)| [A-Z][\w'.&-]*){1,8}$")
"""A reference with its number, a name or a title stands beside a date without naming it."""


def says_date_of(pages: Sequence[Page], proposal: Proposal, kind: str) -> bool:
    """Whether the words at a date call it what it is proposed as (`notice`, `sent`, `received`) and nothing else.

    A date of the letter itself may stand without any words; one told in a sentence is judged by the sentence.
    """
    page = pages[proposal.page - 1]
    at = _date_place(page, proposal)
    labels = _labels_of(page, at)
    if kind == "notice" and labels and _BARE.fullmatch(labels[0]) and not _in_head(pages, page, at):
        return False
    if (
        kind == "notice"
        and labels
        and not _OF_LETTER.search(labels[0])
        and _OF_PAPER.search(_row_before(page, at))
    ):
        return False
    if _NOT_CALLED[kind].search(_bracket_after(page, proposal.end)):
        return False
    if any(_CALLED[kind].search(one) and not _NOT_CALLED[kind].search(one) for one in labels):
        return True
    sentence = sentence_at(page, at, at + 1)
    if sentence is not None and len(sentence.text) > _LONGEST_LABEL and _CALLED[kind].search(sentence.text):
        about = f"{sentence.before} {sentence.text}"
        return (
            kind != "received" or re.search(r"\b(?:request|form|referral)", about, re.IGNORECASE) is not None
        )
    if any(_NOT_CALLED[kind].search(one) for one in labels):
        return False
    return kind == "notice" and all(_NO_LABEL.search(one) for one in labels)


_BARE: Final = re.compile(r"\W*(?:date|dated|fecha)\W*", re.IGNORECASE)
"""`Date:` alone says what it dates by where it stands: in a letter's head the letter, under a request the request."""
_SALUTATION: Final = re.compile(r"(?:dear|hello|hi|to whom)\b", re.IGNORECASE)
_HEAD_ROWS: Final = 22


def _in_head(pages: Sequence[Page], page: Page, at: int) -> bool:
    """Whether a place stands on the first page before whoever the letter greets, in the first block or under no other head."""
    if page is not pages[0]:
        return False
    last = page.plain.count("\n", 0, at)
    before = [cells for cells in page.rows[: last + 1] if cells]
    if len(before) > _HEAD_ROWS or any(_SALUTATION.match(cells[0].text) for cells in before[:-1]):
        return False
    return re.search(r"\bsign(?:ed|ature)\b", page.plain[page.line_starts[last] : at], re.IGNORECASE) is None


_OF_LETTER: Final = re.compile(
    r"\b(?:notice|letter|statement|decision|determination|mailed|processed)\b", re.IGNORECASE
)
_OF_PAPER: Final = re.compile(
    r"\b(?:policy|certificate|coverage|card|form|guideline|edition|version|contract|license)\b",
    re.IGNORECASE,
)


def _row_before(page: Page, at: int) -> str:
    """What its own row says before a date: `Policy 55120   Issued 02/01/2026` is the day of the policy."""
    return page.plain[page.line_starts[page.plain.count("\n", 0, at)] : at]


def _bracket_after(page: Page, end: int) -> str:
    """The words in a bracket right after a date: `July 20, 2026 (records)`."""
    match = re.match(r" ?\(([^()\n]{1,40})\)", page.plain[end : end + 48])
    return match[1] if match else ""


_SERVICE_LINE: Final = re.compile(
    r"\b(?:CPT|HCPCS)\b|(?<![\w-])(?:9\d{4}|[A-V]\d{4})(?![\w-])|(?<![\d.])\d[\d,]*\.\d\d(?!\d)[^\n]*(?<![\d.])\d[\d,]*\.\d\d(?!\d)|"
    r"^\W*line\s\d",
    re.IGNORECASE,
)


def is_day_of_service(pages: Sequence[Page], proposal: Proposal) -> bool:
    """Whether a date stands in a line of services: a code or amounts beside it. Such a day is no letter's date.

    A letter may be written on a day of service; then only a date with words of its own is the letter's.
    """
    page = pages[proposal.page - 1]
    at = _date_place(page, proposal)
    day = date.fromisoformat(proposal.value)
    if _is_line(page, page.plain.count("\n", 0, at)):
        return True
    if any(_CALLED["notice"].search(one) for one in _labels_of(page, at)):
        return False
    return any(
        printed.day == day
        for one in pages
        for number, cells in enumerate(one.rows)
        if cells and _is_line(one, number)
        for printed in find_dates(one.plain[cells[0].start : cells[-1].end])
    )


def _is_line(page: Page, row: int) -> bool:
    cells = page.rows[row]
    return bool(cells) and _SERVICE_LINE.search(page.plain[cells[0].start : cells[-1].end]) is not None
