"""The time limits a letter states: the patient's own, and those of the payer, of a call and of the next level.

Several limits stand close together in every letter. A limit counts as the deadline to appeal only when the verb it
belongs to is the patient's, and no other such limit in the letter differs from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from appeals.intake.dates import find_dates
from appeals.intake.layout import Page, Sentence
from appeals.intake.proposal import HIGH, MEDIUM, Proposal

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
    rf"(?<![\w.,$/-])(?:(?P<spelled>{_SPELLED})\s?\(\s?(?P<both>\d{{1,3}})\s?\)|(?P<figure>\d{{1,3}})|(?P<word>{_SPELLED}))"
    r"[\s-](?P<kind>(?:calendar|business|working|full|consecutive)[\s-])?(?P<unit>days?|months?|hours?|weeks?|hrs?)\b'?",
    re.IGNORECASE,
)
_UNITS: Final = {"d": "calendar_day", "m": "calendar_month", "h": "hour", "w": "week"}

_ANCHORS: Final = (
    ("later_level", re.compile(
        r"\s*(?:after|from|of|following|once)\s(?:the\s(?:date|day)\s(?:of|on|you\s(?:get|got|receive[d]?))\s)?(?:you (?:get|got|receive)\s)?"
        r"(?:our|the|that|its|your|a|this)?\s?(?:date\s(?:of|on)\s)?(?:our\s|the\s|that\s)?(?:final|internal|appeal|first|second|plan(?:'s)? (?:appeal|final)|that decision|that answer|redetermination|reconsideration)\b"
        r"|\s*(?:after|from|of)\s(?:you (?:get|got|receive) )?(?:that|our) (?:decision|answer|response)", re.IGNORECASE)),
    ("receipt", re.compile(
        r"\s*(?:after|from|of|following|once|starting)?\s?(?:(?:the|your)\s(?:date|day)\s(?:that\s|on which\s|of\s)?)?(?:of\s|from\s)?"
        r"(?:you(?:r)?\s(?:have\s)?(?:receiv\w+|receipt|got|get)|receipt|receiving|getting)\b(?:\s(?:of\s)?(?:this|the|our|your)\s(?:\w+\s){0,3}?(?:notice|letter|statement|decision|denial|determination|EOB))?",
        re.IGNORECASE)),
    ("mailing", re.compile(
        r"\s*(?:after|from|of|following)\s(?:the\s)?(?:(?:date|day)\s(?:that\s)?)?(?:of\s)?(?:(?:this|the)\s(?:notice|letter)\s(?:is|was)\s)?(?:we\s)?(?:mail(?:ed|ing)?|postmark(?:ed)?|sent)\b(?:\s(?:date|of)?\s?(?:this|the)\s(?:notice|letter|decision))?(?:\sdate)?",
        re.IGNORECASE)),
    ("notice_date", re.compile(
        r"\s*(?:after|from|of|following)\s(?:the\s)?(?:date\s)?(?:(?:of|on|printed on|shown on|at the top of|above|listed on|in)\s)?(?:this|the|our)?\s?"
        r"(?:(?:denial|determination|decision|adverse\sbenefit\sdetermination)\s)?(?:notice|letter|statement|decision|determination|date above|date shown above|above date)\b(?:\sdate)?",
        re.IGNORECASE)),
)  # fmt: skip

_FILE: Final = re.compile(
    r"\byou (?:must|may|can|have|need|should|get|are allowed|will have)\b|\byou(?:'ve| have) (?:up to )?|\b(?:may|can|must|to|should) (?:appeal|ask|request|file|submit|send|dispute|seek)\b|"
    r"\b(?:must|should|has to|needs to) (?:be (?:received|postmarked|filed|sent|submitted|made|mailed|in)|reach|get to|arrive)|\bwe (?:must|need to|have to) (?:receive|get|have)\b|"
    r"\b(?:ask|appeal|file|apply|write|dispute)\b|\bright to\b|\bdeadline\b|\btime limit\b|\bappeals? (?:by|within|window|period)\b|\bsubmit(?:ted)?\b|\bsend\b",
    re.IGNORECASE,
)
_DECIDE: Final = re.compile(
    r"\b(?:we|the plan|plan|reviewer|payer|it|they)(?:\swill|\smust|\scan|\sshall|\susually|\sthen)? (?:decide|answer|respond|reply|give|tell|let you know|resolve|complete|notify|make|issue|mail you|send you|act)\w*|"
    r"\bwe'll\b|\bdecision (?:within|in|is|will)|\banswer(?:ed)? (?:in|within|takes)|\banswer takes\b|\b(?:appeals? )?(?:is|are|be) (?:decided|answered|resolved|completed)\b|\breview takes\b|\btakes\b|\bhear from us\b",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    r"\b(?:speak|talk|peer|call(?:ing)?|phone) (?:with|to)\b|\bpeer-to-peer\b|\bbring a\b|\bsu(?:e|it)\b|\bcorrected claim\b|\bresubmit\b|\bpay\b|\brefund\b|\bprovide\b|"
    r"\b(?:send|submit|give|provide|get|supply) (?:us )?(?:the |any |more |additional |missing |these |your )*(?:medical )?(?:records|information|documents?|notes|paperwork|documentation)\b|\bkeep\b|\bcontinu\w+\b|\bgrievance\b|\bcomplaint\b",
    re.IGNORECASE,
)
_NEXT_LEVEL: Final = re.compile(
    r"\bexternal\b|\boutside review\b|\bindependent\b|\bfair hearing\b|\bhearing\b|\bcourt\b|\bcivil action\b|\bsecond[- ]level\b|\blevel (?:2|two|ii)\b|\bsecond appeal\b|"
    r"\bnext level\b|\blater levels\b|\bafter (?:the|our|your) (?:plan |final |internal )?(?:appeal|answer|decision)\b|\bwhat happens next\b|\bIRO\b|\blawsuit\b|\bstate review\b",
    re.IGNORECASE,
)
_NOT_OURS: Final = re.compile(
    r"\b(?:peer[- ]to[- ]peer|keep your|continu\w+ (?:of )?(?:benefits|services|care)|while you wait|grievances?|complaints?|corrected claims?|"
    r"provider (?:appeals?|disputes?)|claims? (?:filing|submission)|retro-?authorization|premium|enrollment|cobra|prior authorization requests?)\b",
    re.IGNORECASE,
)
_PROVIDERS: Final = re.compile(r"\b(?:(?:network|participating|contracted|non-?contract\w*|in-network|treating)\s)?(?:providers?|facilities|hospitals|pharmacies|doctors) (?:may|can|must|have|has|who|should)\b|\bfor providers\b", re.IGNORECASE)
_APPEAL: Final = re.compile(r"\bappeal|\breconsider|\bredetermin|\bdisagree|\bdo(?:n't| not) agree|\blook (?:at (?:it|this) )?again|\breview (?:of|our|this)|\bdispute|\bhow to ask\b|\bwrong(?:ly)?\b|\bchallenge", re.IGNORECASE)
_DENIED_LIMIT: Final = re.compile(r"(?:\bnot have\b|n't have\b|\bno longer\b|\binstead of\b|\brather than\b|\bused to\b|\bnot\b(?! (?:later|more) than)|\bno more\b|\bpreviously\b|\bwas\b|\bwere\b|\bold\b|\bformer\b|\bnever\b)[^.;,]{0,24}$", re.IGNORECASE)
_HYPOTHETICAL: Final = re.compile(r"\b(?:some|other|many|most) (?:plans|states|people|members)\b|\bfor example\b|\bunlike\b|\bif your plan\b|\bmay differ\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Limit:
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


def time_limits(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The stated deadline and its printed date, the payer's own times, the call with a reviewer, the next level."""
    sentences = [sentence for page in pages for sentence in page.sentences]
    limits = [limit for sentence in sentences for limit in _limits(sentence)]
    yield from _stated(limits)
    yield from _printed_last_day(sentences)
    yield from _agreed("standard_decision_days", [one for one in limits if _is_standard_decision(one)], HIGH)
    yield from _expedited(limits, sentences)
    yield from _agreed("p2p_window_days", [one for one in limits if _is_call(one)], HIGH)
    yield from _call_by(sentences)
    yield from _agreed("external_review_window", [one for one in limits if _is_external(one)], HIGH)
    yield from _continuation(sentences)
    yield from _receipt_rule(sentences)


