"""Sentences that speak of something else than this decision and its appeal: an earlier letter, a talk between doctors.

What they say of limits, numbers and reasons is true of that other thing only, so nothing is read in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from appeals.intake.dates import find_dates
from appeals.intake.layout import Page, Sentence

_LETTER: Final = r"(?:letters?|notices?|decisions?|denials?|determinations?|statements?)"
_BEFORE_THIS: Final = (
    r"(?:first|original|initial|earlier|previous|prior(?! (?:auth|appr|cert))|former|old|last|superseded)"
)
_TOLD: Final = (
    r"(?:told|gave|said|stated|listed|allowed|advised|informed|offered|granted|named|explained|read|notified|"
    r"mentioned|showed|set out|contained|included|carried)"
)
_REPORTED: Final = re.compile(
    rf"\b(?:gave|told|allowed|had told|had given|offered|granted) you\b|\byou were (?:told|given|allowed|informed|advised)\b|"
    rf"\byou (?:had (?:\d|up to|until|the right|one|a right|sixty|thirty|ninety)|"
    r"(?:have )?(?:already )?used (?:that|this|your|the))\b|"
    rf"\b(?:that|those|{_BEFORE_THIS}) (?:\w+ )?{_LETTER}\b[^.;]{{0,40}}\b{_TOLD}\b|"
    rf"\b(?:that|those) {_LETTER} (?:had )?(?:denied|refused|rejected|declined|turned down|did not approve)\b|"
    rf"\b{_BEFORE_THIS} (?:\w+ )?(?:reviewer|doctor|physician|examiner|nurse|panel|pharmacist)\b[^.;]{{0,40}}\b"
    rf"(?:{_TOLD}|found|denied|refused|decided|concluded|thought|believed|held)\b|"
    rf"\b{_LETTER} (?:of|dated|from|mailed|sent) [^.;]{{4,30}}\b{_TOLD}\b|"
    r"\blisted (?:the |a |an |our )?(?:fax|phone|telephone|address|deadline|limit)\b",
    re.IGNORECASE,
)
_HEADED_BEFORE: Final = re.compile(
    rf"\b{_BEFORE_THIS} (?:\w+ )?(?:{_LETTER}|reviews?|requests?)\b(?! (?:level|of))|\bbackground\b|\bhistory\b|"
    r"\bwhat (?:you|your \w+) (?:told|said|wrote|argued?|asked)\b|\byour (?:arguments?|position)\b|"
    r"\bsummary of (?:the|your) appeal\b|\bwhat happened (?:before|so far|first)\b",
    re.IGNORECASE,
)
_DECIDES_AN_APPEAL: Final = re.compile(
    r"\b(?:uph[eo]ld\w*|you appealed|(?:have|has) reviewed your (?:appeal|grievance)|thank you for your (?:appeal|grievance)|"
    r"appeal (?:reviewer|panel|was (?:received|decided)|decision)|final internal|affirm(?:ed|s|ing)?|"
    r"decision on your (?:appeal|grievance))\b",
    re.IGNORECASE,
)
_ACTED: Final = re.compile(
    r"\b(?:denied|refused|declined|turned down|decided|determined|found|said|wrote|concluded|rejected|not approved)\b",
    re.IGNORECASE,
)
_NO_APPEAL: Final = re.compile(
    r"\b(?:is|are|does|do|this) not (?:(?:count|considered|treated) (?:as )?)?(?:an?|the|your|any) "
    r"(?:\w+ |member's |patient's ){0,2}(?:appeals?|grievances?|reconsiderations?)\b|"
    r"\bdo(?:es)? not (?:replace|take the place of|start|extend|count)\b|"
    r"(?:,|\band|\bbut) not (?:an?|the|your) (?:\w+ )?(?:appeal|grievance)\b|"
    r"\b(?:is|are) not appeals?\b|\bnot appeals?[.;]",
    re.IGNORECASE,
)
_NAMES_APPEAL: Final = re.compile(r"\b(?:appeal|grievance)\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"[^"]{12,400}"')


def tells_of_before(sentence: Sentence) -> bool:
    """Whether a sentence reports what an earlier letter said, by its words or its heading."""
    headed = _HEADED_BEFORE.search(sentence.heading) and not _ASKS_AGAIN.search(sentence.heading)
    return _REPORTED.search(sentence.text) is not None or bool(headed)


_ASKS_AGAIN: Final = re.compile(r"\b(?:reconsider|appeal) (?:our|this|the)\b", re.IGNORECASE)


def in_quotation(text: str, at: int) -> bool:
    """Whether a place of a text stands inside quotation marks: words of another paper."""
    return any(match.start() < at < match.end() for match in _QUOTED.finditer(text))


def decides_appeal(pages: Sequence[Page]) -> bool:
    """Whether the letter itself answers an appeal, so that it also tells of a first decision."""
    return any(_DECIDES_AN_APPEAL.search(page.plain) for page in pages)


def tells_of_first_decision(sentence: Sentence) -> bool:
    """`On September 9, 2026 Dr. Low denied ...` in a letter that decides an appeal."""
    acted = _ACTED.search(sentence.text)
    return acted is not None and any(printed.start < acted.start() for printed in find_dates(sentence.text))


def aside_places(pages: Sequence[Page]) -> frozenset[tuple[int, int]]:
    """Paragraphs (page and first row) that say of themselves that they are no appeal."""
    return frozenset(
        (page.number, sentence.row)
        for page in pages
        for sentence in page.sentences
        if _NO_APPEAL.search(sentence.text)
    )


def is_aside(sentence: Sentence, places: frozenset[tuple[int, int]]) -> bool:
    """Whether a sentence stands in such a paragraph and does not itself name the appeal."""
    if (sentence.page.number, sentence.row) not in places:
        return False
    if _NO_APPEAL.search(sentence.text):
        return True
    asked = _NAMES_APPEAL.search(sentence.before) and not _NO_APPEAL.search(sentence.before)
    return not (_NAMES_APPEAL.search(sentence.text) or asked)


_GRIEVANCE_IS_APPEAL: Final = re.compile(
    r"\bgrievances?\s+\((?:\w+\s{1,3}){0,4}appeals?\)|\bappeals?\s+\((?:\w+\s{1,3}){0,5}grievances?\)|"
    r"\bgrievance,? (?:which|that) is (?:an|the) appeal\b|\bappeal by filing a grievance\b",
    re.IGNORECASE,
)
CALLED_APPEAL: Final = "appealing"
"""Stands for `grievance` in letters that call the appeal so; of equal length, so that all places stay."""


def grievance_is_appeal(pages: Sequence[Page]) -> bool:
    """Whether the letter calls the appeal a grievance: `Grievance (appeal)`."""
    return any(_GRIEVANCE_IS_APPEAL.search(page.plain) for page in pages)


def called_appeal(sentence: Sentence) -> Sentence:
    """The sentence with `appealing` for `grievance`, in its heading and the sentence before as well."""
    return replace(
        sentence,
        text=_as_appeal(sentence.text),
        heading=_as_appeal(sentence.heading),
        before=_as_appeal(sentence.before),
    )


def _as_appeal(text: str) -> str:
    text = re.sub(r"\bcomplaint or (?=grievance \()", "appeallng or ", text, flags=re.IGNORECASE)
    return re.sub(r"\bgrievance\b", CALLED_APPEAL, text, flags=re.IGNORECASE)
