"""What an uploaded file really is, judged by its bytes, and whether we take it. No Django, no system library.

The list of accepted types is short and closed, so its signatures stand here and count only at the start of
the file. `puremagic` (pure Python; libmagic would be a system package) is asked only to tell the person
what a refused file looks like.

A document is evidence: its bytes are kept as they came and proved by a digest, so nothing is ever stripped
from a file. A PDF that carries a program, a launch action, an attachment, media or an XFA form is therefore
refused, with the way out that always works: print it to a new PDF. A PDF that merely restricts printing or
copying opens without a password and is accepted.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

import pikepdf
import puremagic
from PIL import Image, ImageSequence

from advocacy.errors import Reason, Refused

HEAD_BYTES = 8192
MAX_PAGES = 2000
MAX_TEXT_BYTES = 2_000_000
MAX_PIXELS = 120_000_000
"""A letter page at 1200 dots per inch has 135 million pixels, at 600 dots 34 million."""
MAX_PIXELS_OF_ALL_PAGES = 2_000_000_000
"""Over 200 letter pages at 300 dots per inch. Empty pages pack to nothing, so that a small file could keep us busy for long."""
MAX_UNPACKED_BYTES = 200_000_000
MAX_NAME_CHARACTERS = 150


class ContentType(StrEnum):
    """The media types a document may have."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    TEXT = "text/plain"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


EXTENSIONS: dict[ContentType, tuple[str, ...]] = {
    ContentType.PDF: (".pdf",),
    ContentType.PNG: (".png",),
    ContentType.JPEG: (".jpg", ".jpeg", ".jfif"),
    ContentType.TIFF: (".tif", ".tiff"),
    ContentType.TEXT: (".txt", ".text"),
    ContentType.DOCX: (".docx",),
}
KINDS: dict[ContentType, str] = {
    ContentType.PDF: "a PDF",
    ContentType.PNG: "a PNG picture",
    ContentType.JPEG: "a JPEG picture",
    ContentType.TIFF: "a TIFF picture",
    ContentType.TEXT: "plain text",
    ContentType.DOCX: "a Word document",
}
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif")
_MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body|script|svg|\?xml)", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_PRINT_IT = "Open it, print it to a new PDF, and upload that one."


@dataclass(frozen=True)
class CheckedUpload:
    """A file that is what it says. `page_count` is None for text and Word documents, whose pages depend on
    the reader.
    """

    filename: str
    content_type: ContentType
    size: int
    page_count: int | None


def sniff(head: bytes) -> ContentType | None:
    """The type told by the first bytes (HEAD_BYTES of them are enough), or None for anything we do not
    take.
    """
    if head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t ").startswith(b"%PDF-"):
        return ContentType.PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ContentType.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return ContentType.JPEG
    if head.startswith((b"II*\0", b"MM\0*")):
        return ContentType.TIFF
    if head.startswith(b"PK\x03\x04"):
        return ContentType.DOCX if b"[Content_Types].xml" in head or b"word/" in head else None
    try:
        text = decode_text(head, cut=True)
    except ValueError:
        return None
    return ContentType.TEXT if text and not _MARKUP.match(text) and not text.startswith("{\\rtf") else None


