"""Calendar dates as American letters print them; a date that could be read in two ways is not read at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan enero", "february feb febrero", "march mar marzo", "april apr abril", "may mayo", "june jun junio",
            "july jul julio", "august aug agosto", "september sept sep septiembre", "october oct octubre",
            "november nov noviembre", "december dec diciembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_DAY_WORDS: Final = {
    word: number
    for number, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
            "twenty-first",
            "twenty-second",
            "twenty-third",
            "twenty-fourth",
            "twenty-fifth",
            "twenty-sixth",
            "twenty-seventh",
            "twenty-eighth",
            "twenty-ninth",
            "thirtieth",
            "thirty-first",
        ],
        start=1,
    )
}
_MONTH: Final = r"(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY: Final = (
    r"(?P<day>\d{1,2}(?:\s?(?:st|nd|rd|th))?|" + "|".join(sorted(_DAY_WORDS, key=len, reverse=True)) + r")"
)
_YEAR: Final = r"(?P<year>(?:19|20)\d{2})"
_SPACE: Final = r"[ \n]{1,40}"

_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_MONTH}{_SPACE}(?:the{_SPACE})?{_DAY},?{_SPACE}{_YEAR}(?!\d)",
        rf"(?<![\w/-])(?:the{_SPACE})?{_DAY}(?:{_SPACE}day)?"
        rf"(?:{_SPACE}of|{_SPACE}de)?{_SPACE}{_MONTH},?(?:{_SPACE}del?)?{_SPACE}{_YEAR}(?!\d)",
        rf"(?<![\w/-])(?P<day>\d{{1,2}})-{_MONTH}-(?P<year>(?:19|20)?\d{{2}})(?![\w/-])",
        r"(?<![\w/.-])(?P<year>(?:19|20)\d{2})[-/](?P<month>\d{2})[-/](?P<day>\d{2})(?![\w/-])",
        r"(?<![\w/.-])(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>(?:19|20)\d{2}|\d{2})(?![\w/-])",
        r"(?<![\w/.-])(?P<month>\d{1,2})-(?P<day>\d{1,2})-(?P<year>(?:19|20)\d{2})(?![\w/-])",
        r"(?<![\w/.-])(?P<month>\d{1,2})\.(?P<day>\d{1,2})\.(?P<year>(?:19|20)\d{2})(?![\w/-])",
    )
)
_DOTTED: Final = _PATTERNS[-1]


@dataclass(frozen=True)
class PrintedDate:
    """A date and where it stands in the text searched."""

    start: int
    end: int
    day: date


def find_dates(text: str) -> list[PrintedDate]:
    """Every full calendar date of a text, in order; slashed dates are month/day/year unless that is impossible."""
    return list(_dates(text))


@lru_cache(maxsize=1024)
def _dates(text: str) -> tuple[PrintedDate, ...]:
    if _DIGIT.search(text) is None:
        return ()
    found: list[PrintedDate] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            day = _read(match, dotted=pattern is _DOTTED)
            if day and not any(match.start() < other.end and other.start < match.end() for other in found):
                found.append(PrintedDate(match.start(), match.end(), day))
    return tuple(sorted(found, key=lambda printed: printed.start))


_DIGIT: Final = re.compile(r"\d\d")


def date_at_start(text: str) -> PrintedDate | None:
    """The date with which a text begins, a weekday before it allowed; None if it begins with something else."""
    lead = re.match(
        r"[\s\"'(]*(?:on\s+|el\s+)?(?:(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\.?,?\s+)?",
        text,
        re.IGNORECASE,
    )
    skipped = lead.end() if lead else 0
    dates = find_dates(text[: skipped + 48])
    return dates[0] if dates and dates[0].start <= skipped else None


def _read(match: re.Match[str], *, dotted: bool) -> date | None:
    printed_month, printed_day = match["month"].lower(), match["day"].lower()
    year = int(match["year"])
    year += 2000 if year < 100 else 0
    month = _MONTHS.get(printed_month) or int(printed_month)
    ordinal = re.match(r"\d+", printed_day)
    day = int(ordinal[0]) if ordinal else _DAY_WORDS[printed_day]
    if dotted and month <= 12 and day <= 12 and month != day:
        return None  # 09.03.2026 is the ninth of March in one house and September 3 in another
    if month > 12 >= day and printed_month.isdigit():
        month, day = day, month
    try:
        return date(year, month, day)
    except ValueError:
        return None
