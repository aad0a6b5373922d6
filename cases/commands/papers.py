"""Papers from the patient's side: pages arrive one by one from a phone, wait in the vault, and become one document.

A page that is sent again is the same page, a paper that is sent again is the same document: a lost connection neither loses
nor doubles anything.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

import pikepdf
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from PIL import Image

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, system_actor
from advocacy.audit.trail import record
from advocacy.errors import NotAllowed, Reason, Refused
from advocacy.people.rules import day_in
from cases.commands.documents import from_vault, into_vault, receive_document
from cases.commands.tasks import open_task
from cases.content import ContentType, check_upload
from cases.models import Case, Document, Task, WaitingPage
from cases.pictures import hard_to_read, pages_as_pdf, tidy_picture
from cases.queries.portal_papers import PAGES_KEPT_DAYS, kept_through, waiting_pages
from cases.workflow import CaseStatus

PART = Permission.PORTAL_DOCUMENTS
MOST_PAGES = 100
KINDS: dict[str, tuple[str, str]] = {
    "letter": (Document.Kind.PLAN_LETTER, "Letter from the plan, sent by the patient"),
    "doctor": (Document.Kind.CLINICAL_NOTE, "Paper from the doctor, sent by the patient"),
    "card": (Document.Kind.MEMBER_CARD, "Card, sent by the patient"),
    "other": (Document.Kind.OTHER, "Paper sent by the patient"),
}
"""What a patient may say a paper is: the kind of the document, and its title at the desk."""


@dataclass(frozen=True)
class Page:
    """A file of the patient's side as it is kept: a picture made upright and smaller, or a PDF as it came."""

    key: str
    content_type: ContentType
    data: bytes
    page_count: int
    warning: str

    @property
    def filename(self) -> str:
        return "page.pdf" if self.content_type is ContentType.PDF else "page.jpg"


def page_of(stream: BinaryIO) -> Page:
    """What somebody sent from a phone, ready to be kept. `key` is the digest of what came.

    Raises Refused with one reason on field "pages", in the reader's language.
    """
    if stream.seek(0, io.SEEK_END) > settings.UPLOAD_LIMIT_BYTES:
        raise _refused("page_too_large", _("This file is too large. Take a photo of each page."))
    try:
        checked = check_upload(stream, filename="page")
    except Refused as refused:
        raise _refused(refused.reasons[0].code, _why(refused.reasons[0].code)) from None
    stream.seek(0)
    data = stream.read()
    key = hashlib.sha256(data).hexdigest()
    if checked.content_type is ContentType.PDF:
        return Page(key, ContentType.PDF, data, checked.page_count or 1, "")
    if checked.content_type not in (ContentType.JPEG, ContentType.PNG):
        raise _refused("page_unknown", _why("document_type_unknown"))
    try:
        tidy = tidy_picture(data)
        warning = hard_to_read(data)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _refused("document_damaged", _why("document_damaged")) from None
    return Page(key, ContentType.JPEG, tidy, 1, warning)


def add_page(*, actor: Actor, case: Case, stream: BinaryIO, at: datetime) -> WaitingPage:
    """Keep one page until the paper is sent. The same file sent again is the page that is there.

    Raises NotAllowed, NotFound, Refused ("case_closed", "pages_too_many", and as `page_of`).
    """
    require(actor, PART, case)
    page = page_of(stream)
    with transaction.atomic():
        _open_case(case)
        mine = WaitingPage.objects.filter(case=case, user_id=actor.user_id or 0)
        if standing := mine.filter(key=page.key).first():
            return standing
        if mine.count() >= MOST_PAGES:
            raise _refused("pages_too_many", _("These are many pages. Send these first, then the rest."))
        stored = into_vault(actor, io.BytesIO(page.data), len(page.data))
        last = mine.aggregate(last=Max("position"))["last"] or 0
        row = WaitingPage.objects.create(
            case=case,
            user_id=actor.user_id or 0,
            key=page.key,
            position=last + 1,
            content_type=page.content_type.value,
            location=stored.location,
            size=stored.size,
            page_count=page.page_count,
            warning=page.warning,
            added_at=at,
        )
        record("page_added", subject=row, detail={"warning": page.warning})
    return row


def remove_page(*, actor: Actor, page: WaitingPage, at: datetime) -> None:
    """A page that waits is not sent. Its file goes with the next tidying of the vault."""
    require(actor, PART, page)
    with transaction.atomic():
        record("page_removed", subject=page)
        WaitingPage.objects.filter(pk=page.pk, user_id=actor.user_id or 0).delete()


