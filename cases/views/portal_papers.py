"""The portal's papers: what the patient sees, and a paper sent from a phone, page by page or all at once."""

from __future__ import annotations

import re
import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.errors import Refused
from advocacy.portal import portal_page
from advocacy.web import ActorRequest, paged, saw
from cases.commands.documents import already_sent, from_vault, open_version
from cases.commands.papers import add_page, move_page, remove_page, send_paper
from cases.content import EXTENSIONS, ContentType
from cases.queries.portal_papers import (
    case_of_portal,
    cases_of_portal,
    document_for_patient,
    documents_for_patient,
    get_waiting_page,
    kept_through,
    kind_words,
    newest_of,
    waiting_pages,
)
from cases.views.files import file_leaves, file_response

PART = Permission.PORTAL_DOCUMENTS
SIZE = 20
FIRST_KIND = "letter"
_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)


@require_safe
@portal_page(PART)
def documents(request: ActorRequest) -> HttpResponse:
    """The papers of the patient, newest first."""
    cases = list(cases_of_portal(request.actor))
    listed = paged(
        documents_for_patient(request.actor), after=request.GET.get("after"), newest=True, size=SIZE
    )
    newest = newest_of(listed.rows)
    rows = [
        {"document": row, "kind": kind_words(row.kind), "version": newest.get(row.pk)} for row in listed.rows
    ]
    saw(request, "read_page", cases=[c.pk for c in cases], patients=[_patient(request)])
    context = {
        "rows": rows,
        "open_cases": [c for c in cases if c.status == "open"],
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
    }
    return render(request, "portal/documents.html", context)


@require_safe
@portal_page(PART)
def document_open(request: ActorRequest, document_id: UUID) -> HttpResponse:
    """The newest version of one of them, as it is; `?download` hands it over as a file."""
    row, version = document_for_patient(request.actor, document_id)
    passage = file_leaves(request.actor, row.case, row.special)
    blob = open_version(request.actor, version)
    saw(
        request,
        "read_document",
        cases=[row.case_id],
        patients=[row.case.patient_id],
        version=str(version.public_id),
        **passage.told,
    )
    ending = EXTENSIONS[ContentType(version.content_type)][0]
    return file_response(
        request,
        blob,
        content_type=version.content_type,
        filename=f"paper{ending}",
        download="download" in request.GET,
    )


