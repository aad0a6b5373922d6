"""The patient of a letter that is sent to somebody else, or greets the patient by the family name alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from appeals.intake.labels import Found, Value
from appeals.intake.layout import Cell, Page

Name = Callable[[str], Value | None]

_FOR: Final = re.compile(
    r"(?:\W*(?:[A-Z][\w.'-]+,?\s){0,4}?)(?:(?:daughter|son|wife|husband|spouse|mother|father|parent|sister|brother)(?: and|,) )?"
    r"(?:(?:appointed|authorized|personal|legal|duly) )*(?:representatives?|attorney-in-fact|attorney in fact|legal guardian|"
    r"guardian|conservator|health care proxy|agent)(?: named)? (?:of|for)(?: your client,?)?:?\s*(?=$|[A-Z])|"
    r"\W*to the (?:family|parents?|guardians?|(?:legal )?guardian(?: or parent)?|parents? (?:or|and) (?:legal )?guardians?|"
    r"mother and guardian)\s?(?:\(s\))? of:?\s*(?=$|[A-Z])|"
    r".{0,90}\b(?:your client|your (?:daughter|son|child|ward)),\s(?=[A-Z])|"
    r"(?:who this is about|person treated|the (?:enrollee|member|patient)|covered person|patient/enrollee|who|child|"
    r"copy to patient|about|on behalf of)\s?:\s*(?=$|[A-Z])|"
    r"(?:who this is about|person treated|the (?:enrollee|member|patient)|covered person|who|child|on behalf of)$",
    re.IGNORECASE,
)
_THEN: Final = re.compile(
    r"\s*(?:$|[,;.)(:]\s*(?:$|\(|your\b|born\b|DOB\b|date of birth\b|age\b|a (?:minor|child)\b|ID\b|\d)|\(|"
    r"DOB\b|born\b|\d+ [A-Z])",
    re.IGNORECASE,
)
_TITLE: Final = re.compile(r"(?:mr|mrs|ms|miss|mx)\.?\s+", re.IGNORECASE)


def spoken_for(pages: Sequence[Page], read: Name) -> Iterator[Found]:
    """`Appointed representative for Ana Ruiz`, `To the family of` over a name, `Who: Ana Ruiz`."""
    for page in pages[:1]:
        for row in page.rows:
            for cell in row:
                yield from _beside(page, cell, read)


def _beside(page: Page, cell: Cell, read: Name) -> Iterator[Found]:
    match = _FOR.match(cell.text)
    if match is None:
        return
    near = [(cell, match.end())] if match.end() < len(cell.text) else []
    if not near:
        right = page.right_of(cell)
        below = page.below(cell)
        labelled = right is not None and (
            cell.text.endswith(":")
            or re.search(r"(?<!behalf )\b(?:of|for)$", cell.text, re.IGNORECASE) is None
        )
        if right is not None and labelled:
            near = [(right, 0)]
        elif below is not None:
            near = [(below, 0)]
    for other, begin in near:
        begin += (lead.end() if (lead := _TITLE.match(other.text, begin)) else begin) - begin
        rest = re.sub(r"\.$", "", other.text[begin:])
        value = read(re.split(r"[.)(;:]\s?|,\s(?=your\b|born\b|\d)", rest)[0].rstrip(" .)")) if rest else None
        if value and value[0] == 0 and _THEN.match(rest[value[1] :]):
            yield Found(0, value[2], page, other.start + begin, other.start + begin + value[1])


_GREETED: Final = re.compile(
    r"dear\s(?:mr|mrs|ms|miss|mx)\.?\s(?P<name>[A-Z][\w' -]{1,40}?)\s?[,:]?$", re.IGNORECASE
)
_HEAD: Final = 26


def greeted_by_family_name(pages: Sequence[Page], read: Name) -> Iterator[Found]:
    """The one full name alone in its cell in the letter's head that ends with the name of `Dear Ms. Ruiz`."""
    rows = [row for row in pages[0].rows if row]
    greeted = {
        match["name"].casefold() for row in rows if len(row) == 1 and (match := _GREETED.match(row[0].text))
    }
    if len(greeted) != 1:
        return
    family = next(iter(greeted))
    for row in rows[:_HEAD]:
        if _GREETED.match(row[0].text):
            return
        for cell in row[:1]:
            value = read(cell.text)
            if value and value[1] == len(cell.text) and value[2].casefold().endswith(f" {family}"):
                yield Found(0, value[2], pages[0], cell.start + value[0], cell.end)


_CARD: Final = re.compile(
    r"(?:(?:member|subscriber|enrollee|card|your)\s?(?:ID|no\b|number|#|card)|card\s?(?:no|number|#)|ID\b\s?(?:#|no\b|number|:)?)",
    re.IGNORECASE,
)


def above_the_number(pages: Sequence[Page], read: Name) -> Iterator[Found]:
    """A name alone in its cell with the member's number beside it or right under it, before any greeting."""
    page = pages[0]
    for row in [row for row in page.rows if row][:_HEAD]:
        value = read(row[0].text)
        if not value or value[1] != len(row[0].text):
            continue
        right, below = page.right_of(row[0]), page.below(row[0])
        if (right and _CARD.match(right.text)) or (below and _CARD.match(below.text)):
            yield Found(0, value[2], page, row[0].start + value[0], row[0].end)
