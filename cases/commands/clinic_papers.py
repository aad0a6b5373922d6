"""The paper of what a clinic signed: made from the signature, kept frozen in the documents of the case."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from advocacy.access.policy import Actor
from advocacy.errors import Reason
from cases.attestation import Signed, digest_of, render_signed
from cases.commands.documents import store_frozen
from cases.models import Attestation, Case, ClinicAsk, Document, Provider
from cases.typesetting import Unprintable


def keep_signed(*, actor: Actor, signed: Attestation, ask: ClinicAsk, at: datetime) -> Document:
    """Freeze the signature as a PDF of the case. Raises Unprintable (a Refused) for a name that no font of ours has."""
    version = store_frozen(
        actor=actor,
        case=ask.case,
        kind=Document.Kind.ATTESTATION,
        title="Statement signed by the clinic",
        filename="signed-statement.pdf",
        data=render_signed(_paper(ask.case, ask.provider, signed, at)),
        at=at,
    )
    return version.document


def cannot_be_printed(case: Case, provider: Provider, statement: str, at: datetime) -> list[Reason]:
    """Tried before the clinic reads it: what cannot be printed could not be kept as it was shown."""
    sample = Attestation(statement=statement, sha256=digest_of(statement), signer="-", signer_role="-")
    try:
        render_signed(_paper(case, provider, sample, at))
    except Unprintable as problem:
        return [Reason(r.code, r.message, "statement") for r in problem.reasons]
    return []


def _paper(case: Case, provider: Provider, signed: Attestation, at: datetime) -> Signed:
    zone = case.patient.time_zone
    return Signed(
        statement=signed.statement,
        sha256=signed.sha256,
        signer=signed.signer,
        signer_role=signed.signer_role,
        method=f"{signed.get_method_display()}, by a link sent to the clinic",
        signed_at=at.astimezone(ZoneInfo(zone)),
        zone=zone,
        provider=str(provider),
        npi=provider.npi,
        patient=case.patient.full_name,
        born=case.patient.birth_date,
        asked_by=case.organization.name,
    )
