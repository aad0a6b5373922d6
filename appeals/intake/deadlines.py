"""The deadline to appeal as the letter states it.

Several limits stand close together in every letter. A limit counts as the deadline to appeal only when the verb it
belongs to is the patient's, and no other such limit in the letter differs from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.dates import find_dates
from appeals.intake.layout import Page, Sentence
from appeals.intake.limits import (
    APPEAL,
    DECIDE,
    DENIED_LIMIT,
    FILE,
    NEXT_LEVEL,
    NOT_OURS,
    OTHER,
    Limit,
    clause_before,
    limits_of,
    with_lead,
)
from appeals.intake.proposal import HIGH, MEDIUM, Proposal

_PROVIDERS: Final = re.compile(
    r"\b(?:(?:network|participating|contracted|non-?contract\w*|in-network|"
    r"treating)\s)?(?:providers?|facilities|hospitals|pharmacies|doctors) (?:may|can|must|have|"
    r"has|who|should)\b|\bfor providers\b",
    re.IGNORECASE,
)
_HYPOTHETICAL: Final = re.compile(
    r"\b(?:some|other|many|most) (?:plans|states|people|members)\b|\bfor example\b|\bunlike\b|\bif your plan\b|\bmay differ\b|"
    r"\b(?:usually|generally|typically|normally|often|may vary|depends|in most cases|at least)\b",
    re.IGNORECASE,
)


def stated_deadline(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The stated deadline, its words, its last day where the letter prints one, and whether arrival or postmark counts."""
    sentences = [sentence for page in pages for sentence in page.sentences]
    yield from _stated([limit for sentence in sentences for limit in limits_of(sentence)])
    yield from _printed_last_day(sentences)
    yield from _receipt_rule(sentences)


def _stated(limits: Sequence[Limit]) -> Iterator[Proposal]:
    """The one deadline to appeal; nothing when the letter gives two that differ."""
    ours = [limit for limit in limits if _is_deadline(limit)]
    if len({(limit.count, limit.unit) for limit in ours}) != 1:
        return
    anchored = [limit for limit in ours if limit.anchor]
    if len({limit.anchor for limit in anchored}) > 1:
        return
    best = (anchored or ours)[0]
    confidence = HIGH if best.anchor and APPEAL.search(best.sentence.text) else MEDIUM
    span = with_lead(best)
    words = re.sub(r"\s+", " ", best.sentence.text[slice(*span)]).strip()
    yield best.sentence.proposal("stated_deadline", best.value, span, confidence, best.figure)
    yield best.sentence.proposal("stated_deadline_text", words, span, confidence, best.figure)


def _is_deadline(limit: Limit) -> bool:
    sentence = limit.sentence
    if limit.unit == "hour" or limit.owner != "file" or limit.anchor == "later_level":
        return False
    if limit.count < 5 and limit.unit != "calendar_month":
        return False
    around = f"{sentence.heading} . {sentence.text}"
    if NEXT_LEVEL.search(around) or _HYPOTHETICAL.search(sentence.text) or _PROVIDERS.search(sentence.text):
        return False
    if (
        NOT_OURS.search(sentence.text)
        or NOT_OURS.search(sentence.heading)
        or re.search(r"\bprovider", sentence.heading, re.IGNORECASE)
    ):
        return False
    if DENIED_LIMIT.search(clause_before(limit)):
        return False
    if re.search(r"\b(?:fast|urgent|expedited|rush)\b", sentence.text, re.IGNORECASE):
        return False
    if re.search(r"\bhearing\b|\bexternal\b", sentence.before, re.IGNORECASE) and not APPEAL.search(
        sentence.text
    ):
        return False
    if re.search(
        r"\b(?:late|good cause|extension|more time|keep getting|same level|stay the same)\b",
        sentence.text,
        re.IGNORECASE,
    ):
        return False
    if APPEAL.search(sentence.text):
        return True
    if OTHER.search(sentence.text[limit.span[1] :]):
        return False
    return bool(limit.anchor) and bool(APPEAL.search(sentence.heading) or APPEAL.search(sentence.before))


