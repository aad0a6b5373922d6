"""Whether a letter refuses anything at all: an approval, a request for records or an acknowledgment does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.layout import Page, Sentence

_NO_DECISION: Final = re.compile(
    r"\b(?:this|letter|notice|message)\b[^.;]{0,24}\b(?:is not|isn't|is NOT|not) (?:yet )?(?:a|an) (?:\w+ ){0,3}"
    r"(?:denial|adverse \w+|refusal|decision)\b|"
    r"\bnothing (?:has been|was|is being) (?:denied|refused)\b|"
    r"\bno (?:(?:final|coverage) )?(?:decision|determination) has (?:yet )?been (?:made|reached)\b|"
    r"\b(?:have|has) not (?:yet )?(?:made|reached|issued) (?:a|any|our|its) (?:final )?(?:decision|determination)\b|"
    r"\b(?:cannot|can't|unable to|could not) (?:yet )?(?:finish|complete|make|reach) (?:our|the|a|this|"
    r"your) (?:review|decision|determination)\b|"
    r"\b(?:review|request|case|decision) is (?:still )?(?:pending|pended|on hold|open|in progress)\b|"
    r"\bno es una negaci[o\u00f3]n\b",
    re.IGNORECASE,
)
_GRANTED: Final = re.compile(
    r"\b(?:have|has|had)? ?(?:decided|agreed) to (?:overturn|reverse|approve|grant|change)\b|"
    r"\b(?:we|plan|committee|panel|reviewer) (?:have |has )?(?:overturned|reversed)\b|"
    r"\b(?:denial|decision|determination) (?:is|was|has been) (?:overturned|reversed)\b|"
    r"\b(?:appeal|grievance|request|authorization|coverage|services?|treatment|drug|medication|"
    r"visits?) (?:\w+ ){0,6}?(?:is|are|was|were|has been|have been) "
    r"(?:fully )?(?:approved|granted|authorized|overturned)\b|"
    r"\bwe (?:have |are )?(?:approved|approving|authorized|authorizing)\b|\bnotice of (?:authorization|approval|favorable)\b|"
    r"\b(?:approval|authorization|approved) (?:letter|notice)\b|\bapproved as requested\b|\bfully favorable\b|"
    r"\bhemos aprobado\b|\baprobamos\b",
    re.IGNORECASE,
)
_ACKNOWLEDGED: Final = re.compile(
    r"\b(?:this (?:letter|notice) (?:is to )?(?:confirms?|acknowledges?)|acknowledg(?:e|es|ing|ement|"
    r"ment) (?:\w+ ){0,3}(?:of )?(?:\w+ ){0,3}"
    r"(?:appeal|grievance|request)|we(?:'ve| have)? (?:received|got|have) your (?:\w+ ){0,3}(?:appeal|grievance|complaint))\b",
    re.IGNORECASE,
)
_REFUSED: Final = re.compile(
    r"\b(?:den(?:y|ied|ies|ying)|not (?:be )?(?:been )?(?:approv\w+|authoriz\w+|cover\w*|payable|paid|"
    r"certif\w+)|(?:cannot|can't|could not|"
    r"unable to|will not|won't|did not|didn't|not going to|do not|does not) (?:be )?(?:approve\w*|"
    r"authorize\w*|cover\w*|pay|paid|certif\w+|allow\w*)|"
    r"refus\w+|declin\w+|reject\w+|turned down|uph(?:e|o)ld\w*|maintain\w* (?:the|our)|"
    r"adverse (?:benefit )?(?:determination|decision)|no benefits|answer is no|said no|goes down|reduc\w+|terminat\w+|"
    r"not payable|disallow\w+|"
    r"negamos|negad[oa]|deneg\w+|no (?:aprob\w+|podemos (?:aprobar|cubrir)|cubri\w+))\b",
    re.IGNORECASE,
)
_NOT_NOW: Final = re.compile(
    r"\b(?:may|might|could|can|would|will|if|unless|whether|when|any|any time|until|before|original|earlier|previous|first|"
    r"prior|initial|future|our (?:decision|denial|letter|notice) (?:of|dated)|denial of|you (?:may|can)|"
    r"your plan|coverage documents?|generally|"
    r"not (?:a|be|been|an)|nothing|no longer|not yet|overturn\w*|revers\w+|appeal(?:ed)?|not (?:to )?(?:den|"
    r"refus|declin|reject)\w+|"
    r"services (?:that|above|outside|which)|guarant\w+|are not covered|decided to (?:approve|overturn|reverse))\b",
    re.IGNORECASE,
)


_RESCINDS: Final = re.compile(
    r"\b(?:intend|plan|propose|decided|have)s? to rescind\b|\b(?:will be|is|are|has been|have been) rescinded\b|"
    r"\bnotice of (?:\w+ )?rescission\b",
    re.IGNORECASE,
)


def refuses(pages: Sequence[Page]) -> bool:
    """False only for a letter that says that nothing is refused (or decided), and refuses nothing elsewhere."""
    sentences = [sentence for page in pages for sentence in page.sentences]
    open_still = any(_NO_DECISION.search(one.text) and not _supposed(one) for one in sentences)
    granted = any(_grants(one) for one in sentences)
    waiting = any(_ACKNOWLEDGED.search(one.text) for one in sentences)
    return not (open_still or granted or waiting) or any(
        _refuses(one) or _RESCINDS.search(one.text) for one in sentences
    )


def _supposed(sentence: Sentence) -> bool:
    return re.match(r"\W*(?:if|when|unless)\b", sentence.text, re.IGNORECASE) is not None


def _grants(sentence: Sentence) -> bool:
    match = _GRANTED.search(sentence.text)
    return bool(match) and not re.search(
        r"\b(?:if|unless|when|until|not|may|might|only|once|previously|last|earlier|before|must be|need|never)\b|n't\b",
        sentence.text[: match.end()] if match else "",
        re.IGNORECASE,
    )


def _refuses(sentence: Sentence) -> bool:
    """Whether a sentence states a refusal as a fact of this letter."""
    for match in _REFUSED.finditer(sentence.text):
        clause = re.split(r"[;:]\s|,\s(?:and|but)\s|\sbut\s|\.\s", sentence.text[: match.end()])[-1]
        if not _NOT_NOW.search(clause + sentence.text[match.end() : match.end() + 12]):
            return True
    return False
