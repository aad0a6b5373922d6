"""The portal's messages: the thread with the navigator, and what came with it."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from django.contrib import messages as said
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.errors import Reason, Refused
from advocacy.people.drafts import end_draft
from advocacy.portal import portal_page
from advocacy.web import ActorRequest, paged, saw
from cases.commands.communications import Upload
from cases.commands.documents import open_attachment
from cases.commands.messages import LONGEST, MOST_FILES, read_messages, send_message
from cases.commands.papers import page_of
from cases.content import EXTENSIONS, ContentType
from cases.queries.messages import attachments_of, thread_of
from cases.queries.portal_papers import (
    attachment_for_patient,
    case_of_portal,
    cases_of_portal,
    kind_words,
    with_unread,
)
from cases.views.casework import draft_key, typed_before
from cases.views.files import file_leaves, file_response

PART = Permission.PORTAL_MESSAGES
SIZE = 15


@require_safe
@portal_page(PART)
def messages(request: ActorRequest) -> HttpResponse:
    """One case: its thread. Several: which of them."""
    cases = list(with_unread(cases_of_portal(request.actor)))
    assert request.actor.portal is not None
    if len(cases) == 1:
        return _thread(request, cases[0], "", "", 200)
    saw(request, "read_page", cases=[c.pk for c in cases], patients=[request.actor.portal.patient_id])
    return render(request, "portal/messages.html", {"cases": cases})


@portal_page(PART)
def thread(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """What was written on one case, newest first, and the form that writes."""
    case = case_of_portal(request.actor, case_id)
    if request.method != "POST":
        return _thread(request, case, "", "", 200)
    body = request.POST.get("body", "")
    try:
        uploads = [_upload(file) for file in request.FILES.getlist("files")[: MOST_FILES + 1]]
        with transaction.atomic():
            send_message(actor=request.actor, case=case, body=body, uploads=uploads, at=request.at)
    except Refused as refused:
        problem = " ".join(reason.message for reason in refused.reasons)
        answer = _thread(request, case, body, problem, 422)
        answer.has_page = True  # type: ignore[attr-defined]  # also when the form was sent from the list's address
        return answer
    end_draft(actor=request.actor, key=draft_key(request))
    said.success(request, _("Your message is sent."))
    return redirect("portal:thread", case.public_id)


def _upload(file: Any) -> Upload:
    if getattr(file, "too_large", False):
        raise Refused([Reason("page_too_large", _("This file is too large. Take a photo of each page."))])
    page = page_of(file.file)
    return Upload("other", "Sent with a message", page.filename, io.BytesIO(page.data))


def _thread(request: ActorRequest, case: Any, body: str, problem: str, status: int) -> HttpResponse:
    listed = paged(thread_of(request.actor, case), after=request.GET.get("after"), newest=True, size=SIZE)
    attached = attachments_of(request.actor, listed.rows)
    rows = [
        {
            "entry": entry,
            "who": _who(request, entry),
            "mine": entry.direction == "in",
            "new": entry.direction == "out" and entry.read_at is None,
            "files": [
                {"file": a, "kind": kind_words(a.version.document.kind)} for a in attached.get(entry.pk, ())
            ],
        }
        for entry in listed.rows
    ]
    if not body:
        body = str(typed_before(request).get("body", ""))
    saw(request, "read_page", cases=[case.pk], patients=[case.patient_id])
    read_messages(actor=request.actor, case=case, at=request.at)
    context = {
        "case": case,
        "rows": rows,
        "body": body,
        "problem": problem,
        "longest": LONGEST,
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
    }
    return render(request, "portal/thread.html", context, status=status)


def _who(request: ActorRequest, entry: Any) -> str:
    """Whoever wrote it, as the reader knows them."""
    if entry.direction == "out":
        return str(entry.logged_by or request.organization)
    if entry.logged_by_id == request.actor.user_id:
        return _("You")
    return entry.person or _("The patient")


@require_safe
@portal_page(PART)
def attachment(request: ActorRequest, attachment_id: UUID) -> HttpResponse:
    """A file that came with a message; `?download` hands it over."""
    row = attachment_for_patient(request.actor, attachment_id)
    passage = file_leaves(request.actor, row.case, row.version.document.special)
    blob = open_attachment(request.actor, row)
    saw(request, "read_document", cases=[row.case_id], patients=[row.case.patient_id], **passage.told)
    ending = EXTENSIONS[ContentType(row.version.content_type)][0]
    return file_response(
        request,
        blob,
        content_type=row.version.content_type,
        filename=f"file{ending}",
        download="download" in request.GET,
    )
