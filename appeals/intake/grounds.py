"""What a decision rests on besides its reasons: guidelines and plan provisions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Page, Sentence
from appeals.intake.proposal import HIGH, Proposal

_GUIDE: Final = re.compile(
    r"\b(?P<kind>(?:clinical\s|medical\s|coverage\s|payment\s|pharmacy\s|drug\s){0,3}(?:guideline|"
    r"policy|document|rule|criteria|criterion|bulletin|determination))s?\s"
    r"(?:no\.?\s|number\s|#\s?|document\s)?(?P<code>(?=[\w.-]*\d)[A-Z0-9][A-Za-z0-9]*"
    r"(?:[.-][A-Za-z0-9]+)*)(?P<part>,\spart\s[A-Z](?:\.\d+)?)?",
    re.IGNORECASE,
)
_MEDICAL_KIND: Final = re.compile(
    r"\b(?:clinical|medical|coverage|guideline|criteria|criterion|pharmacy|drug|bulletin)\b", re.IGNORECASE
)
_PLAN_PART: Final = re.compile(
    r"\b(?:(?P<document>Plan Document|Summary Plan Description|SPD|Certificate(?: of (?:Coverage|"
    r"Insurance))?|Evidence of Coverage|Benefit Booklet|Member Handbook|Policy|Contract|booklet|"
    r"handbook),?\s)?"
    r"(?P<part>(?:Section|Part|Article|Chapter)\s(?:\d+|[IVX]+)(?:\.\d+)*(?:\(\w{1,3}\))*(?:,\s(?:item|paragraph|section|"
    r"part|clause|exclusion|subsection)\s(?:\d+(?:\.\d+)*(?:-[A-Z])?(?:\(\w{1,3}\))*|\(\w{1,3}\)))?)(?![\w(]|[.-]\w)"
    r"(?:\sof\s(?:your|the)\s(?P<owner>policy|plan(?: document)?|certificate|contract|booklet|"
    r"evidence of coverage|handbook)\b)?",
    re.IGNORECASE,
)
_LAW: Final = re.compile(
    r"\b(?:ERISA|Act|Code|U\.?S\.?C|CFR|C\.F\.R|federal|law|statute|regulation)\b[^.;]{0,20}$", re.IGNORECASE
)
_NOT_USED: Final = re.compile(
    r"\b(?:not (?:use|apply|rely|based|appl\w+)|n't (?:use|apply|rely)|instead of|rather than|"
    r"replaced|retired|superseded)\b",
    re.IGNORECASE,
)
_MONTH_OR_DATE: Final = re.compile(r"(?:19|20)\d{2}|\d{1,2}/\d|\d{1,3}(?:st|nd|rd|th)\b")


def grounds(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Guidelines applied, and the plan provision named."""
    sentences = [sentence for page in pages for sentence in page.sentences]
    for sentence in sentences:
        yield from _criteria(sentence)
    provisions = [found for sentence in sentences for found in _provisions(sentence)]
    if len({one.value.lower() for one in provisions}) == 1:
        yield provisions[0]


_NAMING: Final = 3
"""Signs of a bare number that names a guideline without the words before it."""


def _criteria(sentence: Sentence) -> Iterator[Proposal]:
    if _NOT_USED.search(sentence.text) or re.search(
        r"\bcopies of|\bcopy of|\bask for\b|\bform\b", sentence.text
    ):
        return
    for match in _GUIDE.finditer(sentence.text):
        before = sentence.text[: match.start()]
        medical = _MEDICAL_KIND.search(match["kind"]) or re.search(r"\bour\s$", before)
        if _MONTH_OR_DATE.match(match["code"]) or not medical:
            continue
        if match["code"].isdecimal() and len(match["code"]) < _NAMING:
            continue
        decided = re.search(r"determination", match["kind"], re.IGNORECASE)
        if decided and not re.fullmatch(r"[LA]\d{4,6}|\d{2,3}(?:\.\d+)+", match["code"]):
            continue  # the number of this very decision, not of a local or national coverage determination
        named = re.search(r"policy|rule|bulletin|determination", match["kind"], re.IGNORECASE)
        value = match[0] if named else match["code"]
        yield sentence.proposal(
            "criteria", re.sub(r"\s+", " ", value), match.span(), HIGH, match.span("code")
        )


def _provisions(sentence: Sentence) -> Iterator[Proposal]:
    if _NOT_USED.search(sentence.text) or re.search(
        r"\b(?:see|refer to|read|describe[sd]?|explain(?:s|ed)?|appeal rights)\b",
        sentence.text,
        re.IGNORECASE,
    ):
        return
    for match in _PLAN_PART.finditer(sentence.text):
        if not (match["document"] or match["owner"]) or _LAW.search(sentence.text[: match.start()]):
            continue
        if re.search(
            r"\b(?:medical|clinical|coverage|privacy|providers?|behavioral(?: health)?|procedures?(?: manual)?[^.;]{0,40})\s$",
            sentence.text[: match.start()],
            re.IGNORECASE,
        ):
            continue
        document = f"{match['document']}, " if match["document"] else ""
        yield sentence.proposal(
            "plan_provision", re.sub(r"\s+", " ", document + match["part"]), match.span(), HIGH
        )
