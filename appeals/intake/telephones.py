"""Every telephone and fax number of a letter, with its kind and the words that belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appeals.intake.layout import Page, Sentence

PHONE: Final = re.compile(r"(?<![\w.-])(?:\+?1[-. ])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])")
_KIND: Final = re.compile(
    r"\b(?:(?P<fax>fax(?:ed|es|ing)?|facsimile|fx|f(?=:\s)|(?-i:F)(?=\s\(?\d{3}))|(?P<phone>phone|telephone|tel|voice|call(?:ing)?|"
    r"toll[- ]free|ph|[pt](?=:\s)|(?-i:T)(?=\s\(?\d{3}))|(?P<tty>tty|tdd|tty/tdd|relay))\b",
    re.IGNORECASE,
)
_KIND_AFTER: Final = re.compile(
    r"\s*\(\s*(?:(?P<fax>fax)|(?P<phone>phone|voice)|(?P<tty>tty|tdd|tty/tdd))\s*\)|"
    r"\s+by (?:(?P<by_fax>fax|facsimile)|(?P<by_phone>phone|telephone|voice))\b(?! to\b| at\b|\W{0,3}\(?\d)",
    re.IGNORECASE,
)
QUICK: Final = re.compile(
    r"\b(?:fast(?:er)?|urgent|expedited|rush|quick|emergen(?:cy|t)|(?:24|48|72)-hour)\b", re.IGNORECASE
)
_NO: Final = re.compile(
    r"\b(?:do not|don't|not|never|no longer|cannot|can't|out of service)\b[^.;]{0,60}$|"
    r"\bnot for appeals?\b",
    re.IGNORECASE,
)
_NOT_AFTER: Final = re.compile(
    r"[^.;\d]{0,40}?\b(?:is not|not for|cannot|no longer|does not accept|no appeals)\b|"
    r"[ ,(]{0,3}(?:if|for|with|to)\b[^.;\d]{0,40}\b(?:questions?|help|forms?|cop(?:y|ies)|interpreters?|language|status|files?|"
    r"records|information|large print|braille)\b|"
    r"\W{0,5}for (?:physicians|providers|doctors|prescribers|clinicians)\b|"
    r"\s*[(,]\s*(?:customer|member services|provider|prescriber|pharmac\w+|claims(?! fax)|general|"
    r"corporate|records|billing|questions)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Telephone:
    """A telephone number, its kind, the words from the number before it, and the sentence and row it stands in."""

    place: tuple[Page, int, int]
    printed: str
    kind: str
    own_words: str
    after: str
    sentence: Sentence | None
    row: int


_PLACE_LABEL: Final = re.compile(r"\W*(?!(?:Phone|Telephone|Questions|Help|Call|Office)\b)[A-Z][a-z]+:\s*")
"""`East: ... West: ...`: one kind of number for each of several places."""
_BARE: Final = re.compile(
    r"[\W\d]*(?:(?:or|and|by|to|a|send|your)\s)*(?:fax|facsimile|phone|telephone|tel|call|voice|tty(?:[ :]*711)?|[ft])?"
    r"(?:\s(?:to|at|us at))?[\W\d]*",
    re.IGNORECASE,
)
"""Words before a second number that name no office of their own."""


def telephones(page: Page) -> Iterator[Telephone]:
    """The numbers of a page, row by row, without those that the letter says not to use."""
    for sentence, shown in _by_row(page):
        text = page.plain[shown[0] : shown[1]]
        previous = 0
        kind = own = ""
        row = page.plain.count("\n", 0, shown[0])
        for match in PHONE.finditer(text):
            words = text[previous : match.start()]
            named = list(_KIND.finditer(words))
            after = _KIND_AFTER.match(page.plain, shown[0] + match.end())
            if after:
                kind = _kind_of(after)
            elif named:
                kind = _kind_of(named[-1])
            elif not previous:
                kind = _kind_above(sentence, match[0]) or _kind_of_list(page, row)
            elif (
                re.search(r"[a-z]{4}", words, re.IGNORECASE)
                and not _PLACE_LABEL.fullmatch(words)
                and not re.match(r"\s*\((?:standard|fast|urgent|expedited|appeals?)\)", words, re.IGNORECASE)
                and not QUICK.search(words)
            ):
                kind = ""
            if previous and _BARE.fullmatch(words):
                words = f"{own}{words}"  # `555-0120 / 555-0121`, `call 555-0120 or fax 555-0121`: one label for both
            own = _own_words(sentence, words, match[0], first=not previous)
            tail = re.sub(r"\s+", " ", page.plain[shown[0] + match.end() : shown[0] + match.end() + 60])
            begin = shown[0] + (previous + named[-1].start() if named else match.start())
            place = shown[0] + match.start()
            here = (
                next((one for one in page.sentences if _holds(one, place)), sentence)
                if previous
                else sentence
            )
            if not _NO.search(own) and not _NOT_AFTER.match(tail):
                yield Telephone(
                    (page, begin, shown[0] + match.end()),
                    re.sub(r"\s+", " ", match[0]),
                    kind,
                    own,
                    tail,
                    here,
                    row,
                )
            previous = match.end()


def _holds(sentence: Sentence, place: int) -> bool:
    return sentence.places[0] <= place <= sentence.places[-1] and place in sentence.places


def _by_row(page: Page) -> Iterator[tuple[Sentence | None, tuple[int, int]]]:
    """Each row with the sentence its first number stands in."""
    at: list[tuple[int, int, Sentence]] = [
        (sentence.places[0], sentence.places[-1], sentence) for sentence in page.sentences
    ]
    for row in page.rows:
        if not row:
            continue
        span = (row[0].start, row[-1].end)
        first = PHONE.search(page.plain, *span)
        if first:
            place = first.start()
            inside = [
                sentence for begin, end, sentence in at if begin <= place <= end and place in sentence.places
            ]
            yield (inside[0] if inside else None, span)


def _kind_of(match: re.Match[str]) -> str:
    named = match.groupdict()
    return next(name for name in ("fax", "phone", "tty") if named.get(name) or named.get(f"by_{name}"))


def _kind_above(sentence: Sentence | None, number: str) -> str:
    """The kind named earlier in the sentence, when the line broke between the word and the number."""
    if sentence is None:
        return ""
    before = sentence.text[: sentence.text.find(number)] if number in sentence.text else ""
    named = list(_KIND.finditer(before[-40:]))
    return _kind_of(named[-1]) if named else ""


def _own_words(sentence: Sentence | None, words: str, number: str, *, first: bool) -> str:
    """The words that belong to a number: from the number before it, or from the start of its sentence."""
    if first and sentence is not None and number in sentence.text:
        told = sentence.text[: sentence.text.find(number)][-160:]
        return told if re.search(r"[A-Za-z]", told) else words
    return words


def _kind_of_list(page: Page, row: int) -> str:
    """The kind in the title over a list of numbers: `Fax numbers`, then a line for each office."""
    for cells in reversed(page.rows[max(0, row - 8) : row]):
        if not cells:
            return ""
        title = re.fullmatch(
            r"(?:our )?(?:(?P<fax>fax)|phone|telephone) (?:numbers|lines):?", cells[0].text, re.IGNORECASE
        )
        if title and len(cells) == 1:
            return "fax" if title["fax"] else "phone"
    return ""
