"""The letter's page as a person sees it: cells, flowing text, sentences and the heading each stands under.

All offsets are offsets into the page's own text. Cleaning replaces characters one for one, so it moves nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from appeals.intake.proposal import Proposal
from appeals.intake.scanning import kept_hyphen, repaired
from appeals.intake.unsaid import only_said

LONGEST_PAGE: Final = 60_000
"""Characters of one page that are read; a printed page holds about 6,000."""

LONGEST_SENTENCE: Final = 4_000
"""Characters of a line or a sentence that are read; nobody writes a longer one, and patterns stay fast."""

_ONE_FOR_ONE: Final = str.maketrans(
    {
        **dict.fromkeys(
            "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
        ),
        **dict.fromkeys("\t\x0b\x0c\r", " "),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\x02\ufffe", "-"),
        **dict.fromkeys("\u2018\u2019\u201b\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201f", '"'),
        **dict.fromkeys("\u2502\u2503\u2551\u00a6", "|"),
        **dict.fromkeys(
            "\u2500\u2501\u2550\u250c\u2510\u2514\u2518\u251c\u2524\u252c\u2534\u253c\u2554\u2557\u255a\u255d",
            "-",
        ),
    }
)
_RULE_LINE: Final = re.compile(r"[\s+|=_*~.-]*")
_CELL_BREAK: Final = re.compile(
    r"\s*\|[\s|]*|\s*\.{4,}\s*|\s+(?:\.\s){3,}\s*|(?<=\S)\s\.{2,3}\s(?=\S)|(?<=[.;!?])\s{3,}|(?<![.;!?\s])\s{2,}"
)
_LEADER: Final = re.compile(r"\s?(?:\.{4,}|(?:\s?\.\s){3,})")
"""Dots that lead from a label to its value."""
_WORDS: Final = re.compile(r"[A-Za-z]{3}")
_LIST_MARK: Final = re.compile(
    r"(?:[*>\u2022\u00b7\u25aa\u25cf-]|o(?=\s{2})|\[\d{1,2}\]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)])\s+(?=\S)"
)
_LABEL_LINE: Final = re.compile(r"[A-Z][A-Za-z0-9 /()#.'&-]{1,38}:(?:\s|$)")
_CLOSING: Final = re.compile(
    r"(?:sincerely|respectfully|regards|best regards|yours truly|very truly yours|cordially)\b", re.IGNORECASE
)
_LONGEST_QUOTE: Final = 300
_SENTENCE_END: Final = re.compile(r"[.?!][\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9*\u2022\u00bf])")
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:no|nos|dr|mr|mrs|ms|st|vs|sec|art|dept|inc|ste|apt|ave|blvd|rd|ext|tel|approx|jr|sr|"
    r"ref|e\.g|i\.e|p\.o|u\.s|"
    r"a\.m|p\.m|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)|\b[A-Z])\.$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Cell:
    """A piece of one line with no wide gap in it; `column` is its distance from the line's start."""

    text: str
    start: int
    end: int
    row: int
    column: int


@dataclass(frozen=True)
class Sentence:
    """Words that belong together, lines joined by one space; `places[i]` is where character i stands in the page."""

    page: Page
    text: str
    places: tuple[int, ...]
    heading: str
    before: str
    row: int

    @cached_property
    def rows(self) -> frozenset[int]:
        """The numbers of the page's rows that the words stand in."""
        return frozenset(
            bisect_right(self.page.line_starts, place) - 1 for place in (*self.places[::6], self.places[-1])
        )

    def proposal(
        self,
        fact: str,
        value: str,
        span: tuple[int, int],
        confidence: str,
        key: tuple[int, int] | None = None,
    ) -> Proposal:
        """A proposal whose words are characters `span` of this sentence.

        Where many lines of another column lie between them in the page's text, the words are cut to the one
        line that holds `key`.
        """
        first, last = self._trimmed(*span)
        start, end = self.places[first], self.places[last - 1] + 1
        shown = self.page.plain[start:end]
        far = len(shown) > _LONGEST_QUOTE or shown.count("\n") > 2
        if far and _squashed(shown) != _squashed(self.text[first:last]):
            first, last = self._one_line(first, last, key or span)
            start, end = self.places[first], self.places[last - 1] + 1
        return self.page.proposal(fact, value, start, end, confidence)

    def _trimmed(self, first: int, last: int) -> tuple[int, int]:
        while first < last and self.text[first] == " ":
            first += 1
        while last > first and self.text[last - 1] == " ":
            last -= 1
        return first, last

    def _one_line(self, first: int, last: int, key: tuple[int, int]) -> tuple[int, int]:
        begin = finish = key[0]
        while (
            begin > first and self.places[begin] - self.places[begin - 1] == 1 and not self._breaks(begin - 1)
        ):
            begin -= 1
        while (
            finish + 1 < last
            and self.places[finish + 1] - self.places[finish] == 1
            and not self._breaks(finish + 1)
        ):
            finish += 1
        return self._trimmed(begin, finish + 1)

    def _breaks(self, index: int) -> bool:
        return self.page.plain[self.places[index]] == "\n"


