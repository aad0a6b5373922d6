"""What a clinic signed, as a paper of its own: the exact words, who signed when and how, and the version. No Django."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime

from cases.typesetting import long_date, typeset

AGREED = "I have read the statement above. It is true to the best of my knowledge, and I sign it."
"""What stands beside the box that is ticked to sign."""


@dataclass(frozen=True)
class Signed:
    """All that the paper says. `signed_at` is aware and in the zone whose name is `zone`; `sha256` is the statement's."""

    statement: str
    sha256: str
    signer: str
    signer_role: str
    method: str
    signed_at: datetime
    zone: str
    provider: str
    npi: str
    patient: str
    born: date
    asked_by: str


def digest_of(statement: str) -> str:
    """The SHA-256 of a statement, as hexadecimal digits."""
    return hashlib.sha256(statement.encode()).hexdigest()


def render_signed(signed: Signed) -> bytes:
    """The paper as PDF/UA-1 and PDF/A-2a; the same facts give the same bytes. Raises cases.typesetting.Unprintable."""
    return typeset(
        "attestation.typ",
        {
            "title": "Signed statement",
            "provider": signed.provider,
            "about": [
                ["Patient", f"{signed.patient}, born {long_date(signed.born, 'en')}"],
                ["Provider", f"{signed.provider}, NPI {signed.npi}" if signed.npi else signed.provider],
                ["Asked by", signed.asked_by],
            ],
            "statement": signed.statement.split("\n"),
            "agreed": AGREED,
            "signature": [
                ["Signed by", signed.signer],
                ["As", signed.signer_role],
                ["When", moment_in_words(signed.signed_at, signed.zone)],
                ["How", signed.method],
                ["Version", f"SHA-256 {signed.sha256}"],
            ],
            "note": "The SHA-256 is that of the statement as it was shown to the signer: the words above, "
            "line for line, in UTF-8.",
        },
        on=signed.signed_at.date(),
    )


def moment_in_words(moment: datetime, zone: str) -> str:
    """March 16, 2026, 8:00 AM PDT (America/Los_Angeles), 2026-03-16T15:00:00Z."""
    there = f"{long_date(moment.date(), 'en')}, {moment:%-I:%M %p} {moment:%Z} ({zone})"
    return f"{there}, {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
