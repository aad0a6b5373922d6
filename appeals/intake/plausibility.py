"""Dates and spans that cannot all be true: of those none is proposed."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from appeals.intake.dates import find_dates
from appeals.intake.layout import Page
from appeals.intake.proposal import Proposal

_DATES: Final = frozenset(
    {
        "notice_date", "sent_date", "request_received_date", "effective_date", "stated_deadline_date",
        "continuation_request_by", "p2p_window_end",
    }
)  # fmt: skip
_TO_ACT: Final = timedelta(days=400)
"""No limit in a letter runs longer than about a year."""
_ORDER: Final = (
    # what comes first, what comes later, and how much later it can be
    ("request_received_date", "notice_date", timedelta(days=400)),
    ("request_received_date", "sent_date", timedelta(days=400)),
    ("notice_date", "sent_date", timedelta(days=21)),
    ("notice_date", "stated_deadline_date", _TO_ACT),
    ("notice_date", "continuation_request_by", timedelta(days=65)),
    ("notice_date", "p2p_window_end", timedelta(days=95)),
)
_MAIL: Final = {"receipt": (0, 14), "notice_date": (-1, 5), "mailing": (-1, 5)}
"""Days by which a printed last day may differ from the count: for the mail, weekends and the first day counted."""
_SPAN: Final = re.compile(r"(?P<count>\d+) (?P<unit>\w+) after (?P<anchor>\w+)")
_IN_THE_PAST: Final = re.compile(
    r"\b(?:we|you|your (?:doctor|provider|appeal)|request|records?|letter|notes?|appeal|dr\.? [\w-]+|it) (?:was |were |"
    r"has |had |have )?"
    r"(?:first |also |then )?(?:received|got|arrived|reached us|reviewed|decided|denied|spoke|called|appealed|sent|wrote|"
    r"faxed|mailed|"
    r"asked|told)\b[^.;]{0,30}\bon\s$",
    re.IGNORECASE,
)


def implausible(pages: Sequence[Page], proposals: Sequence[Proposal]) -> frozenset[str]:
    """The facts whose dates contradict each other or the rest of the letter."""
    days = {one.fact: date.fromisoformat(one.value) for one in proposals if one.fact in _DATES}
    wrong: set[str] = set()
    for first, later, most in _ORDER:
        if first in days and later in days and not timedelta(0) <= days[later] - days[first] <= most:
            wrong |= {first, later} if later in ("notice_date", "sent_date") else {later}
    if "continuation_request_by" in days and days["continuation_request_by"] == days.get(
        "stated_deadline_date"
    ):
        wrong.add("stated_deadline_date")  # one day for both: which of them it is for is not sure
    printed = days.get("stated_deadline_date")
    span = next((one.value for one in proposals if one.fact == "stated_deadline"), "")
    told = [days[fact] for fact in ("notice_date", "sent_date") if fact in days]
    if printed and span and told and not any(_fits(span, start, printed) for start in told):
        wrong |= {"stated_deadline", "stated_deadline_text", "stated_deadline_date"}
    if "notice_date" in days and _something_happened_after(pages, days["notice_date"]):
        wrong.add("notice_date")
    return frozenset(wrong)


def _fits(span: str, start: date, last: date) -> bool:
    """Whether a printed last day is the one that the span counts to from a day."""
    match = _SPAN.fullmatch(span)
    if match is None:
        return True
    count = int(match["count"])
    if match["unit"] == "calendar_month":
        end = _months_later(start, count)
    elif match["unit"] == "calendar_day":
        end = start + timedelta(days=count)
    else:
        return True  # business days depend on a calendar that the letter does not print
    early, late = _MAIL.get(match["anchor"], (0, 14))
    return timedelta(days=early) <= last - end <= timedelta(days=late)


def _months_later(start: date, months: int) -> date:
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def _something_happened_after(pages: Sequence[Page], notice: date) -> bool:
    """Whether the letter tells, as past, of a day after the one it is said to be written on."""
    return any(
        printed.day > notice and _IN_THE_PAST.search(sentence.text[: printed.start])
        for page in pages
        for sentence in page.sentences
        for printed in find_dates(sentence.text)
    )
