"""A last day that the letter prints and that its own count of days arrives at: two statements that prove each other."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from appeals.intake.dates import PrintedDate, find_dates
from appeals.intake.layout import Sentence
from appeals.intake.limits import Limit, limits_of
from appeals.intake.proposal import HIGH, Proposal
from appeals.intake.subjects import APPEAL, NEXT_LEVEL, NOT_OURS, RECORDS

_FEWEST: Final = 30
_ON_THE_WAY: Final = 10
"""Days that a letter may be on its way; a time counted from its receipt is printed with some of them added."""
_LAST: Final = re.compile(
    r"\b(?:by|until|before|on or before|no later than|not later than|ends?(?: on)?|end is|(?:last|final) (?:day|"
    r"date)\b[^.;]{0,30}|"
    r"\d+th day\b[^.;]{0,12}|deadline\W*|due(?: on)?|falls on|is|that is,?|are(?: up)?(?: on)?|means)\W*$|^\W*$|\(\W*$",
    re.IGNORECASE,
)
_KEPT: Final = re.compile(
    r"\b(?:stays? the same|will not change|keep (?:getting|your|the)|continu\w+|go(?:es)? on|while you (?:wait|appeal))\b",
    re.IGNORECASE,
)


def _later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))


def _arrives(limit: Limit, written: date, last: date) -> bool:
    """Whether a count of days from the letter's own day arrives at the day printed."""
    if limit.unit == "calendar_month":
        end = _later(written, limit.count)
    elif limit.unit == "calendar_day" and limit.count >= _FEWEST:
        end = written + timedelta(days=limit.count)
    else:
        return False
    if limit.anchor == "receipt":
        return end <= last <= end + timedelta(days=_ON_THE_WAY)
    return limit.anchor in ("notice_date", "mailing") and last == end


def counted_days(sentences: Sequence[Sentence], days: Sequence[date]) -> Iterator[tuple[Proposal, Limit]]:
    """Each printed last day to which a count beside it arrives, with that count. `days`: when the letter was written or sent."""
    for number, sentence in enumerate(sentences):
        near = sentences[max(0, number - 1) : number + 2]
        for printed in find_dates(sentence.text):
            if not _LAST.search(sentence.text[: printed.start]):
                continue
            for other in near:
                limit = _counting(other, printed, days)
                if limit and _speaks_of_the_appeal(sentence, other):
                    at = (printed.start, printed.end)
                    day = printed.day.isoformat()
                    yield sentence.proposal("stated_deadline_date", day, at, HIGH, at), limit
                    break


def _counting(sentence: Sentence, printed: PrintedDate, days: Sequence[date]) -> Limit | None:
    found = (
        limit
        for limit in limits_of(sentence)
        if limit.owner in ("", "file") and any(_arrives(limit, written, printed.day) for written in days)
    )
    return next(found, None)


def _speaks_of_the_appeal(one: Sentence, other: Sentence) -> bool:
    """Whether the two sentences, the one before them or their heading name the appeal and nothing else."""
    own = f"{one.text} . {other.text}"
    heading = one.heading.split(" / ")[-1]
    around = f"{one.heading} . {one.before} . {other.before} . {own}"
    return APPEAL.search(around) is not None and not any(
        pattern.search(f"{heading} . {own}") for pattern in (NEXT_LEVEL, NOT_OURS, RECORDS, _KEPT)
    )