def _limits(sentence: Sentence) -> Iterator[_Limit]:
    for match in _LIMIT.finditer(sentence.text):
        count = _count(match)
        if count is None or re.match(r"\s(?:of age|old|a week|a day|per)\b", sentence.text[match.end() :]):
            continue
        unit = _UNITS[match["unit"][0].lower()]
        if unit == "calendar_day" and re.match(r"business|working", match["kind"] or "", re.IGNORECASE):
            unit = "business_day"
        anchor, end = "", match.end()
        for name, pattern in _ANCHORS:
            after = pattern.match(sentence.text, match.end())
            if after and after.end() > match.end():
                anchor, end = name, after.end()
                break
        yield _Limit(sentence, (match.start(), end), match.span(), count, unit, anchor, _owner(sentence, match.start(), end))


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
    for owner, pattern in (("file", _FILE), ("decide", _DECIDE), ("other", _OTHER)):
        for match in pattern.finditer(before):
            place = match.end() + (1 if owner != "file" else 0)  # "ask us to decide": the later, closer verb counts
            if nearest is None or place > nearest[0]:
                nearest = (place, owner)
    if nearest:
        return nearest[1]
    after: list[tuple[int, str]] = []
    for owner, pattern in (("file", _FILE), ("decide", _DECIDE), ("other", _OTHER)):
        found = pattern.search(sentence.text, end)
        if found:
            after.append((found.start(), owner))
    return min(after)[1] if after else ""