@dataclass(frozen=True)
class Page:
    """One page of a letter: its text as given, the cleaned text of equal length, and its rows of cells."""

    number: int
    raw: str

    @cached_property
    def plain(self) -> str:
        return only_said(repaired(self.raw[:LONGEST_PAGE].translate(_ONE_FOR_ONE)))

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        return (0, *(match.end() for match in re.finditer("\n", self.plain)))

    @cached_property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        found: list[tuple[Cell, ...]] = []
        start = 0
        for number, line in enumerate(self.plain.split("\n")):
            unread = len(line) > LONGEST_SENTENCE or _RULE_LINE.fullmatch(line)
            found.append(() if unread else _cells(line, start, number))
            start += len(line) + 1
        return tuple(found)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(_sentences(self))

    def proposal(self, fact: str, value: str, start: int, end: int, confidence: str) -> Proposal:
        """A proposal whose words are this page's text from `start` to `end`."""
        return Proposal(fact, value, self.raw[start:end], self.number, start, end, confidence)

    def below(self, cell: Cell) -> Cell | None:
        """The cell that stands under `cell`, in the next row that has any; None when nothing lines up."""
        for row in self.rows[cell.row + 1 : cell.row + 3]:
            if row:
                near = [other for other in row if abs(other.column - cell.column) <= 2]
                return near[0] if near else None
        return None

    def right_of(self, cell: Cell) -> Cell | None:
        """The next cell in the same row."""
        later = [other for other in self.rows[cell.row] if other.start > cell.start]
        return later[0] if later else None


_LONE_MARK: Final = re.compile(r"[*>\u2022\u00b7\u25aa\u25cfo-]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\[\d{1,2}\]")
_MARK_GAP: Final = 3


def _squashed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _cells(line: str, start: int, row: int) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    position = 0
    pieces: list[tuple[int, int]] = []
    for gap in _CELL_BREAK.finditer(line):
        pieces.append((position, gap.start()))
        position = gap.end()
    pieces.append((position, len(line)))
    for begin, end in pieces:
        piece = line[begin:end]
        text = piece.strip()
        if text:
            begin += len(piece) - len(piece.lstrip())
            mark = cells[0] if len(cells) == 1 else None
            if mark and _LONE_MARK.fullmatch(mark.text) and begin - (mark.end - start) <= _MARK_GAP:
                cells.pop()
                text, begin = line[mark.column : begin + len(text)], mark.column  # a bullet and its words
            cells.append(Cell(text, start + begin, start + begin + len(text), row, begin))
    return tuple(cells)


@dataclass
class _Flow:
    cells: list[Cell]
    alone: bool
    heading: str = ""
    is_heading: bool = field(default=False)

    @property
    def last(self) -> Cell:
        return self.cells[-1]


def begins_item(text: str) -> bool:
    """Whether a line begins with the mark of a list: a bullet, `1)`, `B.`."""
    return _LIST_MARK.match(text) is not None


