"""A consent is proved by a scan: which version of which document, linked and taken back; and what was copied from it wrongly is
put right.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.models import Consent, Patient
from advocacy.people.rules import AUTHORIZATIONS
from cases.models import CaseOffer, ConsentPaper, Document, DocumentVersion
from cases.offering import names


def link_paper(*, actor: Actor, consent: Consent, document: Document, at: datetime) -> ConsentPaper:
    """From now on the newest version of the document is shown with the consent, and cannot be removed.

    Raises NotAllowed, NotFound, Refused ("paper_of_another" for a document of another patient, "paper_linked").
    """
    require(actor, Permission.RECORD_CONSENT, consent)
    require(actor, Permission.SEE_CASES, document)
    if document.case.patient_id != consent.patient_id:
        raise Refused(
            [
                Reason(
                    "paper_of_another",
                    "This document is another patient's. Choose one of this patient.",
                    "document",
                )
            ]
        )
    with transaction.atomic():
        Consent.objects.select_for_update().get(pk=consent.pk)
        newest = DocumentVersion.objects.filter(document=document).defer("pages").latest("number")
        if ConsentPaper.objects.filter(consent=consent, version=newest, taken_back_at=None).exists():
            raise Refused(
                [
                    Reason(
                        "paper_linked",
                        "This document is linked already. Choose another, or take that link back.",
                        "document",
                    )
                ]
            )
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


def correct_recipients(
    *, actor: Actor, consent: Consent, recipients: str, because: str, at: datetime
) -> Consent:
    """Put right who may receive, as the signed form says it, also of a release that was withdrawn. The trail keeps both versions.

    The form itself is what was signed: whom it does not name needs another one. Raises NotAllowed, NotFound, Refused: it is no
    release of another form or for sharing (ours has printed words), nobody is named, no reason, or an offer runs to an
    organization that would be named no more.
    """
    require(actor, Permission.RECORD_CONSENT, consent)
    said = recipients.strip()
    with transaction.atomic():
        row = Consent.objects.select_for_update(of=("self",)).get(pk=consent.pk)
        typed = row.form == "other" or row.kind == Consent.Kind.SHARING
        # Of a closed case too: it opens again, and then the offer is read again.
        running = CaseOffer.objects.filter(consent=row, revoked_at=None, expires_at__gt=at)
        running = running.exclude(answer="declined")
        lost = [
            offer.to_organization.name
            for offer in running.select_related("to_organization")
            if not names(said, offer.to_organization.name)
        ]
        found = (
            (
                row.kind in AUTHORIZATIONS and typed,
                "words_of_ours",
                "Its words are printed in our own form.",
                None,
            ),
            (bool(said), "recipients_missing", "Write who may receive it, as the form says.", "recipients"),
            (said != row.recipients, "recipients_same", "This is what is recorded.", "recipients"),
            (bool(because.strip()), "reason_missing", "Say what was wrong.", "because"),
            (
                not lost,
                "offer_runs",
                f"The case is offered to {', '.join(lost)}. Take the offer back first.",
                "recipients",
            ),
        )
        reasons = [Reason(code, text, field) for holds, code, text, field in found if not holds]
        if reasons:
            raise Refused(reasons)
        row.recipients = said
        row.lacks = [code for code in row.lacks if code != "recipients"]
        row.save(update_fields=["recipients", "lacks"])
        record("consent_corrected", subject=row, detail={"kind": row.kind}, reason=because.strip())
    return row


def _told(verb: str, consent: Consent, version: DocumentVersion) -> None:
    subject = Patient(pk=consent.patient_id)
    record(verb, subject=subject, detail={"consent": consent.pk, "sha256": version.blob.sha256})
