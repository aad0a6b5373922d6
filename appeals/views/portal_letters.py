"""The portal's letters: what waits for the patient's yes, and what was sent in the patient's name."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.errors import Refused
from advocacy.people.drafts import end_draft
from advocacy.portal import portal_page
from advocacy.web import ActorRequest, paged, saw
from appeals.commands.approvals import answer_letter
from appeals.queries.approvals import get_approval, open_asks, send_by, sent_letter, sent_letters, waits
from cases.commands.documents import open_letter
from cases.views.casework import draft_key, typed_before
from cases.views.files import file_leaves, file_response

PART = Permission.PORTAL_LETTERS
SIZE = 20


@require_safe
@portal_page(PART)
def letters(request: ActorRequest) -> HttpResponse:
    """Letters that wait for an answer, and those that went out, newest first."""
    asked = list(open_asks(request.actor)[:SIZE])
    listed = paged(sent_letters(request.actor), after=request.GET.get("after"), newest=True, size=SIZE)
    assert request.actor.portal is not None
    seen = {row.case_id for row in [*asked, *listed.rows]}
    saw(request, "read_page", cases=sorted(seen), patients=[request.actor.portal.patient_id])
    context = {
        "asked": asked,
        "sent": listed.rows,
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
    }
    return render(request, "portal/letters.html", context)


@portal_page(PART)
def letter(request: ActorRequest, approval_id: UUID) -> HttpResponse:
    """Exactly the letter that was asked about, and the two answers."""
    row = get_approval(request.actor, approval_id)
    words, problem = request.POST.get("words", ""), ""
    if request.method == "POST":
        try:
            answer_letter(
                actor=request.actor,
                approval=row,
                approved=request.POST.get("answer") == "yes",
                words=words,
                at=request.at,
            )
        except Refused as refused:
            problem = " ".join(reason.message for reason in refused.reasons)
        else:
            end_draft(actor=request.actor, key=draft_key(request))
            messages.success(request, _("Thank you. We wrote your answer down."))
            return redirect("portal:letters")
    saw(request, "read_page", cases=[row.case_id], patients=[row.case.patient_id])
    is_open = waits(row)
    context = {
        "approval": row,
        "letter": row.letter,
        "blocks": [b | {"lines": b["items"]} if "items" in b else b for b in row.letter["blocks"]],
        "dated": date.fromisoformat(row.letter["date"]),
        "open": is_open,
        "send_by": send_by(row) if is_open else None,
        "words": words or str(typed_before(request).get("words", "")),
        "problem": problem,
    }
    return render(request, "portal/letter.html", context, status=422 if problem else 200)


@require_safe
@portal_page(PART)
def letter_file(request: ActorRequest, approval_id: UUID) -> HttpResponse:
    """The pages of the letter that was asked about."""
    row = get_approval(request.actor, approval_id)
    return _file(request, row, row.version)


@require_safe
@portal_page(PART)
def sent_file(request: ActorRequest, filing_id: UUID) -> HttpResponse:
    """The very file that went out; `?download` hands it over."""
    row = sent_letter(request.actor, filing_id)
    return _file(request, row, row.document_version)


def _file(request: ActorRequest, row: Any, version: Any) -> HttpResponse:
    passage = file_leaves(request.actor, row.case, version.document.special)
    blob = open_letter(request.actor, row)
    saw(request, "read_document", cases=[row.case_id], patients=[row.case.patient_id], **passage.told)
    return file_response(
        request,
        blob,
        content_type=version.content_type,
        filename="letter.pdf",
        download="download" in request.GET,
    )
