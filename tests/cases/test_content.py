"""Uploads as people really send them, judged by content; every refusal says what to do."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from advocacy.errors import Refused
from cases.content import ContentType, check_upload, clean_filename, decode_text, sniff


def pdf(pages: int = 1, change: Callable[[pikepdf.Pdf], None] | None = None, **save: object) -> bytes:
    document, out = pikepdf.new(), io.BytesIO()
    for _ in range(pages):
        document.add_blank_page(page_size=(612, 792))
    if change:
        change(document)
    document.save(out, **save)
    return out.getvalue()


def picture(format: str, mode: str = "RGB", frames: int = 1) -> bytes:
    out = io.BytesIO()
    images = [Image.new(mode, (60, 40), 1) for _ in range(frames)]
    extra = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(out, format, **extra)
    return out.getvalue()


def word(extra: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        parts = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>"} | (extra or {})
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


def refusal(data: bytes, filename: str) -> tuple[str, str]:
    stream = io.BytesIO(data)
    with pytest.raises(Refused) as caught:
        check_upload(stream, filename=filename)
    (reason,) = caught.value.reasons
    assert reason.field == "file"
    return reason.code, reason.message


@pytest.mark.parametrize(
    ("data", "filename", "content_type", "pages"),
    [
        (pdf(3), "letter.pdf", ContentType.PDF, 3),
        (b"\xef\xbb\xbf" + pdf(), "letter.PDF", ContentType.PDF, 1),
        (picture("PNG"), "scan.png", ContentType.PNG, 1),
        (picture("JPEG"), "photo.JPG", ContentType.JPEG, 1),
        (picture("JPEG"), "photo.jfif", ContentType.JPEG, 1),
        (picture("TIFF", "1", 3), "fax.tif", ContentType.TIFF, 3),
        (b"Dear Dana,\r\nwe denied it.\f", "letter.txt", ContentType.TEXT, None),
        ("Señora Peña".encode("cp1252"), "carta.txt", ContentType.TEXT, None),
        ("Señora Peña".encode("utf-16"), "carta.txt", ContentType.TEXT, None),
        (word(), "letter.docx", ContentType.DOCX, None),
        (pdf(), "scan", ContentType.PDF, 1),
        (pdf(), "Letter of Dr. Osei", ContentType.PDF, 1),
    ],
)
def test_a_good_file_is_taken(
    data: bytes, filename: str, content_type: ContentType, pages: int | None
) -> None:
    stream = io.BytesIO(data)
    checked = check_upload(stream, filename=filename)
    assert (checked.content_type, checked.page_count, checked.size) == (content_type, pages, len(data))
    assert checked.filename == filename
    assert stream.tell() == 0


def test_an_empty_file() -> None:
    assert refusal(b"", "letter.pdf") == (
        "document_empty",
        "This file is empty. Save the letter again and upload it.",
    )
    assert refusal(b"  \n\t\r\n ", "letter.txt")[0] == "document_empty"


def test_a_password() -> None:
    locked = pdf(encryption=pikepdf.Encryption(owner="o", user="u", R=6))
    assert refusal(locked, "letter.pdf") == (
        "document_encrypted",
        "This PDF needs a password. Open it with the password, print it to a new PDF, and upload that.",
    )


def test_a_pdf_that_only_restricts_copying_is_taken() -> None:
    restricted = pdf(encryption=pikepdf.Encryption(owner="o", user="", R=6))
    assert check_upload(io.BytesIO(restricted), filename="a.pdf").page_count == 1


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_pdf(keep: float) -> None:
    whole = pdf(40)
    assert refusal(whole[: int(len(whole) * keep)], "letter.pdf")[0] == "document_damaged"


def test_only_a_header() -> None:
    assert refusal(b"%PDF-1.7\nnot really", "letter.pdf")[0] == "document_damaged"


def test_no_pages() -> None:
    assert refusal(pdf(0), "letter.pdf")[0] == "document_without_pages"


def _program(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _named_program(document: pikepdf.Pdf) -> None:
    action = document.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)"))
    document.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=["x", action]))


def _launch(document: pikepdf.Pdf) -> None:
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[0, 0, 9, 9],
        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe"),
    )
    document.pages[0].Annots = pikepdf.Array([note])


def _attachment(document: pikepdf.Pdf) -> None:
    document.attachments["notes.txt"] = b"hello"


def _xfa(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = pikepdf.Dictionary(Fields=[], XFA=document.make_stream(b"<xdp/>"))


def _video(document: pikepdf.Pdf) -> None:
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.RichMedia, Rect=[0, 0, 9, 9])
    document.pages[0].Annots = pikepdf.Array([document.make_indirect(note)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_program, "a program"),
        (_named_program, "a program"),
        (_launch, "a command that starts another program"),
        (_attachment, "an attached file"),
        (_xfa, "a form that only one program can show"),
        (_video, "video or sound"),
    ],
)
def test_a_pdf_that_does_or_carries_more_than_pages(
    change: Callable[[pikepdf.Pdf], None], words: str
) -> None:
    assert refusal(pdf(1, change), "form.pdf") == (
        "document_active_content",
        f"This PDF contains {words}, which payers' systems reject. "
        "Open it, print it to a new PDF, and upload that one.",
    )
    packed = pdf(1, change, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert refusal(packed, "form.pdf")[0] == "document_active_content"


def test_links_and_plain_forms_are_taken() -> None:
    def change(document: pikepdf.Pdf) -> None:
        link = pikepdf.Dictionary(
            Subtype=pikepdf.Name.Link, A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org")
        )
        document.pages[0].Annots = pikepdf.Array([link])
        document.Root.AcroForm = pikepdf.Dictionary(Fields=[])

    assert check_upload(io.BytesIO(pdf(1, change)), filename="form.pdf").page_count == 1


@pytest.mark.parametrize(
    ("data", "filename", "right"),
    [
        (picture("PNG"), "letter.pdf", ".pdf, but it is a PNG picture."),
        (pdf(), "letter.txt", ".txt, but it is a PDF."),
        (b"just words", "letter.pdf", ".pdf, but it is plain text."),
        (word(), "letter.doc", ".doc, but it is a Word document."),
        (pdf(), "letter.exe", ".exe, but it is a PDF."),
    ],
)
def test_a_name_that_says_something_else(data: bytes, filename: str, right: str) -> None:
    code, message = refusal(data, filename)
    assert code == "document_type_mismatch"
    assert message.startswith(f"The name of this file ends in {right}")


@pytest.mark.parametrize(
    ("data", "filename", "words"),
    [
        (b"MZ\x90\0" + bytes(200), "letter.pdf", "This kind of file is not accepted."),
        (b"GIF89a" + bytes(50), "a.gif", "This kind of file is not accepted."),
        (b"\0\0\0\x18ftypheic" + bytes(50), "IMG_1.heic", "This is a picture in the HEIC format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "letter.doc", "This is an old Office file"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "letter.txt", "This is a web page."),
        (b"<svg onload='x'/>", "a.txt", "This is a web page."),
        (b"{\\rtf1 hello}", "letter.txt", "This kind of file is not accepted."),
        (b"\x7fELF" + bytes(100), "letter", "This kind of file is not accepted."),
    ],
)
def test_what_is_not_on_the_list(data: bytes, filename: str, words: str) -> None:
    code, message = refusal(data, filename)
    assert code == "document_type_unknown"
    assert message.startswith(words)


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        (pdf() + word(), "letter.pdf"),
        (picture("JPEG") + word(), "photo.jpg"),
        (picture("PNG") + word(), "scan.png"),
        (picture("JPEG")[:20] + pdf(), "photo.jpg"),
    ],
)
def test_two_files_in_one(data: bytes, filename: str) -> None:
    assert refusal(data, filename)[0] == "document_polyglot"


def test_a_gif_that_is_also_a_pdf_is_no_pdf() -> None:
    assert refusal(b"GIF89a" + bytes(20) + pdf(), "letter.pdf")[0] == "document_type_unknown"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF"])
def test_a_cut_picture(format: str) -> None:
    out = io.BytesIO()
    Image.effect_noise((300, 300), 80).save(out, format)
    data = out.getvalue()
    name = {"PNG": "a.png", "JPEG": "a.jpg", "TIFF": "a.tif"}[format]
    assert check_upload(io.BytesIO(data), filename=name).page_count == 1
    assert refusal(data[: len(data) // 2], name)[0] == "document_damaged"


def test_many_pages_of_few_bytes_that_unpack_to_too_many_pixels() -> None:
    """One empty page of 100 million pixels, named 21 times by the directories of the file: every page alone would pass."""
    file = io.BytesIO()
    Image.new("1", (10_000, 10_000), 1).save(file, "TIFF", compression="group4")
    data = file.getvalue()
    [start] = struct.unpack_from("<I", data, 4)
    [tags] = struct.unpack_from("<H", data, start)
    directory = data[start : start + 2 + 12 * tags]
    data = data[: start + len(directory)] + struct.pack("<I", len(data)) + data[start + len(directory) + 4 :]
    for page in range(20):
        following = len(data) + len(directory) + 4 if page < 19 else 0
        data += directory + struct.pack("<I", following)
    assert len(data) < 20_000
    assert refusal(data, "fax.tif")[0] == "document_too_large"


def test_a_picture_of_too_many_pixels() -> None:
    out = io.BytesIO()
    Image.new("1", (15_000, 15_000)).save(out, "PNG")
    assert refusal(out.getvalue(), "a.png")[0] == "document_too_large"


def test_text_with_binary_further_on() -> None:
    assert refusal(b"words " * 2000 + b"\0\1", "a.txt")[0] == "document_type_unknown"
    assert refusal(b"words " * 400_000, "a.txt")[0] == "document_too_large"


def test_word_with_a_macro_or_damage_or_another_office_kind() -> None:
    assert refusal(word({"word/vbaProject.bin": "x"}), "a.docx")[0] == "document_active_content"
    assert refusal(word()[:-30], "a.docx")[0] == "document_damaged"
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("xl/workbook.xml", "<workbook/>")
    assert refusal(sheet.getvalue(), "a.docx")[0] == "document_type_unknown"


def test_a_character_cut_at_the_end_of_the_head_is_still_text() -> None:
    assert sniff("é".encode() * 5000) is ContentType.TEXT
    assert sniff(("x" + "é" * 5000).encode()[:8192]) is ContentType.TEXT


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
def test_every_text_survives_its_encoding(text: str) -> None:
    assert decode_text(text.encode()) == text.removeprefix("\ufeff")
    assert decode_text(text.encode("utf-16")) == text


@given(st.binary(max_size=300), st.sampled_from(["a.pdf", "a.png", "a.jpg", "a.tif", "a.txt", "a.docx", "a"]))
def test_no_bytes_make_it_crash(data: bytes, filename: str) -> None:
    for prefix in (b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"PK\x03\x04word/"):
        try:
            check_upload(io.BytesIO(prefix + data), filename=filename)
        except Refused as refused:
            assert len(refused.reasons) == 1


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("letter.pdf", "letter.pdf"),
        ("C:\\Users\\dana\\letter.pdf", "letter.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nb\0.pdf", "ab.pdf"),
        ("gpj\u202efdp.exe", "gpjfdp.exe"),
        ("", "document"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
        ("n\u0303.pdf", "ñ.pdf"),
    ],
)
def test_names_for_people(name: str, clean: str) -> None:
    assert clean_filename(name) == clean
