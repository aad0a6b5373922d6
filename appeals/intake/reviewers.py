"""Who reviewed the request for the payer: name and credentials, by the words that say so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.asides import tells_of_before
from appeals.intake.credentials import within_vocabulary
from appeals.intake.layout import Page, Sentence
from appeals.intake.procedures import row_sentence
from appeals.intake.proposal import HIGH, MEDIUM, Proposal

_DEGREE: Final = r"(?:M\.?D\.?|D\.?O\.?|Pharm\.?D\.?|Ph\.?D\.?|Psy\.?D\.?|RN|NP|PMHNP|PA-C|RPh)(?![\w-])"
_PERSON: Final = r"(?:Dr\.\s)?(?P<name>[A-Z][\w.'-]*(?:\s[A-Z][\w.'-]*){1,3})"
_FIELD: Final = (
    r"(?:\s?\([a-z][a-z ,-]+\)|,\s(?:board[- ]certified,?\s)?(?:an?\s|who is\s)?"
    r"(?!our\b|and\b|who\b|made\b|licensed\b|which\b|on\b)"
    r"[a-z][a-z, -]+?(?=[.;(]|,\slicensed|,\sand\b|,\s[a-z]+ed\b|"
    r",?\s(?:and\s)?(?:who|did|read|applied|licensed|made|has|had|does|was)\b|$))?"
)
_TITLE: Final = (
    r"(?:physician|doctor|pharmacist|psychiatrist|psychologist|pediatrician|medical director|specialist|"
    r"(?:\w+ )?reviewer|anesthesiologist)"
)
_REVIEWER: Final = re.compile(
    r"(?:\b(?i:(?:decision|choice|determination|denial|it|this)\s(?:was\s)?made by|decision by)|"
    r"(?i:^\W*(?:(?:physician|medical|clinical)\s)?(?:reviewed by|reviewer|reviewing physician|decided by|made by))|"
    r"\b(?i:(?:request|case|appeal|file|claim|it|decision|denial|information|records)(?:\s\w+){0,4}\s(?:was|were)\s(?:\w+\s)?"
    r"(?:reviewed by|decided by))|"
    r"\b(?i:(?:our|the|physician|medical|clinical)\sreviewer))\b[:|\s]*(?:an?\s)?"
    rf"(?:(?:board[- ]certified\s)?{_TITLE}(?:\sreviewer)?,?\s)?{_PERSON},\s(?P<credentials>{_DEGREE}{_FIELD})"
)
_WAS: Final = re.compile(
    rf"\b(?:[Tt]he|[Aa]|[Oo]ur)\s{_TITLE}\swho\s(?:reviewed|decided|made)\b[^,.;]{{0,30}}\s(?:was|is)\s{_PERSON},\s"
    rf"(?P<credentials>{_DEGREE}{_FIELD})"
)
_OURS: Final = re.compile(
    rf"\b(?:[Oo]ur|[Tt]he)\s(?:medical director|(?:\w+\s)?reviewer|reviewing (?:physician|doctor)),\s{_PERSON},\s"
    rf"(?P<credentials>{_DEGREE}{_FIELD})"
)
_DIRECTOR: Final = re.compile(
    rf"{_PERSON},\s(?P<credentials>{_DEGREE}),\s(?:our|the|a)\s(?:plan(?:'s)?\s)?medical director,?\s(?:made|reviewed|decided)"
)
_AGREED: Final = re.compile(
    rf"\b[Aa]n? {_TITLE} \({_PERSON},\s(?P<credentials>{_DEGREE})\) (?:agreed|reviewed|decided|made)"
)
_NAMELESS: Final = re.compile(
    rf"\bmade by a (?:physician|doctor|pharmacist), (?P<credentials>{_DEGREE}"
    r",? board[- ]certified in [a-z ]+?)(?=\s\(|[,.;])"
)
_CHOOSER: Final = re.compile(
    r"\b[Aa]n? (?P<credentials>psychiatrist|physician|doctor|pharmacist|pain specialist|"
    r"anesthesiologist), (?P<name>Dr\.\s[A-Z][\w'-]+(?:\s[A-Z][\w'-]+){0,2}), (?:made|reviewed|"
    r"decided)"
)
_UNDER_HEAD: Final = re.compile(
    rf"(?:(?:The (?:physician|doctor) who decided|Who (?:decided|reviewed it))[.?]\s)?{_PERSON},\s(?P<credentials>{_DEGREE}"
    r"(?:,\s(?!Board\b)[^.]{4,90}?)?)(?=\.|$|,\son\s\d|,?\swho\b)"
)
_TWO: Final = re.compile(r"\bwith\s(?:physician|pharmacist|doctor)\sreview\b", re.IGNORECASE)
_ANOTHER: Final = re.compile(r"\b(?:and|with|&)\s+(?:Dr\.?\s+)?[A-Z][\w'-]+\s+[A-Z]")
"""A second person's name among the credentials of the first."""
_CUT_OFF: Final = re.compile(r"\b(?:Mrs?|Ms|Mx|Dr)$")
"""A title at the end of credentials: the line goes on with somebody of the next column."""
_HEAD: Final = re.compile(r"\breviewe[rd]\b|\bwho (?:decided|reviewed)\b", re.IGNORECASE)
_ROW_LABEL: Final = re.compile(
    r"(?:physician |medical |clinical )?(?:decided|reviewed|decision|determination)(?: made)? by:?|"
    r"(?:physician |medical |clinical )?reviewer:?",
    re.IGNORECASE,
)
_LONGEST_HEAD: Final = 40


