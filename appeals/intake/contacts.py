"""Fax and telephone for an appeal, told apart from every other number of the letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.asides import aside_places
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
    asides = aside_places(pages)
    ours = [
        one
        for one in numbers
        if not is_for_records(one) and not is_for_another(one, asides) and not is_for_peers(one)
    ]
    appeal = [one for one in ours if is_near(one) and not is_elsewhere(one)]
    faxes = [one for one in appeal if one.kind == "fax"] or [
        one for one in ours if one.kind == "fax" and in_appeal_block(one)
    ]
    yield from _one("send_to_fax", [one for one in faxes if not is_quick(one)])
    yield from _one("send_to_fax_expedited", [one for one in faxes if is_quick(one)])
    phones = [one for one in appeal if one.kind == "phone"]
    yield from _one("send_to_phone", [one for one in phones if not is_quick(one)] or phones)
    yield from _one(
        "appeal_phone",
        [one for one in phones if _NAMED_FOR_APPEALS.search(one.own_words) and not is_quick(one)],
    )
    yield from _one("p2p_phone", [one for one in numbers if one.kind in ("phone", "") and is_for_peers(one)])


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
