"""Pictures of paper: as pages of a PDF, made smaller where a phone sends too much, and whether one can be read. No Django.

In a PDF pixels are kept as they are: a JPEG goes in without being compressed again, but without its metadata, since a
phone writes the place where the picture was taken into it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable

import pikepdf
from PIL import Image, ImageFilter, ImageOps, ImageSequence, ImageStat

LETTER = (612.0, 792.0)
"""US Letter in points, upright."""
_TURNS = {3: 180, 6: 90, 8: 270}
"""Exif orientation to clockwise rotation; the mirrored ones are redrawn."""

LONGEST_SIDE = 2480
"""Pixels: a Letter page at 225 dots per inch. Small print stays readable, and forty pages stay a file that can be mailed."""
QUALITY = 82

# When a page is hard to read. Letter-size print of 8 points is 10 pixels high on a page 1,000 pixels wide, the least that
# people and programs read with ease; the other two were set on pictures of letters taken in poor light and out of focus.
SHORTEST_SIDE_READ = 700
LONGEST_SIDE_READ = 900
DARKEST_PAPER = 90
"""Brightness (0 to 255) of the paper: what all but the brightest tenth of the picture stays under."""
SHARPEST_EDGE = 180.0
"""Spread of the edges of the picture at 1,000 pixels, in the part of it that has the most."""


def tidy_picture(data: bytes) -> bytes:
    """A photo of a page as an upright JPEG of a sane size, without what the phone wrote into it (the place, the time).

    Raises OSError, ValueError or PIL.Image.DecompressionBombError for a damaged one.
    """
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF")) as picture:
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = _on_white(ImageOps.exif_transpose(picture))
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    made = io.BytesIO()
    upright.save(made, "JPEG", quality=QUALITY, optimize=True)
    return made.getvalue()


def hard_to_read(data: bytes) -> str:
    """Why the picture of a page may be hard to read: "small", "dark", "blurred", or "" for a good one. A guess, kindly meant."""
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF")) as picture:
        if min(picture.size) < SHORTEST_SIDE_READ or max(picture.size) < LONGEST_SIDE_READ:
            return "small"
        gray = _on_white(picture).convert("L")
    gray.thumbnail((1000, 1000), Image.Resampling.BILINEAR)
    if _brightness_of_paper(gray) < DARKEST_PAPER:
        return "dark"
    return "blurred" if _sharpness(gray) < SHARPEST_EDGE else ""


def _brightness_of_paper(gray: Image.Image) -> int:
    """The brightness that nine tenths of the pixels stay under or reach."""
    counts = gray.histogram()
    left = sum(counts) * 0.9
    for value, count in enumerate(counts):
        left -= count
        if left <= 0:
            return value
    return 255


def _sharpness(gray: Image.Image) -> float:
    """The variance of the Laplacian (Pech-Pacheco et al., 2000), of the sharpest of nine parts: a letter has empty margins."""
    edges = gray.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    wide, high = edges.width // 3, edges.height // 3
    parts = [(x * wide, y * high, (x + 1) * wide, (y + 1) * high) for x in range(3) for y in range(3)]
    return float(max(ImageStat.Stat(edges.crop(part)).var[0] for part in parts))


def pages_as_pdf(pages: Iterable[tuple[str, bytes]]) -> tuple[bytes, int]:
    """One PDF of pages in their order, each (media type, bytes) of a picture or a PDF; with the number of its pages.

    The same pages give the same bytes. Raises as `picture_as_pdf`, and pikepdf.PdfError.
    """
    whole = pikepdf.new()
    for content_type, data in pages:
        if content_type == "application/pdf":
            part = pikepdf.open(io.BytesIO(data), attempt_recovery=False)
        else:
            part = picture_as_pdf(data)
        with part:
            whole.pages.extend(part.pages)
    made = io.BytesIO()
    whole.save(made, deterministic_id=True)
    return made.getvalue(), len(whole.pages)


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture in colors without transparency."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        white = Image.new("RGB", clear.size, "white")
        white.paste(clear, mask=clear.getchannel("A"))
        return white
    return picture.convert("RGB")


def picture_as_pdf(data: bytes) -> pikepdf.Pdf:
    """The picture (JPEG, PNG, or TIFF with its frames) as an open PDF with one Letter page each.

    Raises OSError, ValueError or PIL.Image.DecompressionBombError for a damaged one.
    """
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
