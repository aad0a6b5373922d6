"""What we file stands in the log by itself, with the very file that went out."""

from __future__ import annotations

from appeals.models import Filing
from cases.models import Attachment, Communication
from tests.appeals.climbing import ERISA


def test_a_filing_is_an_entry_with_its_file(climb):
    climb.consent()
    climb.answer(ERISA)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    filing = Filing.objects.get()
    entry = Communication.objects.get(source=f"filing:{filing.pk}")
    assert (entry.channel, entry.direction, entry.party, entry.address, entry.happened_at) == (
        filing.channel,
        "out",
        "payer",
        filing.address,
        filing.filed_at,
    )
    assert filing.sha256[:12] in entry.summary
    assert Attachment.objects.get(communication=entry).version_id == filing.document_version_id
