"""The record of a call: who, when and what, on one page; what is frozen where an appeal is filed by voice."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pikepdf
import pytest

from appeals.packets import CallRecord, build_packet, render_call_record
from appeals.queries.call_sheet import tried_of
from cases.models import FailedTreatment
from cases.typesetting import Unprintable
from tests.appeals.test_letters import HEAD, pages

CALL = CallRecord(
    letterhead=HEAD,
    started_at=datetime(2026, 4, 2, 14, 5, tzinfo=ZoneInfo("America/Chicago")),
    made_by="Rosa Delgado",
    payer="Tamarack Appeals Unit",
    number_dialed="515-555-0140",
    spoke_with="J. Moreno #12",
    call_reference="",
    what_was_said="The appeal was taken.\n\nIt is logged as expedited. $5 `x`",
    patient_name="Dana R. Whitlock",
    promised="A decision within 72 hours.",
    minutes=12,
    notice="No legal or medical advice.",
)


def test_a_call_record_says_who_when_and_what_on_one_page() -> None:
    pdf = render_call_record(CALL)
    assert pages(pdf) == [
        "Harbor Patient Advocates 210 Commerce Street, Suite 400 Harlan Falls, IA 50099 "
        "Phone 515-555-0180 · Fax 515-555-0181 appeals@harbor.example Record of a telephone call "
        "Date and time April 2, 2026, 2:05 p.m. CDT Length 12 minutes Call made by Rosa Delgado "
        "Called Tamarack Appeals Unit Number dialed 515-555-0140 Spoke with J. Moreno #12 "
        "Call reference not recorded Member Dana R. Whitlock What was said The appeal was taken. "
        "It is logged as expedited. $5 `x` What was promised A decision within 72 hours. "
        "No legal or medical advice. Harbor Patient Advocates Page 1 of 1"
    ]
    assert pdf == render_call_record(CALL)
    with pikepdf.open(io.BytesIO(pdf)) as document, document.open_metadata() as metadata:
        assert (metadata["pdfuaid:part"], metadata["pdfaid:part"]) == ("1", "2")
        assert bool(document.Root.MarkInfo.Marked)


def test_a_call_record_can_be_frozen_as_a_packet() -> None:
    packet = build_packet(render_call_record(CALL), [], reference="CR-1")
    assert pages(packet.pdf)[0].endswith("CR-1 Letter, page 1 of 1 · packet page 1 of 1")


def test_a_call_without_a_time_zone_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="time zone"):
        render_call_record(CallRecord(HEAD, datetime(2026, 4, 2, 14, 5), "R", "T", "5", "J", "C", "said"))


def test_a_call_with_a_character_without_a_glyph_says_so() -> None:
    with pytest.raises(Unprintable):
        render_call_record(
            CallRecord(HEAD, datetime(2026, 4, 2, tzinfo=ZoneInfo("UTC")), "王", "T", "5", "J", "C", "said")
        )


def test_a_score_is_told_without_empty_decimals() -> None:
    row = FailedTreatment(
        name="sertraline", scale="phq9", score_before=Decimal("21.00"), score_after=Decimal("18.50")
    )
    assert tried_of(row).scale == "PHQ-9 21 to 18.5"
