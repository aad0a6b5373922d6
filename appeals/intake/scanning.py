"""What scanning and line breaks do to print: confused characters, repaired only where their shape leaves no doubt.

Every repair replaces one character by one, so that all places in the page stay what they were.
"""

from __future__ import annotations

import re
from typing import Final

_FIGURES: Final = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})
_CONFUSED: Final = (
    # a telephone number of ten places, most of them figures
    re.compile(
        r"(?<![\w-])(?=(?:[^\d\n]?[\dOolI]){10})(?:1-)?\(?[\dOolI]{3}\)?[-. ][\dOolI]{3}[-. ][\dOolI]{4}(?![\w-])"
    ),
    # a date in figures
    re.compile(r"(?<![\w/-])[\dOolI]{1,2}/[\dOolI]{1,2}/(?:[12][\dOolI]{3}|\d[\dOolI])(?![\w/-])"),
    # a number that begins and counts with figures: 18O, 27O4, 9635O
    re.compile(r"(?<![\w./-])[1-9]\d*[Ol][\dOl]*(?![\w-])"),
    # a letter and four places: J349O
    re.compile(r"(?<=[A-V])(?<![\w-][A-V])\d[\dO]{3}(?![\w-])"),
    # a diagnosis: F43.1O
    re.compile(r"(?<=[A-TV-Z])(?<![\w-][A-TV-Z])\d[\dO]\.[\dO]{1,4}(?![\w-])"),
)
_FEWEST_FIGURES: Final = 2
_SMALL_L: Final = re.compile(r"(?<=[A-Z])l(?=[A-Z])|\bl(?=n[a-z]|D\b)")
"""`DENlED`, `lndividual`, `lD`: no English word is written so."""

_KEPT: Final = re.compile(
    r"(?:^|[\s(/-])(?:non|of|step|self|peer|to|in|out|post|pre|co|day|fee|site|first|second|third|one|two|three|four|six|low|lower|"
    r"high|higher|week|month|year|well|follow|up|state|evidence|board|cost|opt|plan|drug|bulk|prior|and|part|full|long|short|on|off|"
    r"over|under|face|place|setting|level|anti|semi|multi|ex|e|x|(?-i:[A-Z]+))-$",
    re.IGNORECASE,
)


def repaired(text: str) -> str:
    """The text with letters read for figures put right, in words whose shape only figures can have; equal length."""
    if not re.search(r"[\d][Ool]|[Ool]\d|[A-Z]l[A-Z]|\bl[nD]", text):
        return text
    for pattern in _CONFUSED:
        text = pattern.sub(_with_figures, text)
    return _SMALL_L.sub("I", text)


def _with_figures(match: re.Match[str]) -> str:
    figures = sum(character.isdigit() for character in match[0])
    return match[0].translate(_FIGURES) if figures >= _FEWEST_FIGURES else match[0]


def kept_hyphen(before: str, after: str) -> bool:
    """Whether the hyphen at a line's end belongs to the word (`step-therapy`), or only divides it (`experi-mental`)."""
    return not re.match(r"[a-z]{2}", after) or _KEPT.search(before[-16:]) is not None