def _words_before(limit: _Limit) -> str:
    """The clause in which the limit stands, up to it."""
    return re.split(r"[;:]|,\s(?:and|but|or)\s|\sbut\s", limit.sentence.text[: limit.figure[0]])[-1]


def _stated(limits: Sequence[_Limit]) -> Iterator[Proposal]:
    """The one deadline to appeal; nothing when the letter gives two that differ."""
    ours = [limit for limit in limits if _is_deadline(limit)]
    if len({(limit.count, limit.unit) for limit in ours}) != 1:
        return
    anchored = [limit for limit in ours if limit.anchor]
    if len({limit.anchor for limit in anchored}) > 1:
        return
    best = (anchored or ours)[0]
    confidence = HIGH if best.anchor and _APPEAL.search(best.sentence.text) else MEDIUM
    span = _with_lead(best)
    words = re.sub(r"\s+", " ", best.sentence.text[slice(*span)]).strip()
    yield best.sentence.proposal("stated_deadline", best.value, span, confidence, best.figure)
    yield best.sentence.proposal("stated_deadline_text", words, span, confidence, best.figure)


def _with_lead(limit: _Limit) -> tuple[int, int]:
    lead = re.search(r"\b(?:within|not later than|no later than|up to|in)\s(?:the\s)?$", limit.sentence.text[: limit.span[0]], re.IGNORECASE)
    return (lead.start() if lead else limit.span[0], limit.span[1])


def _is_deadline(limit: _Limit) -> bool:
    sentence = limit.sentence
    if limit.unit == "hour" or limit.owner != "file" or limit.anchor == "later_level":
        return False
    if limit.count < 5 and limit.unit != "calendar_month":
        return False
    around = f"{sentence.heading} . {sentence.text}"
    if _NEXT_LEVEL.search(around) or _HYPOTHETICAL.search(sentence.text) or _PROVIDERS.search(sentence.text):
        return False
    if _NOT_OURS.search(sentence.text) or _NOT_OURS.search(sentence.heading) or re.search(r"\bprovider", sentence.heading, re.IGNORECASE):
        return False
    if _DENIED_LIMIT.search(_words_before(limit)):
        return False
    if re.search(r"\b(?:fast|urgent|expedited|rush)\b", sentence.text, re.IGNORECASE):
        return False
    if re.search(r"\bhearing\b|\bexternal\b", sentence.before, re.IGNORECASE) and not _APPEAL.search(sentence.text):
        return False
    if _APPEAL.search(sentence.text):
        return True
    return bool(limit.anchor) and bool(_APPEAL.search(sentence.heading) or _APPEAL.search(sentence.before))


_LAST_DAY: Final = re.compile(
    r"\b(?:the\s)?last day(?:\s(?:to|you can|for)\s(?:\w+\s){0,6}?)?\s?(?:is|:|falls on)\s?(?:on\s)?$|\bdeadline(?:\s(?:to|for)\s(?:\w+\s){0,6}?)?\s?(?:is|:)\s?$|"
    r"\b(?:by|before|on or before|no later than|not later than|until)\s(?:the close of business (?:on )?)?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s)?$|\bappeal by:?\s?$|\b(?:due|received) by:?\s?$",
    re.IGNORECASE,
)


