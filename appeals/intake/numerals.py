"""Numbers as letters spell them, in English: `forty-five`, `one hundred and eighty`."""

from __future__ import annotations

import re
from typing import Final

_ONES: Final = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], start=1
    )
}
_TEENS: Final = {
    word: number
    for number, word in enumerate(
        [
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ],
        start=10,
    )
}
_TENS: Final = {
    word: number * 10
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_WORDS: Final = {**_ONES, **_TEENS, **_TENS, "a": 1}

_ONE: Final = "|".join(_ONES)
_TEEN: Final = "|".join(_TEENS)
_TEN: Final = "|".join(_TENS)
_BELOW_HUNDRED: Final = rf"(?:(?:{_TEN})(?:[\s-](?:{_ONE}))?|{_TEEN}|{_ONE})"
SPELLED: Final = rf"(?:(?:{_ONE}|a)[\s-]hundred(?:[\s-](?:and[\s-])?{_BELOW_HUNDRED})?|{_BELOW_HUNDRED})\b"
"""A spelled number from one to nine hundred ninety-nine, without groups."""


def spelled(words: str) -> int:
    """The number that spelled words mean. Raises KeyError for a word that is no number."""
    parts = re.split(r"[\s-]+", words.lower().strip())
    total = 0
    for part in parts:
        if part == "hundred":
            total *= 100
        elif part != "and":
            total += _WORDS[part]
    return total
