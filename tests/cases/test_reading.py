"""Reading PDFs: the layout is kept, and a file that cannot be read says why."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from appeals.sample_letters import letter_names, letter_pdf, letter_text, scanned_pdf
from cases.reading import MOST_PAGES, UnreadablePdf, read_pdf


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadablePdf) as caught:
        read_pdf(content)
    (reason,) = caught.value.reasons
    assert reason.message and reason.field == "file"
    return reason.code


def saved(pdf: pikepdf.Pdf, **options: object) -> bytes:
    target = io.BytesIO()
    pdf.save(target, **options)
    return target.getvalue()


@pytest.mark.parametrize("name", letter_names())
def test_text_comes_back_line_by_line_with_its_columns(name: str) -> None:
    reading = read_pdf(letter_pdf(name))
    assert reading.has_text is True
    read = [line for page in reading.pages for line in lines_of(page)]
    assert [line.split() for line in read] == [line.split() for line in lines_of(letter_text(name))]


def test_a_wide_gap_stays_wide() -> None:
    (page,) = read_pdf(letter_pdf("part_d_nonformulary")).pages
    line = next(line for line in page.splitlines() if line.startswith("To: HENRIK"))
    assert line == "To: HENRIK J. SOLLARS                                   Cardholder ID: ORX5528871102"


def test_a_path_is_read_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(letter_pdf("ma_denial"))
    assert read_pdf(path) == read_pdf(str(path)) == read_pdf(letter_pdf("ma_denial"))


def test_a_scan_has_no_text() -> None:
    reading = read_pdf(scanned_pdf("ma_denial"))
    assert (reading.has_text, reading.pages) == (False, ("",))


def test_made_letters_are_the_same_bytes_every_time() -> None:
    first = letter_pdf("eob_lines"), scanned_pdf("eob_lines")
    letter_pdf.cache_clear()
    scanned_pdf.cache_clear()
    assert (letter_pdf("eob_lines"), scanned_pdf("eob_lines")) == first


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "pdf_empty"),
        (b"  \n", "pdf_empty"),
        (b"PK\x03\x04 a word file", "pdf_not_pdf"),
        (b"\xff\xd8\xff\xe0 a photo", "pdf_not_pdf"),
        (b"%PDF-1.7\nnothing follows", "pdf_damaged"),
    ],
)
def test_a_file_that_is_no_letter_says_why(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_a_locked_letter_says_so() -> None:
    with pikepdf.open(io.BytesIO(letter_pdf("ma_denial"))) as pdf:
        locked = saved(pdf, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert refusal(locked) == "pdf_encrypted"


def test_a_letter_locked_only_against_changes_is_read() -> None:
    with pikepdf.open(io.BytesIO(letter_pdf("ma_denial"))) as pdf:
        guarded = saved(pdf, encryption=pikepdf.Encryption(owner="o", user=""))
    assert read_pdf(guarded) == read_pdf(letter_pdf("ma_denial"))


def test_a_cut_off_letter_says_so_or_is_read_without_inventing_text() -> None:
    whole = letter_pdf("ma_denial")
    assert refusal(whole[: len(whole) // 3]) == "pdf_damaged"


def test_a_file_of_too_many_pages_is_refused() -> None:
    pdf = pikepdf.new()
    for _ in range(MOST_PAGES + 1):
        pdf.add_blank_page()
    assert refusal(saved(pdf)) == "pdf_too_long"
