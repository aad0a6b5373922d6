"""A plan that a letter names as the one it writes for, where nothing else of the letter names the payer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.proposal import MEDIUM, Proposal

_WORD: Final = r"(?:[A-Z][\w'&.-]*|\d{1,4}|of|the|and|&)"
_KIND: Final = r"\((?:HMO|PPO|PDP|HMO-POS|HMO D-SNP|PPO D-SNP|D-SNP|EPO|POS)\)"
_PLAN: Final = (
    rf"[A-Z][\w'&.-]*(?:\s{_WORD}){{1,9}}?\s(?:(?:Plan|PLAN|Fund|FUND|Trust|TRUST)(?![\w'-])(?!\s(?:Document|Administrator|Sponsor|Year|"
    rf"DOCUMENT|ADMINISTRATOR|SPONSOR|Appeals?|[Nn]o\b|[Nn]umber|of\b))(?:\s{_KIND})?|{_KIND})"
)
_FOR: Final = re.compile(
    rf"(?:\b(?i:acting for|on behalf of|delegated by|processed for|(?:third[- ]party|claims?|contract) administrator(?:,|"
    rf" for| to(?: the board of "
    rf"trustees of)?)|administrators? for|desk for|(?<=^)for the|sponsored by)[:\s]\s?(?:(?i:the)\s)?)(?P<name>{_PLAN})"
)
_DEFINED: Final = re.compile(rf"(?P<name>{_PLAN})\s\((?i:(?:the |called )?\W{{0,2}}(?:the )?plan\W{{0,2}})\)")
_LABEL: Final = re.compile(
    rf"\W*(?i:(?:your )?(?:medicare )?(?:health |drug |benefit )?plan(?: sponsor)?)\s?:?\s+(?P<name>{_PLAN})"
    r"(?=$|\s?[,(.]|\s-|\s{2,})"
)
_SENDER: Final = re.compile(
    rf"\W*(?i:from|for)\s?:\s+(?P<name>(?=[^,(]*\b(?i:health|medical|welfare|employees?'?|benefits?|insurance)\b){_PLAN})(?=$|\s?[,(.]|\s{{2,}})"
)
_LOGO: Final = re.compile(
    rf"\W*(?:\[logo\]|\([\w ,]*logo\)|#+)\W*(?P<name>[A-Z][\w'&.-]*(?:\s{_WORD}){{1,6}}(?:\s{_KIND})?)(?=$|\s{{2,}}|\s*[#|])"
)
_HEAD: Final = 12


def named_plans(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The one plan that the letterhead's `acting for`, a label, or `(the "Plan")` names; nothing where they name two."""
    found: list[Proposal] = []
    page = pages[0]
    rows = [row for row in page.rows if row]
    for number, row in enumerate(rows):
        line = page.plain[row[0].start : row[-1].end]
        for pattern in (_LABEL, _SENDER, *((_FOR, _LOGO) if number < _HEAD else ())):
            for match in pattern.finditer(line):
                if (
                    pattern in (_LABEL, _SENDER)
                    and match.start()
                    and not line[: match.start()].endswith("   ")
                ):
                    continue
                start = row[0].start + match.start("name")
                found.append(_named(page, match["name"], start))
        if number < _HEAD:
            for cell in row:
                opening = (
                    _FOR.match(cell.text)
                    or _LABEL.match(cell.text)
                    or _SENDER.match(cell.text)
                    or _LOGO.match(cell.text)
                )
                if opening:
                    found.append(_named(page, opening["name"], cell.start + opening.start("name")))
    for sentence in page.sentences:
        for match in _DEFINED.finditer(sentence.text):
            first, last = match.span("name")
            found.append(sentence.proposal("payer", match["name"], (first, last), MEDIUM))
    distinct: dict[str, Proposal] = {}
    for one in found:
        distinct.setdefault(re.sub(r"[^a-z0-9]", "", one.value.lower()).removeprefix("the"), one)
    whole = [
        one for key, one in distinct.items() if not any(key != other and key in other for other in distinct)
    ]
    if len(whole) == 1:
        yield whole[0]


def _named(page: Page, name: str, start: int) -> Proposal:
    return page.proposal("payer", name, start, start + len(name), MEDIUM)
