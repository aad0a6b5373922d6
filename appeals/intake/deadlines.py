"""The deadline to appeal as the letter states it.

Several limits stand close together in every letter. All are collected with what they are for; one counts as the
deadline to appeal only when the verb it belongs to is the patient's, its own clause (or else its sentence, the one
before, or its heading) speaks of an appeal and of no other proceeding, and no other such limit differs from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from appeals.intake.asides import (
    CALLED_APPEAL,
    aside_places,
    called_appeal,
    grievance_is_appeal,
    in_quotation,
    is_aside,
    tells_of_before,
)
from appeals.intake.counted_days import counted_days
from appeals.intake.dates import find_dates
from appeals.intake.deadline_rows import limits_in_rows
from appeals.intake.layout import Page, Sentence
from appeals.intake.limits import Limit, clause_before, limits_of, with_lead
from appeals.intake.notice_dates import notice_dates
from appeals.intake.proceedings import BACK_REFERENCE
from appeals.intake.proposal import HIGH, MEDIUM, Proposal
from appeals.intake.subjects import (
    APPEAL,
    DECIDE,
    DENIED_LIMIT,
    FILE,
    NEXT_LEVEL,
    NOT_OUR_HEADING,
    NOT_OURS,
    OTHER,
    RECORDS,
    is_for_providers,
)

_PATIENT_TOO: Final = re.compile(
    r"\b(?:you|member|enrollee|patient)\b[^.;]{0,30}\b(?:or|and|,)\b", re.IGNORECASE
)
_HYPOTHETICAL: Final = re.compile(
    r"\b(?:earlier|previous|prior|first|old) (?:letters?|notices?)\b|\b(?:some|other|many|most) (?:plans|"
    r"states|people|members)\b|\bfor example\b|\bunlike\b|\bif your plan\b|\bmay differ\b|"
    r"\b(?:usually|generally|typically|normally|often|may vary|depends|in most cases|at least)\b",
    re.IGNORECASE,
)
_QUICK: Final = re.compile(
    r"\b(?:fast|urgent|expedited|rush|urgente|expedita|r[a\u00e1]pida)\b", re.IGNORECASE
)
_EXCUSE: Final = re.compile(
    r"\b(?:late|good cause|extension|more time|keep getting|same level|stay the same|miss(?:ed)? the)\b",
    re.IGNORECASE,
)
_REPLACED: Final = re.compile(
    r"[\w ]{0,16}?\b(?:was|were|has been|have been|is no longer|no longer|does not|did not|(?:has|have) (?:ended|passed))\b",
    re.IGNORECASE,
)
_OTHER_ACT: Final = re.compile(
    r"\btell us about\b|\bother (?:insurance|coverage)\b|\brepl(?:y|ies)\b|\brespond\b|\breturn (?:the|this|your|it)\b|\bpay\b|"
    r"\bupdate\b|\benroll\b|\bapproval\b|\bauthorization\b",
    re.IGNORECASE,
)
"""What a letter may ask beside an appeal, each with its own time."""
_LAPSED: Final = re.compile(
    r"\b(?:has|have|had) (?:already )?(?:passed|ended|expired|run out)\b|\bwas late\b|\btoo late\b",
    re.IGNORECASE,
)
_LAPSES: Final = re.compile(
    r"\b(?:close[sd]?|expires?|ends?|cancel\w*|lapses?|withdrawn|destroyed|valid|lasts?|good)\b[^.;,]{0,24}$",
    re.IGNORECASE,
)
"""What happens by itself when a time is over is no time to appeal."""
_WHEN_LABEL: Final = re.compile(
    r"(?:^|[.>] )\W*(?:when|deadline|time limit|time to (?:file|appeal)|filing (?:limit|deadline))[\s:.?]*$",
    re.IGNORECASE,
)
"""A label whose limit is the patient's: `When: 180 days from receipt`."""
_SHORTEST: Final = 5
"""Days; no plan gives less for an appeal, so a shorter limit is something else."""