@portal_page(PART)
def paper(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """Send a paper: choose photos, send. Pages that came before and were not sent on wait here.

    The script of the page, which asks for JSON, is told where to go on; everything else it gets as the page.
    """
    case = case_of_portal(request.actor, case_id)
    problem, kind = "", request.POST.get("kind") or request.GET.get("kind") or FIRST_KIND
    if request.method == "POST":
        document, problem = _send(request, case, kind)
        if document is not None:
            _thank(request, document)
            there = reverse("portal:documents")
            by_script = request.headers.get("Accept") == "application/json"
            return JsonResponse({"sent": there}) if by_script else redirect(there)
    saw(request, "read_page", cases=[case.pk], patients=[case.patient_id])
    return _paper_page(request, case, kind, problem)


def _send(request: ActorRequest, case: Any, kind: str) -> tuple[Any, str]:
    """The document that was made of the pages, or None and why not ("" where one of them is hard to read)."""
    key = request.POST.get("key", "")
    key = key if _KEY.fullmatch(key) else ""
    if sent := already_sent(actor=request.actor, case=case, part=PART, key=key):
        return sent, ""
    problem = _take(request, case)
    waiting = list(waiting_pages(request.actor, case))
    if not waiting and not problem and "not_taken" in request.POST:
        return None, _("We could not take the file you chose before. Choose a photo or a PDF.")
    if problem or (any(page.warning for page in waiting) and "anyway" not in request.POST):
        return None, problem
    try:
        return send_paper(actor=request.actor, case=case, kind=kind, key=key, at=request.at), ""
    except Refused as refused:
        return None, " ".join(reason.message for reason in refused.reasons)


def _take(request: ActorRequest, case: Any, *, first: int = 1) -> str:
    """Keep the files of a form. What was wrong with them, in words; those that were right are kept all the same.

    `first` is the number by which the reader knows the first of them.
    """
    problems = []
    for number, file in enumerate(request.FILES.getlist("pages"), start=first):
        try:
            if getattr(file, "too_large", False):
                words = _("This file is too large. Take a photo of each page.")
                problems.append(_("Page %(number)d: %(words)s") % {"number": number, "words": words})
                continue
            add_page(actor=request.actor, case=case, stream=file.file, at=request.at)  # type: ignore[arg-type]
        except Refused as refused:
            words = " ".join(reason.message for reason in refused.reasons)
            problems.append(_("Page %(number)d: %(words)s") % {"number": number, "words": words})
    return " ".join(problems)


def _paper_page(request: ActorRequest, case: Any, kind: str, problem: str) -> HttpResponse:
    pages = list(waiting_pages(request.actor, case)) if case.status == "open" else []
    hard = [number for number, page in enumerate(pages, start=1) if page.warning]
    context = {
        "case": case,
        "pages": pages,
        "waiting": ngettext(
            "%(count)d page waits here. Send it, or remove it.",
            "%(count)d pages wait here. Send them, or remove them.",
            len(pages),
        )
        % {"count": len(pages)},
        "hard": hard,
        "kept_through": kept_through(pages, case.patient.time_zone),
        "kind": kind,
        "key": secrets.token_hex(16),
        "problem": problem,
        "not_taken": bool(problem) and (bool(request.FILES) or "not_taken" in request.POST),
        "kinds": [
            ("letter", _("A letter from my plan")),
            ("doctor", _("A paper from my doctor")),
            ("card", _("My plan card")),
            ("other", _("Something else")),
        ],
        "why": {
            "small": _("The photo is small."),
            "dark": _("The photo is dark."),
            "blurred": _("The photo is not sharp."),
        },
    }
    return render(request, "portal/paper.html", context, status=422 if problem else 200)


def _thank(request: ActorRequest, document: Any) -> None:
    pages = newest_of([document])[document.pk].page_count or 1
    said = ngettext("We have your paper: %(count)d page.", "We have your paper: %(count)d pages.", pages)
    messages.success(request, said % {"count": pages})


@require_POST
@portal_page(PART)
def page_add(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """One page by itself, for the script: 200 when it is kept, 422 with words when it cannot be."""
    case = case_of_portal(request.actor, case_id)
    number = request.POST.get("number", "")
    problem = _take(request, case, first=int(number) if _NUMBER.fullmatch(number) else 1)
    if problem or not request.FILES:
        return JsonResponse({"problem": problem}, status=422)
    return JsonResponse({"kept": True})


@require_POST
@portal_page(PART)
def page_move(request: ActorRequest, page_id: UUID) -> HttpResponse:
    """A page that waits changes places with the one before it."""
    page = get_waiting_page(request.actor, page_id)
    move_page(actor=request.actor, page=page, at=request.at)
    return redirect("portal:paper", page.case.public_id)


@require_POST
@portal_page(PART)
def page_remove(request: ActorRequest, page_id: UUID) -> HttpResponse:
    """A page that waits is not sent."""
    page = get_waiting_page(request.actor, page_id)
    remove_page(actor=request.actor, page=page, at=request.at)
    messages.success(request, _("The page is gone."))
    return redirect("portal:paper", page.case.public_id)


@require_safe
@portal_page(PART)
def page_file(request: ActorRequest, page_id: UUID) -> HttpResponse:
    """Look at a page that waits."""
    page = get_waiting_page(request.actor, page_id)
    saw(request, "read_document", cases=[page.case.pk], patients=[page.case.patient_id])
    return file_response(
        request,
        from_vault(request.actor, page.location),
        content_type=page.content_type,
        filename="page",
        download=False,
    )


def _patient(request: ActorRequest) -> int:
    assert request.actor.portal is not None
    return request.actor.portal.patient_id