def decode_text(data: bytes, *, cut: bool = False) -> str:
    """Plain text from UTF-8, UTF-16 with its mark, or Windows-1252. `cut` allows a character broken at the
    very end.

    Raises ValueError when the bytes are no text: control characters other than tab, line and page breaks.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data[: len(data) // 2 * 2].decode("utf-16", "ignore" if cut else "strict")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            broken_end = cut and error.start >= len(data) - 3 and error.reason == "unexpected end of data"
            text = data[: error.start].decode("utf-8-sig") if broken_end else data.decode("cp1252")
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r\f\x85" for c in text):
        raise ValueError("control characters in text")
    return text


def clean_filename(name: str) -> str:
    """A file name for people to see: no folders, no control or direction characters, at most 150
    characters, never empty.
    """
    last = PureWindowsPath(PurePosixPath(name).name).name
    visible = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    stem, dot, suffix = visible.strip().rpartition(".")
    if dot and stem and len(suffix) <= 8:
        return f"{stem[: MAX_NAME_CHARACTERS - len(suffix) - 1].strip()}.{suffix}"
    return visible.strip()[:MAX_NAME_CHARACTERS] or "document"


def check_upload(stream: BinaryIO, *, filename: str) -> CheckedUpload:
    """Judge a whole upload (seekable; left at its beginning). Raises Refused with one Reason on field "file".

    The size limit is the vault's; the door passes it the same stream afterward.
    """
    name = clean_filename(filename)
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    if size == 0:
        raise _refusal("document_empty", "This file is empty. Save the letter again and upload it.")
    content_type = sniff(head)
    if content_type is None:
        raise _refusal("document_type_unknown", _what_it_is(head))
    ending = _ENDING.search(name)
    if ending and ending[0].lower() not in EXTENSIONS[content_type]:
        right = EXTENSIONS[content_type][0]
        raise _refusal(
            "document_type_mismatch",
            f"The name of this file ends in {ending[0]}, but it is {KINDS[content_type]}. "
            f"If that is what you meant to send, rename it to end in {right} and upload it.",
        )
    if _is_two_files(stream, head, content_type):
        raise _refusal(
            "document_polyglot",
            f"This file is two kinds of file in one, which a letter never is. {_PRINT_IT}",
        )
    stream.seek(0)
    try:
        pages = _PAGES[content_type](stream)
    finally:
        stream.seek(0)
    return CheckedUpload(name, content_type, size, pages)


def _refusal(code: str, message: str) -> Refused:
    return Refused([Reason(code, message, "file")])


def _what_it_is(head: bytes) -> str:
    take = "Upload a PDF, a picture (JPEG, PNG or TIFF), plain text, or a Word document (.docx)."
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return (
            "This is a picture in the HEIC format, which payers cannot open. Save it as JPEG and upload that."
        )
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return (
            "This is an old Office file or one with a password. Open it, save it as PDF, and upload the PDF."
        )
    if _MARKUP.match(head.decode("latin-1")):
        return f"This is a web page. {_PRINT_IT}"
    try:
        guessed = puremagic.magic_string(head)[0].name
    except (puremagic.PureError, ValueError, IndexError):
        guessed = ""
    looks = f"It looks like: {guessed}. " if guessed else ""
    return f"This kind of file is not accepted. {looks}{take}"


def _is_two_files(stream: BinaryIO, head: bytes, content_type: ContentType) -> bool:
    if content_type is ContentType.DOCX:
        return b"%PDF-" in head[:1024]
    if (
        content_type is not ContentType.TEXT
        and content_type is not ContentType.PDF
        and b"%PDF-" in head[:1024]
    ):
        return True
    return zipfile.is_zipfile(stream)


def _pdf_pages(stream: BinaryIO) -> int:
    try:
        # Without recovery: a cut file could be "repaired" into one that has silently lost pages.
        with pikepdf.open(stream, attempt_recovery=False) as pdf:
            pages = len(pdf.pages)
            found = next(_active_content(pdf), None)
    except pikepdf.PasswordError:
        raise _refusal(
            "document_encrypted",
            "This PDF needs a password. Open it with the password, print it to a new PDF, and upload that.",
        ) from None
    except (pikepdf.PdfError, ValueError, RuntimeError, RecursionError):
        raise _refusal(
            "document_damaged", f"This PDF is damaged or was cut off. {_PRINT_IT} Or download it again."
        ) from None
    if found:
        raise _refusal(
            "document_active_content", f"This PDF contains {found}, which payers' systems reject. {_PRINT_IT}"
        )
    if pages == 0:
        raise _refusal(
            "document_without_pages", "This PDF has no pages. Save the letter again and upload it."
        )
    return _few_enough(pages)


_ACTIONS = {
    "/JavaScript": "a program",
    "/Launch": "a command that starts another program",
    "/ImportData": "a command that loads another file",
    "/GoToE": "an attached file",
}
_ANNOTATIONS = {
    "/FileAttachment": "an attached file",
    "/RichMedia": "video or sound",
    "/Movie": "video or sound",
    "/Sound": "video or sound",
    "/Screen": "video or sound",
    "/3D": "a three-dimensional model",
}
_KEYS = {
    "/JS": "a program",
    "/XFA": "a form that only one program can show",
    "/EF": "an attached file",
    "/EmbeddedFiles": "an attached file",
}


def _active_content(pdf: pikepdf.Pdf) -> Iterator[str]:
    """What the file does or carries beyond its pages, in words (PDF 32000-1, 12.6.4 actions, 12.5.6
    annotations, 7.11.4).
    """
    for indirect in pdf.objects:
        waiting = [indirect]
        while waiting:
            item = waiting.pop()
            if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
                keys = item.keys()
                yield from (_KEYS[key] for key in keys if key in _KEYS)
                if "/S" in keys and (action := _ACTIONS.get(str(item["/S"]))):
                    yield action
                if "/Subtype" in keys and (media := _ANNOTATIONS.get(str(item["/Subtype"]))):
                    yield media
                waiting += [value for key in keys if _walkable(value := item[key])]
            elif isinstance(item, pikepdf.Array):
                waiting += [value for value in item if _walkable(value)]


def _walkable(value: object) -> bool:
    return isinstance(value, (pikepdf.Dictionary, pikepdf.Array)) and not value.is_indirect


def _picture_pages(stream: BinaryIO) -> int:
    try:
        with Image.open(stream, formats=("PNG", "JPEG", "TIFF")) as picture:
            pages = pixels = 0
            for frame in ImageSequence.Iterator(picture):
                pages += 1
                pixels += frame.width * frame.height
                if frame.width * frame.height > MAX_PIXELS or pixels > MAX_PIXELS_OF_ALL_PAGES:
                    raise _too_many_pixels()
                _few_enough(pages)
                frame.load()
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
        raise _refusal(
            "document_damaged",
            "This picture is damaged or was cut off. Take or scan it again and upload the new one.",
        ) from None
    return _few_enough(pages)


def _too_many_pixels() -> Refused:
    return _refusal(
        "document_too_large",
        "This picture has too many pixels. Scan it at 300 dots per inch and upload that.",
    )


def _few_enough(pages: int) -> int:
    if pages > MAX_PAGES:
        raise _refusal(
            "document_too_long",
            f"This file has {pages} pages; the limit is {MAX_PAGES}. Split it into parts and upload those.",
        )
    return pages


def _text_pages(stream: BinaryIO) -> None:
    data = stream.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise _refusal("document_too_large", f"This text is larger than 2 MB. {_PRINT_IT}")
    try:
        text = decode_text(data)
    except ValueError:
        raise _refusal(
            "document_type_unknown", f"This file is not plain text to its end. {_PRINT_IT}"
        ) from None
    if not text.strip():
        raise _refusal("document_empty", "This file holds no text. Save the letter again and upload it.")


def _word_pages(stream: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(stream) as package:
            parts = {info.filename: info for info in package.infolist()}
            if not {"[Content_Types].xml", "word/document.xml"} <= set(parts):
                raise _refusal("document_type_unknown", _what_it_is(b""))
            if sum(info.file_size for info in parts.values()) > MAX_UNPACKED_BYTES:
                raise _refusal(
                    "document_too_large", "This Word document is too large. Save it as PDF and upload that."
                )
            macros = any(name.lower().endswith("vbaproject.bin") for name in parts)
            damaged = package.testzip() is not None
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError):
        damaged, macros = True, False
    if damaged:
        raise _refusal(
            "document_damaged", "This Word document is damaged. Save it again, best as PDF, and upload that."
        )
    if macros:
        raise _refusal(
            "document_active_content",
            "This Word document contains a program (macro). Save it as PDF and upload that.",
        )


_PAGES = {
    ContentType.PDF: _pdf_pages,
    ContentType.PNG: _picture_pages,
    ContentType.JPEG: _picture_pages,
    ContentType.TIFF: _picture_pages,
    ContentType.TEXT: _text_pages,
    ContentType.DOCX: _word_pages,
}
