"""The letter's hints at funding, program and state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.proposal import MEDIUM, Proposal

_FUNDING: Final = (
    (
        "self_funded",
        re.compile(
            r"\bself-?\s?(?:funded|insured)(?:\sby\s(?:the|your)\semployer)?\b|\b(?:not insured|"
            r"funded by (?:the|your) employer)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "insured",
        re.compile(
            r"\b(?:fully[- ])?insured (?:policy|plan|coverage|group)\b|\bunderwritten by\b|"
            r"\bfully[- ]insured\b",
            re.IGNORECASE,
        ),
    ),
    (
        "administered_by",
        re.compile(
            r"\b(?:claims administrator for|administered by|administrative services only)\b", re.IGNORECASE
        ),
    ),
)
_INSURES: Final = re.compile(r"\b(?:insurance|assurance|hmo|co-?op|mutual)\b", re.IGNORECASE)
"""What an insurer has administered for it says nothing of who pays."""
_PROGRAM: Final = (
    ("medicare_advantage", re.compile(r"\bMedicare Advantage\b")),
    (
        "medicaid",
        re.compile(
            r"\b(?:Medicaid health plan|Your Medicaid|Medicaid (?:managed care|plan|ID|member)|"
            r"State fair hearing)\b"
        ),
    ),
    (
        "medicare_part_d",
        re.compile(r"\(PDP\)|\bMedicare prescription drug (?:coverage|plan)\b|\bPart D plan\b"),
    ),
    (
        "individual_market",
        re.compile(
            r"\bon-exchange\b|\bIndividual (?:&|and) Family Plans?\b|\bmarketplace plan\b", re.IGNORECASE
        ),
    ),
    (
        "fehb",
        re.compile(r"\bFederal Employees Health Benefits\b|\bFEHB\b|\bOffice of Personnel Management\b"),
    ),
    ("tricare", re.compile(r"\bTRICARE\b")),
)
_STATE_NAMES: Final = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA",
    "Colorado": "CO", "Connecticut": "CT", "Delaware": "DE", "District of Columbia": "DC", "Florida": "FL",
    "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL", "Indiana": "IN",
    "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA", "Maine": "ME",
    "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH",
    "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND",
    "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI",
    "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT",
    "Vermont": "VT", "Virginia": "VA", "Washington": "WA", "West Virginia": "WV", "Wisconsin": "WI",
    "Wyoming": "WY",
}  # fmt: skip
_REGULATOR: Final = re.compile(
    r"\b(?P<state>"
    + "|".join(sorted(_STATE_NAMES, key=len, reverse=True))
    + r")\s(?:Division|Department|Office|Insurance|Bureau)\b[^.\n]{0,30}\b(?:Insurance|Financial|"
    r"Commissioner|Division|Department|Managed)\b"
)
_HYPOTHETICAL: Final = re.compile(
    r"\b(?:if (?:your|you|this|the)|whether|not|isn't|unless|for example|some plans|other plans|"
    r"or call 1-800|call 1-800-MEDICARE)\b",
    re.IGNORECASE,
)


def cues(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Hints at funding, program and state; a hint proves nothing. Two that differ give none."""
    sentences = [sentence for page in pages for sentence in page.sentences]
    for fact, table in (("funding_cue", _FUNDING), ("program_cue", _PROGRAM)):
        found: list[Proposal] = []
        for value, pattern in table:
            for sentence in sentences:
                match = pattern.search(sentence.text)
                if match and value == "administered_by" and _INSURES.search(sentence.text, 0, match.start()):
                    continue
                if match and (not _HYPOTHETICAL.search(sentence.text) or match[0].lower() == "not insured"):
                    found.append(sentence.proposal(fact, value, match.span(), MEDIUM))
                    break
        strong = [one for one in found if one.value != "administered_by"] or found
        if len({one.value for one in strong}) == 1:
            yield strong[0]
    states = [
        sentence.proposal("state_cue", _STATE_NAMES[match["state"]], match.span(), MEDIUM)
        for sentence in sentences
        for match in _REGULATOR.finditer(sentence.text)
    ]
    if len({one.value for one in states}) == 1:
        yield states[0]
