"""Time limits in a letter's sentences: how long, from when, and whose verb each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appeals.intake.layout import Sentence

_WORDS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60,
    "sixty-five": 65, "seventy-two": 72, "seventy": 70, "eighty": 80, "ninety": 90,
    "one hundred": 100, "one hundred twenty": 120, "one hundred and twenty": 120, "one hundred eighty": 180,
    "one hundred and eighty": 180,
}  # fmt: skip
_SPELLED: Final = "|".join(sorted((word.replace(" ", r"[\s-]") for word in _WORDS), key=len, reverse=True))
_LIMIT: Final = re.compile(
    rf"(?<![\w.,$/-])(?:(?P<spelled>{_SPELLED})\s?\(\s?(?P<both>\d{{1,3}})\s?\)|"
    rf"(?P<figure>\d{{1,3}})|(?P<word>{_SPELLED}))"
    r"[\s-](?P<kind>(?:calendar|business|working|full|consecutive)[\s-])?(?P<unit>days?|months?|"
    r"hours?|weeks?|hrs?)\b'?",
    re.IGNORECASE,
)
_UNITS: Final = {"d": "calendar_day", "m": "calendar_month", "h": "hour", "w": "week"}

_ANCHORS: Final = (
    (
        "later_level",
        re.compile(
            r"\s*(?:after|from|of|following|once)\s(?:the\s(?:date|day)\s(?:of|on|you\s(?:get|got|"
            r"receive[d]?))\s)?(?:you (?:get|got|receive)\s)?"
            r"(?:our|the|that|its|your|a|this)?\s?(?:date\s(?:of|on)\s)?(?:our\s|the\s|that\s)?(?:final|"
            r"internal|appeal|first|second|plan(?:'s)? (?:appeal|final)|that decision|that answer|"
            r"redetermination|reconsideration)\b"
            r"|\s*(?:after|from|of)\s(?:you (?:get|got|receive) )?(?:that|our) (?:decision|answer|"
            r"response)",
            re.IGNORECASE,
        ),
    ),
    (
        "receipt",
        re.compile(
            r"\s*(?:after|from|of|following|once|starting)?\s?(?:when\s)?(?:(?:the|your)\s(?:date|day)\s(?:that\s|"
            r"on which\s|of\s)?)?(?:of\s|from\s)?"
            r"(?:you(?:r)?\s(?:have\s)?(?:receiv\w+|receipt|got|get)|receipt|receiving|"
            r"getting)\b(?:\s(?:of\s)?(?:this|the|our|your)\s(?:\w+\s){0,3}?(?:notice|letter|statement|"
            r"decision|denial|determination|EOB))?",
            re.IGNORECASE,
        ),
    ),
    (
        "mailing",
        re.compile(
            r"\s*(?:after|from|of|following)\s(?:the\s)?(?:(?:date|day)\s(?:that\s)?)?(?:of\s)?(?:(?:this|"
            r"the)\s(?:notice|letter)\s(?:is|was)\s)?(?:we\s)?(?:mail(?:ed|ing)?|postmark(?:ed)?|"
            r"sent)\b(?:\s(?:date|of)?\s?(?:this|the)\s(?:notice|letter|decision))?(?:\sdate)?",
            re.IGNORECASE,
        ),
    ),
    (
        "notice_date",
        re.compile(
            r"\s*(?:after|from|of|following)\s(?:the\s)?(?:date\s)?(?:(?:of|on|printed on|printed at the top of|"
            r"shown at the top of|shown on|"
            r"at the top of|above|listed on|in)\s)?(?:this|the|our)?\s?"
            r"(?:(?:denial|determination|decision|adverse\sbenefit\sdetermination)\s)?(?:notice|letter|"
            r"statement|decision|determination|date above|date shown above|above date)\b(?:\sdate)?",
            re.IGNORECASE,
        ),
    ),
)

_COUNTED: Final = re.compile(
    r",?\s(?:to (?:appeal|ask|file|request|do (?:so|this))(?:\s(?:for|an?|us|it|this|the|appeal|review)){0,4}|"
    r"counted|counting|beginning|starting|running|"
    r"measured|calculated)(?=\s(?:after|from|of|following|on|with)\b)",
    re.IGNORECASE,
)
"""Words between a limit and what it runs from: `65 days, counted from ...`, `60 days to appeal from ...`."""

FILE: Final = re.compile(
    r"\byou (?:must|may|can|have|need|should|get|are allowed|will have)\b|\byou(?:'ve|"
    r" have) (?:up to )?|\b(?:may|can|must|to|should) (?:appeal|ask|request|file|submit|send|"
    r"dispute|seek)\b|"
    r"\b(?:must|should|has to|needs to) (?:be (?:received|postmarked|filed|sent|submitted|made|"
    r"mailed|in)|reach|get to|arrive)|\bwe (?:must|need to|have to) (?:receive|get|have)\b|"
    r"\b(?:ask|file|apply|write|dispute)\b|(?<!your )(?<!an )(?<!the )(?<!this )(?<!our )(?<!any )"
    r"(?<!fast )(?<!plan )(?<!each )(?<!member )(?<!urgent )(?<!internal )(?<!standard )"
    r"(?<!expedited )\bappeal\b|\bright to\b|\bdeadline\b|\btime limit\b|\bappeals? (?:window|"
    r"period)\b|\bsubmit(?:ted)?\b|\bsend\b|\bdo (?:it|this|so)\b|"
    r"\bwe (?:get|receive|have) (?:it|your)\b|\btell us\b",
    re.IGNORECASE,
)
DECIDE: Final = re.compile(
    r"\b(?:we|the plan|plan|reviewer|payer|it|they)(?:\swill|\smust|\scan|\sshall|\susually|"
    r"\sthen)? (?:decide|answer|respond|reply|give|tell|let you know|resolve|complete|notify|make|"
    r"issue|mail you|send you|act)\w*|"
    r"\bwe'll\b|\bdecision (?:within|in|is|will)|\banswer(?:ed)? (?:in|within|takes)|"
    r"\banswer takes\b|\b(?:appeals? )?(?:is|are|be) (?:decided|answered|resolved|completed)\b|"
    r"\breview takes\b|\btakes?\b|\bfrom us\b|\bextend\w*\b|"
    r"\b(?:we|the plan) (?:have|has|need|may have|get)\b(?! (?:it|your|them|to (?:get|receive|have))\b)|"
    r"\b(?:get|receive|expect|see) (?:a|an|our|"
    r"the) (?:\w+ )?(?:answer|decision|response|letter|reply)\b|\bour (?:answer|decision|response|"
    r"reply)\b",
    re.IGNORECASE,
)
OTHER: Final = re.compile(
    r"\b(?:speak|talk|peer|call(?:ing)?|phone) (?:with|to)\b|\bpeer-to-peer\b|\bbring a\b|"
    r"\bsu(?:e|it)\b|\bcorrected claim\b|\bresubmit\b|\bpay\b|\brefund\b|\bprovide\b|"
    r"\b(?:send|submit|give|provide|get|supply) (?:us )?(?:the |any |more |additional |missing |"
    r"these |your )*(?:medical )?(?:records|information|documents?|notes|paperwork|"
    r"documentation)\b|\bkeep\b|\bcontinu\w+\b|\bgrievance\b|\bcomplaint\b",
    re.IGNORECASE,
)
NEXT_LEVEL: Final = re.compile(
    r"\bexternal\b|\boutside review\b|\bindependent\b|\bfair hearing\b|\bhearing\b|\bcourt\b|"
    r"\bcivil action\b|\bsecond[- ]level\b|\blevel (?:2|two|ii)\b|\bsecond appeal\b|"
    r"\bnext level\b|\blater levels\b|\bafter (?:the|our|your) (?:plan |final |"
    r"internal )?(?:appeal|answer|decision)\b|\bwhat happens next\b|\bIRO\b|\blawsuit\b|"
    r"\bstate review\b",
    re.IGNORECASE,
)
APPEAL: Final = re.compile(
    r"\bappeal|\breconsider|\bredetermin|\bdisagree|\bdo(?:n't| not) agree|\blook (?:at (?:it|"
    r"this) )?again|\breview (?:of|our|this)|\bdispute|\bhow to ask\b|\bwrong(?:ly)?\b|\bchallenge",
    re.IGNORECASE,
)
DENIED_LIMIT: Final = re.compile(
    r"(?:\bnot have\b|n't have\b|\bno longer\b|\binstead of\b|\brather than\b|\bused to\b|"
    r"\bnot\b(?! (?:later|more) than)|\bno more\b|\bpreviously\b|\bwas\b|\bwere\b|\bold\b|"
    r"\bformer\b|\bnever\b)[^.;,]{0,24}$",
    re.IGNORECASE,
)


_ANSWER_LEAD: Final = 12
"""A limit this near to the start of its sentence answers the question asked before it."""


@dataclass(frozen=True)
class Limit:
    """One time limit in a sentence: its count and unit, what it runs from, and whose verb it belongs to."""

    sentence: Sentence
    span: tuple[int, int]
    figure: tuple[int, int]
    count: int
    unit: str
    anchor: str
    owner: str

    @property
    def value(self) -> str:
        return f"{self.count} {self.unit}" + (f" after {self.anchor}" if self.anchor else "")


NOT_OURS: Final = re.compile(
    r"\b(?:peer[- ]to[- ]peer|keep your|continu\w+ (?:of )?(?:benefits|services|care)|"
    r"while you wait|grievances?|complaints?|corrected claims?|"
    r"provider (?:appeals?|disputes?)|claims? (?:filing|submission)|retro-?authorization|premium|"
    r"enrollment|cobra|prior authorization requests?)\b",
    re.IGNORECASE,
)


def limits_of(sentence: Sentence) -> Iterator[Limit]:
    """Every time limit of a sentence, with what it runs from and whose it is (`file`, `decide`, `other` or nothing)."""
    for match in _LIMIT.finditer(sentence.text):
        count = _count(match)
        if count is None or re.match(r"\s(?:of age|old|a week|a day|per)\b", sentence.text[match.end() :]):
            continue
        unit = _UNITS[match["unit"][0].lower()]
        if unit == "calendar_day" and re.match(r"business|working", match["kind"] or "", re.IGNORECASE):
            unit = "business_day"
        anchor, end = "", match.end()
        begin = match.end()
        counted = _COUNTED.match(sentence.text, begin)
        begin = counted.end() if counted else begin
        for name, pattern in _ANCHORS:
            after = pattern.match(sentence.text, begin)
            if after and after.end() > begin:
                anchor, end = name, after.end()
                break
        yield Limit(
            sentence,
            (match.start(), end),
            match.span(),
            count,
            unit,
            anchor,
            _owner(sentence, match.start(), end),
        )


def _asked(question: str) -> str:
    """Whose limit a question asks for: `How long do I have to appeal?` is the patient's."""
    if re.search(
        r"\b(?:will|does|do you|can you) [^?]{0,30}\b(?:take|decide|answer|hear)|\bdecision\b",
        question,
        re.IGNORECASE,
    ):
        return "decide"
    mine = re.search(
        r"\bhow (?:long|much time|many days) (?:do|will) I have\b|\bwhen (?:must|do|should) I\b|\bdeadline\b",
        question,
        re.IGNORECASE,
    )
    return "file" if mine and APPEAL.search(question) else ""


