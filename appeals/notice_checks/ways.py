"""The ways of looking: each answers for one check from the text and the confirmed facts, before its laws are asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from appeals.notice_checks.shapes import CANNOT_TELL, FOUND, NOT_FOUND, Check, Law, Notice, Said
from appeals.notice_checks.text import Letter

_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC"
    "|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR|VI|GU|AS|MP"
)
_STREET = re.compile(
    r"\b(?:P\.?\s?O\.?\s?Box|Post\s+Office\s+Box|Box)\s+\d+|"
    r"\b\d{1,5}\s+(?:[NSEW]\.?\s+)?(?:[A-Z][\w'.]*\s+){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Loop|Way|"
    r"Parkway|Pkwy|Plaza|Court|Ct|Row|Square|Sq|Pike|Highway|Hwy|Place|Pl|Terrace|Circle|Trail)\b"
)
_WHOLE = re.compile(rf"(?:\b(?:{_STATES})\b\.?|\b[A-Z][a-z]+)[,.]?\s+\d{{5}}(?:-\d{{4}})?\b")
_FOR_APPEALS = re.compile(
    r"\b(?:appeals?|write|mail|send|sent|reconsideration|redetermination|grievances?|hearings?|where)\b",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(r"\b(?:external|outside|independent)\b", re.IGNORECASE)
"""A sentence about the review outside the plan: its time is another one."""
_BEFORE, _AFTER = 160, 140
_SPAN = re.compile(r"(\d+) (calendar_day|business_day|calendar_month)\b")


def in_words(check: Check, letter: Letter, notice: Notice, laws: tuple[Law, ...]) -> Said:
    """The words are there, or they are not."""
    found = letter.first(check.evidence)
    if found:
        return Said(FOUND, *found)
    for pattern, because in check.doubts:
        if hit := letter.first([pattern]):
            return Said(CANNOT_TELL, *hit, because=because)
    return Said(NOT_FOUND)


def reason(check: Check, letter: Letter, notice: Notice, laws: tuple[Law, ...]) -> Said:
    """A reason that a person confirmed, other than that none can be told; else words that give one."""
    if notice.reasons - {"other_unknown"}:
        return Said(FOUND, notice.reason_words)
    return in_words(check, letter, notice, laws)


def stated_window(check: Check, letter: Letter, notice: Notice, laws: tuple[Law, ...]) -> Said:
    """A confirmed day or span to appeal, else the words themselves."""
    if notice.stated_on or notice.stated:
        words = notice.stated_words or (
            f"{notice.stated_on:%B} {notice.stated_on.day}" if notice.stated_on else ""
        )
        return Said(FOUND, words or notice.stated.replace("_", " "))
    inside = [". ".join(s for s in page.split(".") if not _OUTSIDE.search(s)) for page in letter.pages]
    return in_words(check, Letter(inside), notice, laws)


def window_length(check: Check, letter: Letter, notice: Notice, laws: tuple[Law, ...]) -> Said:
    """A span that the letter gives, held against the law's; no answer where the letter gives none in days or months.

    Of several laws the shortest time counts: a doubt about the coverage makes no defect.
    """
    span = _SPAN.match(notice.stated)
    least = [law.at_least for law in laws if law.at_least]
    if span is None or span[2] == "business_day" or not least:
        return Said("")
    given = _days(int(span[1]), span[2] == "calendar_month", longest=True)
    asked = min(_days(n, unit == "months", longest=False) for law in least for unit, n in law.items())
    return Said(
        FOUND if given >= asked else NOT_FOUND, notice.stated_words or notice.stated.replace("_", " ")
    )


def _days(n: int, months: bool, *, longest: bool) -> int:
    """The longest or shortest count of days that n days or months can be."""
    if not months:
        return n
    return n * 31 if longest else n * 30 - 2


def address(check: Check, letter: Letter, notice: Notice, laws: tuple[Law, ...]) -> Said:
    """The confirmed address for appeals, else a street or box that words about an appeal lead to. No answer without one."""
    if notice.send_to and _STREET.search(notice.send_to):
        return _whole(letter, _flat(notice.send_to))
    broken = None
    for found in _STREET.finditer(letter.text):
        if not _FOR_APPEALS.search(letter.text[max(found.start() - _BEFORE, 0) : found.start()]):
            continue
        quote = letter.quote(found.start(), found.end())
        if _WHOLE.search(letter.text[found.end() : found.end() + _AFTER]):
            return Said(FOUND, quote, letter.page_at(found.start()))
        broken = broken or Said(NOT_FOUND, quote, letter.page_at(found.start()))
    return broken or Said("")


def _whole(letter: Letter, given: str) -> Said:
    """Whether a confirmed address is whole, as it was typed or as the letter goes on after it."""
    if _WHOLE.search(given):
        return Said(FOUND, given)
    at = letter.text.find(given)
    if at >= 0 and _WHOLE.search(letter.text[at : at + len(given) + 60]):
        return Said(FOUND, letter.quote(at, at + len(given)), letter.page_at(at))
    return Said(NOT_FOUND, given, letter.page_at(at) if at >= 0 else 0)


def _flat(text: str) -> str:
    return " ".join(text.split())


def advance_notice(check: Check, letter: Letter, notice: Notice, laws: tuple[Law, ...]) -> Said:
    """Days from the day of sending to the day on which care is cut."""
    if notice.sent_on is None or notice.effective_on is None:
        return Said(CANNOT_TELL, because="The day it was sent or the day it takes effect is not confirmed.")
    days = (notice.effective_on - notice.sent_on).days
    least = min(law.at_least["days"] for law in laws)
    words = f"Sent {_told(notice.sent_on)}, in effect {_told(notice.effective_on)}: {days} days."
    return Said(FOUND if days >= least else NOT_FOUND, words)


def _told(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


WAYS: Mapping[str, Callable[[Check, Letter, Notice, tuple[Law, ...]], Said]] = {
    "words": in_words,
    "reason": reason,
    "stated_window": stated_window,
    "window_length": window_length,
    "address": address,
    "advance_notice": advance_notice,
}
FROM_FACTS = frozenset({"window_length", "advance_notice"})
"""Ways that need no text: an unreadable scan changes nothing about them."""
