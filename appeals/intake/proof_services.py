"""General rules for codes and reasons: what is suggested, paid, taken back or denied by the letter was not refused in it."""

from __future__ import annotations

import re
from typing import Final

from appeals.intake.phrases import PHRASES
from appeals.intake.said import Said

_TAKEN_BACK: Final = re.compile(
    r"\b(?:was|were|has been|have been) (?:\w+ )?(?:removed|withdrawn|corrected|replaced|superseded|cancell?ed|voided|lifted|"
    r"waived|retired)\b|\bearlier (?:\w+ )?(?:code|claim|bill|denial|form|request)s?\b|\bfirst (?:billed|form)\b|"
    r"\b(?:had|used) before\b|^\W*in (?:19|20)\d\d\b|\b(?:last year|years? ago|back in|at that time)\b",
    re.IGNORECASE,
)


def is_taken_back(said: Said) -> bool:
    """A code or a reason in a sentence on an earlier one, or on one that was removed or corrected."""
    return _TAKEN_BACK.search(said.outside_brackets) is not None


_READER_MAY: Final = re.compile(
    r"\b(?:you|your (?:\w+ )?(?:doctor|provider|prescriber|podiatrist|surgeon|therapist)|dr\.? [A-Z]\w+|(?:he|she|they)) "
    r"(?:may|can|could|might|should)\b|\b(?:other|another) (?:care|treatments?|options?|drugs?|services?)\b|\balternatives?\b|"
    r"\b(?:such as|for (?:instance|example)|e\.g\.)",
    re.IGNORECASE,
)
_REFUSES: Final = re.compile(
    r"\b(?:den(?:y|ied|ies|ial)|refus\w+|declin\w+|not (?:be )?(?:approv|authoriz|cover|certif|pa)\w+|"
    r"(?:cannot|did not|will not|do not) (?:approve|authorize|cover|certify|pay)|request\w*|asked|stop\w*|reduc\w+|end\w*)\b",
    re.IGNORECASE,
)


def only_suggested(said: Said) -> bool:
    """A service that the reader may ask about, in a sentence that refuses nothing."""
    return (
        said.sentence is not None
        and _READER_MAY.search(said.text) is not None
        and _REFUSES.search(said.text) is None
    )


def is_paid(said: Said) -> bool:
    """A code in a sentence on what was paid in full."""
    return re.search(r"\bpaid in full\b|\bbelongs? to\b", said.text, re.IGNORECASE) is not None


_UNCHANGED: Final = re.compile(
    r"\b(?:no change|unchanged|stays? the same|same as (?:now|before)|not changing)\b", re.IGNORECASE
)


def is_unchanged(said: Said) -> bool:
    """A service whose own line says that nothing changes for it."""
    return len(said.page.rows[said.row]) > 1 and _UNCHANGED.search(said.line) is not None


_NOTHING_DENIED: Final = re.compile(
    r"\b(?:nothing|no (?:part|line|charge|service)) (?:was|is) (?:denied|refused|excluded)\b|\bpaid in full\b",
    re.IGNORECASE,
)


def of_a_paid_claim(said: Said) -> bool:
    """A code in a block of rows, up to the next line drawn or left blank, that says nothing of it was denied."""
    rows = said.page.rows
    first = last = said.row
    while first > 0 and rows[first - 1]:
        first -= 1
    while last + 1 < len(rows) and rows[last + 1]:
        last += 1
    block = " ".join(cell.text for row in rows[first : last + 1] for cell in row)
    return _NOTHING_DENIED.search(block) is not None


_UNDECIDED: Final = re.compile(
    r"\bnot (?:before us|(?:ruling|deciding|passing) (?:on|about)|(?:yet )?decided|in front of us|being decided|taken up|"
    r"(?:a )?part of (?:this|our|the) (?:decision|review|appeal|letter|denial))\b|\b(?:abandoned|withdrew|dropped)\b|"
    r"\b(?:has|have|had) not (?:yet )?(?:been )?(?:sent|billed|submitted|asked for|requested) (?:it|that|this|us)?\W*$",
    re.IGNORECASE,
)


def is_undecided(said: Said) -> bool:
    """A service in a sentence that says it was given up, or is not decided in this letter."""
    return said.sentence is not None and _UNDECIDED.search(said.text) is not None


_NEGATED: Final = re.compile(r"(?:\b(?:not|never|neither|nor|no)\b|n't\b)[^,;:.]{0,70}<>", re.IGNORECASE)
_REFUSING: Final = re.compile(
    r"\b(?:cannot|can't|can not|unable to|(?:did|could|will|do|does|is|are|was|were|has|have|may)(?: not|n't)|won't|not)"
    r"(?: (?:yet|be|been|being|going to))* (?:approv\w+|authoriz\w+|cover\w*|certif\w+|pay\w*|paid|allow\w*|agree\w*|meet|met|"
    r"show\w*|establish\w*|demonstrate\w*|document\w*|support\w*|prove\w*|list\w*|includ\w+|obtain\w*|request\w*|receiv\w*|"
    r"sen[dt]|submitted|provided?|contain\w*|record\w*|reimburs\w+|eligible|payable|medically|a bill|go with|"
    r"(?:say|tell us|state|explain|mention|describe|indicate) (?:why|how|what|whether|which|when))\b|"
    r"\bno (?:prior )?(?:authorization|approval|record|benefits?|rating|score|documentation|payment|coverage|longer)\b|"
    r"\banswer is no\b",
    re.IGNORECASE,
)


_MONTH: Final = r"(?-i:January|February|March|April|May|June|July|August|September|October|November|December)"
_NOT_THIS_CASE: Final = re.compile(
    r"[;,.] (?:but )?(?:this|that|it|yours) (?:is|was|does|did)(?: not|n't)\b|"
    r"\b(?:limits?|rules?|exclusions?|requirements?) (?:apply|applies) to\b|\b\d+ drugs\b|"
    rf"\b(?:in|for (?:the|your)|the) {_MONTH}\b(?! \d)(?! (?:and|to|through))|"
    r"\bpaid in\b|\badmit(?:s|ted)?\b|\bin (?:its|his|her|their|your) (?:appeal|letter)\b",
    re.IGNORECASE,
)


def of_no_case(said: Said) -> bool:
    """A reason in a sentence that says a rule, takes it back for this case, or is about a visit of another month."""
    return _NOT_THIS_CASE.search(said.text) is not None


_NO_REASONS: Final = re.compile(
    r"\bnot (?:(?:the|our|a|an|any of the) )?(?:reasons?|grounds?|basis|issues?|question)\b[^.]*$",
    re.IGNORECASE,
)
_ASKED_OF_ALL: Final = re.compile(
    r"\b(?:claims|requests|appeals|services)\b[^?]*\b(?:denied|refused|rejected)\?\s*$", re.IGNORECASE
)


def is_negated(said: Said) -> bool:
    """A reason under a negation that neither belongs to its own phrase nor refuses anything: `did not find it to be ...`."""
    if said.sentence is None:
        return False
    if _NO_REASONS.search(f"{said.sentence.before} {said.before}") or _ASKED_OF_ALL.search(
        said.sentence.before
    ):
        return True
    text = said.text
    for key, pattern in PHRASES:
        if key == said.proposal.value:
            text = pattern.sub(" <> ", text)
    return _NEGATED.search(_REFUSING.sub(" ", text)) is not None
