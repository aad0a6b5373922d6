"""A packet: one PDF with the letter, an index and every exhibit, stamped on each page. Also the record of a
call.

Every source page is fitted onto a US Letter page above a band of its own for
the stamp, so that a stamp never covers a word and a fax machine meets one paper size. Only what is drawn on
a page comes along: programs, attachments and links of an exhibit stay behind. The letter's tags are lost by
this, so a packet is searchable and bookmarked but does not claim PDF/UA; the letter itself does, and is
kept beside it.

The manifest (which input, by SHA-256, stands on which pages) is inside the packet as XMP metadata: an
attached file would be stripped or refused by payers' portals and fax services.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pikepdf

from appeals.exhibits import Exhibit, PacketError, as_pdf
from appeals.letterhead import Letterhead, letterhead_data
from cases.content import ContentType
from cases.pictures import LETTER
from cases.typesetting import ARCHIVAL, Unprintable, long_date, typeset

MANIFEST_NAMESPACE = "urn:recourse:packet:1"
_BAND = 30
"""Height of the stamp's band at the foot of a page, in points."""
_TITLE_CHARACTERS = 64
_NO_DATE = date(2000, 1, 1)
"""For parts whose own metadata never reaches the packet."""


@dataclass(frozen=True)
class Packet:
    """The finished file. `manifest` is JSON-able and also inside the file."""

    pdf: bytes
    sha256: str
    page_count: int
    manifest: dict[str, Any]


@dataclass(frozen=True)
class _Part:
    kind: str
    label: str
    title: str
    source: pikepdf.Pdf
    sha256: str
    content_type: str
    size: int

    @property
    def pages(self) -> int:
        return len(self.source.pages)

    @property
    def heading(self) -> str:
        return f"{self.label} - {self.title}" if self.title else self.label


def build_packet(letter_pdf: bytes, exhibits: Sequence[Exhibit], *, reference: str) -> Packet:
    """The letter, an index when there are exhibits, and the exhibits in order; the same inputs give the
    same bytes.

    `reference` stands at the foot of every page. Raises PacketError naming the exhibit (or "Letter") that is
    encrypted, damaged, of a kind that has no pages, or titled with a character that cannot be printed.
    """
    reference = " ".join(reference.split())
    letter = Exhibit("Letter", "", ContentType.PDF, letter_pdf)
    parts = [_part("letter", letter), *(_part("exhibit", exhibit) for exhibit in exhibits)]
    if exhibits:
        parts.insert(1, _index(parts, reference))
    packet = pikepdf.new()
    _place_pages(packet, parts, reference)
    manifest = _manifest(parts, reference)
    with packet.open_outline() as outline:
        for part, entry in zip(parts, manifest["parts"], strict=True):
            outline.root.append(pikepdf.OutlineItem(part.heading, entry["first_page"] - 1))
    _describe(packet, manifest, reference)
    out = io.BytesIO()
    packet.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    pdf = out.getvalue()
    return Packet(pdf, hashlib.sha256(pdf).hexdigest(), manifest["page_count"], manifest)


