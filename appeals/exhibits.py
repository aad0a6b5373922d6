"""Turns one exhibit of any accepted kind into an open PDF whose pages a packet can place. No Django.

Pictures become pages in `cases.pictures`, with their pixels as they are.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pikepdf
from PIL import Image

from advocacy.errors import Reason, Refused
from cases.content import ContentType, decode_text
from cases.pictures import picture_as_pdf
from cases.typesetting import ARCHIVAL, Unprintable, typeset

_TEXT_COLUMNS = 84


class PacketError(Refused):
    """A packet cannot be built. `exhibit` is the label of the one to repair."""

    def __init__(self, exhibit: str, code: str, message: str) -> None:
        self.exhibit = exhibit
        super().__init__([Reason(code, message, "exhibits")])


class Opened(Protocol):
    """What an exhibit's `content` gives when it is called: an open file, or a blob of the vault."""

    def read(self) -> bytes: ...


@dataclass(frozen=True)
class Exhibit:
    """One piece of proof: "Exhibit A", its title, its media type, and its bytes or a way to open them."""

    label: str
    title: str
    content_type: str
    content: bytes | Callable[[], Opened]

    def __str__(self) -> str:
        return f"{self.label} - {self.title}" if self.title else self.label

    def read(self) -> bytes:
        """All of its bytes."""
        return self.content if isinstance(self.content, bytes) else self.content().read()


def as_pdf(exhibit: Exhibit, data: bytes) -> pikepdf.Pdf:
    """The exhibit as an open PDF with at least one page. Raises PacketError naming the exhibit."""
    try:
        convert = _CONVERT[ContentType(exhibit.content_type)]
    except (ValueError, KeyError):
        raise PacketError(
            exhibit.label,
            "packet_exhibit_unconvertible",
            f"{exhibit} is not a PDF, picture or plain text, so it cannot become pages. "
            "Save it as PDF, upload that, and put it in its place.",
        ) from None
    try:
        pdf = convert(data)
    except pikepdf.PasswordError:
        raise PacketError(
            exhibit.label,
            "packet_exhibit_encrypted",
            f"{exhibit} needs a password. Print it to a new PDF, upload that, and put it in its place.",
        ) from None
    except Unprintable as error:
        raise PacketError(
            exhibit.label,
            "packet_exhibit_unprintable",
            f"{exhibit}: {error.reasons[0].message} Or save it as PDF and upload that.",
        ) from None
    except (pikepdf.PdfError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise _damaged(exhibit) from error
    if len(pdf.pages) == 0:
        raise _damaged(exhibit)
    return pdf


def _damaged(exhibit: Exhibit) -> PacketError:
    return PacketError(
        exhibit.label,
        "packet_exhibit_damaged",
        f"{exhibit} is damaged and cannot be read to its end. Upload it again, and put it in its place.",
    )


def _from_pdf(data: bytes) -> pikepdf.Pdf:
    """A PDF with form fields and comments drawn into its pages, since only what is drawn reaches the
    packet.
    """
    # Without recovery: a cut file could be "repaired" into one that has silently lost pages.
    pdf = pikepdf.open(io.BytesIO(data), attempt_recovery=False)
    for page in pdf.pages:
        _read_contents(page)
    if "/AcroForm" in pdf.Root and pdf.Root.AcroForm.get("/NeedAppearances", False):
        pdf.generate_appearance_streams()
    pdf.flatten_annotations("all")
    return pdf


def _read_contents(page: pikepdf.Page) -> None:
    """Decode the page's drawing once: a broken stream must be found here and not by the payer."""
    contents = page.obj.get("/Contents")
    streams = contents if isinstance(contents, pikepdf.Array) else [contents] if contents is not None else []
    for stream in streams:
        stream.read_bytes()


def _from_text(data: bytes) -> pikepdf.Pdf:
    text = decode_text(data).replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").expandtabs(8)
    pages = ["\n".join(_wrapped(page)) for page in text.strip("\f\n").split("\f")]
    return pikepdf.open(
        io.BytesIO(typeset("plain.typ", {"pages": pages}, on=date(2000, 1, 1), standards=ARCHIVAL))
    )


def _wrapped(page: str) -> Iterator[str]:
    """Lines that fit the page, broken at a space where there is one; spaces inside a line are kept."""
    for line in page.split("\n"):
        rest = line.rstrip()
        while len(rest) > _TEXT_COLUMNS:
            cut = rest.rfind(" ", 1, _TEXT_COLUMNS + 1)
            cut = cut if rest[: max(cut, 0)].strip() else _TEXT_COLUMNS
            yield rest[:cut]
            rest = rest[cut:].lstrip(" ")
        yield rest


_CONVERT: dict[ContentType, Callable[[bytes], pikepdf.Pdf]] = {
    ContentType.PDF: _from_pdf,
    ContentType.PNG: picture_as_pdf,
    ContentType.JPEG: picture_as_pdf,
    ContentType.TIFF: picture_as_pdf,
    ContentType.TEXT: _from_text,
}
