"""Letters as they come out: what was typed is what is read, the file is tagged, and no machine changes a
byte.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pikepdf
import pypdfium2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appeals.blocks import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Quote,
    Table,
    blocks_as_data,
    blocks_as_text,
    blocks_from_data,
    blocks_from_text,
    unfilled_gaps,
)
from appeals.letters import (
    AppealFacts,
    CitedCriterion,
    Letter,
    Letterhead,
    RefusalReason,
    TriedTreatment,
    appeal_letter_blocks,
    appeal_re_lines,
    render_letter,
)
from cases.typesetting import Unprintable

HEAD = Letterhead(
    "Harbor Patient Advocates",
    ("210 Commerce Street, Suite 400", "Harlan Falls, IA 50099"),
    phone="515-555-0180",
    fax="515-555-0181",
    email="appeals@harbor.example",
)
LETTER = Letter(
    letterhead=HEAD,
    date=date(2026, 4, 2),
    recipient=("Tamarack Appeals Unit", "P.O. Box 5512", "Harlan Falls, IA 50099"),
    re=(("Re:", "Internal appeal"), ("Member ID:", "TMK 7730 41582 01")),
    salutation="To the Appeals Unit:",
    body=(Paragraph("This is an internal appeal."),),
    closing="Sincerely,",
    signer_name="Rosa Delgado",
    signer_title="Patient Navigator",
    enclosures=("Exhibit A: Denial letter",),
    notice="This letter is no legal or medical advice.",
)


def pages(pdf: bytes) -> list[str]:
    """The text of each page with white space made single."""
    document = pypdfium2.PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def with_body(*blocks: Block) -> Letter:
    return replace(LETTER, body=blocks)


def test_the_whole_letter_reads_in_order() -> None:
    assert pages(render_letter(LETTER)) == [
        "Harbor Patient Advocates 210 Commerce Street, Suite 400 Harlan Falls, IA 50099 "
        "Phone 515-555-0180 · Fax 515-555-0181 appeals@harbor.example April 2, 2026 "
        "Tamarack Appeals Unit P.O. Box 5512 Harlan Falls, IA 50099 "
        "Re: Internal appeal Member ID: TMK 7730 41582 01 To the Appeals Unit: This is an internal appeal. "
        "Sincerely, Rosa Delgado Patient Navigator Enclosures • Exhibit A: Denial letter "
        "This letter is no legal or medical advice. Harbor Patient Advocates Page 1 of 1"
    ]


def test_a_spanish_letter_has_spanish_words_and_language() -> None:
    pdf = render_letter(replace(LETTER, language="es", salutation="Estimada señora Peña:"))
    (text,) = pages(pdf)
    assert "2 de abril de 2026" in text
    assert "Teléfono 515-555-0180 · Fax 515-555-0181" in text
    assert "Estimada señora Peña:" in text
    assert "Anexos" in text
    assert text.endswith("Página 1 de 1")
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert str(document.Root.Lang) == "es"


def test_it_is_tagged_titled_and_archival() -> None:
    body = (Heading("Why"), Paragraph("Text"), Bullets(("one", "two")), Table(("a", "b"), (("1", "2"),)))
    with pikepdf.open(io.BytesIO(render_letter(replace(with_body(*body), title="Appeal PA-1")))) as document:
        assert bool(document.Root.MarkInfo.Marked)
        assert str(document.Root.Lang) == "en"
        assert bool(document.Root.ViewerPreferences.DisplayDocTitle)
        kinds = {
            str(o.S)
            for o in document.objects
            if isinstance(o, pikepdf.Dictionary) and "/S" in o and "/P" in o
        }
        assert {"/H1", "/P", "/L", "/LI", "/Table", "/TH", "/TD"} <= kinds
        assert document.Root.StructTreeRoot.Type == pikepdf.Name.StructTreeRoot
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
            assert metadata["dc:title"] == "Appeal PA-1"
            assert metadata["xmp:CreateDate"][:10] == "2026-04-02"
        fonts = [o for o in document.objects if isinstance(o, pikepdf.Dictionary) and o.get("/FontName")]
        assert fonts
        assert all("/FontFile3" in font or "/FontFile2" in font for font in fonts)


_RENDER = """
import hashlib, locale
try: locale.setlocale(locale.LC_ALL, "")
except locale.Error: pass
from tests.appeals.test_letters import LETTER
from appeals.letters import render_letter
print(hashlib.sha256(render_letter(LETTER)).hexdigest())
"""


@pytest.mark.parametrize(
    ("zone", "locale"),
    [
        ("UTC", "C"),
        ("Pacific/Auckland", "C.UTF-8"),
        ("America/Los_Angeles", "es_ES.UTF-8"),
        ("Asia/Kolkata", "de_DE"),
    ],
)
def test_the_bytes_are_the_same_in_any_zone_and_locale(zone: str, locale: str) -> None:
    environment = {**os.environ, "TZ": zone, "LC_ALL": locale, "LANG": locale, "PYTHONHASHSEED": "random"}
    answer = subprocess.run(
        [sys.executable, "-c", _RENDER], capture_output=True, text=True, check=True, env=environment
    )
    assert answer.stdout.strip() == hashlib.sha256(render_letter(LETTER)).hexdigest()


# What a person types is printed, never run

HOSTILE = [
    "#let x = 1; #x",
    "$x^2$ and $5,000",
    "`code` ```rust fn main() {}```",
    "back\\slash \\u{41} \\#",
    "say \"quoted\" and 'single'",
    "mail@example.org <label> @label",
    "// not a comment /* nor this */",
    "= no heading == nor this",
    "- no list + nor this / term: x",
    "[brackets] {braces} (parens)",
    "*bold* _emph_ ~ -- --- ...",
    '#read("/etc/passwd") #include "letter.typ" #eval("1+1") #sys.inputs',
    "https://example.org/?a=1&b=2#frag",
    "</script><img src=x>",
    "100% of 50¢ at 98.6°F, ≥ 20 mg/kg, ½ dose, naïve façade, Łódź, Ağrı, Nguyễn",
    "Анна Смирнова, Ελένη, Արամ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_is_printed_as_typed_everywhere(text: str) -> None:
    letter = replace(
        LETTER,
        letterhead=Letterhead(text, (text,), email=text),
        recipient=(text, "line 2"),
        re=((text, text),),
        salutation=text,
        body=(
            Paragraph(text),
            Heading(text),
            Quote(text),
            Bullets((text,)),
            Table((text, "b"), ((text, "c"),)),
        ),
        closing=text,
        signer_name=text,
        signer_title=text,
        enclosures=(text,),
        notice=text,
        title=text,
    )
    # In the columns of the letterhead and of a table a long text is broken across lines.
    (read,) = ["".join(page.split()) for page in pages(render_letter(letter))]
    assert read.count("".join(text.split())) == 19


TYPED = st.text(
    st.sampled_from("abc XYZ 019 #$`\\\"'@<>/*_=-+~[]{}()|&%^:;,.!? éñüßøłŞ αβγ жшя §¶…—“”’ ≥≤±× "),
    min_size=1,
    max_size=120,
)


@given(TYPED)
@settings(max_examples=120)
@example("\\" * 40)
@example("#" * 40)
@example('/* [ $ ` "')
def test_anything_typed_is_read_back(text: str) -> None:
    (read,) = pages(render_letter(with_body(Paragraph(f"begin{text}end"))))
    assert "".join(f"begin{text}end".split()) in "".join(read.split())


@pytest.mark.parametrize(
    "name",
    ["محمد علي", "דוד כהן", "हिन्दी नमस्ते", "ไทย สมชาย", "ਪੰਜਾਬੀ", "Zoë Ångström", "O’Brien-Núñez", "😀 👍🏽"],
)
def test_names_in_many_scripts(name: str) -> None:
    (read,) = pages(render_letter(replace(LETTER, signer_name=name)))
    assert f"Sincerely, {name} Patient Navigator" in read


@pytest.mark.parametrize(("text", "character"), [("王小明", "王"), ("a\ue000b", "\ue000")])
def test_a_character_without_a_glyph_is_an_answer_and_not_a_box(text: str, character: str) -> None:
    with pytest.raises(Unprintable) as caught:
        render_letter(with_body(Paragraph(text)))
    assert caught.value.characters.startswith(character)
    assert caught.value.reasons[0].code == "text_unprintable"
    assert f"U+{ord(character):04X}" in caught.value.reasons[0].message


def test_control_characters_are_not_printed_and_line_breaks_are_kept() -> None:
    pdf = render_letter(with_body(Paragraph("one\0two\x1b\ufeff\ttab\r\nnext\udc80")))
    lines = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range().splitlines()
    assert [" ".join(line.split()) for line in lines if "two" in line or "next" in line] == [
        "onetwo tab",
        "next",
    ]


def test_a_forty_line_address_and_a_long_letter_run_over_pages() -> None:
    address = tuple(f"Line {n} of the address" for n in range(1, 41))
    body = tuple(Paragraph(f"Paragraph {n}. " + "All of it is here. " * 20) for n in range(1, 31))
    read = pages(render_letter(replace(LETTER, recipient=address, body=body)))
    text = " ".join(read)
    assert all(line in text for line in address)
    assert all(f"Paragraph {n}. " in text for n in range(1, 31))
    assert [page.rsplit("Page ", 1)[1] for page in read] == [
        f"{n} of {len(read)}" for n in range(1, len(read) + 1)
    ]
    assert all("Line 1 of the address April 2, 2026" in page for page in read[1:])


def test_a_long_table_repeats_its_head() -> None:
    table = Table(("Treatment", "Dose"), tuple((f"drug {n}", f"{n} mg") for n in range(120)))
    read = pages(render_letter(with_body(table)))
    assert len(read) > 2
    assert [page.count("Treatment Dose") for page in read[:3]] == [1, 1, 1]


def test_an_almost_empty_letter_is_a_letter() -> None:
    bare = Letter(Letterhead("X"), date(2026, 1, 1), (), "", (), "", "")
    assert pages(render_letter(bare)) == ["X January 1, 2026 X Page 1 of 1"]


# Blocks, their data and their text

LINES = (
    st.text(st.sampled_from('ab c#->|\\[]"é '), min_size=1, max_size=20)
    .map(lambda s: " ".join(s.split()))
    .filter(bool)
)
BLOCKS = st.lists(
    st.one_of(
        LINES.map(Heading),
        st.lists(LINES, min_size=1, max_size=3).map(lambda rows: Paragraph("\n".join(rows))),
        st.lists(LINES, min_size=1, max_size=3).map(lambda rows: Quote("\n".join(rows))),
        st.lists(LINES, min_size=1, max_size=3).map(lambda rows: Bullets(tuple(rows))),
        st.integers(1, 3).flatmap(
            lambda width: st.lists(st.tuples(*[LINES] * width), min_size=1, max_size=3).map(
                lambda rows: Table(rows[0], tuple(rows[1:]))
            )
        ),
    ),
    max_size=5,
).map(tuple)


@given(BLOCKS)
@settings(max_examples=300)
def test_blocks_survive_editing_as_text_and_keeping_as_data(blocks: tuple[Block, ...]) -> None:
    assert blocks_from_text(blocks_as_text(blocks)) == blocks
    assert blocks_from_data(blocks_as_data(blocks)) == blocks


@given(st.text(max_size=200))
def test_any_text_makes_blocks(text: str) -> None:
    blocks = blocks_from_text(text)
    assert blocks_from_text(blocks_as_text(blocks)) == blocks


def test_edited_text_as_a_person_writes_it() -> None:
    assert blocks_from_text(
        "# Why\r\nBecause:\r\n- one\r\n- two\r\n\r\n\r\n| a | b |\r\n| 1 |\r\n> said\r\n"
    ) == (
        Heading("Why"),
        Paragraph("Because:"),
        Bullets(("one", "two")),
        Table(("a", "b"), (("1", ""),)),
        Quote("said"),
    )


@pytest.mark.parametrize(
    "data",
    [
        [{"kind": "script", "text": "x"}],
        [{"text": "x"}],
        [{"kind": "paragraph", "text": 5}],
        ["x"],
        [{"kind": "paragraph", "text": "x", "more": "y"}],
        [{"kind": "table", "head": ["a"], "rows": [["1", "2"]]}],
    ],
)
def test_data_that_is_no_letter_is_refused(data: list) -> None:
    with pytest.raises(ValueError):
        blocks_from_data(data)


# The draft

FACTS = AppealFacts(
    patient_name="Dana R. Whitlock",
    service="ketamine, six infusions",
    writer="representative",
    member_id="TMK 7730 41582 01",
    reference_number="PA-26-0309-77142",
    codes=("96365", "J3490"),
    diagnosis="F33.2",
    denied_on=date(2026, 3, 9),
    level="internal appeal",
    reasons=(
        RefusalReason(
            "not medically necessary", "The request does not meet", "The notes give doses.", ("Exhibit B",)
        ),
        RefusalReason("information missing"),
    ),
    criteria=(CitedCriterion("Two antidepressants", "BH-117"),),
    treatments=(TriedTreatment("Sertraline", "SSRI", "200 mg", "June to September 2025", "", "insomnia"),),
    exhibits=(("Exhibit A", "Denial letter"), ("Exhibit B", "Office notes")),
)


def test_the_draft_says_the_facts_and_leaves_gaps() -> None:
    assert appeal_letter_blocks(FACTS) == (
        Paragraph(
            "This is an internal appeal on behalf of Dana R. Whitlock. "
            "It concerns your decision dated March 9, 2026 not to cover ketamine, six infusions."
        ),
        Heading("Reason 1: not medically necessary"),
        Paragraph("Your letter states:"),
        Quote("The request does not meet"),
        Paragraph("The notes give doses. See Exhibit B."),
        Heading("Reason 2: information missing"),
        Paragraph(
            "[[Quote what the letter says about “information missing”, answer it from the record,"
            " and name the exhibit.]]"
        ),
        Heading("The criteria you applied"),
        Table(
            ("Criterion", "What the record shows"),
            (
                (
                    "Two antidepressants (BH-117)",
                    "[[What does the record show, and which exhibit proves it?]]",
                ),
            ),
        ),
        Heading("Treatments before this request"),
        Paragraph("The record shows these treatments:"),
        Table(
            ("Treatment", "Dose", "Dates", "Why it stopped"),
            (("Sertraline (SSRI)", "200 mg", "June to September 2025", "insomnia"),),
        ),
        Heading("What we ask"),
        Bullets(("Reverse the decision and approve ketamine, six infusions.",)),
        Paragraph(
            "Please send the decision in writing to us, at the address of our letterhead. If any part of the denial stands, "
            "please state the specific reason for it, the criterion applied, and how to take the next step."
        ),
        Heading("Exhibits"),
        Bullets(("Exhibit A: Denial letter", "Exhibit B: Office notes")),
    )
    assert appeal_re_lines(FACTS) == (
        ("Re:", "Internal appeal"),
        ("Member:", "Dana R. Whitlock"),
        ("Member ID:", "TMK 7730 41582 01"),
        ("Reference no.:", "PA-26-0309-77142"),
        ("Service:", "ketamine, six infusions"),
        ("Codes:", "96365, J3490"),
        ("Diagnosis:", "F33.2"),
        ("Denial dated:", "March 9, 2026"),
    )


def test_gaps_are_counted_and_a_filled_draft_has_none() -> None:
    draft = appeal_letter_blocks(FACTS)
    assert [(r.code, r.field, r.message) for r in unfilled_gaps(draft)] == [
        (
            "letter_gap",
            "body",
            "The letter still has an open place: "
            "Quote what the letter says about “information missing”, answer it from the record,"
            " and name the exhibit.",
        ),
        (
            "letter_gap",
            "body",
            "The letter still has an open place: What does the record show, and which exhibit proves it?",
        ),
    ]
    assert unfilled_gaps(blocks_from_text(blocks_as_text(draft))) == unfilled_gaps(draft)
    filled = blocks_from_text(blocks_as_text(draft).replace("[[", "").replace("]]", ""))
    assert unfilled_gaps(filled) == ()


def test_the_barest_facts_make_a_draft_that_claims_nothing() -> None:
    bare = appeal_letter_blocks(AppealFacts("Dana", "ketamine", "patient", expedited=True))
    assert bare[:2] == (
        Paragraph("This is an appeal. It concerns your decision not to cover ketamine."),
        Paragraph(
            "Please decide this as an expedited request. "
            "[[State why waiting for a standard decision is not possible.]]"
        ),
    )
    text = blocks_as_text(bare).lower()
    words = ("guarantee", "entitled", "must approve", "clearly", "proven", "will succeed", "law", "effective")
    assert [word for word in words if word in text] == []


def test_a_draft_becomes_a_letter() -> None:
    read = " ".join(pages(render_letter(with_body(*appeal_letter_blocks(FACTS)))))
    assert "Sertraline (SSRI)" in read
    assert "Your letter states: The request does not meet The notes give doses. See Exhibit B." in read