def manifest_of(pdf: bytes) -> dict[str, Any]:
    """The manifest inside a packet. Raises ValueError when the file is no packet of ours."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as packet, packet.open_metadata() as metadata:
            manifest: dict[str, Any] = json.loads(str(metadata[f"{{{MANIFEST_NAMESPACE}}}manifest"]))
            return manifest
    except (KeyError, pikepdf.PdfError) as error:
        raise ValueError("this file is not a packet") from error


def _part(kind: str, exhibit: Exhibit) -> _Part:
    data = exhibit.read()
    source = as_pdf(exhibit, data)
    digest = hashlib.sha256(data).hexdigest()
    return _Part(kind, exhibit.label, exhibit.title, source, digest, str(exhibit.content_type), len(data))


def _index(parts: Sequence[_Part], reference: str) -> _Part:
    """The page that says where each part begins. Its own length moves the others, so it is set until that
    is right.
    """
    length = 1
    while True:
        rows, first = [], 1
        for place, part in enumerate(parts):
            rows.append([part.label, part.title, _span(first, part.pages)])
            first += part.pages + (length if place == 0 else 0)
        try:
            pdf = typeset(
                "index.typ", {"reference": reference, "rows": rows}, on=_NO_DATE, standards=ARCHIVAL
            )
        except Unprintable as error:
            raise _untitled(parts, error) from None
        source = pikepdf.open(io.BytesIO(pdf))
        if len(source.pages) <= length:
            return _Part(
                "index", "Index", "", source, hashlib.sha256(pdf).hexdigest(), "application/pdf", len(pdf)
            )
        length = len(source.pages)


def _span(first: int, pages: int) -> str:
    return str(first) if pages == 1 else f"{first} to {first + pages - 1}"


def _untitled(parts: Sequence[_Part], error: Unprintable) -> PacketError:
    guilty = next((p for p in parts if error.characters[:1] in p.heading), parts[0])
    return PacketError(
        guilty.label,
        "packet_title_unprintable",
        f"The title of {guilty.label} or the reference: {error.reasons[0].message}",
    )


def _place_pages(packet: pikepdf.Pdf, parts: Sequence[_Part], reference: str) -> None:
    total = sum(part.pages for part in parts)
    sizes = [_paper(page) for part in parts for page in part.source.pages]
    stamps: list[dict[str, float | str]] = []
    for part in parts:
        for number in range(1, part.pages + 1):
            at = len(stamps) + 1
            stamps.append(
                {
                    "width": sizes[at - 1][0],
                    "left": " · ".join(t for t in (reference, _short(part.title)) if t),
                    "right": f"{_short(part.label)}, page {number} of {part.pages} · "
                    f"packet page {at} of {total}",
                }
            )
    try:
        band = typeset("stamps.typ", {"height": _BAND, "stamps": stamps}, on=_NO_DATE, standards=ARCHIVAL)
    except Unprintable as error:
        raise _untitled(parts, error) from None
    with pikepdf.open(io.BytesIO(band)) as stamp_pages:
        at = 0
        for part in parts:
            for source in part.source.pages:
                width, height = sizes[at]
                packet.add_blank_page(page_size=(width, height))
                page = packet.pages[at]
                above, below = (0, _BAND, width, height), (0, 0, width, _BAND)
                _draw(packet, page, {"/Source": (source, above), "/Stamp": (stamp_pages.pages[at], below)})
                at += 1


def _draw(
    packet: pikepdf.Pdf,
    page: pikepdf.Page,
    sources: Mapping[str, tuple[pikepdf.Page, tuple[float, float, float, float]]],
) -> None:
    """Place pages of other files in boxes of this one. (`Page.add_overlay` would name them at random.)"""
    drawing, forms = b"", pikepdf.Dictionary()
    for name, (source, box) in sources.items():
        form = packet.copy_foreign(source.as_form_xobject())
        forms[name] = form
        drawing += page.calc_form_xobject_placement(
            form,
            pikepdf.Name(name),
            pikepdf.Rectangle(*box),
            invert_transformations=True,
            allow_shrink=True,
            allow_expand=False,
        )
    page.obj.Resources = pikepdf.Dictionary(XObject=forms)
    page.obj.Contents = pikepdf.Stream(packet, drawing)


def _paper(page: pikepdf.Page) -> tuple[float, float]:
    """Letter, upright or across, as the page is seen."""
    box = [float(edge) for edge in page.trimbox]
    across = abs(box[2] - box[0]) > abs(box[3] - box[1])
    if int(page.rotation) % 180:
        across = not across
    return LETTER[::-1] if across else LETTER


def _short(title: str) -> str:
    flat = " ".join(title.split())
    return flat if len(flat) <= _TITLE_CHARACTERS else f"{flat[: _TITLE_CHARACTERS - 1].rstrip()}…"


def _manifest(parts: Sequence[_Part], reference: str) -> dict[str, Any]:
    entries, first = [], 1
    for part in parts:
        entries.append(
            {
                "kind": part.kind,
                "label": part.label,
                "title": part.title,
                "content_type": part.content_type,
                "sha256": part.sha256,
                "size": part.size,
                "first_page": first,
                "last_page": first + part.pages - 1,
            }
        )
        first += part.pages
    return {"version": 1, "reference": reference, "page_count": first - 1, "parts": entries}


def _describe(packet: pikepdf.Pdf, manifest: dict[str, Any], reference: str) -> None:
    title = f"Appeal packet {reference}".strip()
    packet.Root.Lang = "en-US"
    packet.Root.PageMode = pikepdf.Name.UseOutlines
    packet.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
    packet.docinfo["/Title"] = title
    with packet.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata.register_xml_namespace(MANIFEST_NAMESPACE, "recourse")
        metadata["dc:title"] = title
        metadata[f"{{{MANIFEST_NAMESPACE}}}manifest"] = json.dumps(manifest, sort_keys=True)


# An oral filing


@dataclass(frozen=True)
class CallRecord:
    """A call by which something was filed or asked. `started_at` carries the caller's time zone."""

    letterhead: Letterhead
    started_at: datetime
    made_by: str
    payer: str
    number_dialed: str
    spoke_with: str
    call_reference: str
    what_was_said: str
    patient_name: str = ""
    member_id: str = ""
    reference_number: str = ""
    what_was_asked: str = ""
    promised: str = ""
    minutes: int | None = None
    notice: str = ""


def render_call_record(record: CallRecord) -> bytes:
    """The record as PDF/UA-1 and PDF/A-2a, one page unless much was said; the same record gives the same
    bytes.

    Raises ValueError when `started_at` has no time zone, Unprintable for a character without a glyph.
    """
    at = record.started_at
    if at.tzinfo is None:
        raise ValueError("a call has a time zone")
    # Written out by hand: strftime's words depend on the locale.
    clock = f"{at.hour % 12 or 12}:{at.minute:02d} {'a.m.' if at.hour < 12 else 'p.m.'} {at.tzname()}"
    lines = (
        ("Date and time", f"{long_date(at.date(), 'en')}, {clock}"),
        ("Length", f"{record.minutes} minutes" if record.minutes is not None else ""),
        ("Call made by", record.made_by),
        ("Called", record.payer),
        ("Number dialed", record.number_dialed),
        ("Spoke with", record.spoke_with),
        ("Call reference", record.call_reference),
        ("Member", record.patient_name),
        ("Member ID", record.member_id),
        ("Reference no.", record.reference_number),
    )
    parts = (
        ("What was asked", record.what_was_asked),
        ("What was said", record.what_was_said),
        ("What was promised", record.promised),
    )
    return typeset(
        "call_record.typ",
        {
            "title": "Record of a telephone call",
            "letterhead": letterhead_data(record.letterhead),
            "lines": [
                [label, value or "not recorded"] for label, value in lines if value or label in _ALWAYS
            ],
            "parts": [[heading, text] for heading, text in parts if text],
            "notice": record.notice,
        },
        on=at.date(),
    )


_ALWAYS = ("Call made by", "Called", "Number dialed", "Spoke with", "Call reference")
