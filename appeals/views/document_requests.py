"""Documents asked for in writing: recorded when they are asked for, and when they came."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission as P
from appeals.commands import document_requests as commands
from appeals.forms.document_requests import DocumentArrivalForm, DocumentRequestForm, DocumentsCameForm
from appeals.forms.levels import EndForm
from appeals.queries.document_page import denials_of, document_page, get_document_request
from appeals.views.casework import CaseRequest, case_page, show, show_step, today_for
from appeals.views.papers import document_choices, given_document, picked_document
from cases.views.casework import attempt, done

PAGE = "appeals:documents"
KINDS = {"plan_documents": "plan_document", "explanation": "plan_letter"}
"""What kind of document an answer is taken in as."""


def _named(denial: Any) -> str:
    on = denial.notice_on
    return f"Denial of {on:%b} {on.day}, {on.year}" if on else "Denial"


@case_page(P.FILE_APPEAL)
def documents_new(request: CaseRequest, case: Any) -> HttpResponse:
    """Record that the claim file, the plan documents or the patient's records were asked for in writing."""
    denials = denials_of(request.actor, case)
    latest = next(reversed(denials), None)
    form = DocumentRequestForm(
        request.POST or None,
        denials=[(str(key), _named(row)) for key, row in denials.items()],
        documents=document_choices(request.actor, case),
        initial={"sent_at": timezone.localtime(), "denial": latest},
    )
    outcome = attempt(
        request,
        form,
        lambda data: commands.request_documents(
            actor=request.actor,
            case=case,
            **{
                key: data[key] for key in ("asked", "details", "channel", "address", "sent_at", "received_at")
            },
            denial=denials.get(data["denial"]),
            proof_note=data["proof_note"],
            letter=picked_document(request.actor, case, data["letter"]),
            at=request.at,
        ),
    )
    if outcome.done:
        return done(request, "The request is recorded.", PAGE, case.public_id, outcome.result.public_id)
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Ask for documents",
        action="Record the request",
        back=reverse("appeals:case", args=[case.public_id]),
        effects=(
            "The plan's time to send them runs from when the request arrived, where a rule gives it one.",
            "It stands in the log of contacts and in the accounting of disclosures.",
        ),
    )


@require_safe
@case_page()
def documents(request: CaseRequest, case: Any, document_request_id: UUID) -> HttpResponse:
    """One request: its time with rule and arithmetic, and what came."""
    row = get_document_request(request.actor, case, document_request_id)
    context = {
        "page": document_page(case, row, today_for(request, case)),
        "may_record": P.FILE_APPEAL in request.may and row.is_open,
    }
    return show(request, "appeals/documents.html", case, context, here=_titled(row))


def _titled(row: Any) -> str:
    """A request by what it asks for: nothing of the patient."""
    return f"Asked for: {row.get_asked_display().lower()}"


def _step(
    request: CaseRequest, case: Any, row: Any, form: Any, act: Any, said: str, **shown: Any
) -> HttpResponse:
    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, said, PAGE, case.public_id, row.public_id)
    back = reverse(PAGE, args=[case.public_id, row.public_id])
    return show_step(request, case, form, outcome, back=back, trail=((_titled(row), back),), **shown)


@case_page(P.FILE_APPEAL)
def documents_arrival(request: CaseRequest, case: Any, document_request_id: UUID) -> HttpResponse:
    """When the request arrived, or that the plan said that it takes longer."""
    row = get_document_request(request.actor, case, document_request_id)
    had = timezone.localtime(row.received_at) if row.received_at else None
    return _step(
        request,
        case,
        row,
        DocumentArrivalForm(
            request.POST or None,
            initial={"received_at": had, "extended_on": row.extended_on, "version": row.arrival},
        ),
        lambda data: commands.correct_document_request(
            actor=request.actor,
            request=row,
            received_at=data["received_at"],
            extended_on=data["extended_on"],
            proof_note=data["proof_note"],
            seen=data["version"] or None,
            at=request.at,
        ),
        "Recorded. The dates were computed again.",
        here="When the request arrived",
        action="Record it",
        effects=("The plan's time is computed again, with this as its reason.",),
    )


@case_page(P.FILE_APPEAL)
def documents_came(request: CaseRequest, case: Any, document_request_id: UUID) -> HttpResponse:
    """What came, with the document itself."""
    row = get_document_request(request.actor, case, document_request_id)
    form = DocumentsCameForm(
        request.POST or None,
        request.FILES or None,
        documents=document_choices(request.actor, case),
        initial={"answered_at": timezone.localtime()},
    )
    return _step(
        request,
        case,
        row,
        form,
        lambda data: commands.receive_documents(
            actor=request.actor,
            request=row,
            answered_at=data["answered_at"],
            document=given_document(
                request.actor,
                case,
                file=data["file"],
                chosen=data["document"],
                kind=KINDS.get(row.asked, "other"),
                title=row.get_asked_display(),
                at=request.at,
            ),
            note=data["note"],
            at=request.at,
        ),
        "What came is recorded.",
        here="The documents came",
        action="Record what came",
        effects=("The plan's time ends.",),
    )


@case_page(P.FILE_APPEAL)
def documents_withdraw(request: CaseRequest, case: Any, document_request_id: UUID) -> HttpResponse:
    """The documents are not awaited any more."""
    row = get_document_request(request.actor, case, document_request_id)
    return _step(
        request,
        case,
        row,
        EndForm(request.POST or None),
        lambda data: commands.withdraw_document_request(
            actor=request.actor, request=row, reason=data["reason"], at=request.at
        ),
        "The request is taken back.",
        here="Take the request back",
        action="Take it back",
        tone="danger",
        effects=("The plan's time ends. The request stays with its reason.",),
    )
