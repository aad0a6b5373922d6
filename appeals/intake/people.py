"""The patient named in the letter, and who reviewed the request for the payer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.labels import ANY_LABEL, HOLDER, Value, best, every_value, label
from appeals.intake.layout import Page
from appeals.intake.proposal import Proposal

_NAME: Final = (
    label(r"(?:patient|claimant)(?:'s)?(?:\sname)?", 0, opens=True),
    label(rf"{HOLDER}(?:\sname)?", 1, opens=True),
    label(r"name", 2, opens=True),
    label(r"to", 3, opens=True),
)
_NOT_PATIENT: Final = re.compile(
    r"\b(?:plan|provider|group|employer|drug|doctor|payer|facility|representative|file|user|"
    r"brand)\s*$",
    re.IGNORECASE,
)

_NAME_WORD: Final = (
    r"(?:[A-Z][a-z]+(?:['-][A-Z]?[a-z]+)*|[A-Z]'[A-Z][a-z]+|[A-Z][a-z]+[A-Z][a-z]+|[A-Z]\.?|"
    r"[A-Z]['A-Z-]*[A-Z])"
)
_NAME_TEXT: Final = re.compile(
    rf"{_NAME_WORD}(?:\s(?:de|la|del|van|von|der|den|da|dos|bin|"
    rf"{_NAME_WORD}))*\s(?:{_NAME_WORD})(?:,?\s(?:Jr|Sr|II|III|IV)\.?)?"
)
_CREDENTIAL: Final = re.compile(
    r"\b(?:MD|DO|NP|PA|PA-C|PMHNP|RN|PhD|PsyD|PharmD|LCSW|Dr|Doctor|Clinic|Hospital|Center|Health|"
    r"Plan|Insurance|Group|"
    r"Services?|Inc|LLC|Company|Department|Unit|Appeals?|Administrators?|Benefits?|Member|"
    r"Provider|Family|Parent|Guardian|"
    r"Estate|Psychiatry|Medicine|Care|Associates|Partners|Pharmacy|Yes|No|Whom|Number|Our|Your|"
    r"The|You|We|May|Has|Must|"
    r"Appeal|Rights|Copy|Only|Self|Spouse|Child|Dependent|Not|Applicable)\b",
    re.IGNORECASE,
)


def _person_name(text: str) -> Value | None:
    """A person's name of two to five words that fills the cell, or stands before the next label."""
    lead = re.match(
        r"(?:parent(?:/self| or guardian)?(?: of)?:\s*|(?:mr|mrs|ms|miss|mx)\.?\s+)?", text, re.IGNORECASE
    )
    begin = lead.end() if lead else 0
    words: list[str] = []
    for word in text[begin:].split(" "):
        bare = word.rstrip(",;")
        label = ANY_LABEL.fullmatch(bare.rstrip(":"))
        if not bare or bare.startswith("(") or (label and words):
            break
        words.append(word)
    name = " ".join(words).rstrip(",;")
    after = text[begin + len(name) :]
    last_first = re.fullmatch(
        rf"((?:(?:de|la|del|van|von|der)\s)*{_NAME_WORD}(?:\s{_NAME_WORD}){{0,2}}),\s({_NAME_WORD}(?:\s{_NAME_WORD}){{0,2}})",
        name,
    )
    if (
        _CREDENTIAL.search(name)
        or re.match(r",?\s*(?:MD|DO|NP|PA|PMHNP|RN|PhD|PharmD)\b", after)
        or after.lstrip().startswith((",", "&", "/"))
    ):
        return None
    if last_first:
        return begin, begin + len(name), _as_name(f"{last_first[2]} {last_first[1]}")
    plain = _NAME_TEXT.fullmatch(name)
    if plain is None or not 2 <= len(name.split()) <= 5:
        return None
    if len([word for word in name.split() if len(word.strip(".")) > 1]) < 2:
        return None
    return begin, begin + len(name), _as_name(name)


def _as_name(name: str) -> str:
    """A name printed in capitals in the usual mixed case; other names as printed."""
    if not name.isupper():
        return name
    words = (re.sub(r"[A-Z]+", lambda part: part[0].capitalize(), word) for word in name.split())
    mixed = " ".join(words)
    mixed = re.sub(r"\bMc([a-z])(?=[a-z]{2})", lambda part: "Mc" + part[1].upper(), mixed)
    return re.sub(r"\b(?:Ii|Iii|Iv)\b", lambda part: part[0].upper(), mixed)


def people(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The patient's name, from a label that means the patient."""
    yield from best("patient_name", every_value(pages, _NAME, _person_name, barred=_NOT_PATIENT))
