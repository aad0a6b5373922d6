"""The second reading of every proposal: does the letter say beside the value itself what the value is?

The readers and the objections to them judge by whatever a letter says around a value. This pass is simpler and knows
nothing of either: it looks only at the words that stand directly with the value, in the cell, in the item and in the
block, and keeps a proposal when these words themselves give it to its fact. Where they give it to something else, or
to nothing, a person has to look; a wrong address or day in an appeal costs the patient more than an empty field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.proposal import Proposal
from appeals.intake.second_dates import is_day_of_service, says_date_of
from appeals.intake.telephones import PHONE
from appeals.intake.topics import OFFICES, item_before, label_before, topics

_PHONES: Final = frozenset({"send_to_phone", "appeal_phone"})
_FAXES: Final = frozenset({"send_to_fax", "send_to_fax_expedited"})
_WRITTEN: Final = frozenset({*_FAXES, "send_to_mail", "send_to_portal"})
_NOT_BESIDE: Final = OFFICES | {"provider", "peer", "complaint", "claim", "request"}
"""What the block of an appeal's address speaks of in no word; of records, help and care that goes on it may."""
_MOST_ROWS: Final = 6


def confirmed(
    pages: Sequence[Page], proposals: Sequence[Proposal], *, grievance: bool
) -> tuple[Proposal, ...]:
    """The proposals that the words directly beside them confirm, in their order.

    `grievance`: the letter calls the appeal a grievance.
    """
    kept: list[Proposal] = []
    for proposal in proposals:
        if proposal.fact in _PHONES:
            continue
        page = pages[proposal.page - 1]
        if proposal.fact in _WRITTEN:
            good = _is_whole(proposal) and _goes_to_appeals(page, proposal, grievance=grievance)
        elif proposal.fact in _DATES:
            good = _DATES[proposal.fact](pages, proposal)
        else:
            good = True
        if good:
            kept.append(proposal)
    phones = [
        one
        for one in proposals
        if one.fact in _PHONES and _is_for_calling(pages[one.page - 1], one, kept, grievance=grievance)
    ]
    chosen = {id(one) for one in (*kept, *phones)}
    return tuple(one for one in proposals if id(one) in chosen)


# Where an appeal goes


def _value_at(page: Page, proposal: Proposal) -> int:
    """Where the value itself begins: a telephone number's words may begin with `fax`."""
    number = PHONE.search(page.plain, proposal.start, proposal.end) if "mail" not in proposal.fact else None
    return number.start() if number else proposal.start


def _last_topic(text: str, grievance: bool) -> str:
    found = topics(text, grievance=grievance)
    return found[-1].name if found else ""


def _goes_to_appeals(page: Page, proposal: Proposal, *, grievance: bool) -> bool:
    """Whether an address or a fax is the appeal's: by its own words, its label, its item or its whole block."""
    at = _value_at(page, proposal)
    label = _last_topic(label_before(page, at), grievance)
    if proposal.fact == "send_to_mail":
        named = {one.name for one in topics(_one_line(proposal.value), grievance=grievance)} - {"help"}
        if named:
            return named == {"own"} or (label == "own" and named == {"complaint"})
    if label:
        return label == "own"
    after = topics(_after(page, proposal.end), grievance=grievance)
    if after and after[0].is_own:
        return True
    item = topics(item_before(page, at), grievance=grievance)
    if item and (item[-1].is_own or _only_appeals({one.name for one in item})):
        return True
    first, last = _block(page, page.plain.count("\n", 0, at))
    whole = _one_line(page.plain[page.line_starts[first] : page.rows[last][-1].end])
    names = {one.name for one in topics(whole, grievance=grievance)}
    if _only_appeals(names):
        return True
    if proposal.fact == "send_to_portal" and not item and _PATH.search(proposal.value):
        return not names & _NOT_BESIDE
    return not names & _NOT_BESIDE and _last_topic(_over(page, first), grievance) == "own"


def _only_appeals(names: set[str]) -> bool:
    """Whether words speak of the appeal and of no other office or proceeding."""
    return "own" in names and not names & _NOT_BESIDE


def _after(page: Page, end: int) -> str:
    """The words right after a value in its sentence: `Attention: Appeals`."""
    return re.split(r"[.;|]|\n\s*\n|\d{3}", page.plain[end : end + 45])[0]


