"""Labels in a house's own words: `Fund ID`, `Card`, `Our matter`, `Log no.`. Asked only where the common ones found nothing.

Such a label must begin its cell and fill it up to the value, and no word of it may belong to another paper or party.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.labels import Found, Label
from appeals.intake.layout import Page

_BEGINS: Final = r"(?:\A|(?<=\. )|(?<=; )|(?<=\| )|(?<=\u00b7 ))"
_THEN: Final = r"(?=\Z|\s*:|\s+(?-i:[A-Z0-9*/.-]*\d))"
_NO: Final = r"(?:\s?(?:number|num\.?|no\.?|nr\.?|#|ID))"
_NOT_OURS: Final = (
    r"(?![^:]{0,40}\b(?:claims?|case|group|grp|rx-?grp|provider|prescriber|physician|doctor|clinic|facility|hospital|"
    r"tax|payer|event|notice|letter|request|decision|determination|review\w*|employer|transaction|document|"
    r"form|trace|user|login|log|submitter|pharmacy|batch|appeal|auth\w*|referral|approval|state|federal|photo|credit|debit|"
    r"gift|prepaid|payment|check|report|spouse|old|former|previous|prior|other|another|driver\w*|registration|npi|"
    r"enrollment|control|tracking|order|bin|pcn)\b)"
)


def _own(pattern: str, rank: int, *, barred: str = _NOT_OURS) -> Label:
    return Label(re.compile(rf"{_BEGINS}{barred}(?:{pattern}){_THEN}", re.IGNORECASE), rank, opens=False)


MEMBER: Final = (
    _own(
        r"(?!plan ID)(?:[a-z][\w'./()-]*\s){1,3}ID(?:\s(?:of (?:the )?(?:patient|member|enrollee)|"
        r"on (?:the |your )?card|card|no\.?|number|#))?|ID(?: on)? card|ID / rx\w+",
        0,
    ),
    _own(
        rf"(?:[a-z][\w']*\s){{0,3}}card{_NO}|(?:your |member |plan |ID )?card|number on (?:your |the )?card",
        1,
    ),
    _own(
        rf"(?:patient|participant|member|your |plan |fund |personal )?\s?identification(?:{_NO})?|certificate|customer{_NO}|"
        rf"(?:mbr|subscr|enr|pt|ins)\.?{_NO}|(?:[a-z]+ )?benefits?{_NO}|medicare plan{_NO}|medicaid billing{_NO}|"
        r"plan number on (?:your |the )?card",
        2,
    ),
    _own(r"contract (?:number|no\.?|#)(?: \(member\))?", 3),
)
_EARLIER: Final = (
    r"(?![^:]{0,40}\b(?:prior|previous|related|approved|approval|old|first|original|earlier|call|phone|check|payment|"
    r"group|provider|member|tax|form|policy|plan|guideline|appeal to|corrected|confirmation|line|page|court|hearing|state)\b)"
)
_PAPER: Final = (
    r"case|file|matter|docket|log|order|event|control|inquiry|tracking|review|determination|grievance|precert(?:ification)?|"
    r"pre-?determination|noncertification|non-certification|denial|decision|adverse determination|action notice|notice|"
    r"organization determination|coverage determination|predetermination"
)
REFERENCE: Final = (
    _own(r"(?:our |your |this )?ref(?:erence|\.)?", 0, barred=_EARLIER),
    _own(
        rf"(?:our |your |this |the )?(?:[a-z]+ )?(?:{_PAPER})(?: (?:file|case|docket|matter|notice))?(?:{_NO}){{1,2}}|"
        rf"(?:our |your |this )?(?:[a-z]+ )?(?:review |appeal )?(?:case|file|matter|docket)(?: ID)?|(?:our|this|the) "
        rf"(?:{_PAPER})|our (?:number|no\.?)(?: (?:for|of|on) this (?:case|decision|request|letter))?|"
        r"determination|control|"
        r"(?:keep|use|quote|give|mention) this number(?: (?:if|when) you (?:call|write)(?: us)?)?",
        1,
        barred=_EARLIER,
    ),
    _own(
        rf"referral{_NO}|(?:pre)?auth(?:orization)?(?:{_NO})?|this (?:notice|decision|letter):? number",
        2,
        barred=_EARLIER,
    ),
)
_QUOTED: Final = re.compile(
    r"\b(?:quote|mention|cite|give|use|refer to)(?: (?:our|the|this))?(?: (?:number|reference|file|case))?\s"
    r"(?P<id>(?=[A-Z0-9/.-]*\d[A-Z0-9/.-]*\d[A-Z0-9/.-]*\d)[A-Z0-9][A-Z0-9/.-]{4,26}[A-Z0-9])\s"
    r"(?:when(?:ever)?|if|in (?:any|all|every)|on (?:any|all)|each time|every time)\b[^.;]{0,40}\b(?:write|call|letter|letters|"
    r"reply|correspondence|contact|appeal|us)\b"
)
_NAMED_THEN: Final = re.compile(
    r"(?:\W{0,3})(?:member|patient|enrollee)\s?:\s?[A-Z][\w'. -]{3,40}\s\((?P<id>[A-Z]{2,5}[- ]?\d[A-Z0-9 -]{4,18}\w)\)",
    re.IGNORECASE,
)


def quoted(pages: Sequence[Page]) -> Iterator[Found]:
    """`Please quote UM2026-518-0337 when you write or call.`"""
    for page in pages:
        for sentence in page.sentences:
            match = _QUOTED.search(sentence.text)
            if match:
                first, last = match.span("id")
                yield Found(0, match["id"], page, sentence.places[first], sentence.places[last - 1] + 1)


def named_then(pages: Sequence[Page]) -> Iterator[Found]:
    """`Member: Ana Ruiz (MHA 5580 2213 7K)`."""
    for page in pages:
        for row in page.rows:
            for cell in row:
                match = _NAMED_THEN.fullmatch(cell.text)
                if match:
                    yield Found(
                        0, match["id"], page, cell.start + match.start("id"), cell.start + match.end("id")
                    )
