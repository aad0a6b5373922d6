"""Notes written by machines."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.access.scopes import Scope
from advocacy.api import MachineView, body_of, expected_version, stale, told
from advocacy.errors import Reason, Refused
from advocacy.web import ActorRequest
from cases.api.described import CASE_ID, REFUSALS, WRITES
from cases.api.serializers import NoteSent, NoteTold
from cases.commands.machine_notes import write_machine_note


class Notes(MachineView):
    """The notes of a case: machines write them and read none."""

    needs = {"POST": Scope.WRITE_NOTES}

    @extend_schema(
        operation_id="write_note",
        summary="Write an internal note on a case",
        description="Takes the scope `notes:write`. The patient does not see it.",
        parameters=[
            CASE_ID,
            OpenApiParameter(
                "If-Match",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="The case's ETag: 412 when it has changed.",
            ),
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="Your own key of this note, at most 100 characters: sent again it is written once.",
            ),
        ],
        request=NoteSent,
        responses={201: NoteTold, 200: NoteTold} | REFUSALS | WRITES,
        tags=["cases"],
    )
    def post(self, request: ActorRequest, case_id: UUID) -> HttpResponse:
        require(request.actor, Permission.WRITE_NOTE)
        sent, key = body_of(request), request.META.get("HTTP_IDEMPOTENCY_KEY", "")
        reasons = [
            Reason("field_unknown", f"There is no {word[:40]} here.", word[:40])
            for word in sent
            if word != "body"
        ]
        if not isinstance(sent.get("body"), str):
            reasons.append(Reason("body_missing", "Send the note's text as body.", "body"))
        if len(key) > 100:
            reasons.append(Reason("key_long", "A key has at most 100 characters.", "Idempotency-Key"))
        if reasons:
            raise Refused(reasons)
        written = write_machine_note(
            actor=request.actor,
            case_id=case_id,
            body=sent["body"],
            version=expected_version(request),
            key=key,
            at=request.at,
        )
        if written.stale:
            raise stale()
        body = {"id": str(written.note), "case": str(case_id), "written_at": written.at.isoformat()}
        return told(request, json.dumps(body).encode(), status=201 if written.is_new else 200)
