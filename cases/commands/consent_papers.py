"""A consent is proved by a scan: which version of which document, linked and taken back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.models import Consent, Patient
from cases.models import ConsentPaper, Document, DocumentVersion


def link_paper(*, actor: Actor, consent: Consent, document: Document, at: datetime) -> ConsentPaper:
    """From now on the newest version of the document is shown with the consent, and cannot be removed.

    Raises NotAllowed, NotFound, Refused ("paper_of_another" for a document of another patient, "paper_linked").
    """
    require(actor, Permission.RECORD_CONSENT, consent)
    require(actor, Permission.SEE_CASES, document)
    if document.case.patient_id != consent.patient_id:
        raise Refused([Reason("paper_of_another", "This document is another patient's.", "document")])
    with transaction.atomic():
        Consent.objects.select_for_update().get(pk=consent.pk)
        newest = DocumentVersion.objects.filter(document=document).defer("pages").latest("number")
        if ConsentPaper.objects.filter(consent=consent, version=newest, taken_back_at=None).exists():
            raise Refused([Reason("paper_linked", "This document is linked already.", "document")])
        paper = ConsentPaper.objects.create(
            consent=consent, version=newest, linked_at=at, linked_by_id=actor.user_id
        )
        _told("consent_paper_linked", consent, newest)
    return paper


def take_paper_back(*, actor: Actor, paper: ConsentPaper, at: datetime) -> ConsentPaper:
    """A wrong scan is shown with the consent no longer; that it was linked stays. Raises NotAllowed, NotFound, WrongState."""
    require(actor, Permission.RECORD_CONSENT, paper.consent)
    with transaction.atomic():
        row = ConsentPaper.objects.select_for_update().get(pk=paper.pk)
        if row.taken_back_at is not None:
            raise WrongState("take_back", "taken_back", "This scan was taken back already.")
        row.taken_back_at = at
        row.save(update_fields=["taken_back_at"])
        _told("consent_paper_taken_back", paper.consent, paper.version)
    return row


def _told(verb: str, consent: Consent, version: DocumentVersion) -> None:
    subject = Patient(pk=consent.patient_id)
    record(verb, subject=subject, detail={"consent": consent.pk, "sha256": version.blob.sha256})
