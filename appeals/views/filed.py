"""What went out: the frozen bytes, their fingerprint checked again, where they went, and the proof."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission as P
from advocacy.web import saw
from appeals.commands.levels import add_proof
from appeals.forms.levels import ProofForm
from appeals.queries.level_page import filing_of_case
from appeals.views.casework import CaseRequest, case_page, show, show_step
from appeals.views.papers import document_choices, given_document
from cases.commands.documents import open_version
from cases.vault import VaultError
from cases.views.casework import attempt, done
from cases.views.files import file_response


@require_safe
@case_page()
def filed(request: CaseRequest, case: Any, filing_id: UUID) -> HttpResponse:
    """The filing with its pages. The stored bytes are read to their end and compared with the fingerprint of that day."""
    filing = filing_of_case(request.actor, case, filing_id)
    try:
        blob = open_version(request.actor, filing.document_version)
        blob.verify()
        verified = blob.sha256 == filing.sha256
    except VaultError:
        verified = False
    address = [case.public_id, filing.public_id]
    may_add = P.FILE_APPEAL in request.may
    context = {
        "filing": filing,
        "verified": verified,
        "file_url": reverse("appeals:filed_file", args=address),
        "level_url": reverse("appeals:level", args=[case.public_id, filing.appeal.public_id]),
        "actions": [{"label": "Add proof", "url": reverse("appeals:proof_new", args=address)}]
        if may_add
        else [],
        "parts": (filing.manifest or {}).get("parts", []),
    }
    trail = (("Level", context["level_url"]),)
    return show(request, "appeals/level_filed.html", case, context, here="What was filed", trail=trail)


@require_safe
@case_page()
def filed_file(request: CaseRequest, case: Any, filing_id: UUID) -> HttpResponse:
    """The frozen bytes, as they were stored."""
    filing = filing_of_case(request.actor, case, filing_id)
    version = filing.document_version
    blob = open_version(request.actor, version)
    passage = disclose(
        actor=request.actor,
        door=Door.DOWNLOAD,
        purpose=Purpose.CASEWORK,
        to=whoever_asks(request.actor),
        about=case,
    )
    saw(request, "read_document", cases=[case.pk], patients=[case.patient_id], **passage.told)
    return file_response(
        request,
        blob,
        content_type=version.content_type,
        filename=f"{case.reference}-filed.pdf",
        download="download" in request.GET,
    )


@case_page(P.FILE_APPEAL)
def proof_new(request: CaseRequest, case: Any, filing_id: UUID) -> HttpResponse:
    """Add what proves the filing: a file, a document of the case, or words."""
    actor = request.actor
    filing = filing_of_case(actor, case, filing_id)
    form = ProofForm(
        request.POST or None, request.FILES or None, documents=document_choices(actor, case, "proof")
    )
    outcome = attempt(
        request,
        form,
        lambda data: add_proof(
            actor=actor,
            filing=filing,
            document=given_document(
                actor,
                case,
                file=data["file"],
                chosen=data["document"],
                kind="proof",
                at=request.at,
            ),
            note=data["note"],
            at=request.at,
        ),
    )
    if outcome.done:
        return done(request, "The proof is kept.", "appeals:filed", case.public_id, filing.public_id)
    back = reverse("appeals:filed", args=[case.public_id, filing.public_id])
    return show_step(
        request,
        case,
        form,
        outcome,
        here="Add proof",
        action="Add the proof",
        back=back,
        trail=(("What was filed", back),),
    )
