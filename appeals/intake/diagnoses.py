"""Diagnosis codes and drug codes. A diagnosis with its dot says what it is; without one it needs its label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Page, Sentence
from appeals.intake.procedures import row_sentence
from appeals.intake.proposal import HIGH, MEDIUM, Proposal
from cases.codes import ICD_10_CM, all_codes

_SHAPE: Final = re.compile(
    r"(?<![\w./$#-])(?P<code>(?:[A-TV-Z]|U(?=0))\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?|[A-TV-Z]\d[0-9A-Z]{2,5})(?![\w-]|\.\w|/)"
)
_LABEL: Final = re.compile(
    r"\b(?:(?:health problem|condition)(?=\s?:)|diagnos[ie]s(?:\s(?:codes?|reported|submitted|given|billed|"
    r"listed|used|on (?:the |your )?(?:request|claim|bill)|sent(?: to us)?(?: by (?:the|your) (?:provider|doctor|clinic|"
    r"office))?))*|"
    r"dx(?:\scodes?)?|ICD-?\s?10(?:-CM)?(?:\s(?:diagnosis\s)?codes?)?|diagn[o\u00f3]sticos?(?:\s\(?CIE-?10\)?)?)"
    r"\s*(?:\((?:ICD-?10(?:-CM)?|codes?)\))?\s*(?:[:#=|-]|\bis\b|\bare\b|\bwas\b)?\s*(?:ICD-?\s?10(?:-CM)?\s*(?:codes?)?\s*[:#]?\s*)?"
    r"(?P<words>(?:[A-Za-z][a-z]+[ ,-]+){0,9}\(?)$",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(
    r"(?:\s*\([^()]{1,80}\)|,?\s+[A-Za-z][a-z][A-Za-z ,-]{2,90}?)?\s*(?:[,;/&+|]|\band\b|\by\b|\s)\s*(?:and\s+|y\s+)?\(?"
)
_POINTED: Final = re.compile(
    r"(?:\(|\b(?:for|treat(?:s|ing)?|of|your|lists?|with|under|to|about|problem|condition|(?:was|is|with|has|"
    r"have)\b[\w ]{0,20})\s)$",
    re.IGNORECASE,
)
_NOT_THIS: Final = re.compile(
    r"\b(?:section|policy|guideline|rule|part|form|page|version|article|chapter|item|table|room|suite|unit|rev|criteria|bulletin)\s*$",
    re.IGNORECASE,
)
_ANOTHERS: Final = re.compile(
    r"\b(?:history of|rule[- ]?out|ruled out|such as|for example|e\.g\.|like|requires? a|require|eligible|"
    r"qualifying|other than|instead of|rather than|"
    r"(?:members?|patients?|people|adults|those) with|without|covers|cover only|covered (?:only )?for|"
    r"approved (?:only )?for|only for|indicated for|indications?|"
    r"disclos\w*|(?:did not|failed to|not) (?:list|report|mention|tell|reveal)\w*|"
    r"limited to|if|unless|previous(?:ly)?|earlier|last year|not (?:for|have|treat\w*))\b(?:[^.;:(]|"
    r"\.(?=\w)){0,60}\(?(?:[^.;:(]|\.(?=\w)){0,12}$",
    re.IGNORECASE,
)
_NOT_REFUSED_FOR: Final = re.compile(
    r"\b(?:no diagnosis|without a diagnosis|does not need|do not (?:bill|use|send)|must be billed)\b",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(
    r"\b(?:glossary|words|definitions?|example|history|alternatives?)\b", re.IGNORECASE
)
_LONG_AGO: Final = re.compile(
    r"\b(?:were|was|had been|been) (?:treated|diagnosed|seen|hospitalized)\b|\b(?:left out|omitted|application|"
    r"misrepresent\w*|intentional\w*)\b",
    re.IGNORECASE,
)
"""What an application for coverage did not say, and what once was treated, is not what was refused now."""
_NDC_LABEL: Final = re.compile(
    r"\bNDC(?:\s?(?:number|no\.?|code|#))?\s*[:#]?\s*(?P<ndc>\d{4,5}-\d{3,4}-\d{1,2}|"
    r"\d{11})(?![\w-])",
    re.IGNORECASE,
)
_OFFERED: Final = re.compile(
    r"\b(?:can|could|may|might) (?:also )?(?:prescribe|use|switch|change to)\b|\balternatives?\b|\binstead\b|"
    r"\b(?:covered|preferred|formulary) (?:drugs?|products?|medicines?)\b|\bdo(?:es)? not need\b",
    re.IGNORECASE,
)
"""Words that offer another drug than the one that was refused."""


def diagnoses(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Diagnoses of the patient in this letter, and drug codes (NDC) beside their label."""
    for page in pages:
        rows = [row_sentence(page, row) for row in page.rows if len(row) > 1]
        for text in (*page.sentences, *rows):
            yield from _of_text(text)
            for match in () if _OFFERED.search(text.text) else _NDC_LABEL.finditer(text.text):
                yield text.proposal("ndc", match["ndc"], match.span(), HIGH)


def _of_text(text: Sentence) -> Iterator[Proposal]:
    past = _LONG_AGO.search(text.text) is not None
    if _NOT_REFUSED_FOR.search(text.text) or _ELSEWHERE.search(text.heading):
        return
    previous = -1
    for match in _SHAPE.finditer(text.text):
        before = text.text[: match.start()]
        label = _LABEL.search(before[-150:])
        listed = previous >= 0 and _LISTED.fullmatch(text.text, previous, match.start()) is not None
        labelled = label is not None and not re.search(r"\b(?:not|or)\b", label["words"])
        code = _dotted(match["code"])
        dotted = "." in match["code"]
        if past and not labelled:
            continue
        if not (dotted or labelled or listed) or _NOT_THIS.search(before):
            continue
        if not dotted and code not in all_codes() and not (labelled and len(match["code"]) == 3):
            continue  # `A123` alone could be anything
        lead = before[len(before) - len(before[-150:]) + label.start() :] if label else before
        if (not (labelled or listed) and _ANOTHERS.search(before)) or (
            labelled and _ANOTHERS.search(before[: -len(lead)])
        ):
            continue
        if labelled or listed:
            start = match.start() - len(lead) if labelled else match.start()
            yield text.proposal("diagnosis_code", code, (start, match.end("code")), HIGH, match.span("code"))
            previous = match.end()
        elif re.search(r"[A-Za-z]{3}", text.text) and (_known(code) or _POINTED.search(before)):
            yield text.proposal("diagnosis_code", code, match.span("code"), MEDIUM)
            previous = match.end()


def _known(code: str) -> bool:
    known = all_codes().get(code)
    return known is not None and known.system == ICD_10_CM


def _dotted(code: str) -> str:
    if "." in code or len(code) == 3:
        return code
    return f"{code[:3]}.{code[3:]}"
