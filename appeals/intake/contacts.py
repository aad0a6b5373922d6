"""Fax and telephone for an appeal, told apart from every other number of the letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from appeals.intake.asides import aside_places, called_appeal, grievance_is_appeal
from appeals.intake.contact_scope import (
    in_appeal_block,
    is_elsewhere,
    is_for_another,
    is_for_peers,
    is_for_records,
    is_near,
    is_quick,
)
from appeals.intake.layout import Page
from appeals.intake.proposal import HIGH, Proposal
from appeals.intake.telephones import Telephone, telephones


def contacts(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Fax and telephone for an appeal, and the telephone for a call between doctors."""
    numbers = [number for page in pages for number in telephones(page)]
    if grievance_is_appeal(pages):
        numbers = [
            replace(one, sentence=called_appeal(one.sentence)) if one.sentence else one for one in numbers
        ]
    asides = aside_places(pages)
    ours = [
        one
        for one in numbers
        if not is_for_records(one) and not is_for_another(one, asides) and not is_for_peers(one)
    ]
    near = [one for one in ours if is_near(one) and not is_elsewhere(one)]
    block = [one for one in ours if in_appeal_block(one)]
    for fact, quick in (("send_to_fax", False), ("send_to_fax_expedited", True)):
        faxes = [
            [one for one in group if one.kind == "fax" and is_quick(one) == quick] for group in (near, block)
        ]
        yield from _one(fact, _undoubted(*faxes))
    spoken = not any(_IN_WRITING_ONLY.search(sentence.text) for page in pages for sentence in page.sentences)
    phones = [one for one in near if _is_phone(one, numbers)] or [
        one for one in block if _BARE_LABEL.fullmatch(one.own_words)
    ]
    phones = [one for one in phones if spoken and not is_quick(one)]
    yield from _one("send_to_phone", phones)
    called = [one for one in phones if _NAMED_FOR_APPEALS.search(one.own_words)]
    yield from _one("appeal_phone", called)
    peers = [one for one in numbers if is_for_peers(one) and not _FAX.search(one.own_words)]
    yield from _one("p2p_phone", [one for one in peers if one.kind in ("phone", "")])


_IN_WRITING_ONLY: Final = re.compile(
    r"\b(?:not|no|cannot|can't|never)\b[^.;]{0,40}\b(?:by|over the) (?:fax, e-?mail or )?(?:tele)?phone\b|"
    r"\b(?:only in writing|in writing only)\b",
    re.IGNORECASE,
)


def _undoubted(near: Sequence[Telephone], block: Sequence[Telephone]) -> Sequence[Telephone]:
    """Numbers said to be for appeals; with those that only stand among words on appeals, where none is called so itself."""
    if not near or any(_APPEALS.search(one.own_words) for one in near):
        return near or block
    return [*near, *(one for one in block if one not in near)]


_APPEALS: Final = re.compile(r"\b(?:appeals?|reconsiderations?|redeterminations?)\b", re.IGNORECASE)
_FAX: Final = re.compile(r"\bfax\b", re.IGNORECASE)
_BARE_LABEL: Final = re.compile(
    r"\W*(?:tell us |or )?(?:by )?(?:phone|telephone|tel|call|voice)\W*", re.IGNORECASE
)
_APPEALS_LINE: Final = re.compile(r"\bappeals? line\W*$|\boral requests?\W*$", re.IGNORECASE)
_APPEALS_LABEL: Final = re.compile(r"\bappeals?(?: (?:unit|desk|team|department))?:?\s*$", re.IGNORECASE)


def _is_phone(number: Telephone, numbers: Sequence[Telephone]) -> bool:
    """Whether a number is called a telephone, or is a line for appeals beside a fax of its own."""
    beside = any(
        one.kind == "fax" and one.row == number.row and one.place[0] is number.place[0] for one in numbers
    )
    bare = not number.kind and (
        _APPEALS_LINE.search(number.own_words) or (beside and _APPEALS_LABEL.search(number.own_words))
    )
    return number.kind == "phone" or bool(bare)


_NAMED_FOR_APPEALS: Final = re.compile(
    r"\bappeal\b[^.]{0,40}\b(?:phone|call)|\bcall\b[^.]{0,30}\bappeal", re.IGNORECASE
)
_MEDICARE_LINE: Final = "633-4227"
"""1-800-MEDICARE takes no appeals for a plan."""

_FOR_APPEALS: Final = re.compile(
    r"\b(?:appeals?|reconsiderations?|redeterminations?)\b(?![^.;]{0,30}\b(?:status|decision|question))",
    re.IGNORECASE,
)


def _one(fact: str, numbers: Sequence[Telephone]) -> Iterator[Proposal]:
    """The only number of a kind, or the only one that is called the one for appeals; nothing when there are several."""
    if len({re.sub(r"\D", "", one.printed)[-10:] for one in numbers}) > 1:
        numbers = [one for one in numbers if _FOR_APPEALS.search(one.own_words[-80:])]
    if len({re.sub(r"\D", "", one.printed)[-10:] for one in numbers}) == 1 and not numbers[
        0
    ].printed.endswith(_MEDICARE_LINE):
        page, start, end = numbers[0].place
        yield page.proposal(fact, numbers[0].printed, start, end, HIGH)