def stated_deadline(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The stated deadline, its words, its last day where the letter prints one, and whether arrival or postmark counts."""
    sentences = [sentence for page in pages for sentence in page.sentences]
    asides = aside_places(pages)
    sentences = [called_appeal(one) for one in sentences] if grievance_is_appeal(pages) else sentences
    sentences = [one for one in sentences if not tells_of_before(one) and not is_aside(one, asides)]
    days = [
        date.fromisoformat(one.value)
        for one in notice_dates(pages)
        if one.fact in ("notice_date", "sent_date")
    ]
    counted = list(counted_days(sentences, days))
    limits = [limit for sentence in sentences for limit in limits_of(sentence)]
    stated = list(_stated(limits, [limit for _, limit in counted]))
    if not stated and any(_ANSWERED.search(page.plain) for page in pages):
        again = [_as_next_level(one) for one in sentences]
        stated = list(_stated([limit for sentence in again for limit in limits_of(sentence)], []))
    yield from stated or _in_a_row(pages, limits)
    printed = list(_printed_last_day(sentences))
    if len({one.value for one, _ in counted}) == 1:
        printed = [counted[0][0]]
    yield from printed
    yield from _receipt_rule(sentences)


def _in_a_row(pages: Sequence[Page], others: Sequence[Limit]) -> Iterator[Proposal]:
    """The one limit that stands beside its own label in a table of the appeal, where no sentence gives another."""
    limits = list(limits_in_rows(pages))
    told = {(one.count, one.unit) for one in others if one.anchor and _is_deadline(one)}
    if len(limits) == 1 and told <= {(limits[0].count, limits[0].unit)}:
        limit = limits[0]
        span = with_lead(limit)
        words = limit.sentence.text[slice(*span)].strip()
        yield limit.sentence.proposal("stated_deadline", limit.value, span, HIGH, limit.figure)
        yield limit.sentence.proposal("stated_deadline_text", words, span, HIGH, limit.figure)


_ANSWERED: Final = re.compile(
    r"\b(?:you(?:r \w+)? appealed|thank you for (?:your appeal|appealing)|answer to your (?:first[- ]level |level (?:one|1) )?"
    r"appeal|(?:decision|result) (?:on|of) (?:your|the) (?:first[- ]level )?appeal|(?:we|the plan|committee|panel)"
    r"(?: \w+)? uph(?:olds?|eld)|appeal (?:decision|denied|upheld)|(?:of|on) the first-level appeal of|"
    r"(?:received|reviewed|considered) your (?:first[- ]level )?appeal)\b",
    re.IGNORECASE,
)
"""What a letter says that answers an appeal; the next one is then the second."""
_SECOND: Final = re.compile(r"\bsecond(?=[- ,])", re.IGNORECASE)
_LEVEL: Final = re.compile(r"\blevel (?:ii|2|two)\b", re.IGNORECASE)


def _as_next_level(sentence: Sentence) -> Sentence:
    """The sentence with `member` for `second`, which is as long, so that all places stay."""

    def told(text: str) -> str:
        return _LEVEL.sub(lambda match: "level ".ljust(len(match[0]), "-"), _SECOND.sub("member", text))

    return replace(
        sentence, text=told(sentence.text), heading=told(sentence.heading), before=told(sentence.before)
    )


def _stated(limits: Sequence[Limit], proven: Sequence[Limit]) -> Iterator[Proposal]:
    """The one deadline to appeal; nothing when the letter gives two that differ. `proven`: those with a last day."""
    ours = [limit for limit in limits if _is_deadline(limit) and (limit.anchor or _sets_a_time(limit))]
    ours = _without_shorter(ours) or [limit for limit in limits if _is_counted_from_letter(limit)]
    ours = ours or list(proven)
    if len({(limit.count, limit.unit) for limit in ours}) != 1:
        return
    anchored = [limit for limit in ours if limit.anchor]
    if len({limit.anchor for limit in anchored}) != 1:
        return  # without the event that it runs from, a count says no day
    best = anchored[0]
    confidence = HIGH if APPEAL.search(best.sentence.text) else MEDIUM
    span = with_lead(best)
    words = re.sub(r"\s+", " ", best.sentence.text[slice(*span)]).strip().replace(CALLED_APPEAL, "grievance")
    yield best.sentence.proposal("stated_deadline", best.value, span, confidence, best.figure)
    yield best.sentence.proposal("stated_deadline_text", words, span, confidence, best.figure)


_ANSWERS: Final = re.compile(
    r"\b(?:decision|decided?|answer\w*|write to you|hear from us|takes?|made in|payment|harm\w*|waiting|confirm\w*|"
    r"send (?:you )?a letter|review is|dispute|corrected|outside|external|independent)\b",
    re.IGNORECASE,
)


def _sets_a_time(limit: Limit) -> bool:
    """Whether a limit that runs from nothing said is one for filing: its own clause speaks of the appeal, of no answer."""
    clause, _ = _clause(limit)
    return APPEAL.search(clause) is not None and _ANSWERS.search(clause) is None


_GOES_ON: Final = re.compile(
    r"\b(?:go(?:es)? on|going on|keep\w*|continu\w+|stays?|same|being cut|getting (?:treatment|care|services)|"
    r"until (?:the|your) appeal)\b",
    re.IGNORECASE,
)
_SHORT: Final = 15
"""Days; within so few a member asks for care to go on, and within more for the appeal itself."""


def _without_shorter(limits: Sequence[Limit]) -> list[Limit]:
    """The limits without one for care to go on, where a longer one stands beside it."""
    longer = any(limit.count > _SHORT or limit.unit == "calendar_month" for limit in limits)
    return [
        limit
        for limit in limits
        if not (
            longer and limit.count <= _SHORT and (not limit.anchor or _GOES_ON.search(limit.sentence.text))
        )
    ]


_FEWEST: Final = 30


def _is_counted_from_letter(limit: Limit) -> bool:
    """A limit with no verb of its own that is counted from this letter, in words on the appeal and on nothing else."""
    if limit.owner or limit.anchor not in ("receipt", "notice_date", "mailing"):
        return False
    if limit.unit == "calendar_day" and limit.count < _FEWEST:
        return False
    return limit.unit in ("calendar_day", "calendar_month") and _is_deadline(replace(limit, owner="file"))


def _clause(limit: Limit) -> tuple[str, str]:
    """The clause that holds the limit, and the words of its sentence before that clause."""
    text = limit.sentence.text
    cut = re.compile(
        r"[;:]\s|\sunless\s|,\s(?=not\s)|,\s(?:and|but|or)\s(?=you\b|we\b|the\b|your\b|our\b|it\b)|\sbut\s|\s[-|]\s"
    )
    begin, end = 0, len(text)
    for mark in cut.finditer(text):
        if mark.end() <= limit.figure[0]:
            begin = mark.end()
        elif mark.start() >= limit.span[1] and mark.start() >= limit.figure[1]:
            end = mark.start()
            break
    return text[begin:end], text[:begin]


def _is_deadline(limit: Limit) -> bool:
    answers = not limit.owner and _WHEN_LABEL.search(limit.sentence.before) is not None
    if (
        limit.unit == "hour"
        or not (limit.owner == "file" or answers)
        or limit.anchor in ("later_level", "other_event")
    ):
        return False
    if limit.count < _SHORTEST and limit.unit != "calendar_month":
        return False
    if _LAPSED.search(limit.sentence.text) or _LAPSES.search(limit.sentence.text[: limit.figure[0]]):
        return False
    if in_quotation(limit.sentence.text, limit.figure[0]):
        return False
    clause, before = _clause(limit)
    sentence = limit.sentence
    if _REPLACED.match(sentence.text, limit.figure[1]) or NOT_OURS.search(
        sentence.text[limit.figure[1] :][:90]
    ):
        return False
    if DENIED_LIMIT.search(clause_before(limit)) or _HYPOTHETICAL.search(clause) or _EXCUSE.search(clause):
        return False
    return _is_members_appeal(clause, before, sentence) and not (
        OTHER.search(sentence.text[limit.span[1] :]) and not APPEAL.search(clause)
    )


def _is_members_appeal(clause: str, before: str, sentence: Sentence) -> bool:
    """Whether the nearest words that name a proceeding name the member's own appeal, and none nearer another."""
    heading = sentence.heading.split(" / ")[-1]
    if _for_another(clause) or _QUICK.search(clause):
        return False
    if NEXT_LEVEL.search(heading if APPEAL.search(heading) else sentence.heading) or (
        NOT_OUR_HEADING.search(heading) and not APPEAL.search(heading)
    ):
        return False
    if _OTHER_ACT.search(clause) and not APPEAL.search(clause):
        return False
    if RECORDS.search(clause) and not APPEAL.search(BACK_REFERENCE.sub(" ", clause)):
        return False
    if APPEAL.search(clause):
        return True
    if _for_another(before[-160:]) or RECORDS.search(before[-160:]) or _QUICK.search(before[-60:]):
        return False
    if APPEAL.search(before):
        return True
    nearer = _for_another(sentence.before) or RECORDS.search(sentence.before)
    if APPEAL.search(sentence.before) and not nearer:
        return True
    return bool(APPEAL.search(sentence.heading)) and not nearer


def _for_another(text: str) -> bool:
    return bool(NEXT_LEVEL.search(text) or NOT_OURS.search(text)) or is_for_providers(text)


_KEEPS: Final = re.compile(
    r"\b(?:stays? the same|will not change|keep (?:getting|your|the)|continu\w+|while you (?:wait|appeal)|same level)\b",
    re.IGNORECASE,
)
_WEEKDAY: Final = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s)?"
_LAST_DAY: Final = re.compile(
    r"\b(?:the\s)?(?:last|final) (?:day|date)(?:\s(?:to|you can|for|on which|that)\s(?:\w+\s){0,6}?)?\s?(?:is|:|"
    r"falls on)\s?(?:on\s)?"
    + _WEEKDAY
    + r"$|\bdeadline(?:\s(?:to|for|is)\s(?:\w+\s){0,6}?)?\s?(?:is|:)\s?"
    + _WEEKDAY
    + r"$|"
    r"\b(?:by|before|on or before|no later than|not later than|"
    r"until)\s(?:the (?:close|end) of (?:business )?(?:on )?)?" + _WEEKDAY + r"$|\bappeal by:?\s?$|"
    r"\b(?:due|received) by:?\s?$|\ba m[a\u00e1]s tardar el\s$|\bantes del\s$",
    re.IGNORECASE,
)
_IS_LAST_DAY: Final = re.compile(
    r",?\s(?:is|will be)? ?(?:the|your) (?:last|final) (?:day|date)|,?\s(?:is|will be) (?:the|your) (?:appeal )?deadline",
    re.IGNORECASE,
)
_THAT_MEANS: Final = re.compile(
    r"(?:that (?:means|is)|this means|so|in other words|meaning),? (?:\w+ ){0,6}?(?:by|no later than|"
    r"on or before|not later than)\b",
    re.IGNORECASE,
)


