"""The order of the timeline where two things have one moment."""

from __future__ import annotations

from datetime import UTC, datetime

from appeals.models import Decision, Filing
from appeals.queries.timeline import page_of

AT = datetime(2026, 3, 16, 15, 0, tzinfo=UTC)


def test_what_was_decided_on_the_day_of_its_filing_stands_after_it():
    """Newest first: the decision is on top."""
    rows = {
        "timeline_filings": [
            Filing(pk=7, appeal_id=1, channel="fax", filed_at=AT, page_count=6, sha256="a" * 64)
        ],
        "timeline_decisions": [Decision(pk=3, appeal_id=1, decided_at=AT, recorded_at=AT)],
    }
    page = page_of(rows, show="", after=None, people={}, levels={1: "Internal appeal"})
    assert [entry.title for entry in page.entries] == [
        "Internal appeal: decided",
        "Internal appeal filed by fax",
    ]
