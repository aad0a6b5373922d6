"""What the portal shows of papers: the documents that are for the patient, and the pages that wait to be sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as mark

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.rules import day_in
from cases.models import Attachment, Case, Communication, Document, DocumentVersion, WaitingPage

PAGES_KEPT_DAYS = 14
"""For how long after the last one came pages wait that somebody sent and did not send on. The page says so."""

KIND_WORDS: dict[str, str] = {
    "denial_letter": mark("A letter that says no"),
    "approval_letter": mark("A letter that says yes"),
    "decision_letter": mark("A letter with a decision"),
    "plan_letter": mark("A letter from your plan"),
    "plan_document": mark("A paper about your plan"),
    "member_card": mark("Your plan card"),
    "clinical_note": mark("A note from your doctor"),
    "rating_scale": mark("A test of how you feel"),
    "medication_history": mark("A list of what you took"),
    "medical_necessity": mark("A letter from your doctor"),
    "attestation": mark("A letter from your doctor"),
    "literature": mark("A study"),
    "consent": mark("A form you signed"),
    "appeal_letter": mark("A letter in your name"),
    "filing": mark("What we sent to your plan"),
    "proof": mark("Proof that it was sent"),
    "other": mark("A paper"),
}


def kind_words(kind: str) -> str:
    """A kind of document as a patient reads it, in the current language."""
    return _(KIND_WORDS.get(kind, "A paper"))


def cases_of_portal(actor: Actor) -> QuerySet[Case]:
    """The patient's cases that this person of the portal sees, open ones and new ones first."""
    rows = Case.objects.filter(visible(actor, Case)).select_related("patient")
    return rows.order_by(F("closed_at").asc(nulls_first=True), "-id")


def case_of_portal(actor: Actor, public_id: UUID) -> Case:
    """One of them. Raises NotFound."""
    found = cases_of_portal(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("case")
    return found


def documents_for_patient(actor: Actor) -> QuerySet[Document]:
    """What the patient sees; unordered, so that a list can page it by key."""
    return Document.objects.filter(visible(actor, Document)).select_related("case")


def newest_of(documents: Iterable[Document]) -> dict[int, DocumentVersion]:
    """The newest version of each, by the document's primary key. One query."""
    rows = (
        DocumentVersion.objects.filter(document_id__in=[d.pk for d in documents])
        .order_by("document_id", "-number")
        .distinct("document_id")
        .defer("pages")
    )
    return {row.document_id: row for row in rows}


def document_for_patient(actor: Actor, public_id: UUID) -> tuple[Document, DocumentVersion]:
    """One of them with its newest version, whose bytes can be opened. Raises NotFound."""
    version = (
        DocumentVersion.objects.filter(visible(actor, DocumentVersion), document__public_id=public_id)
        .select_related("document__case", "blob")
        .defer("pages")
        .order_by("-number")
        .first()
    )
    if version is None:
        raise NotFound("document")
    return version.document, version


def waiting_pages(actor: Actor, case: Case) -> QuerySet[WaitingPage]:
    """The pages this person sent and has not sent on, in their order."""
    return WaitingPage.objects.filter(
        visible(actor, WaitingPage), case=case, user_id=actor.user_id or 0
    ).order_by("position", "id")


def kept_through(pages: Iterable[WaitingPage], time_zone: str) -> date | None:
    """The last day, where the patient lives, on which these pages still wait; None without any."""
    newest = max((page.added_at for page in pages), default=None)
    return day_in(time_zone, newest) + timedelta(days=PAGES_KEPT_DAYS) if newest else None


def get_waiting_page(actor: Actor, public_id: UUID) -> WaitingPage:
    """One of them. Raises NotFound."""
    found = (
        WaitingPage.objects.filter(
            visible(actor, WaitingPage), user_id=actor.user_id or 0, public_id=public_id
        )
        .select_related("case")
        .first()
    )
    if found is None:
        raise NotFound("page")
    return found


def attachment_for_patient(actor: Actor, public_id: UUID) -> Attachment:
    """A file that came with a message. Raises NotFound."""
    found = (
        Attachment.objects.filter(visible(actor, Attachment), public_id=public_id)
        .select_related("version__blob", "version__document", "case")
        .defer("version__pages")
        .first()
    )
    if found is None:
        raise NotFound("attachment")
    return found


def with_unread(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Cases with the number of messages of ours that the patient's side has not seen, as `unread`."""
    new = Q(
        communications__channel=Communication.Channel.MESSAGE,
        communications__direction=Communication.Direction.OUT,
        communications__read_at=None,
    )
    return cases.annotate(unread=Count("communications", filter=new))
