"""Which proceeding a part of a letter is about: the member's appeal, or one before another office."""

from __future__ import annotations

import re
from typing import Final

from appeals.intake.layout import Page

APPEAL_WORD: Final = re.compile(
    r"(?<!provider )(?<!physician )(?<!prescriber )(?<!doctor )(?<!facility )(?<!practitioner )(?<!state )"
    r"\b(?:appeal\w*|reconsider\w*|redetermin\w*|"
    r"disagree|look again|ask us to look|wrong|apela\w*)",
    re.IGNORECASE,
)
BACK_REFERENCE: Final = re.compile(
    r"\b(?:our|the|your|that|this|its|plan(?:'s)?|internal) (?:\w+ ){0,2}?appeals? (?:decision|letter|answer|notice|"
    r"determination|response|denial|result)s?\b|"
    r"\bafter (?:(?:our|the|your|an?|this|that|all) )?(?:\w+ ){0,2}appeals?\b|"
    r"\b(?:relevant|related?|relating|pertain\w*|regarding|status|cop(?:y|ies)|used) (?:to |on |of |for |about |in )?"
    r"(?:your|the|an|this) appeals?\b|\bfile (?:to|on|of|for|about|in) (?:your|the|an|this) appeals?\b|"
    r"\b(?:if|when|once|unless) (?:you|your|the|we|our)\b[^.;:]{0,40}?\bappeals?\b[^.;:]{0,24}\b(?:denied|refused|"
    r"unfavorable|upheld|turned down|not (?:decided|changed|go|granted))\b|"
    r"\b(?:if|when|once|unless) we (?:deny|refuse|uphold|turn down|say no to|reject) "
    r"(?:(?:your|the|an|this) )?(?:\w+ )?appeals?\b|"
    r"\b(?:before|until|while|during|once) (?:your|the|an|this) (?:\w+ )?appeals? (?:is|are|was|goes)\b|"
    r"\bnot (?:(?:an?|for|the|your|any|to) )?(?:\w+ ){0,2}appeals?\b",
    re.IGNORECASE,
)
"""Words that look back at an appeal from what comes after it, or that say that something is none."""
ANOTHER_OFFICE: Final = re.compile(
    r"\b(?:external|outside review\w*|independent (?:\w+ )?(?:review\w*|organization)|IRE|IU?RO|OPM|OAH|"
    r"(?:fair |administrative )?hearings?|insurance department|commissioner|(?:department|division|bureau|office) of|"
    r"ombuds\w+|judge|court|legal aid|regulator|"
    r"state (?:agency|office|appeals?|board|review)|government|"
    r"(?:provider|practitioner|physician|prescriber|facility|hospital)s? (?:\w+ )?"
    r"(?:appeals?|disputes?|reconsiderations?|inquir\w+)|"
    r"(?:participating|contracted|network) (?:providers?|facilit\w+)|corrected claims?|"
    r"(?:billing|claims?) (?:corrections?|questions?)|civil rights|discriminat\w+|section 1557|"
    r"fraud|premiums?|override|"
    r"(?:an )?exceptions?(?= (?:requests?|is|are))|"
    r"(?:different|new|another) requests?|new (?:coverage|prior)|coverage decision|complaints? about|grievances? about|"
    r"quality of care|collections?|coordination unit)\b",
    re.IGNORECASE,
)
_COMPLAINT: Final = re.compile(
    r"\b(?:grievances?|complaints?|exceptions?|peer[- ]to[- ]peer|privacy)\b", re.IGNORECASE
)
_REACH: Final = 700


def stands_in_appeal(page: Page, start: int) -> bool:
    """Whether the last proceeding named on the page before a place is the member's appeal."""
    before = re.sub(r"\s+", " ", page.plain[max(0, start - _REACH) : start])
    before = BACK_REFERENCE.sub(" ", before)
    others = [*ANOTHER_OFFICE.finditer(before), *_COMPLAINT.finditer(before)]
    appeals = [match.end() for match in APPEAL_WORD.finditer(before)]
    return bool(appeals) and all(other.end() < appeals[-1] for other in others)
