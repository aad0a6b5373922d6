"""What the reader of letters hands on: one fact, its value, and the words of the letter that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HIGH: Final = "high"
MEDIUM: Final = "medium"


@dataclass(frozen=True)
class Proposal:
    """A fact read in a letter, for a person to confirm or to refuse; it starts nothing by itself.

    `value` is normalized (dates are ISO 8601, codes upper case); `words` stand in the text of page `page`
    (counted from 1) exactly at `start` to `end`. `confidence` is `high` or `medium`.
    """

    fact: str
    value: str
    words: str
    page: int
    start: int
    end: int
    confidence: str


MANY: Final = frozenset({"procedure_code", "diagnosis_code", "carc", "rarc", "reason", "criteria", "ndc"})
"""Facts of which a letter may hold several; of every other fact at most one value is proposed."""
