"""Medical necessity where a letter gives it as the rule alone: `Medicare pays only for what is reasonable and necessary`.

Such a sentence stands in many letters. It is the ground of this one only where it says why, and where no other ground is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.asides import tells_of_before
from appeals.intake.layout import Page
from appeals.intake.proposal import MEDIUM, Proposal

_RULE: Final = re.compile(
    r"\b(?:(?:medicare(?: plans?| rules)?|the (?:plan|trust|fund)|your plan|we|original medicare|benefits?|"
    r"summary plan description|"
    r"plan document|article \w+|(?:para(?:graph|\.)|section) [\d.()a-z]+)\b[^.;]{0,60}?\b(?:pays?|covers?|payable|"
    r"lets? us pay|must be)"
    r"(?: (?:only|solely|for|just))*\b|to (?:be covered|pay for a service)\b)[^.;]{0,90}?\b(?:reasonable and necessary|"
    r"medically \W?necessary|"
    r"(?-i:Medically Necessary)|medical necessity)\b",
    re.IGNORECASE,
)
_SAYS_WHY: Final = re.compile(
    r"\b(?:why|reasons?|grounds?|basis|rationale|because|decision|determination|dear)\b", re.IGNORECASE
)
_ELSEWHERE: Final = re.compile(
    r"\b(?:appeals?|rights?|external|independent|review (?:of|by)|hearing|words|terms|glossary|help|general|about (?:us|"
    r"your plan)|"
    r"disclaimer|notice of|eligibility)\b",
    re.IGNORECASE,
)
_OPEN: Final = re.compile(
    r"\b(?:did not|have not|not|without) (?:yet )?(?:review\w*|decid\w+|consider\w*|reach\w*|question\w*|disput\w+|"
    r"look\w*|address\w*)\b"
    r"[^.;]{0,60}\bnecess\w+|\bnot guarante\w+\b|\bnot a (?:finding|question|decision)\b[^.;]{0,40}\bnecess\w+|"
    r"\bnecess\w+[^.;]{0,30}\b(?:not in (?:question|dispute)|was met|is met)\b|"
    r"\b(?:experimental|investigational|exclu\w+|out[- ]of[- ]network|not covered|precertif\w+|formulary|timely|duplicate)\b",
    re.IGNORECASE,
)
"""What leaves necessity open, or gives a ground of another kind; then the rule is no ground."""
_UNMET: Final = re.compile(
    r"\b(?:not|no|nor|never|nothing|only|neither|without|missing|lack\w*|silent|names only|less|fewer|but)\b|n't\b",
    re.IGNORECASE,
)


def only_necessary(pages: Sequence[Page], struck: set[str]) -> Iterator[Proposal]:
    """The rule as the ground, in a letter that gives no other and leaves necessity nowhere open."""
    if "medical_necessity" in struck:
        return
    letter = " ".join(re.sub(r"\s+", " ", page.plain) for page in pages)
    if _OPEN.search(letter):
        return
    for page in pages:
        sentences = page.sentences
        for number, sentence in enumerate(sentences):
            rule = _RULE.search(sentence.text)
            if rule is None or tells_of_before(sentence):
                continue
            heading = sentence.heading
            if _ELSEWHERE.search(heading.split(" / ")[-1]) or not (
                _SAYS_WHY.search(f"{heading} {sentence.before}") or number + 1 < len(sentences)
            ):
                continue
            following = " ".join(one.text for one in sentences[number + 1 : number + 5])
            if _UNMET.search(following):
                yield sentence.proposal(
                    "reason", "medical_necessity", (0, len(sentence.text)), MEDIUM, rule.span()
                )
                return
