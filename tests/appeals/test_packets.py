"""Packets as the payer opens them: order, stamps, bookmarks, manifest; equal inputs give equal bytes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import zlib
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from appeals.exhibits import Exhibit, PacketError
from appeals.letters import render_letter
from appeals.packets import Packet, build_packet, manifest_of
from cases.content import ContentType
from cases.vault import Keyring, Vault
from tests.appeals.exhibit_files import a_pdf, a_picture
from tests.appeals.test_letters import LETTER, pages, with_body

PDF, TEXT, REFERENCE = ContentType.PDF, ContentType.TEXT, "PA-26-0309-77142"
LETTER_PDF = render_letter(LETTER)


def build(*exhibits: Exhibit) -> Packet:
    return build_packet(LETTER_PDF, exhibits, reference=REFERENCE)


def one(content: bytes, content_type: str) -> Exhibit:
    return Exhibit("Exhibit A", "Proof", content_type, content)


def refusal(*exhibits: Exhibit) -> tuple[str, str, str]:
    with pytest.raises(PacketError) as caught:
        build(*exhibits)
    (reason,) = caught.value.reasons
    assert reason.field == "exhibits"
    return caught.value.exhibit, reason.code, reason.message


def test_letter_index_and_exhibits_stand_in_order_with_stamps() -> None:
    packet = build(
        Exhibit("Exhibit A", "Denial letter", PDF, a_pdf(2, "denial")),
        Exhibit("Exhibit B", "Portal message", TEXT, b"we got your fax"),
    )
    assert packet.page_count == 5
    letter, index, *rest = pages(packet.pdf)
    assert letter.startswith("Harbor Patient Advocates 210 Commerce Street")
    assert letter.endswith(f"{REFERENCE} Letter, page 1 of 1 · packet page 1 of 5")
    assert index == (
        f"Index of exhibits {REFERENCE} Part Title Packet pages Letter 1 Exhibit A Denial letter 3 to 4 "
        f"Exhibit B Portal message 5 {REFERENCE} Index, page 1 of 1 · packet page 2 of 5"
    )
    assert rest == [
        f"denial 1 {REFERENCE} · Denial letter Exhibit A, page 1 of 2 · packet page 3 of 5",
        f"denial 2 {REFERENCE} · Denial letter Exhibit A, page 2 of 2 · packet page 4 of 5",
        f"we got your fax {REFERENCE} · Portal message Exhibit B, page 1 of 1 · packet page 5 of 5",
    ]


def test_a_letter_alone_is_a_packet_without_an_index() -> None:
    packet = build()
    assert packet.page_count == 1
    assert [part["kind"] for part in packet.manifest["parts"]] == ["letter"]


def test_the_bookmarks_lead_to_the_first_pages() -> None:
    packet = build(
        Exhibit("Exhibit A", "Denial", PDF, a_pdf(3)),
        Exhibit("Exhibit B", "Señor Peña's notes", PDF, a_pdf(1)),
    )
    document = pypdfium2.PdfDocument(packet.pdf)
    assert [(b.get_title(), b.get_dest().get_index()) for b in document.get_toc()] == [
        ("Letter", 0),
        ("Index", 1),
        ("Exhibit A - Denial", 2),
        ("Exhibit B - Señor Peña's notes", 5),
    ]
    with pikepdf.open(io.BytesIO(packet.pdf)) as file:
        assert file.Root.PageMode == pikepdf.Name.UseOutlines
        assert str(file.Root.Lang) == "en-US"
        assert str(file.docinfo["/Title"]) == f"Appeal packet {REFERENCE}"


def test_the_manifest_is_in_the_file_and_names_every_input() -> None:
    notes = a_pdf(2)
    packet = build(Exhibit("Exhibit A", "Notes", PDF, notes))
    assert packet.sha256 == hashlib.sha256(packet.pdf).hexdigest()
    assert manifest_of(packet.pdf) == packet.manifest
    assert json.loads(json.dumps(packet.manifest)) == packet.manifest
    parts = packet.manifest["parts"]
    assert [(p["label"], p["first_page"], p["last_page"]) for p in parts] == [
        ("Letter", 1, 1),
        ("Index", 2, 2),
        ("Exhibit A", 3, 4),
    ]
    assert parts[0]["sha256"] == hashlib.sha256(LETTER_PDF).hexdigest()
    assert parts[2] == {
        "kind": "exhibit",
        "label": "Exhibit A",
        "title": "Notes",
        "content_type": "application/pdf",
        "sha256": hashlib.sha256(notes).hexdigest(),
        "size": len(notes),
        "first_page": 3,
        "last_page": 4,
    }
    assert (packet.manifest["reference"], packet.manifest["page_count"]) == (REFERENCE, 4)


@pytest.mark.parametrize("data", [LETTER_PDF, b"no pdf"])
def test_a_file_that_is_no_packet_has_no_manifest(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a packet"):
        manifest_of(data)


_BUILD = """
import locale
try: locale.setlocale(locale.LC_ALL, "")
except locale.Error: pass
from tests.appeals.test_packets import mixed
print(mixed().sha256)
"""


def mixed() -> Packet:
    return build(
        Exhibit("Exhibit A", "Notes", PDF, a_pdf(3)),
        Exhibit("Exhibit B", "Photo", ContentType.JPEG, a_picture("JPEG", orientation=6)),
        Exhibit("Exhibit C", "Fax", ContentType.TIFF, a_picture("TIFF", "1", frames=2)),
        Exhibit("Exhibit D", "Text", TEXT, "Señora ☎ محمد".encode()),
    )


@pytest.mark.parametrize(("zone", "locale"), [("Pacific/Auckland", "C"), ("America/Chicago", "de_DE.UTF-8")])
def test_the_same_inputs_give_the_same_bytes_anywhere(zone: str, locale: str) -> None:
    environment = {**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": "random"}
    answer = subprocess.run(
        [sys.executable, "-c", _BUILD], capture_output=True, text=True, check=True, env=environment
    )
    assert answer.stdout.strip() == mixed().sha256


def test_another_input_gives_other_bytes() -> None:
    assert build(one(a_pdf(1), PDF)).sha256 != build(one(a_pdf(1, "other"), PDF)).sha256


# What becomes of each kind


def blackness(pdf: bytes, page: int) -> dict[str, bool]:
    """Which corners of the drawn area are black."""
    image = pypdfium2.PdfDocument(pdf)[page].render(scale=0.5).to_pil().convert("L")
    area = image.crop((0, 0, image.width, int(image.height - 16))).point(lambda v: 255 if v < 128 else 0)
    left, top, right, bottom = 0.25, 0.2, 0.75, 0.8
    at = {"upper left": (left, top), "upper right": (right, top), "lower left": (left, bottom)}
    at["lower right"] = (right, bottom)
    return {k: area.getpixel((int(x * area.width), int(y * area.height))) == 255 for k, (x, y) in at.items()}


@pytest.mark.parametrize(
    ("data", "content_type", "corner"),
    [
        (a_picture("PNG"), "image/png", "upper left"),
        (a_picture("PNG", "RGBA"), "image/png", "upper left"),
        (a_picture("PNG", "L"), "image/png", "upper left"),
        (a_picture("PNG", "P"), "image/png", None),
        (a_picture("TIFF", "1"), "image/tiff", "upper left"),
        (a_picture("TIFF", "I;16"), "image/tiff", None),
        (a_picture("JPEG"), "image/jpeg", "upper left"),
        (a_picture("JPEG", "L"), "image/jpeg", "upper left"),
        (a_picture("JPEG", orientation=3), "image/jpeg", "lower right"),
        (a_picture("JPEG", orientation=6), "image/jpeg", "upper right"),
        (a_picture("JPEG", orientation=8), "image/jpeg", "lower left"),
        (a_picture("JPEG", orientation=2), "image/jpeg", "upper right"),
        (a_picture("JPEG", orientation=5), "image/jpeg", "upper left"),
        (a_picture("JPEG", orientation=7), "image/jpeg", "lower right"),
    ],
)
def test_a_picture_stands_upright_as_it_was_held(data: bytes, content_type: str, corner: str | None) -> None:
    packet = build(one(data, content_type))
    assert packet.page_count == 3
    if corner:
        black = blackness(packet.pdf, 2)
        assert [name for name, is_black in black.items() if is_black] == [corner]


def test_a_color_picture_for_printing_keeps_its_colors() -> None:
    out = io.BytesIO()
    Image.new("CMYK", (600, 800), (0, 255, 255, 0)).save(out, "JPEG")
    rendered = (
        pypdfium2.PdfDocument(build(one(out.getvalue(), "image/jpeg")).pdf)[2].render(scale=0.2).to_pil()
    )
    red, green, blue = rendered.convert("RGB").getpixel((60, 70))
    assert (red > 180, green < 90, blue < 90) == (True, True, True)


def test_every_page_of_a_fax_is_there() -> None:
    packet = build(one(a_picture("TIFF", "1", (1728, 2200), frames=5), "image/tiff"))
    assert packet.page_count == 7
    assert [blackness(packet.pdf, n)["upper left"] for n in range(2, 7)] == [True] * 5


def test_a_photo_loses_its_metadata_and_not_its_pixels() -> None:
    photo = a_picture("JPEG", orientation=6)
    packet = build(one(photo, "image/jpeg"))
    with pikepdf.open(io.BytesIO(packet.pdf)) as document:
        (stream,) = [
            o for o in document.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image"
        ]
        inside = stream.read_raw_bytes()
    assert b"Secretphone" in photo
    assert b"Secretphone" not in inside
    assert b"Exif" not in inside
    assert Image.open(io.BytesIO(inside)).tobytes() == Image.open(io.BytesIO(photo)).tobytes()


def test_text_keeps_its_lines_and_columns_and_loses_nothing() -> None:
    text = (
        "Member:   Dana\n   indented #not $code `x`\n\n" + "word " * 60 + "\n" + "x" * 200 + "\fnext sheet\n"
    )
    packet = build(one(text.encode(), TEXT))
    assert packet.page_count == 4
    read = pypdfium2.PdfDocument(packet.pdf)[2].get_textpage().get_text_range()
    assert "indented #not $code `x`" in read
    assert "".join(read.split()).startswith("".join(text.partition("\f")[0].split()))
    assert pages(packet.pdf)[3].startswith("next sheet")


@pytest.mark.parametrize(
    ("size", "rotate", "paper"),
    [
        ((612, 792), 0, (612, 792)),
        ((792, 612), 0, (792, 612)),
        ((612, 792), 90, (792, 612)),
        ((595, 842), 0, (612, 792)),
        ((2000, 3000), 0, (612, 792)),
        ((200, 300), 180, (612, 792)),
    ],
)
def test_every_page_becomes_letter_paper_and_keeps_its_words(
    size: tuple[float, float], rotate: int, paper: tuple[float, float]
) -> None:
    packet = build(one(a_pdf(1, "words", size, rotate), PDF))
    page = pypdfium2.PdfDocument(packet.pdf)[2]
    assert page.get_size() == paper
    assert "words 1" in pages(packet.pdf)[2]


def test_what_was_filled_into_a_form_and_a_comment_are_on_the_page() -> None:
    document, out = pikepdf.open(io.BytesIO(a_pdf(1))), io.BytesIO()
    box = pikepdf.Stream(document, b"0 0 0 rg 0 0 200 200 re f")
    box.Type, box.Subtype, box.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 200, 200]
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Stamp,
        Rect=[100, 550, 300, 750],
        F=4,
        AP=pikepdf.Dictionary(N=document.make_indirect(box)),
    )
    document.pages[0].Annots = pikepdf.Array([document.make_indirect(note)])
    document.save(out)
    packet = build(one(out.getvalue(), PDF))
    assert blackness(packet.pdf, 2)["upper left"] is True
    with pikepdf.open(io.BytesIO(packet.pdf)) as file:
        assert all("/Annots" not in page for page in file.pages)


def test_a_form_filled_without_drawing_its_fields_is_drawn() -> None:
    document, out = pikepdf.open(io.BytesIO(a_pdf(1))), io.BytesIO()
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    field = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Widget,
        FT=pikepdf.Name.Tx,
        T="representative",
        V="Rosa Delgado",
        DA="/Helv 12 Tf 0 g",
        F=4,
        Rect=[100, 600, 400, 620],
    )
    fields = pikepdf.Array([document.make_indirect(field)])
    document.pages[0].Annots = fields
    resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font))
    document.Root.AcroForm = pikepdf.Dictionary(
        Fields=fields, NeedAppearances=True, DR=resources, DA="/Helv 12 Tf 0 g"
    )
    document.save(out)
    packet = build(one(out.getvalue(), PDF))
    assert pages(packet.pdf)[2].startswith("note 1 Rosa Delgado")


def test_programs_and_attachments_of_an_exhibit_stay_behind() -> None:
    document, out = pikepdf.open(io.BytesIO(a_pdf(1))), io.BytesIO()
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('boo')")
    document.attachments["secret.txt"] = b"secret"
    document.save(out)
    packet = build(one(out.getvalue(), PDF))
    with pikepdf.open(io.BytesIO(packet.pdf)) as file:
        assert dict(file.attachments) == {}
        assert "/OpenAction" not in file.Root
        assert [o for o in file.objects if isinstance(o, pikepdf.Dictionary) and "/JS" in o] == []


def test_a_stamp_covers_nothing() -> None:
    black, out = pikepdf.new(), io.BytesIO()
    black.add_blank_page(page_size=(612, 792))
    black.pages[0].obj.Contents = pikepdf.Stream(black, b"0 0 0 rg 0 0 612 792 re f")
    black.save(out)
    image = (
        pypdfium2.PdfDocument(build(one(out.getvalue(), PDF)).pdf)[2].render(scale=1).to_pil().convert("L")
    )
    assert image.getpixel((306, 760)) < 10
    assert image.getpixel((5, 775)) > 245


def test_a_blob_of_the_vault_is_an_exhibit(tmp_path: Path) -> None:
    vault, organization = Vault(tmp_path, Keyring.single(key_id="k", kek=bytes(32))), UUID(int=7)
    stored = vault.store(io.BytesIO(a_pdf(2)), organization_id=organization, max_bytes=10**6)
    exhibit = Exhibit(
        "Exhibit A", "Notes", PDF, lambda: vault.open(stored.location, organization_id=organization)
    )
    packet = build(exhibit)
    assert packet.manifest["parts"][2]["sha256"] == stored.sha256
    assert packet.pdf == build(Exhibit("Exhibit A", "Notes", PDF, a_pdf(2))).pdf


def test_a_long_title_is_short_in_the_stamp_and_whole_elsewhere() -> None:
    title = "Office notes of Dr. Amara Osei from the first visit in June 2025 to the last one in March 2026"
    packet = build(Exhibit("Exhibit A", title, PDF, a_pdf(1)))
    assert title in pages(packet.pdf)[1]
    assert f"{title[:63].rstrip()}… Exhibit A, page 1 of 1" in pages(packet.pdf)[2]
    assert packet.manifest["parts"][2]["title"] == title


def test_titles_are_printed_and_never_run() -> None:
    title = '#read("x") $y$ \\ `z` @a <b> // c'
    packet = build(Exhibit("Exhibit A", title, PDF, a_pdf(1)))
    assert title in pages(packet.pdf)[1]
    assert title in pages(packet.pdf)[2]


def test_an_index_longer_than_a_page_still_names_the_right_pages() -> None:
    exhibits = [Exhibit(f"Exhibit {n}", f"Title {n}", TEXT, f"body {n}".encode()) for n in range(1, 61)]
    packet = build(*exhibits)
    index = packet.manifest["parts"][1]
    assert index["last_page"] > index["first_page"]
    read = pages(packet.pdf)
    for entry in packet.manifest["parts"][2:]:
        assert read[entry["first_page"] - 1].startswith(f"body {entry['label'].split()[1]} ")
        assert f"{entry['label']} {entry['title']} {entry['first_page']} " in " ".join(
            read[1 : index["last_page"]]
        )


# What cannot be built


def locked() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(a_pdf(1))) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def broken_drawing() -> bytes:
    document, out = pikepdf.open(io.BytesIO(a_pdf(1))), io.BytesIO()
    stream = document.make_stream(b"this is not compressed")
    document.pages[0].obj.Contents = stream
    document.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue().replace(b"/Length 22", b"/Filter /FlateDecode /Length 22")


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (locked(), PDF, "packet_exhibit_encrypted"),
        (a_pdf(30)[:-400], PDF, "packet_exhibit_damaged"),
        (b"%PDF-1.7 nothing", PDF, "packet_exhibit_damaged"),
        (b"", PDF, "packet_exhibit_damaged"),
        (a_pdf(0), PDF, "packet_exhibit_damaged"),
        (broken_drawing(), PDF, "packet_exhibit_damaged"),
        (a_picture("PNG")[:-200], "image/png", "packet_exhibit_damaged"),
        (a_picture("JPEG")[:600], "image/jpeg", "packet_exhibit_damaged"),
        (b"II*\0nothing", "image/tiff", "packet_exhibit_damaged"),
        (b"\0\1\2", TEXT, "packet_exhibit_damaged"),
        ("王小明".encode(), TEXT, "packet_exhibit_unprintable"),
        (b"PK", ContentType.DOCX, "packet_exhibit_unconvertible"),
        (b"x", "text/html", "packet_exhibit_unconvertible"),
    ],
)
def test_an_exhibit_that_cannot_be_placed_is_named(content: bytes, content_type: str, code: str) -> None:
    good = Exhibit("Exhibit A", "Denial", PDF, a_pdf(1))
    exhibit, found, message = refusal(good, Exhibit("Exhibit B", "Notes", content_type, content))
    assert (exhibit, found) == ("Exhibit B", code)
    assert message.startswith("Exhibit B - Notes")


def test_a_damaged_letter_is_named() -> None:
    with pytest.raises(PacketError) as caught:
        build_packet(LETTER_PDF[: len(LETTER_PDF) // 2], [], reference=REFERENCE)
    assert caught.value.exhibit == "Letter"


def test_a_title_that_cannot_be_printed_is_named() -> None:
    good = Exhibit("Exhibit A", "Denial", PDF, a_pdf(1))
    exhibit, code, _ = refusal(good, Exhibit("Exhibit B", "王小明", PDF, a_pdf(1)))
    assert (exhibit, code) == ("Exhibit B", "packet_title_unprintable")


def test_two_hundred_pages_are_put_together_quickly() -> None:
    """In no more than 160 times the processor's time of compressing one scanned page: twenty seconds on a slow machine."""
    exhibits = [Exhibit(f"Exhibit {n}", f"Notes {n}", PDF, a_pdf(15, f"part {n}")) for n in range(1, 13)]
    scan = Image.effect_noise((1700, 2200), 60)
    out = io.BytesIO()
    scan.save(out, "TIFF", save_all=True, append_images=[scan] * 19)
    exhibits.append(Exhibit("Exhibit 13", "Scan", ContentType.TIFF, out.getvalue()))
    moments = [time.process_time()]
    zlib.compress(scan.tobytes())
    moments.append(time.process_time())
    packet = build(*exhibits)
    moments.append(time.process_time())
    zlib.compress(scan.tobytes())
    moments.append(time.process_time())
    before, built, after = (end - begin for begin, end in pairwise(moments))
    assert built < 160 * (before + after) / 2
    assert packet.page_count == 202
    assert pages(packet.pdf)[-1].endswith("Exhibit 13, page 20 of 20 · packet page 202 of 202")


def test_a_letter_of_many_pages_is_stamped_on_each() -> None:
    letter = render_letter(with_body(*[LETTER.body[0]] * 80))
    packet = build_packet(letter, [], reference=REFERENCE)
    total = packet.page_count
    assert total > 1
    assert [
        page.endswith(f"Letter, page {n} of {total} · packet page {n} of {total}")
        for n, page in enumerate(pages(packet.pdf), start=1)
    ] == [True] * total