_PATH: Final = re.compile(r"appeal|grievance|reconsider|redetermin", re.IGNORECASE)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _block(page: Page, row: int) -> tuple[int, int]:
    """The first and the last row with words of the lines around one that no blank line parts."""
    first = last = row
    while first > 0 and not _is_blank(page, first - 1):
        first -= 1
    while last + 1 < len(page.rows) and not _is_blank(page, last + 1):
        last += 1
    while not page.rows[last]:
        last -= 1
    while not page.rows[first]:
        first += 1
    return first, last


def _is_blank(page: Page, row: int) -> bool:
    """Whether a row holds nothing at all; a line drawn across a box does not part what stands in it."""
    if page.rows[row]:
        return False
    begin = page.line_starts[row]
    end = page.line_starts[row + 1] if row + 1 < len(page.line_starts) else len(page.plain)
    return not page.plain[begin:end].strip(" |\n")


def _over(page: Page, first: int) -> str:
    """The last rows before a block, which may lead it in."""
    end = first
    while end > 0 and not page.rows[end - 1]:
        end -= 1
    begin = end
    while begin > 0 and page.rows[begin - 1] and end - begin <= _MOST_ROWS:
        begin -= 1
    return " ".join(cell.text for cells in page.rows[begin:end] for cell in cells)


def _is_for_calling(page: Page, phone: Proposal, kept: Sequence[Proposal], *, grievance: bool) -> bool:
    """A telephone is the appeal's where its label says so, or where it stands in one list with the appeal's fax or address."""
    at = _value_at(page, phone)
    label = _last_topic(label_before(page, at), grievance)
    if label:
        return label == "own"
    row = page.plain.count("\n", 0, at)
    first, last = _block(page, row)
    for other in kept:
        if other.fact not in _WRITTEN or page.number != other.page:
            continue
        rows = {page.plain.count("\n", 0, place) for place in (other.start, other.end - 1)}
        if any(first <= one <= last and abs(one - row) <= _MOST_ROWS for one in rows):
            return True
    cell = next((one for one in reversed(page.rows[row]) if one.start <= at), None)
    bare = cell is not None and _WAY.fullmatch(page.plain[cell.start : at]) is not None
    names = {
        one.name
        for one in topics(
            _one_line(page.plain[page.line_starts[first] : page.rows[last][-1].end]), grievance=grievance
        )
    }
    return bare and _only_appeals(names) and "help" not in names


_WAY: Final = re.compile(r"\W*(?:by )?(?:(?:tele)?phone|tel|call|voice)?\W*", re.IGNORECASE)
"""A row of a list of ways to reach one office: `Phone: `, `> Call `."""

_SMALL: Final = frozenset(
    ["of", "and", "the", "for", "at", "de", "la", "del", "los", "las", "y", "c", "o", "to", "attn", "on"]
)
_WORD: Final = re.compile(r"(?<![\w'-])[A-Za-z][\w'&]*")
_NO_PLACE: Final = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)(?:days?)?|call|fax|phone|telephone|questions?|refunds?|hours|tty|write|"
    r"attach|include|send)\b",
    re.IGNORECASE,
)


def _is_whole(proposal: Proposal) -> bool:
    """Whether an address reads as one and nothing else: names, one street or box, one town; other facts always do."""
    if proposal.fact != "send_to_mail":
        return True
    value = _one_line(proposal.value)
    if _NO_PLACE.search(value) or any(
        word[0].islower() and word not in _SMALL for word in _WORD.findall(value)
    ):
        return False
    return len(re.findall(r"\b[A-Z]{2} \d{5}", value)) <= 1 and len(re.findall(r"\bBox\b", value)) <= 1


# Dates


def _is_notice_date(pages: Sequence[Page], proposal: Proposal) -> bool:
    return says_date_of(pages, proposal, "notice") and not is_day_of_service(pages, proposal)


_DATES: Final[dict[str, Callable[[Sequence[Page], Proposal], bool]]] = {
    "notice_date": _is_notice_date,
    "sent_date": lambda pages, proposal: says_date_of(pages, proposal, "sent"),
    "request_received_date": lambda pages, proposal: says_date_of(pages, proposal, "received"),
}
