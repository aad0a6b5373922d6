"""Turns one exhibit of any accepted kind into an open PDF whose pages a packet can place. No Django.

Pixels are kept as they are: a JPEG goes in without being compressed again, but without its metadata, since a
phone writes the place where the picture was taken into it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pikepdf
from PIL import Image, ImageOps, ImageSequence

from advocacy.errors import Reason, Refused
from appeals.typesetting import ARCHIVAL, Unprintable, typeset
from cases.content import ContentType, decode_text

LETTER = (612.0, 792.0)
"""US Letter in points, upright."""
_TEXT_COLUMNS = 84
_TURNS = {3: 180, 6: 90, 8: 270}
"""Exif orientation to clockwise rotation; the mirrored ones are redrawn."""


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


def _from_picture(data: bytes) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF")) as picture:
        if picture.format == "JPEG":
            _add_jpeg(pdf, picture, data)
        else:
            for frame in ImageSequence.Iterator(picture):
                _add_pixels(pdf, ImageOps.exif_transpose(frame))
    return pdf


def _add_jpeg(pdf: pikepdf.Pdf, picture: Image.Image, data: bytes) -> None:
    picture.load()
    orientation = picture.getexif().get(0x0112, 1)
    spaces = {"L": pikepdf.Name.DeviceGray, "RGB": pikepdf.Name.DeviceRGB}
    if picture.mode not in spaces or orientation not in (1, *_TURNS):
        _add_pixels(pdf, ImageOps.exif_transpose(picture).convert("RGB"))
        return
    image = pikepdf.Stream(pdf, _without_metadata(data))
    image.ColorSpace, image.BitsPerComponent = spaces[picture.mode], 8
    image.Filter = pikepdf.Name.DCTDecode
    _add_picture_page(pdf, image, picture.size, _TURNS.get(orientation, 0))


def _without_metadata(jpeg: bytes) -> bytes:
    """The same picture without comments and application segments; Adobe's (APP14) stays, it tells the
    colors.
    """
    kept, position = [jpeg[:2]], 2
    while position + 4 <= len(jpeg) and jpeg[position] == 0xFF and jpeg[position + 1] != 0xDA:
        marker = jpeg[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4])
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker == 0xEE:
            kept.append(jpeg[position:end])
        position = end
    return b"".join((*kept, jpeg[position:]))


def _add_pixels(pdf: pikepdf.Pdf, frame: Image.Image) -> None:
    if frame.mode in ("RGBA", "LA", "PA") or "transparency" in frame.info:
        clear = frame.convert("RGBA")
        frame = Image.new("RGB", clear.size, "white")
        frame.paste(clear, mask=clear.getchannel("A"))
    if frame.mode in ("I", "I;16", "I;16B", "F"):
        frame = (
            frame.point(lambda value: value / 256).convert("L") if frame.mode != "F" else frame.convert("L")
        )
    if frame.mode not in ("1", "L", "RGB"):
        frame = frame.convert("RGB")
    image = pikepdf.Stream(pdf, zlib.compress(frame.tobytes(), 6))
    image.ColorSpace = pikepdf.Name.DeviceRGB if frame.mode == "RGB" else pikepdf.Name.DeviceGray
    image.BitsPerComponent = 1 if frame.mode == "1" else 8
    image.Filter = pikepdf.Name.FlateDecode
    _add_picture_page(pdf, image, frame.size, 0)


def _add_picture_page(pdf: pikepdf.Pdf, image: pikepdf.Stream, size: tuple[int, int], turn: int) -> None:
    """A Letter page with the picture on it: as large as fits, at most one point a pixel, turned as it was
    held.
    """
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height = size
    box = LETTER if size[1] >= size[0] else LETTER[::-1]
    # A picture with the shape of a sheet of paper is a scan and has its own margins.
    sheet = 0.69 < min(size) / max(size) < 0.79
    margin = 0 if sheet else 36
    scale = min((box[0] - 2 * margin) / size[0], (box[1] - 2 * margin) / size[1], 1.0)
    width, height = round(size[0] * scale, 3), round(size[1] * scale, 3)
    left, bottom = round((box[0] - width) / 2, 3), round((box[1] - height) / 2, 3)
    pdf.add_blank_page(page_size=box)
    page = pdf.pages[-1]
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Picture=image))
    page.obj.Contents = pikepdf.Stream(
        pdf, f"q {width} 0 0 {height} {left} {bottom} cm /Picture Do Q".encode()
    )
    if turn:
        page.obj.Rotate = turn


_CONVERT: dict[ContentType, Callable[[bytes], pikepdf.Pdf]] = {
    ContentType.PDF: _from_pdf,
    ContentType.PNG: _from_picture,
    ContentType.JPEG: _from_picture,
    ContentType.TIFF: _from_picture,
    ContentType.TEXT: _from_text,
}