def _printed_last_day(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """The last day to appeal where the letter prints it as a date."""
    found: list[Proposal] = []
    for sentence in sentences:
        for printed in find_dates(sentence.text):
            lead = _LAST_DAY.search(sentence.text[: printed.start])
            around = f"{sentence.heading} . {sentence.text}"
            if not lead or _NEXT_LEVEL.search(around) or _NOT_OURS.search(around) or _OTHER.search(sentence.text) or _PROVIDERS.search(sentence.text):
                continue
            own = _APPEAL.search(sentence.text)
            told = re.search(r"last day|deadline", lead[0], re.IGNORECASE) and (_APPEAL.search(sentence.before) or _APPEAL.search(sentence.heading))
            verb = _FILE.search(sentence.text[: lead.start() + 1] or sentence.text)
            by_us = _DECIDE.search(sentence.text[: lead.start() + 1])
            if by_us or re.search(r"\bnot\b(?! later)|\bno longer\b|\bwas\b", sentence.text[: lead.start() + 1]) or not (told or (own and (verb or lead[0].lower().startswith("appeal")))):
                continue
            span = (lead.start(), printed.end)
            found.append(sentence.proposal("stated_deadline_date", printed.day.isoformat(), span, HIGH, (printed.start, printed.end)))
    if len({one.value for one in found}) == 1:
        yield found[0]


def _agreed(fact: str, limits: Sequence[_Limit], confidence: str) -> Iterator[Proposal]:
    """The value on which all limits of a kind agree, as a count with its unit; nothing when they differ."""
    if len({(limit.count, limit.unit) for limit in limits}) == 1:
        one = limits[0]
        value = f"{one.count} {one.unit}"
        yield one.sentence.proposal(fact, value, _with_lead(one), confidence, one.figure)


def _is_standard_decision(limit: _Limit) -> bool:
    sentence = limit.sentence
    if limit.unit == "hour" or limit.owner != "decide" or _NEXT_LEVEL.search(f"{sentence.heading} {sentence.text}"):
        return False
    if re.search(r"\b(?:fast|urgent|expedited)\b", sentence.text, re.IGNORECASE) or _DENIED_LIMIT.search(_words_before(limit)):
        return False
    if re.search(r"\bpaid|\bpay(?:ment)?\b|\bpart b drug\b", sentence.text[max(0, limit.span[0] - 140) : limit.span[1] + 60], re.IGNORECASE) and not re.search(
        r"\b(?:post-?service|after-service|appeals of)\b", sentence.text, re.IGNORECASE
    ):
        nearer = re.split(r"[(;]", sentence.text[: limit.span[0]])
        if len(nearer) > 1 or not re.search(r"\(", sentence.text[limit.span[1] :]):
            return False
    return _APPEAL.search(f"{sentence.heading} {sentence.text} {sentence.before}") is not None


def _expedited(limits: Sequence[_Limit], sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """Whether a fast appeal is offered, and in how many hours it is decided."""
    quick = re.compile(r"\b(?:fast(?:er)?|urgent(?:ly)?|expedited|expedite|rush|quick)\b", re.IGNORECASE)
    refused = re.compile(r"\b(?:not|cannot|no|n't)\b", re.IGNORECASE)
    hours = [
        limit
        for limit in limits
        if limit.unit == "hour"
        and limit.owner == "decide"
        and quick.search(f"{limit.sentence.heading} {limit.sentence.before} {limit.sentence.text}")
        and not _NEXT_LEVEL.search(limit.sentence.text)
        and not re.search(r"\bnot\b", limit.sentence.text)
    ]
    distinct = {limit.count for limit in hours}
    if len(distinct) == 1:
        one = hours[0]
        yield one.sentence.proposal("expedited_hours", str(one.count), _with_lead(one), HIGH, one.figure)
    offered = re.compile(r"\b(?:may|can|ask|request|call)\b[^.]{0,90}\b(?:fast|urgent|expedited)[\w-]*\s(?:appeal|review|decision|reconsideration|redetermination)|\bask for (?:a |an )?(?:fast|urgent|expedited)\b", re.IGNORECASE)
    for sentence in sentences:
        match = offered.search(sentence.text)
        if match and not refused.search(match[0]) and not re.search(r"\bnot (?:available|apply|offered)|\bdo(?:es)? not\b", sentence.text) and not _NEXT_LEVEL.search(sentence.text):
            yield sentence.proposal("expedited_available", "yes", match.span(), HIGH)
            return
    if len(distinct) == 1:
        yield hours[0].sentence.proposal("expedited_available", "yes", _with_lead(hours[0]), MEDIUM, hours[0].figure)


def _is_call(limit: _Limit) -> bool:
    text = limit.sentence.text
    doctor = re.search(r"\b(?:doctor|provider|physician|prescriber|clinician)\b", text, re.IGNORECASE)
    call = re.search(r"\bpeer[- ]to[- ]peer\b|\b(?:speak|talk|discuss)\b[^.]{0,60}\b(?:physician|reviewer|medical director|doctor)\b", f"{limit.sentence.heading} {text}", re.IGNORECASE)
    return bool(doctor and call) and limit.owner in ("other", "file") and limit.unit in ("calendar_day", "business_day") and not re.search(r"\bnot\b", _words_before(limit)) and not re.search(r"\bappeal\b[^.]{0,40}$", _words_before(limit))


def _call_by(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    for sentence in sentences:
        if not re.search(r"\bpeer[- ]to[- ]peer\b", f"{sentence.heading} {sentence.text}", re.IGNORECASE):
            continue
        for printed in find_dates(sentence.text):
            lead = re.search(r"\b(?:by|on or before|no later than|not later than|until)\s$", sentence.text[: printed.start], re.IGNORECASE)
            if lead and not re.search(r"\bappeal\b|\bnot\b(?! later)", sentence.text):
                yield sentence.proposal("p2p_window_end", printed.day.isoformat(), (lead.start(), printed.end), HIGH, (printed.start, printed.end))
                return


def _is_external(limit: _Limit) -> bool:
    sentence = limit.sentence
    around = f"{sentence.heading} {sentence.text} {sentence.before}"
    kind = re.search(r"\bexternal\b|\bindependent (?:review|organization|doctor)|\bfair hearing\b|\bIRO\b|\boutside review\b", around, re.IGNORECASE)
    return bool(kind) and limit.owner == "file" and limit.unit != "hour" and (
        limit.anchor == "later_level" or re.search(r"\bafter (?:our|the|your) (?:final|internal|appeal)", sentence.text, re.IGNORECASE) is not None
    ) and not _DENIED_LIMIT.search(_words_before(limit)) and not re.search(r"\bsecond[- ]level\b|\bexpedited\b", sentence.text, re.IGNORECASE)


def _continuation(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """The day by which the patient must ask to keep services going."""
    found: list[Proposal] = []
    keep = re.compile(r"\bkeep (?:your|getting|the)\b|\bcontinu\w+ (?:of )?(?:your |the )?(?:benefits|services|care|visits|treatment)\b", re.IGNORECASE)
    for sentence in sentences:
        if not keep.search(sentence.text):
            continue
        for printed in find_dates(sentence.text):
            lead = re.search(r"\b(?:on or before|by|no later than|not later than)\s$", sentence.text[: printed.start], re.IGNORECASE)
            if lead and re.search(r"\bask\b|\brequest\b|\bappeal\b", sentence.text[: printed.start], re.IGNORECASE) and not re.search(r"\bnot\b(?! later)", sentence.text[: printed.start]):
                found.append(sentence.proposal("continuation_request_by", printed.day.isoformat(), (lead.start(), printed.end), HIGH, (printed.start, printed.end)))
    if len({one.value for one in found}) == 1:
        yield found[0]


def _receipt_rule(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """Whether an appeal must have arrived, or need only be postmarked, by its last day."""
    found: list[Proposal] = []
    for sentence in sentences:
        around = f"{sentence.heading} {sentence.text}"
        if not _APPEAL.search(around) or _NEXT_LEVEL.search(around) or _NOT_OURS.search(around):
            continue
        for value, pattern in (
            ("must_receive", r"\bwe must (?:receive|get) your\b|\bmust (?:reach us|be received)\b|\bneeds? to reach us\b|\bmust arrive\b"),
            ("postmarked", r"\bmust be postmarked\b|\bpostmarked (?:within|by|no later than)\b"),
        ):
            match = re.search(pattern, sentence.text, re.IGNORECASE)
            if match and not re.search(r"\brecords\b|\binformation\b", sentence.text, re.IGNORECASE):
                found.append(sentence.proposal("receipt_rule", value, match.span(), HIGH))
    if len({one.value for one in found}) == 1:
        yield found[0]
