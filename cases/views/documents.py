"""Documents at the desk: the list of a case, one document with its versions and its text, uploads, and the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission
from advocacy.web import ActorRequest, saw
from cases.commands.documents import (
    add_version,
    await_reading,
    open_version,
    show_to_patient,
    upload_document,
)
from cases.commands.patient_notices import notify_patient
from cases.commands.tags import change_document
from cases.content import EXTENSIONS, ContentType
from cases.forms.documents import DocumentForm, UploadForm, VersionForm
from cases.queries.documents import documents_listed, get_document, get_version, same_bytes_in, versions_of
from cases.queries.registration import may_here
from cases.views.casework import attempt, case_page, done, show, typed_before
from cases.views.files import SHOWN_INLINE, file_response

FRAMED = (ContentType.PDF, ContentType.TEXT)


@require_safe
@case_page()
def documents(request: ActorRequest, case: Any) -> HttpResponse:
    """All documents of a case."""
    rows = documents_listed(request.actor, case)
    context = {
        "documents": rows,
        "being_read": any(row.version.text_status == "pending" for row in rows),
        "actions": _actions(request, case, [("Upload a document", "main", "cases:document_new", case)]),
    }
    return show(request, "cases/document_list.html", case, context, here="Documents")


@case_page(Permission.UPLOAD_DOCUMENT)
def document_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Upload a document. `?kind=` chooses the type beforehand."""
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        initial={"kind": request.GET.get("kind", "")} | typed_before(request, lists=("special",)),
    )

    def act(typed: Mapping[str, Any]) -> Any:
        return upload_document(
            actor=request.actor,
            case=case,
            kind=typed["kind"],
            title=typed["title"],
            special=typed["special"],
            at=request.at,
            **_file(typed),
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        version = versions_of(outcome.result)[0]
        if same_bytes_in(case, version):
            messages.warning(
                request, "The same bytes are in this case already, in another document. Both are kept."
            )
        return done(
            request,
            "The document is kept. Its text is being read.",
            "cases:document",
            case.public_id,
            outcome.result.public_id,
        )
    context = {
        "form": form,
        "action": "Upload",
        "back_url": reverse("cases:documents", args=[case.public_id]),
        "autofocus": outcome.status == 200,
    }
    return show(
        request,
        "cases/document_form.html",
        case,
        context,
        here="Upload a document",
        status=outcome.status,
        trail=_above(case),
    )


@require_safe
@case_page()
def document(request: ActorRequest, case: Any, document_id: UUID) -> HttpResponse:
    """One document: its newest version (or `?version=`) as it is, its text, its versions."""
    row = get_document(request.actor, case, document_id)
    versions = versions_of(row)
    wanted = request.GET.get("version", "")
    current = next((v for v in versions if str(v.number) == wanted), versions[0])
    actions = [] if row.is_frozen else [("Add a version", "quiet", "cases:version_new", case, row)]
    actions.append(("Change type or title", "quiet", "cases:document_change", case, row))
    context = {
        "document": row,
        "versions": versions,
        "current": current,
        "file_url": reverse("cases:document_file", args=[case.public_id, current.public_id]),
        "framed": current.content_type in FRAMED,
        "pictured": current.content_type in SHOWN_INLINE and current.content_type not in FRAMED,
        "may_upload": may_here(request.actor, Permission.UPLOAD_DOCUMENT, case),
        "actions": _actions(request, case, actions),
        "facts": [
            {"label": "Type", "value": row.get_kind_display()},
            {"label": "Specially protected", "value": row.special_words},
            {"label": "File name as uploaded", "value": current.filename},
            {"label": "Pages", "value": current.page_count},
            {"label": "Text", "value": current.get_text_status_display(), "note": current.text_note},
            {"label": "SHA-256", "value": current.blob.sha256},
        ],
    }
    return show(
        request, "cases/document.html", case, context, here=row.get_kind_display(), trail=_above(case)
    )


@case_page(Permission.UPLOAD_DOCUMENT)
def version_new(request: ActorRequest, case: Any, document_id: UUID) -> HttpResponse:
    """Add a version to a document."""
    row = get_document(request.actor, case, document_id)
    form = VersionForm(request.POST or None, request.FILES or None)

    def act(typed: Mapping[str, Any]) -> Any:
        return add_version(
            actor=request.actor,
            document=row,
            at=request.at,
            **_file(typed),
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(
            request,
            f"Version {outcome.result.number} is kept. Its text is being read.",
            "cases:document",
            case.public_id,
            row.public_id,
        )
    context = {
        "form": form,
        "action": "Add the version",
        "back_url": reverse("cases:document", args=[case.public_id, row.public_id]),
        "autofocus": outcome.status == 200,
    }
    return show(
        request,
        "cases/document_form.html",
        case,
        context,
        here="Add a version",
        status=outcome.status,
        trail=_above(case, row),
    )


@case_page(Permission.UPLOAD_DOCUMENT)
def document_change(request: ActorRequest, case: Any, document_id: UUID) -> HttpResponse:
    """Correct the type or the title."""
    row = get_document(request.actor, case, document_id)
    form = DocumentForm(
        request.POST or None,
        initial={"kind": row.kind, "title": row.title, "special": row.special}
        | typed_before(request, lists=("special",)),
    )

    def act(typed: Mapping[str, Any]) -> Any:
        return change_document(
            actor=request.actor,
            document=row,
            kind=typed["kind"],
            title=typed["title"],
            special=typed["special"],
            at=request.at,
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "Type and title are changed.", "cases:document", case.public_id, row.public_id)
    context = {
        "form": form,
        "action": "Save",
        "back_url": reverse("cases:document", args=[case.public_id, row.public_id]),
        "autofocus": outcome.status == 200,
    }
    return show(
        request,
        "cases/document_form.html",
        case,
        context,
        here="Change type or title",
        status=outcome.status,
        trail=_above(case, row),
    )


@require_POST
@case_page(Permission.UPLOAD_DOCUMENT)
def document_portal(request: ActorRequest, case: Any, document_id: UUID) -> HttpResponse:
    """Show the document to the patient in the portal, or no longer. Newly shown, the patient is told that there is one."""
    row = get_document(request.actor, case, document_id)
    shown = request.POST.get("shown") == "yes"
    show_to_patient(actor=request.actor, document=row, shown=shown, at=request.at)
    if shown:
        notify_patient(
            actor=request.actor,
            patient=case.patient,
            kind="document",
            about=f"document:{row.pk}",
            case=case,
            at=request.at,
        )
    said = "The patient sees this in the portal." if shown else "The patient does not see this any more."
    return done(request, said, "cases:document", case.public_id, row.public_id)


@require_POST
@case_page(Permission.UPLOAD_DOCUMENT)
def read_again(request: ActorRequest, case: Any, version_id: UUID) -> HttpResponse:
    """Ask once more for the text of a version that could not be read."""
    version = get_version(request.actor, case, version_id)
    await_reading(actor=request.actor, version=version, at=request.at)
    return done(
        request, "It is being read again.", "cases:document", case.public_id, version.document.public_id
    )


@require_safe
@case_page()
def document_text(request: ActorRequest, case: Any, version_id: UUID) -> HttpResponse:
    """The text that was read of a version, page by page."""
    version = get_version(request.actor, case, version_id)
    context = {
        "version": version,
        "pages": list(enumerate(version.pages or (), start=1)),
        "actions": [
            {
                "label": "Back to the document",
                "url": reverse("cases:document", args=[case.public_id, version.document.public_id]),
            }
        ],
    }
    return show(
        request,
        "cases/document_text.html",
        case,
        context,
        here="Text of the document",
        trail=_above(case, version.document),
    )


@require_safe
@case_page()
def document_file(request: ActorRequest, case: Any, version_id: UUID) -> HttpResponse:
    """The bytes of a version, always through us; `?download` hands them over as a file."""
    version = get_version(request.actor, case, version_id)
    blob = open_version(request.actor, version)
    passage = disclose(
        actor=request.actor,
        door=Door.DOWNLOAD,
        purpose=Purpose.CASEWORK,
        to=whoever_asks(request.actor),
        about=case,
    )
    saw(
        request,
        "read_document",
        cases=[case.pk],
        patients=[case.patient_id],
        version=str(version.public_id),
        **passage.told,
    )
    return file_response(
        request,
        blob,
        content_type=version.content_type,
        filename=neutral_name(case.reference, version.document.kind, version.number, version.content_type),
        download="download" in request.GET,
    )


def neutral_name(reference: str, kind: str, number: int, content_type: str) -> str:
    """A file name that tells a colleague what it is and a stranger nothing: reference, type, version."""
    ending = EXTENSIONS[ContentType(content_type)][0]
    return str(PurePosixPath(f"{reference}-{kind.replace('_', '-')}-v{number}{ending}"))


def _file(typed: Mapping[str, Any]) -> dict[str, Any]:
    upload = typed["file"]
    return {"filename": upload.name, "stream": upload.file}


def _above(case: Any, row: Any = None) -> tuple[tuple[str, str], ...]:
    above = (("Documents", reverse("cases:documents", args=[case.public_id])),)
    if row is None:
        return above
    return (
        *above,
        (row.get_kind_display(), reverse("cases:document", args=[case.public_id, row.public_id])),
    )


def _actions(request: ActorRequest, case: Any, wanted: list[tuple[Any, ...]]) -> list[dict[str, str]]:
    if not may_here(request.actor, Permission.UPLOAD_DOCUMENT, case):
        return []
    return [
        {"label": label, "kind": kind, "url": reverse(name, args=[row.public_id for row in rows])}
        for label, kind, name, *rows in wanted
    ]