def _is_capital(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= 4 and all(character.isupper() for character in letters)


_ONE_WORD: Final = re.compile(
    r"(?:Appeals?|Appealing|Grievances?|Reconsiderations?|Redeterminations?|Records)"
)


def _ends_like_heading(text: str) -> bool:
    return _ONE_WORD.fullmatch(text) is not None or (
        len(text) <= 72 and not re.search(r"[.,;]$|\d$", text) and len(re.findall(r"[A-Za-z]{2,}", text)) >= 2
    )


def _starts_anew(flow: _Flow, cell: Cell, width: int) -> bool:
    """Whether `cell` begins something new although it stands where the flow would go on."""
    previous = flow.last
    if _LIST_MARK.match(cell.text) or _is_capital(previous.text) != _is_capital(cell.text):
        return True
    if _LABEL_LINE.match(cell.text) or (
        len(flow.cells) == 1
        and _LABEL_LINE.match(previous.text)
        and not previous.text.endswith(",")
        and cell.text[0].isupper()
    ):
        return True
    short = len(previous.text) < 0.62 * width
    finished = not re.search(
        r"[,;]$|\b(?:a|an|and|at|by|for|from|in|of|on|or|the|this|to|your|our|is|are)$", previous.text
    )
    return short and finished and re.match(r"[\"'(]?[A-Z]", cell.text) is not None


_INDENT: Final = 3
_GOES_ON: Final = re.compile(
    r"[,;]$|\b(?:a|an|and|at|by|for|from|in|of|on|or|the|this|to|your|our|is|are|with|after|within)$"
)


def _flows(page: Page) -> list[_Flow]:
    widths = [row[-1].end - row[0].start for row in page.rows if len(row) == 1]
    width = min(max(widths, default=60), 100)
    flows: list[_Flow] = []
    live: list[_Flow] = []
    for row in page.rows:
        if not row:
            live = []
            continue
        following: list[_Flow] = []
        alone = len(row) == 1
        column_width = width if alone else max((len(cell.text) for cell in row), default=1)
        label_row = not alone and row[0].text.endswith(":")
        led = _LEADER.match(page.plain, row[0].end) is not None
        entry = not alone and bool(live) and row[0].column + _INDENT < min(flow.last.column for flow in live)
        for cell in row:
            flow = _continued(live, cell, alone=alone)
            if entry and flow and cell.text[:1].isupper() and not _GOES_ON.search(flow.last.text):
                flow = None  # the first column begins again: an entry of its own
            told_anew = led and cell is not row[0] and flow is not None and _WORDS.search(flow.last.text)
            if (
                flow is None
                or label_row
                or told_anew
                or _starts_anew(flow, cell, column_width if not alone else width)
            ):
                flow = _Flow([cell], alone)
                flows.append(flow)
            else:
                live.remove(flow)
                flow.cells.append(cell)
                flow.alone = flow.alone and alone
            following.append(flow)
        live = following
    return flows


def _continued(live: Sequence[_Flow], cell: Cell, *, alone: bool) -> _Flow | None:
    if alone and len(live) == 1 and live[0].alone:
        return live[0]
    near = [flow for flow in live if abs(flow.last.column - cell.column) <= 3]
    return near[0] if near else None


def _sentences(page: Page) -> list[Sentence]:
    found: list[Sentence] = []
    headings: list[tuple[int, bool, str]] = []
    for flow in _flows(page):
        column = flow.cells[0].column
        text, places = _joined(flow.cells)
        heading = next((h for c, alone, h in reversed(headings) if alone or abs(c - column) <= 3), "")
        if _CLOSING.match(text):
            heading = text  # what stands under the signature belongs to no section
            headings.append((column, True, text))
        if _is_heading(flow, text):
            headings.append((column, flow.alone, text))
        run_in = ""
        before = found[-1].text if found else ""
        for begin, end in _split(text):
            piece = text[begin:end]
            found.append(
                Sentence(
                    page,
                    piece,
                    tuple(places[begin:end]),
                    f"{heading} / {run_in}" if run_in else heading,
                    before,
                    flow.cells[0].row,
                )
            )
            before = piece
            bare = _LIST_MARK.sub("", piece).strip()
            if len(bare.split()) <= 5 and (begin == 0 or _is_capital(bare)) and re.search(r"[.:]$", bare):
                run_in = bare
    return found


def _is_heading(flow: _Flow, text: str) -> bool:
    if _is_capital(text):
        return len(text) <= 110
    return len(flow.cells) == 1 and flow.alone and _ends_like_heading(text) and not re.search(r":\s+\S", text)


def _joined(cells: Sequence[Cell]) -> tuple[str, list[int]]:
    text = ""
    places: list[int] = []
    for cell in cells:
        if text and not re.search(r"[A-Za-z]-$", text):
            text += " "
            places.append(places[-1] + 1)
        elif text and not kept_hyphen(text, cell.text):
            text = text[:-1]
            places.pop()
        text += cell.text
        places.extend(range(cell.start, cell.end))
    return text, places


def _split(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    begin = 0
    for mark in _SENTENCE_END.finditer(text):
        upto = text[begin : mark.start() + 1]
        if _ABBREVIATION.search(upto) or re.fullmatch(r"\(?\d{1,2}[.)]", upto.strip()):
            continue
        spans.append((begin, mark.end()))
        begin = mark.end()
    spans.append((begin, len(text)))
    return [(a, b) for a, b in spans if text[a:b].strip() and b - a <= LONGEST_SENTENCE]
