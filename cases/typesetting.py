"""Turns a template of `templates/letters/` and data into PDF bytes, the same bytes on every machine. No
Django.

The data reaches typst as one JSON string and is placed as text, never parsed: whatever a person typed, `#`,
`$` or a backslash included, can only be printed. Fonts come from typst itself and
`templates/letters/fonts/`, never from the system; the creation time is an argument; so bytes depend on
nothing but template, data and the pinned version.
"""

from __future__ import annotations

import functools
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import typst

from advocacy.errors import Reason, Refused

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "letters"
Standard = Literal["ua-1", "a-2a", "a-2b"]
ACCESSIBLE: tuple[Standard, ...] = ("ua-1", "a-2a")
"""PDF/UA-1 (readable aloud, ISO 14289-1) and PDF/A-2a (archival, ISO 19005-2): typst refuses to write
anything less."""
ARCHIVAL: tuple[Standard, ...] = ("a-2b",)
"""Without tags, for what is laid over or into other pages; a character without a glyph is still an error."""

_NAMED = re.compile(r'`"(.*?)"`', re.DOTALL)
_CODE_POINT = re.compile(r"\\u\{([0-9a-f]+)\}")
_MONTHS = {
    "en": "January,February,March,April,May,June,July,August,September,October,November,December",
    "es": "enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre",
}


class Unprintable(Refused):
    """The text holds a character that no font of ours has. `characters` names it."""

    def __init__(self, characters: str) -> None:
        self.characters = characters
        code_points = " ".join(f"U+{ord(c):04X}" for c in characters[:3])
        super().__init__(
            [
                Reason(
                    "text_unprintable",
                    f"The text contains “{characters}” ({code_points}), which cannot be printed. "
                    "Write it in other characters.",
                )
            ]
        )


def typeset(template: str, data: object, *, on: date, standards: tuple[Standard, ...] = ACCESSIBLE) -> bytes:
    """Set `template` (a file name of TEMPLATES) with JSON-able `data`; `on` is the date the PDF says it was
    made.

    Raises Unprintable.
    """
    try:
        return typst.compile(
            str(TEMPLATES / template),
            root=str(TEMPLATES),
            format="pdf",
            font_paths=_fonts(),
            sys_inputs={"data": json.dumps(_printable(data), sort_keys=True)},
            pdf_standards=list(standards),
            pdf_tags="ua-1" in standards,
            timestamp=datetime(on.year, on.month, on.day, tzinfo=UTC),
        )
    except typst.TypstError as error:
        named = _NAMED.search(str(error))
        if not named or not ("could not be displayed" in str(error) or "codepoint" in str(error)):
            raise
        characters = _CODE_POINT.sub(lambda m: chr(int(m[1], 16)), named[1])
        raise Unprintable(characters) from None


def long_date(day: date, language: str) -> str:
    """March 9, 2026, or 9 de marzo de 2026: from our own table, since a system's locale would change the
    bytes.
    """
    month = _MONTHS[language].split(",")[day.month - 1]
    return f"{day.day} de {month} de {day.year}" if language == "es" else f"{month} {day.day}, {day.year}"


@functools.cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(TEMPLATES / "fonts")])


def _printable(value: object) -> object:
    """The same data without what has no printed form: control characters and byte-order marks; tabs become
    spaces.
    """
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
        return "".join(c for c in text if c == "\n" or not _is_control(ord(c)))
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(item) for item in value]
    return value


def _is_control(code: int) -> bool:
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code == 0xFEFF
