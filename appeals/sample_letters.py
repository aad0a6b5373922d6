"""Made-up denial letters as PDF files, for the demonstration, the tests and the browser journeys.

Every letter is synthetic. `letter_pdf` has a text layer; `scanned_pdf` is pictures only, as a scanner makes them.
`text_as_pdf` and `scan_of` do the same with any other text, such as a sample letter with another name in it.
"""

from __future__ import annotations

import io
import json
import random
from functools import lru_cache
from pathlib import Path
from typing import Final

import pikepdf
import pypdfium2
import typst
from PIL import Image, ImageChops

_FOLDER: Final = Path(__file__).parent / "data" / "sample_letters"
_TIMESTAMP: Final = 1767225600
"""2026-01-01T00:00:00Z: a fixed time inside the file, so that equal text gives equal bytes."""

_PAGE: Final = """
#set document(title: "Sample letter (synthetic)", date: none)
#set page(paper: "us-letter", margin: (x: 0.7in, y: 0.8in))
#set text(font: "DejaVu Sans Mono", size: %(size)spt, lang: "en", hyphenate: false)
#set par(leading: 0.5em)
#raw(block: true, json(bytes(sys.inputs.letter)))
"""

_SCAN_DPI: Final = 150
_SCAN_ANGLE: Final = 0.6
_SCAN_QUALITY: Final = 70
_POINTS_PER_INCH: Final = 72


def letter_names() -> tuple[str, ...]:
    """Names of all sample letters, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.txt")))


def letter_text(name: str) -> str:
    """The plain text of a sample letter. Raises KeyError for a name that `letter_names` does not give."""
    if name not in letter_names():
        raise KeyError(name)
    return (_FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def letter_pdf(name: str) -> bytes:
    """The letter as a PDF with a text layer, monospaced so that its layout is kept; the same bytes every time."""
    return text_as_pdf(letter_text(name))


def text_as_pdf(text: str) -> bytes:
    """Any plain text as a monospaced PDF, in the same manner as the sample letters."""
    widest = max((len(line) for line in text.splitlines()), default=0)
    source = _PAGE % {"size": "9" if widest <= 86 else "7.6"}
    pdf = typst.compile(
        source.encode(),
        format="pdf",
        sys_inputs={"letter": json.dumps(text)},
        ignore_system_fonts=True,
        timestamp=_TIMESTAMP,
    )
    if not isinstance(pdf, bytes):  # typst answers a list only for picture formats with several pages
        raise TypeError("typst gave no PDF bytes")
    return pdf


@lru_cache(maxsize=16)
def scanned_pdf(name: str) -> bytes:
    """The letter as a scan-like PDF: turned, grainy, gray pictures at 150 dpi without any text; same bytes every time."""
    return scan_of(letter_pdf(name), seed=name)


def scan_of(pdf: bytes, *, seed: str) -> bytes:
    """The pages of a PDF as a scanner makes them; equal bytes and an equal seed of the grain give equal bytes."""
    scan = pikepdf.new()
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number, page in enumerate(document):
            picture = page.render(scale=_SCAN_DPI / _POINTS_PER_INCH, grayscale=True).to_pil().convert("L")
            _add_picture(scan, _as_scanned(picture, seed=f"{seed}/{number}"))
    finally:
        document.close()
    target = io.BytesIO()
    scan.save(target, deterministic_id=True)
    return target.getvalue()


def _as_scanned(picture: Image.Image, *, seed: str) -> Image.Image:
    """Turn the page slightly and lay grain over it, from a seed so that it is the same grain each time."""
    turned = picture.rotate(_SCAN_ANGLE, resample=Image.Resampling.BICUBIC, fillcolor=255)
    grain_size = (turned.width // 2 + 1, turned.height // 2 + 1)
    grain = Image.frombytes("L", grain_size, random.Random(seed).randbytes(grain_size[0] * grain_size[1]))  # noqa: S311 - grain, no secret
    faint = grain.point([value * 26 // 255 for value in range(256)]).resize(
        turned.size, Image.Resampling.BILINEAR
    )
    return ImageChops.subtract(turned, faint)


def _add_picture(scan: pikepdf.Pdf, picture: Image.Image) -> None:
    jpeg = io.BytesIO()
    picture.save(jpeg, format="JPEG", quality=_SCAN_QUALITY, optimize=False)
    image = pikepdf.Stream(scan, jpeg.getvalue())
    image.Type = pikepdf.Name.XObject
    image.Subtype = pikepdf.Name.Image
    image.Width, image.Height = picture.size
    image.ColorSpace = pikepdf.Name.DeviceGray
    image.BitsPerComponent = 8
    image.Filter = pikepdf.Name.DCTDecode
    width = picture.width * _POINTS_PER_INCH / _SCAN_DPI
    height = picture.height * _POINTS_PER_INCH / _SCAN_DPI
    scan.add_blank_page(page_size=(width, height))
    page = scan.pages[-1]
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=scan.make_indirect(image)))
    page.Contents = pikepdf.Stream(scan, f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /Scan Do Q".encode())
