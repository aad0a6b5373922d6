"""What a text says of the services it names: refused, granted or offered instead, or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

AGAINST: Final = "against"
FOR_US: Final = "for"
OPEN: Final = ""
ELSE: Final = "else"
"""Not the service that was asked for: one offered instead, supposed, or told of."""

NONE_NEEDED: Final = (
    r"no (?:review|(?:pre)?authorization|(?:pre)?certification|approval) "
    r"(?:is |was )?(?:needed|required|necessary)"
)
_REFUSED: Final = re.compile(
    r"\b(?:denied|deny|den(?:ies|ying)|not (?:be )?(?:been )?(?:approved|authorized|covered|certified|payable)|refused|declined|"
    r"(?:cannot|unable to|did not|will not) (?:approve|authorize|cover|certify)|no benefits)\b",
    re.IGNORECASE,
)
_GRANTED: Final = re.compile(
    r"\b(?:is|are|was|were|have|has been|had been|remains?|stays?) (?:already |also |still |both )?(?:approved|paid|"
    r"covered|authorized|allowed|certified|on our)\b|\bwe (?:already |also |have |did )?(?:approved|approve|paid|cover|will pay|"
    r"have approved)\b|(?<!not )(?<!not be )(?<!not been )\b(?:approved|paid|certified|authorized)\b(?=\s?:|"
    r"\s+[\dA-V]\d{3}|\s*$|\s*\||\s*[.;])|"
    r"\b(?:do(?:es)? not (?:apply|need|require|cover this letter)|not a denial|(?:is|are|was|were) paid|"
    r"(?:was(?:n't| not)|is not|not) (?:requested|billed|reviewed|part|under review|denied|refused|affected|included|subject)|"
    rf"did not (?:deny|review|refuse)|{NONE_NEEDED})\b",
    re.IGNORECASE,
)
_PARTLY: Final = re.compile(
    r"\bapproved (?:only |for )?\d+\b|\b(?:reduced|partly|partially|in part|only)\b", re.IGNORECASE
)
_INSTEAD: Final = re.compile(
    r"\b(?:(?:want|wish|like) to (?:ask|talk|discuss)|instead|rather than|in place of|replaced|replaces|formerly|previously|"
    r"for example|for instance|such as|other (?:care|options?|treatments?)|"
    r"e\.g\.|alternativ\w+|"
    r"similar|unlike|other than|except|like|history of|old code|approved only|covered only|covered for|"
    r"approved for|only for|limited to|"
    r"must be billed|should be billed|bill (?:as|under)|to use|do not (?:use|bill|submit|resend|send)|must not|cannot use|"
    r"rule[- ]?out|ruled out|requires? a diagnosis|eligible diagnos\w+|qualifying|earlier|last year|another|is on our|"
    r"also have a|separate (?:request|letter|claim|notice)|different (?:request|letter|claim)|needs? its own|"
    r"(?:members?|patients?|people|adults) with)\b",
    re.IGNORECASE,
)
_SUPPOSED: Final = re.compile(
    r"\b(?:available|payable|indicated|may be|can be|would(?! (?:bill|carry|be billed)\b)|could|might|if|unless|criteria)\b",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(
    r"\b(?:how to|glossary|words|terms|definitions?|example|rights?|history|help|what codes|other|alternatives?|options?|"
    r"(?:drugs?|services?|treatments?|care) (?:that is|that are|we do)? ?(?:covered|to ask about))\b|"
    r"^(?:about|appeals?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mark:
    """Words at a place of a text, and what they make of the services near them."""

    start: int
    end: int
    kind: str


def marks(text: str, heading: str = "") -> tuple[Mark, ...]:
    """Every place of a text that says something of services; a heading about rights or words speaks against all."""
    found = [Mark(match.start(), match.end(), AGAINST) for match in _REFUSED.finditer(text)]
    found += [
        Mark(match.start(), match.end(), FOR_US)
        for match in _GRANTED.finditer(text)
        if not _PARTLY.search(text, match.start())
    ]
    found += [Mark(match.start(), match.end(), "instead") for match in _INSTEAD.finditer(text)]
    found += [Mark(match.start(), match.end(), "supposed") for match in _SUPPOSED.finditer(text)]
    if _ELSEWHERE.search(heading.split(" / ")[0]) and not re.search(
        r"\b(?:denied|requested|why)\b", heading, re.IGNORECASE
    ):
        found.append(Mark(-1, -1, "instead"))
    return tuple(sorted(found, key=lambda mark: mark.start))


def verdict_at(told: Sequence[Mark], start: int, end: int) -> str:
    """What the text says of the service at a place: `FOR_US` (not refused, or not the one meant), `AGAINST` or `OPEN`."""
    kinds = {mark.kind for mark in told}
    if FOR_US in kinds:
        return FOR_US
    if any(mark.kind == "instead" and mark.end <= start for mark in told):
        return ELSE
    if AGAINST in kinds:
        return AGAINST
    return ELSE if kinds & {"instead", "supposed"} else OPEN