def _count(match: re.Match[str]) -> int | None:
    """The number; None when the word and the figure in brackets differ."""
    spelled = _spelled(match["spelled"]) if match["spelled"] else None
    if spelled is not None:
        return spelled if spelled == int(match["both"]) else None
    return int(match["figure"]) if match["figure"] else _spelled(match["word"])


def _spelled(words: str) -> int | None:
    plain = re.sub(r"\s+", " ", words.lower())
    return _WORDS.get(plain) or _WORDS.get(plain.replace("-", " ")) or _WORDS.get(plain.replace(" ", "-"))


def _owner(sentence: Sentence, start: int, end: int) -> str:
    """Whose limit it is, by the nearest verb: before it, or else after it."""
    nearest: tuple[int, str] | None = None
    before = sentence.text[:start]
    if sentence.before.rstrip().endswith("?") and len(before) <= _ANSWER_LEAD:
        return _asked(sentence.before)
    for owner, pattern in (("file", FILE), ("decide", DECIDE), ("other", OTHER)):
        for match in pattern.finditer(before):
            place = match.end() + (
                1 if owner != "file" else 0
            )  # "ask us to decide": the later, closer verb counts
            if nearest is None or place > nearest[0]:
                nearest = (place, owner)
    if nearest:
        return nearest[1]
    after: list[tuple[int, str]] = []
    for owner, pattern in (("file", FILE), ("decide", DECIDE), ("other", OTHER)):
        found = pattern.search(sentence.text, end)
        if found:
            after.append((found.start(), owner))
    return min(after)[1] if after else ""


def clause_before(limit: Limit) -> str:
    """The clause in which the limit stands, up to it."""
    return re.split(r"[;:]|,\s(?:and|but|or)\s|\sbut\s", limit.sentence.text[: limit.figure[0]])[-1]


def with_lead(limit: Limit) -> tuple[int, int]:
    """The span of a limit with the `within` or `not later than` before it."""
    lead = re.search(
        r"\b(?:within|not later than|no later than|up to|in)\s(?:the\s)?$",
        limit.sentence.text[: limit.span[0]],
        re.IGNORECASE,
    )
    return (lead.start() if lead else limit.span[0], limit.span[1])
