"""Files as people add them to a packet: PDFs with words on each page, pictures with a black corner."""

from __future__ import annotations

import io

import pikepdf
from PIL import Image, ImageDraw


def a_pdf(count: int, words: str = "note", size: tuple[float, float] = (612, 792), rotate: int = 0) -> bytes:
    """A PDF whose page n says `words n`, in the upper left corner."""
    document, out = pikepdf.new(), io.BytesIO()
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    for number in range(1, count + 1):
        document.add_blank_page(page_size=size)
        page = document.pages[-1]
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        drawing = f"BT /F 12 Tf 40 {size[1] - 60} Td ({words} {number}) Tj ET".encode()
        page.obj.Contents = pikepdf.Stream(document, drawing)
        if rotate:
            page.obj.Rotate = rotate
    document.save(out, static_id=True)
    return out.getvalue()


def a_picture(
    format: str, mode: str = "RGB", size: tuple[int, int] = (600, 800), frames: int = 1, orientation: int = 0
) -> bytes:
    """White with a black square in the upper left corner of the stored pixels."""
    images = []
    for _ in range(frames):
        image = Image.new(mode, size, 1 if mode == "1" else "white")
        ImageDraw.Draw(image).rectangle(
            (0, 0, size[0] // 4, size[1] // 4), fill=(0, 0, 0, 255) if mode == "RGBA" else 0
        )
        images.append(image)
    out, extra = io.BytesIO(), {}
    if frames > 1:
        extra = {"save_all": True, "append_images": images[1:]}
    if orientation:
        exif = Image.Exif()
        exif[0x0112] = orientation
        exif[0x010F] = "Secretphone"
        extra["exif"] = exif
    images[0].save(out, format, **extra)
    return out.getvalue()
