"""Time limits in a letter's sentences: how long, from when, and whose verb each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appeals.intake.layout import Sentence
from appeals.intake.numerals import SPELLED, spelled
from appeals.intake.subjects import APPEAL, DECIDE, FILE, OTHER

_COUNT: Final = (
    rf"(?:(?P<spelled>{SPELLED})\s?\(\s?(?P<both>\d{{1,3}})\s?\)|"
    rf"(?P<figure>\d{{1,3}})(?:\s?\(\s?(?P<beside>{SPELLED})\s?\))?|(?P<word>{SPELLED}))"
)
_LIMIT: Final = re.compile(
    rf"(?<![\w.,$/-])(?:{_COUNT}[\s-]{{1,2}}(?P<kind>(?:calendar|business|working|full|consecutive|entire|whole)[\s-])?"
    r"(?P<unit>days?|months?|hours?|weeks?|hrs?|d(?=\.?\s(?:from|after|of)\b)|d[i\u00ed]as?|mes(?:es)?|horas?|semanas?)\b'?"
    r"(?:\s(?P<kind_after>calendario|naturales|corridos|h[a\u00e1]biles|laborables))?|"
    r"(?P<ordinal>\d{1,3})(?:st|nd|rd|th)\s(?P<kind_of>(?:calendar|business)\s)?(?P<ordinal_unit>day)\b)",
    re.IGNORECASE,
)
LEAD: Final = re.compile(
    r"\b(?:within|inside|not later than|no later than|not more than|no more than|up to|before|by|in|dentro de(?: los)?|"
    r"a m[a\u00e1]s tardar|en)\s(?:the\s)?$",
    re.IGNORECASE,
)
_UNITS: Final = {"d": "calendar_day", "m": "calendar_month", "h": "hour", "w": "week", "s": "week"}

_COUNTED_FROM: Final = re.compile(
    r"\.?[\s,]*(?:\((?!\s)[^()]{1,30}\)\s)?(?:(?:(?:have|has) (?:gone by|passed|elapsed|run)|(?:may|can) (?:go by|pass|"
    r"elapse))\s)?(?:to (?:appeal|ask|file|request|write|do (?:so|this|that|it))(?:\s(?:for|an?|us|"
    r"it|this|the|your|appeal|review|in|writing)){0,4}\s)?(?:(?:in writing|to us)\s)?"
    r"(?:counted|counting|beginning|starting|running|measured|calculated|which (?:start|begin|run)s?|that (?:start|begin|"
    r"run)s?)?\s?(?:after|from|of|following|since|past|that follows?|once|starting|beginning|between|on|with|when|de|desde|"
    r"despu[e\u00e9]s de(?= )|a partir de|siguientes a)\b(?:\s?l\b)?\s",
    re.IGNORECASE,
)
_ANCHOR_STOP: Final = re.compile(
    r"[.;:?!)]|,(?!\s(?:the date|as shown|(?:19|20)\d\d))|\s[-(]|\s(?:to (?!you\b)|to$|to(?=:)|that you (?!receiv|get|got|"
    r"have)|by|if|unless|or(?! (?:the|your|a) \w+ (?:receiv|got|gets?\b))|and|but|whichever|write|fax|call|how|so|"
    r"because|using|via|(?:with)?in which|(?:during|by) which|"
    r"through|with|in writing|in order|even|for|either|we must|you (?:may|can|must|have)|at (?!the top)|y|o|para|por)\b",
    re.IGNORECASE,
)
_LATER: Final = re.compile(
    r"\b(?:final|uph[eo]ld\w*|first[- ]level|second[- ]level|level (?:one|two|1|2)|redetermination|reconsideration|"
    r"internal|exhaust\w*|our answer|its answer|appeals?|our response|(?:our )?letter upholding|respuesta|"
    r"that (?:decision|answer|notice|letter|response|one)|its decision|(?:first|earlier|original) (?:decision|"
    r"answer)|the plan's (?:final |appeal )?(?:answer|response)|"
    r"plan(?:'s)? appeal|(?:you )?(?:ask|asked|wrote|filed))\b",
    re.IGNORECASE,
)
_THIS: Final = re.compile(r"\b(?:this|esta|este)\b", re.IGNORECASE)
_ANOTHER_EVENT: Final = re.compile(
    r"\b(?:(?:january|february|march|april|may|june|july|august|september|october|november|december) (?:\d{1,2},? )?"
    r"(?:notice|letter|decision|denial)|"
    r"services?|treatment|discharge|admission|claims?|we (?:receive|get|got|have)\w*|receiving (?:it|your|the "
    r"(?:appeal|request))|getting (?:it|your)|(?:our|your|the|a) (?:\w+ )?request|(?:receipt of|receiving|"
    r"getting) (?:your|the|an) "
    r"(?:\w+ )?(?:appeal|request)|authorization|call|birth|event|enrollment|surgery|visit|premium)\b",
    re.IGNORECASE,
)
_RECEIVED: Final = re.compile(
    r"\b(?:receiv\w+|receipt|get|gets|got|gotten|getting|reach(?:es|ed)?|arriv\w+|deliver\w+|recib\w+|recep\w+|your hands|"
    r"(?:were|was|are) given|(?:comes?|came) (?:in)?to you(?:r \w+)?)\b|"
    r"\bhave (?:this|the) (?:letter|notice)\b",
    re.IGNORECASE,
)
_MAILED: Final = re.compile(r"\b(?:mail(?:ed|ing)?|postmark\w*|sent|send|sending|envi\w+)\b", re.IGNORECASE)
_NOTICE: Final = re.compile(
    r"\b(?:notice|letter|statement|decision|determination|denial|explanation|EOB|above|message|issu\w+|today|notification|"
    r"date (?:on|of) this|at the top|carta|aviso|notificaci[o\u00f3]n)\b",
    re.IGNORECASE,
)


_MEETS_YOU: Final = re.compile(
    r"\byou(?:r \w+)?\b(?<!your appeal)|\b(?:home|house|door|mailbox)\b", re.IGNORECASE
)
"""`The day this letter finds you`: something befalls the reader, and it is not said that the date counts."""


def _anchor(text: str, at: int) -> tuple[str, int]:
    """What a limit runs from, and where the words that say so end; an empty name where nothing does."""
    lead = _COUNTED_FROM.match(text, at)
    if lead is None:
        return "", at
    phrase, end = _phrase(text, lead.end())
    name = anchor_kind(phrase)
    return (name, end) if name else ("", at)


def _phrase(text: str, begin: int) -> tuple[str, int]:
    stop = _ANCHOR_STOP.search(text, begin)
    end = min(stop.start() if stop else len(text), begin + 110)
    return text[begin:end], end


def anchor_kind(phrase: str) -> str:
    """The event that words such as `the day this notice reaches you` mean; empty for words that mean none of them."""
    if _LATER.search(phrase) and not _THIS.search(phrase):
        return "later_level"
    if _ANOTHER_EVENT.search(phrase) and not _THIS.search(phrase):
        return "other_event"
    for name, pattern in (("receipt", _RECEIVED), ("mailing", _MAILED), ("notice_date", _NOTICE)):
        if pattern.search(phrase):
            return "" if name == "notice_date" and _MEETS_YOU.search(phrase) else name
    return ""


_OPENING: Final = re.compile(
    r"(?:^|(?<=[;:,] ))(?:starting |beginning |counting )?(?:from|after|once|when|with|following)\s"
    r"(?P<phrase>[^.;:,?!]{6,90}?),?\s(?:you|a member|the member|members|there (?:are|is)|and within)\b",
    re.IGNORECASE,
)


def _anchor_before(text: str, at: int) -> tuple[str, int]:
    """`From our answer you have 120 days`: the event named before the limit, with where its words begin."""
    for match in _OPENING.finditer(text, 0, at):
        name = anchor_kind(match["phrase"])
        if name and not re.search(r"[.;]\s", text[match.end() : at]):
            return name, match.start()
    return "", at


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


def limits_of(sentence: Sentence) -> Iterator[Limit]:
    """Every time limit of a sentence, with what it runs from and whose it is (`file`, `decide`, `other` or nothing)."""
    text = sentence.text
    for match in _LIMIT.finditer(text):
        count = _count(match)
        if count is None or re.match(r"\s(?:of age|old|a week|a day|per|ago|supply)\b", text[match.end() :]):
            continue
        unit = _unit(match)
        begin, figure = match.start(), match.span()
        anchor, end = _anchor(text, match.end())
        if not anchor:
            anchor, begin = _anchor_before(text, match.start())
        whose = _owner(sentence, match.start(), end)
        if unit == "week":
            count, unit = count * 7, "calendar_day"
        yield Limit(sentence, (begin, end), figure, count, unit, anchor, whose)


def _unit(match: re.Match[str]) -> str:
    printed = match["unit"] or match["ordinal_unit"]
    kind = " ".join(filter(None, (match["kind"], match["kind_of"], match["kind_after"])))
    unit = _UNITS[printed[0].lower()]
    if unit == "calendar_day" and re.match(r"business|working|h.biles|laborables", kind, re.IGNORECASE):
        return "business_day"
    return unit


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
    if match["ordinal"]:
        return int(match["ordinal"])
    if match["spelled"]:
        said = spelled(match["spelled"])
        return said if said == int(match["both"]) else None
    if match["beside"] and spelled(match["beside"]) != int(match["figure"]):
        return None
    return int(match["figure"]) if match["figure"] else spelled(match["word"])


_IN_BRACKETS: Final = re.compile(
    r"\b(?:standard|regular|fast|urgent|expedited|payment)(?: (?:appeals?|decisions?|reviews?))?"
    r"(?:\s?\(|:\s|[ .>]{3,}|,\s)(?:(?:we )?(?:decided?|answer(?:ed)?) (?:within |in )?)?$|"
    r"^\W*standard $|(?<=days, )urgent $",
    re.IGNORECASE,
)
"""`Standard (7 days)` names the time of an answer."""


def _owner(sentence: Sentence, start: int, end: int) -> str:
    """Whose limit it is, by the nearest verb: before it, or else after it."""
    nearest: tuple[int, str] | None = None
    before = sentence.text[:start]
    if sentence.before.rstrip().endswith("?") and len(before) <= _ANSWER_LEAD:
        return _asked(sentence.before)
    if _IN_BRACKETS.search(before):
        return "decide"
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
    lead = LEAD.search(limit.sentence.text[: limit.span[0]])
    return (lead.start() if lead else limit.span[0], limit.span[1])