def _printed_last_day(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """The last day to appeal where the letter prints it as a date."""
    found: list[Proposal] = []
    for sentence in sentences:
        for printed in find_dates(sentence.text):
            span = _last_day_words(sentence, printed.start, printed.end)
            if span is None or not _date_is_for_appeal(sentence, span, printed.end):
                continue
            day = printed.day.isoformat()
            found.append(
                sentence.proposal("stated_deadline_date", day, span, HIGH, (printed.start, printed.end))
            )
    if len({one.value for one in found}) == 1:
        yield found[0]


def _last_day_words(sentence: Sentence, start: int, end: int) -> tuple[int, int] | None:
    after = _IS_LAST_DAY.match(sentence.text, end)
    if after:
        return start, after.end()
    lead = _LAST_DAY.search(sentence.text[:start])
    return (lead.start(), end) if lead else None


def _date_is_for_appeal(sentence: Sentence, span: tuple[int, int], end: int) -> bool:
    words = sentence.text[slice(*span)]
    cut = [mark.end() for mark in re.finditer(r"[;:]\s|\sbut\s", sentence.text[: span[0]])]
    clause = sentence.text[cut[-1] if cut else 0 : end]
    if (
        _KEEPS.search(sentence.text)
        or NEXT_LEVEL.search(f"{sentence.heading} . {sentence.text}")
        or NOT_OURS.search(sentence.text)
    ):
        return False
    if NOT_OUR_HEADING.search(sentence.heading.split(" / ")[-1]) or (
        is_for_providers(clause) and not _PATIENT_TOO.search(clause)
    ):
        return False
    if OTHER.search(clause) or RECORDS.search(clause):
        return False
    until = sentence.text[: span[0] + 1]
    if DECIDE.search(until) or re.search(r"\bnot\b(?! later)|\bno longer\b|\bwas\b", until):
        return False
    own = APPEAL.search(sentence.text)
    context = APPEAL.search(sentence.before) or APPEAL.search(sentence.heading)
    if re.search(r"last|final|deadline", words, re.IGNORECASE):
        return bool(own or context)
    if _THAT_MEANS.match(sentence.text) and APPEAL.search(sentence.before):
        return not (NEXT_LEVEL.search(sentence.before) or NOT_OURS.search(sentence.before))
    if APPEAL.search(sentence.before) and re.match(
        r"\W*we must (?:hear from you|have it|get it|receive it)\b", sentence.text, re.I
    ):
        return not (NEXT_LEVEL.search(sentence.before) or NOT_OURS.search(sentence.before))
    verb = FILE.search(until or sentence.text)
    if APPEAL.search(sentence.before) and re.match(
        r"\s(?:to|and) (?:ask|file|request|send|do so|do it)\b", sentence.text[end:]
    ):
        return not (NEXT_LEVEL.search(sentence.before) or NOT_OURS.search(sentence.before))
    return bool(own and (verb or words.lower().startswith("appeal")))


_KEPT_MEANWHILE: Final = re.compile(
    r"\b(?:keep|continu(?:e|ing|ation)|go on with|stop)\b[^.;]{0,40}"
    r"\b(?:services?|benefits?|care|treatments?|visits?|hours|medicines?|drugs?)\b",
    re.IGNORECASE,
)
"""Services that go on while an appeal is pending have a day of their own by which they are asked for."""


def _receipt_rule(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """Whether an appeal must have arrived, or need only be postmarked, by its last day."""
    found: list[Proposal] = []
    for sentence in sentences:
        around = f"{sentence.heading} {sentence.text}"
        about = APPEAL.search(around) or APPEAL.search(sentence.before)
        if not about or NEXT_LEVEL.search(around) or NOT_OURS.search(around):
            continue
        if _KEPT_MEANWHILE.search(around) or (
            _KEPT_MEANWHILE.search(sentence.before) and APPEAL.search(sentence.text) is None
        ):
            continue
        for value, pattern in (
            (
                "must_receive",
                r"\bwe (?:must|need to|have to) (?:receive|get|have) your\b|\bso that we (?:have|get|receive) (?:it|your)\b|"
                r"\bmust (?:reach us|be received)\b|\bneeds? to reach us\b|"
                r"\bmust arrive\b|\b(?:has|needs|have) to be received\b|\b(?:must|has to|have to|needs? to) be in our hands\b",
            ),
            (
                "postmarked",
                r"\bmust be postmarked\b|\bcount(?:s|ed)? from the postmark\b|"
                r"\bpostmarked (?:within|by|no(?:t)? later than)\b",
            ),
        ):
            match = re.search(pattern, sentence.text, re.IGNORECASE)
            if match and not re.search(r"\brecords\b|\binformation\b", sentence.text, re.IGNORECASE):
                found.append(sentence.proposal("receipt_rule", value, match.span(), HIGH))
    if len({one.value for one in found}) == 1:
        yield found[0]