def move_page(*, actor: Actor, page: WaitingPage, at: datetime) -> None:
    """A page that waits changes places with the one before it; the first one stays where it is."""
    require(actor, PART, page)
    with transaction.atomic():
        _open_case(page.case)
        pages = list(waiting_pages(actor, page.case))
        here = next((n for n, row in enumerate(pages) if row.pk == page.pk), 0)
        if here == 0:
            return
        pages[here - 1], pages[here] = pages[here], pages[here - 1]
        for position, row in enumerate(pages, start=1):
            if row.position != position:
                row.position = position
                row.save(update_fields=["position"])
        record("page_moved", subject=page)


def sweep_pages(*, actor: Actor, at: datetime) -> int:
    """Remove the pages that were never sent on and have waited too long; returns how many.

    All pages of one person for one case go together, when the last of them has waited (PAGES_KEPT_DAYS): half a letter is
    of no use. Their files go with the tidying of the vault. For the program itself. Raises NotAllowed for anybody else.
    """
    if not actor.system:
        raise NotAllowed("sweep_pages")
    old = WaitingPage.objects.filter(added_at__lt=at - timedelta(days=PAGES_KEPT_DAYS))
    removed = 0
    for case_id, user_id in sorted(set(old.values_list("case_id", "user_id"))):
        with transaction.atomic():
            case = Case.objects.select_for_update(of=("self",)).select_related("patient").get(pk=case_id)
            pages = list(WaitingPage.objects.filter(case=case, user_id=user_id))
            zone = case.patient.time_zone
            last_day = kept_through(pages, zone)
            if last_day is None or day_in(zone, at) <= last_day:
                continue
            WaitingPage.objects.filter(pk__in=[page.pk for page in pages]).delete()
            record("pages_swept", subject=case, detail={"pages": len(pages)})
            removed += len(pages)
    return removed


def send_paper(*, actor: Actor, case: Case, kind: str, key: str, at: datetime) -> Document:
    """Make one document of the pages that wait, in their order; whoever owns the case gets a task.

    `key` names the form: sent twice, it is the document that was made first. All or nothing.
    Raises NotAllowed, NotFound, Refused (no_pages, kind_unknown, case_closed, page_too_large).
    """
    require(actor, PART, case)
    if kind not in KINDS:
        raise Refused([Reason("kind_unknown", _("Choose what it is."), "kind")])
    with transaction.atomic():
        _open_case(case)
        if key and (sent := Document.objects.filter(case=case, sent_key=key).first()):
            return sent
        pages = list(waiting_pages(actor, case))
        if not pages:
            raise _refused("no_pages", _("Choose a photo or a file first."))
        try:
            whole, count = pages_as_pdf((p.content_type, from_vault(actor, p.location).read()) for p in pages)
        except (pikepdf.PdfError, OSError, ValueError):
            raise _refused("document_damaged", _why("document_damaged")) from None
        if len(whole) > settings.UPLOAD_LIMIT_BYTES:
            raise _refused("page_too_large", _("These are too many pages for one paper. Remove some."))
        kept, title = KINDS[kind]
        document = receive_document(
            actor=actor,
            case=case,
            part=PART,
            kind=kept,
            title=title,
            filename="paper.pdf",
            stream=io.BytesIO(whole),
            sent_key=key,
            at=at,
        )
        record("paper_sent", subject=document, detail={"kind": kind, "pages": count})
        WaitingPage.objects.filter(pk__in=[p.pk for p in pages]).delete()
        _tell_owner(actor, case, document, count, at)
    return document


def _tell_owner(actor: Actor, case: Case, document: Document, count: int, at: datetime) -> None:
    open_task(
        actor=system_actor(actor.organization_id, "portal"),
        case=case,
        title=f"New from the patient: {document.get_kind_display().lower()}",
        detail=f"It came through the portal and has {count} page{'' if count == 1 else 's'}.",
        due_on=day_in(case.patient.time_zone, at),
        code=f"paper:{document.pk}",
        opened_by=Task.OpenedBy.RULE,
        at=at,
    )


def _open_case(case: Case) -> None:
    """Locks it, so that pages and papers of one case come one after the other."""
    row = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if row.status == CaseStatus.CLOSED:
        raise _refused(
            "case_closed", _("This case is closed. Write us a message. You can add the paper there.")
        )


def _refused(code: str, message: str) -> Refused:
    return Refused([Reason(code, message, "pages")])


def _why(code: str) -> str:
    return {
        "document_encrypted": _("This file has a password. Take a photo of each page."),
        "document_damaged": _("This file is broken. Take the photo again."),
        "document_empty": _("This file is empty. Take the photo again."),
        "document_too_large": _("This photo is too large. Take it again."),
    }.get(code, _("We cannot open this file. Take a photo of the page, or choose a PDF."))
