"""Documents for machines: which there are, what is in them, and new ones. Titles and file names stay here: people typed them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from datetime import datetime
from email.message import Message
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.access.scopes import Scope
from advocacy.api import (
    MachineView,
    an_id,
    one_of,
    page_told,
    place_of,
    size_of,
    told,
    unusable,
)
from advocacy.errors import Reason, Refused
from advocacy.problems import Problem
from advocacy.web import ActorRequest, saw
from cases.api.described import AFTER, CASE_ID, DOCUMENT_ID, ETAG, LIMIT, REFUSALS, WRITES, query
from cases.api.serializers import DocumentLine, DocumentPage, DocumentWhole, Moment
from cases.commands.documents import already_sent, open_in_folder
from cases.commands.machine_documents import Kept, keep_document, room_for_document
from cases.content import ContentType
from cases.queries.codes import DOCUMENT_KINDS, keys
from cases.queries.machine_documents import (
    document_of_machine,
    documents_of_machine,
    file_of_machine,
    with_newest,
)
from cases.queries.registration import get_case
from cases.views.documents import neutral_name
from cases.views.files import file_response

PIECE, IN_MEMORY = 256 * 1024, 2 * 1024 * 1024
KINDS = keys(DOCUMENT_KINDS)
_INVALID = "value_unknown"


class Documents(MachineView):
    """The documents of the organization."""

    needs = {"GET": Scope.READ_DOCUMENTS}
    takes = ("case", "kind", "limit", "after")

    @extend_schema(
        operation_id="documents",
        summary="Documents, in the order in which they came",
        description="Takes the scope `documents:read`. No titles: people typed them.",
        parameters=[
            query("case", "A case's id.", OpenApiTypes.UUID),
            query("kind", "What it is.", enum=list(KINDS)),
            LIMIT,
            AFTER,
            ETAG,
        ],
        responses={200: DocumentPage, 304: None} | REFUSALS,
        tags=["documents"],
    )
    def get(self, request: ActorRequest) -> HttpResponse:
        require(request.actor, Permission.SEE_CASES)
        given = request.GET.dict()
        place, size = place_of(given, "documents"), size_of(given)
        case: Any = an_id(given, "case")
        found = documents_of_machine(
            request.actor,
            case=case,
            kind=one_of(given, "kind", KINDS),
            after=place[0] if place else 0,
            size=size + 1,
        )
        shown = found[:size]
        key = (shown[-1].pk,) if len(found) > size else None
        _saw(request, shown)
        return page_told(request, _lines(shown), what="documents", key=key)


class CaseDocuments(MachineView):
    """The documents of one case; a new one is the body of a POST."""

    needs = {"GET": Scope.READ_DOCUMENTS, "POST": Scope.WRITE_DOCUMENTS}
    takes = ()

    @extend_schema(
        operation_id="case_documents",
        summary="The documents of a case",
        description="Takes the scope `documents:read`. All of them on one page.",
        parameters=[CASE_ID, ETAG],
        responses={200: DocumentPage, 304: None} | REFUSALS,
        tags=["documents"],
    )
    def get(self, request: ActorRequest, case_id: UUID) -> HttpResponse:
        require(request.actor, Permission.SEE_CASES)
        case = get_case(request.actor, case_id)
        found = documents_of_machine(request.actor, case=case_id)
        saw(request, "read_list", cases=[case.pk], patients=[case.patient_id])
        return page_told(request, _lines(found), what="documents", key=None)

    @extend_schema(
        operation_id="upload_document",
        summary="Add a document to a case: the body is the file",
        description="Takes the scope `documents:write`. What it is, is found out from its content.",
        parameters=[
            CASE_ID,
            OpenApiParameter(
                "Document-Kind", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, enum=list(KINDS)
            ),
            OpenApiParameter(
                "Content-Disposition",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description='The file\'s name: `attachment; filename="letter.pdf"`. Sealed, and never told again here.',
            ),
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="Your own key, at most 60 characters: sent again it is one document.",
            ),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={201: DocumentLine, 200: DocumentLine} | REFUSALS | WRITES,
        tags=["documents"],
    )
    def post(self, request: ActorRequest, case_id: UUID) -> HttpResponse:
        room = room_for_document(actor=request.actor, case_id=case_id)
        kind, key = request.META.get("HTTP_DOCUMENT_KIND", ""), request.META.get("HTTP_IDEMPOTENCY_KEY", "")
        if kind not in KINDS:
            said = f"Document-Kind is one of: {', '.join(KINDS)}."
            raise unusable([Reason(_INVALID, said, "Document-Kind")])
        if len(key) > 60:
            raise unusable([Reason("key_long", "A key has at most 60 characters.", "Idempotency-Key")])
        sent_key = hashlib.sha256(f"{request.actor.key}:{key}".encode()).hexdigest() if key else ""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as stream:
            _receive(request, stream)
            before = _sent_before(request, case_id, sent_key, stream) if key else None
            if before is not None:
                return told(request, json.dumps(DocumentLine(before).data).encode())
            made = keep_document(
                actor=request.actor,
                room=room,
                folder=request.organization.public_id,
                kind=kind,
                filename=_name_of(request),
                stream=stream,  # type: ignore[arg-type]  # seekable like a file
                sent_key=sent_key,
                at=request.at,
            )
        return told(request, json.dumps(_new_line(made, kind, case_id, request.at)).encode(), status=201)


class Document(MachineView):
    """One document."""

    needs = {"GET": Scope.READ_DOCUMENTS}

    @extend_schema(
        operation_id="document",
        summary="One document with its versions",
        description="Takes the scope `documents:read`.",
        parameters=[DOCUMENT_ID, ETAG],
        responses={200: DocumentWhole, 304: None} | REFUSALS,
        tags=["documents"],
    )
    def get(self, request: ActorRequest, document_id: UUID) -> HttpResponse:
        require(request.actor, Permission.SEE_CASES)
        found = document_of_machine(request.actor, document_id)
        _saw(request, [found])
        return told(request, json.dumps(DocumentWhole(found).data).encode())


class Content(MachineView):
    """The bytes of a document."""

    needs = {"GET": Scope.READ_CONTENT}
    takes = ("version",)

    @extend_schema(
        operation_id="document_content",
        summary="The document itself, in whole or in a range",
        description="Takes the scope `documents:content`.",
        parameters=[DOCUMENT_ID, query("version", "Its number; the newest unless told.", OpenApiTypes.INT)],
        responses={(200, kind.value): OpenApiTypes.BINARY for kind in ContentType} | REFUSALS,
        tags=["documents"],
    )
    def get(self, request: ActorRequest, document_id: UUID) -> HttpResponse:
        require(request.actor, Permission.SEE_PATIENTS)
        number = request.GET.get("version", "")
        if number and not (number.isdecimal() and len(number) < 7):
            raise unusable([Reason(_INVALID, "version is a number.", "version")])
        version = int(number) if number else None
        file = file_of_machine(request.actor, document_id, version, page="api:document_content")
        return file_response(
            request,
            open_in_folder(request.organization.public_id, file.location),
            content_type=file.content_type,
            filename=neutral_name(file.reference, file.kind, file.number, file.content_type),
            download=True,
        )


def _lines(rows: Iterable[Any]) -> bytes:
    return b",".join(json.dumps(DocumentLine(row).data).encode() for row in rows)


def _new_line(made: Kept, kind: str, case_id: UUID, at: datetime) -> dict[str, Any]:
    """What DocumentLine says of a document that was just made."""
    return {
        "id": str(made.public_id),
        "kind": kind,
        "is_frozen": False,
        "for_patient": made.for_patient,
        "created_at": Moment().to_representation(at),
        "version": 1,
        "content_type": made.content_type,
        "page_count": made.page_count,
        "size": made.size,
        "sha256": made.sha256,
        "case": str(case_id),
    }


def _saw(request: ActorRequest, rows: list[Any]) -> None:
    saw(request, "read_list", cases={r.case_id for r in rows}, patients={r.case.patient_id for r in rows})


def _receive(request: ActorRequest, stream: Any) -> None:
    """The body into a file without a name, until it is longer than any file we take."""
    limit = settings.UPLOAD_LIMIT_BYTES
    length = request.META.get("CONTENT_LENGTH") or "0"
    declared, received = int(length) if length.isdecimal() else 0, 0
    while max(declared, received) <= limit and (piece := request.read(PIECE)):
        received += len(piece)
        stream.write(piece)
    if max(declared, received) > limit:
        said = f"A file has at most {limit // (1024 * 1024)} MB."
        raise Problem(413, "document_too_large", said, [Reason("document_too_large", said, "file")])


def _sent_before(request: ActorRequest, case_id: UUID, sent_key: str, stream: Any) -> Any:
    """What came under this key before, which must be the same bytes: to answer with it would lose others. None for the first.

    Raises Refused ("key_reused").
    """
    case = get_case(request.actor, case_id)
    before = already_sent(actor=request.actor, case=case, part=Permission.UPLOAD_DOCUMENT, key=sent_key)
    if before is None:
        return None
    stream.seek(0)
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if not before.versions.filter(number=1, blob__sha256=sha256).exists():
        said = "Another document was sent under this Idempotency-Key. Use a new one for a new document."
        raise Refused([Reason("key_reused", said, "Idempotency-Key")])
    return with_newest([before])[0]


def _name_of(request: ActorRequest) -> str:
    """The file's name from Content-Disposition (RFC 6266), also in its own encoding; a neutral one without it."""
    header = Message()
    header["Content-Disposition"] = request.META.get("HTTP_CONTENT_DISPOSITION", "")
    return header.get_filename() or "document"
