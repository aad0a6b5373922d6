"""The text of a letter for looking things up in it: white space and rules of boxes gone, each place with its page."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

_GONE = re.compile(r"[|│┃+=_*•·▪●]+|-{3,}|─+|[\u00ad]")
_BROKEN = re.compile(r"(?<=[a-z])-\s*\n\s*(?=[a-z])")
_SPACES = re.compile(r"\s+")
_PLAIN = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"}
)
_WORDS = re.compile(r"[A-Za-z][A-Za-z']+")
_OF = re.compile(r"\bpage\s+(\d{1,2})\s+of\s+(\d{1,2})\b", re.IGNORECASE)
_ENDS = re.compile(r"[.?!]\s")

COMMON = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "a",
        "is",
        "for",
        "you",
        "your",
        "we",
        "our",
        "this",
        "that",
        "by",
        "or",
        "not",
        "be",
        "on",
        "it",
        "with",
        "as",
        "are",
        "was",
        "will",
        "from",
        "have",
        "has",
        "if",
        "at",
        "an",
        "may",
        "can",
        "any",
        "all",
        "no",
        "do",
        "does",
        "which",
        "who",
        "when",
        "what",
        "they",
        "their",
        "there",
        "been",
        "were",
        "would",
        "could",
        "should",
        "must",
        "about",
        "us",
        "my",
        "me",
        "he",
        "she",
        "his",
        "her",
        "its",
        "than",
        "then",
        "so",
        "but",
        "because",
        "after",
        "before",
        "within",
        "more",
        "one",
        "out",
        "up",
        "only",
        "you'll",
        "we'll",
        "please",
        "dear",
        "plan",
        "claim",
        "appeal",
        "service",
        "services",
        "member",
        "decision",
        "request",
        "review",
        "days",
        "date",
        "call",
        "fax",
        "phone",
        "medical",
        "health",
        "care",
        "coverage",
        "covered",
        "notice",
        "letter",
        "file",
        "doctor",
        "provider",
        "code",
        "codes",
        "number",
        "name",
        "group",
        "address",
    ]
)
"""Words that any English letter of a plan is full of."""
FEWEST_WORDS = 40
EMPTY_PAGE = 5
LONGEST_PAGE, MOST_PAGES = 60_000, 40
"""Of what is read; a printed page holds about 6,000 characters."""
SHARE = 0.24
"""Of the words of a readable English letter, at least this share is common; a confused scan or another language has less."""


class Letter:
    """One letter. `text` is what patterns are held against."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._starts: list[int] = []
        parts: list[str] = []
        at = 0
        for page in (page[:LONGEST_PAGE] for page in pages[:MOST_PAGES]):
            flat = _SPACES.sub(" ", _GONE.sub(" ", _BROKEN.sub("", page.translate(_PLAIN)))).strip()
            self._starts.append(at)
            parts.append(flat)
            at += len(flat) + 1
        self.pages = tuple(parts)
        self.text = " ".join(parts)

    @cached_property
    def unreadable(self) -> str:
        """Why what is not found may stand in the letter all the same; "" when the whole of it was read."""
        words = _WORDS.findall(self.text)
        if len(words) < FEWEST_WORDS:
            return "There is hardly any text to read: it may be a picture."
        if any(len(_WORDS.findall(page)) < EMPTY_PAGE for page in self.pages):
            return "A page of the letter has no text to read: it may be a picture."
        if sum(word.lower() in COMMON for word in words) < SHARE * len(words):
            return "The text is not clear English: a poor scan, or another language."
        numbers = [(int(n), int(of)) for n, of in _OF.findall(self.text)]
        if numbers and len({n for n, _ in numbers}) < max(of for _, of in numbers) > len(self.pages):
            return f"Only a part of its {max(of for _, of in numbers)} pages is here."
        return ""

    def page_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def first(self, patterns: Sequence[re.Pattern[str]]) -> tuple[str, int] | None:
        """The words around the first place where one of the patterns fits, and their page."""
        for pattern in patterns:
            if found := pattern.search(self.text):
                return self.quote(found.start(), found.end()), self.page_at(found.start())
        return None

    def quote(self, start: int, end: int) -> str:
        """The words from `start` to `end` with the sentence they stand in, at most 100 characters more on either side."""
        left = self.text[max(start - 100, 0) : start]
        ends = [m.end() for m in _ENDS.finditer(left)]
        begin = (
            start - len(left) + ends[-1]
            if ends
            else start - (len(left) - (left.find(" ") + 1 if start > 100 else 0))
        )
        rest = self.text[end : end + 100]
        stop = _ENDS.search(rest)
        last = end + (stop.start() + 1 if stop else (len(rest) if len(rest) < 100 else rest.rfind(" ")))
        return self.text[begin:last].strip()[:360]