def reviewers(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The reviewer's name and credentials; nothing when the letter names two in the same way."""
    names: list[Proposal] = []
    credentials: list[Proposal] = []
    for text in _texts(pages):
        headed = _HEAD.search(text.heading.split(" / ")[-1]) or (
            len(text.before) < _LONGEST_HEAD and _HEAD.search(text.before)
        )
        patterns = (
            _REVIEWER,
            _WAS,
            _OURS,
            _DIRECTOR,
            _AGREED,
            _CHOOSER,
            _NAMELESS,
            *((_UNDER_HEAD,) if headed else ()),
        )
        for pattern in patterns:
            match = pattern.match(text.text) if pattern is _UNDER_HEAD else pattern.search(text.text)
            if (
                match is None
                or re.search(
                    r"\b(?:not|treat(?:ing|ed)?|external|independent|will|may|can|would|before)\b",
                    text.text[: match.end()],
                    re.IGNORECASE,
                )
                or _TWO.search(text.text)
            ):
                continue
            if "name" in match.re.groupindex:
                names.append(
                    text.proposal("reviewer_name", match["name"], match.span(), HIGH, match.span("name"))
                )
            piece = _ANOTHER.search(match["credentials"]) or _CUT_OFF.search(match["credentials"])
            whole = within_vocabulary(match["credentials"])
            if (
                whole
                and piece is None
                and not re.search(r"\bwith (?:physician|pharmacist) review\b", text.text)
            ):
                said = re.sub(r"\s+", " ", whole).strip(" ,")
                said = said if re.search(r"\w\.\w", said) else said.rstrip(".")
                begin = match.start("credentials")
                credentials.append(
                    text.proposal("reviewer_credentials", said, (begin, begin + len(whole)), MEDIUM)
                )
            break
    if len({one.value for one in names}) == 1:
        yield names[0]
    if len({one.value for one in credentials}) == 1:
        yield credentials[0]


def _texts(pages: Sequence[Page]) -> Iterator[Sentence]:
    """Sentences of this decision, and rows whose first cell is a reviewer's label."""
    for page in pages:
        yield from (sentence for sentence in page.sentences if not tells_of_before(sentence))
        for row in page.rows:
            if len(row) > 1 and _ROW_LABEL.fullmatch(row[0].text):
                yield row_sentence(page, row)