_LAST_DAY: Final = re.compile(
    r"\b(?:the\s)?last day(?:\s(?:to|you can|for|on which|that)\s(?:\w+\s){0,6}?)?\s?(?:is|:|"
    r"falls on)\s?(?:on\s)?$|\bdeadline(?:\s(?:to|for)\s(?:\w+\s){0,6}?)?\s?(?:is|:)\s?$|"
    r"\b(?:by|before|on or before|no later than|not later than|"
    r"until)\s(?:the close of business (?:on )?)?(?:(?:mon|tues|wednes|thurs|fri|satur|"
    r"sun)day,?\s)?$|\bappeal by:?\s?$|\b(?:due|received) by:?\s?$",
    re.IGNORECASE,
)


_THAT_MEANS: Final = re.compile(
    r"(?:that (?:means|is)|this means|so|in other words),? (?:you (?:must|have to) \w+ )?"
    r"(?:by|no later than|on or before)\b",
    re.IGNORECASE,
)


def _printed_last_day(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """The last day to appeal where the letter prints it as a date."""
    found: list[Proposal] = []
    for sentence in sentences:
        for printed in find_dates(sentence.text):
            lead = _LAST_DAY.search(sentence.text[: printed.start])
            around = f"{sentence.heading} . {sentence.text}"
            if (
                not lead
                or NEXT_LEVEL.search(around)
                or NOT_OURS.search(around)
                or OTHER.search(sentence.text)
                or _PROVIDERS.search(sentence.text)
            ):
                continue
            own = APPEAL.search(sentence.text)
            told = bool(re.search(r"last day|deadline", lead[0], re.IGNORECASE)) and bool(
                APPEAL.search(sentence.before) or APPEAL.search(sentence.heading) or own
            )
            told = told or bool(
                APPEAL.search(sentence.before)
                and _THAT_MEANS.match(sentence.text)
                and not (NEXT_LEVEL.search(sentence.before) or NOT_OURS.search(sentence.before))
            )
            verb = FILE.search(sentence.text[: lead.start() + 1] or sentence.text)
            by_us = DECIDE.search(sentence.text[: lead.start() + 1])
            if (
                by_us
                or re.search(r"\bnot\b(?! later)|\bno longer\b|\bwas\b", sentence.text[: lead.start() + 1])
                or not (told or (own and (verb or lead[0].lower().startswith("appeal"))))
            ):
                continue
            span = (lead.start(), printed.end)
            found.append(
                sentence.proposal(
                    "stated_deadline_date", printed.day.isoformat(), span, HIGH, (printed.start, printed.end)
                )
            )
    if len({one.value for one in found}) == 1:
        yield found[0]


def _receipt_rule(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """Whether an appeal must have arrived, or need only be postmarked, by its last day."""
    found: list[Proposal] = []
    for sentence in sentences:
        around = f"{sentence.heading} {sentence.text}"
        if not APPEAL.search(around) or NEXT_LEVEL.search(around) or NOT_OURS.search(around):
            continue
        for value, pattern in (
            (
                "must_receive",
                r"\bwe must (?:receive|get) your\b|\bmust (?:reach us|be received)\b|\bneeds? to reach us\b|"
                r"\bmust arrive\b",
            ),
            ("postmarked", r"\bmust be postmarked\b|\bpostmarked (?:within|by|no later than)\b"),
        ):
            match = re.search(pattern, sentence.text, re.IGNORECASE)
            if match and not re.search(r"\brecords\b|\binformation\b", sentence.text, re.IGNORECASE):
                found.append(sentence.proposal("receipt_rule", value, match.span(), HIGH))
    if len({one.value for one in found}) == 1:
        yield found[0]
