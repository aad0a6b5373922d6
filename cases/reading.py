"""Reads the text of an uploaded PDF, page by page; pure Python, no Django.

The text layer only: a scan has none, and nothing is guessed from its picture here.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from ctypes import byref, c_double
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import pypdfium2
from pypdfium2 import PdfiumError
from pypdfium2 import raw as pdfium

from advocacy.errors import Reason, Refused

MOST_PAGES: Final = 400
"""A denial letter has a few pages; a longer file is refused before any page of it is opened."""

MOST_CHARACTERS_OF_A_PAGE: Final = 60_000
"""More than any printed page holds; what lies beyond is hidden or hostile text and is not read."""

FEWEST_CHARACTERS: Final = 20
"""Letters and digits a document must have to count as text: a scanner's stamp or page number is not a letter."""

_HEADER_WINDOW: Final = 1024
_MOST_COLUMNS: Final = 240
_HYPHENS: Final = {"\x02": "-", "\ufffe": "-", "\u00ad": "-"}
"""PDFium marks a hyphen at a line's end with these; on paper it is an ordinary hyphen."""


@dataclass(frozen=True)
class Reading:
    """What was read: one text per page, in page order, and whether there is any text worth the name."""

    pages: tuple[str, ...]
    has_text: bool


class UnreadablePdf(Refused):
    """The file cannot be read as a PDF; its one reason has a code (`pdf_empty`, `pdf_not_pdf`, ...) and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__((Reason(code, message, "file"),))


def read_pdf(source: str | os.PathLike[str] | bytes) -> Reading:
    """Read the text layer of a PDF given as bytes or as a path.

    Lines end with a newline and wide gaps within a line stay wide (three spaces), so that columns stay apart.
    Raises `UnreadablePdf` with code `pdf_empty`, `pdf_not_pdf`, `pdf_encrypted`, `pdf_damaged`, `pdf_no_pages`
    or `pdf_too_long`; an unreadable path raises the usual OSError.
    """
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    if not content.strip():
        raise UnreadablePdf("pdf_empty", "The file is empty. Please upload the letter again.")
    if b"%PDF-" not in content[:_HEADER_WINDOW]:
        raise UnreadablePdf(
            "pdf_not_pdf", "This file is not a PDF. Save or scan the letter as a PDF and upload it again."
        )
    document = _open(content)
    try:
        count = len(document)
        if count == 0:
            raise UnreadablePdf("pdf_no_pages", "This PDF has no pages.")
        if count > MOST_PAGES:
            raise UnreadablePdf(
                "pdf_too_long",
                f"This PDF has {count} pages; at most {MOST_PAGES} are read. Upload the letter alone.",
            )
        pages = tuple(_page_text(document, number) for number in range(count))
    finally:
        document.close()
    solid = sum(character.isalnum() for page in pages for character in page)
    return Reading(pages=pages, has_text=solid >= FEWEST_CHARACTERS)


def _open(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise UnreadablePdf(
                "pdf_encrypted",
                "This PDF is locked with a password. Save a copy without the password and upload that.",
            ) from error
        raise UnreadablePdf(
            "pdf_damaged",
            "This PDF is damaged and cannot be opened. Ask for it again, or scan the paper letter.",
        ) from error


def _page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number]
        textpage = page.get_textpage()
    except PdfiumError as error:
        raise UnreadablePdf(
            "pdf_damaged", f"Page {number + 1} of this PDF is damaged and cannot be read."
        ) from error
    try:
        return _laid_out(textpage)
    finally:
        textpage.close()
        page.close()


@dataclass(frozen=True)
class _Glyph:
    """One printed character: where it begins and ends on the page (points), its baseline, and a space before it."""

    character: str
    left: float
    right: float
    baseline: float
    spaced: bool


def _glyphs(textpage: pypdfium2.PdfTextPage) -> list[_Glyph]:
    """Every visible character of the page in the file's own order."""
    handle = textpage.raw
    x, y = c_double(), c_double()
    box = pdfium.FS_RECTF()
    found: list[_Glyph] = []
    spaced = False
    for index in range(min(textpage.count_chars(), MOST_CHARACTERS_OF_A_PAGE)):
        code = pdfium.FPDFText_GetUnicode(handle, index)
        character = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code <= 0xDFFF else ""
        character = _HYPHENS.get(character, character)
        if not character or character.isspace() or not character.isprintable():
            spaced = True
            continue
        pdfium.FPDFText_GetCharOrigin(handle, index, byref(x), byref(y))
        pdfium.FPDFText_GetLooseCharBox(handle, index, byref(box))
        found.append(_Glyph(character, x.value, max(box.right, x.value), y.value, spaced))
        spaced = False
    return found


def _laid_out(textpage: pypdfium2.PdfTextPage) -> str:
    """The page's text laid out as printed: top to bottom, left to right, gaps kept.

    PDFium's own text run closes wide gaps, which puts the cells of a table and the two halves of a two-column page
    into one sentence; a reader of letters must not see sentences that nobody wrote.
    """
    glyphs = _glyphs(textpage)
    if not glyphs:
        return ""
    widths = [glyph.right - glyph.left for glyph in glyphs if glyph.right > glyph.left]
    typical = median(widths) if widths else 5.0
    even = sum(abs(width - typical) < 0.05 * typical for width in widths) > 0.9 * len(widths)
    unit = max(typical if even else 0.8 * typical, 1.0)
    margin = min(glyph.left for glyph in glyphs)
    rows = _rows(glyphs, tolerance=0.7 * typical)
    pitches = [above[0].baseline - below[0].baseline for above, below in itertools.pairwise(rows)]
    pitch = median(pitches) if pitches else 0.0
    lines: list[str] = []
    for number, row in enumerate(rows):
        if number and pitch and rows[number - 1][0].baseline - row[0].baseline > 1.5 * pitch:
            lines.append("")
        lines.append(_line(row, margin=margin, unit=unit))
    return "\n".join(lines) + "\n"


def _rows(glyphs: Iterable[_Glyph], *, tolerance: float) -> list[list[_Glyph]]:
    """Gather characters that stand on one baseline (within `tolerance` points), from the top of the page down."""
    rows: list[list[_Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: -glyph.baseline):
        if rows and rows[-1][0].baseline - glyph.baseline <= tolerance:
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    return [sorted(row, key=lambda glyph: glyph.left) for row in rows]


def _line(row: list[_Glyph], *, margin: float, unit: float) -> str:
    """One printed line as text; `unit` is the width of a column in points."""
    text = ""
    right = margin
    for glyph in row:
        gap = glyph.left - right
        if gap > 1.6 * unit:
            column = min(round((glyph.left - margin) / unit), _MOST_COLUMNS)
            least = 1 if gap < 2.6 * unit else 3
            text += " " * max(column - len(text), least if text else 0)
        elif text and (glyph.spaced or gap > 0.35 * unit) and gap > 0.1 * unit:
            text += " "
        text += glyph.character
        right = max(right, glyph.right)
    return text
