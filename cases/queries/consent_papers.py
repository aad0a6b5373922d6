"""Which scans prove what a patient allowed, and which document lets a helper into the portal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Consent, PortalAccess
from cases.models import ConsentPaper, Document


def papers_by_consent(actor: Actor, consents: Iterable[Consent]) -> dict[int, list[ConsentPaper]]:
    """The linked scans that the actor may open, by consent, oldest first. One statement; none without consents."""
    found: dict[int, list[ConsentPaper]] = {}
    wanted = [consent.pk for consent in consents]
    if wanted:
        rows = (
            ConsentPaper.objects.filter(
                visible(actor, ConsentPaper), consent_id__in=wanted, taken_back_at=None
            )
            .select_related("version__document__case")
            .defer("version__pages")
            .order_by("linked_at", "id")
        )
        for row in rows:
            found.setdefault(row.consent_id, []).append(row)
    return found


def get_paper(actor: Actor, public_id: UUID) -> ConsentPaper:
    """A linked scan with consent, patient and version. Raises NotFound when absent or invisible."""
    row = (
        ConsentPaper.objects.filter(visible(actor, ConsentPaper), public_id=public_id)
        .select_related("consent__patient", "version__blob", "version__document")
        .defer("version__pages")
        .first()
    )
    if row is None:
        raise NotFound("consent paper")
    return row


def proofs_by_access(actor: Actor, accesses: Iterable[PortalAccess]) -> dict[Any, Document]:
    """The documents that let helpers in, by public id, as far as the actor may open them. One statement; none without any."""
    wanted = [access.proof for access in accesses if access.proof]
    if not wanted:
        return {}
    rows = Document.objects.filter(visible(actor, Document), public_id__in=wanted).select_related("case")
    return {row.public_id: row for row in rows}
