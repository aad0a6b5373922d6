"""The words of the OpenAPI document that addresses share."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class ReasonTold(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)


class ProblemTold(serializers.Serializer[Any]):
    """RFC 9457. Compare `code`, never the sentences."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    reasons = ReasonTold(many=True)
    request_id = serializers.CharField()


def refusal(words: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemTold, description=words)


PROBLEM = "application/problem+json"
REFUSALS: dict[Any, Any] = {
    (400, PROBLEM): refusal("A filter or a value that is not known; the answer names those that are."),
    (401, PROBLEM): refusal("No token, or one that is unknown, expired or revoked."),
    (403, PROBLEM): refusal("The token lacks the scope, or the machine's roles do not allow it."),
    (404, PROBLEM): refusal("There is no such thing for this machine."),
}


def query(name: str, words: str, kind: Any = OpenApiTypes.STR, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=words, **more)


LIMIT = query("limit", "Rows on a page, 1 to 100.", OpenApiTypes.INT, default=50)
AFTER = query("after", "A place in the list, from `next`, as it is.", {"type": "string", "minLength": 1})
ETAG = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag you have: 304 if it still holds.",
)
WRITES: dict[Any, Any] = {
    (409, PROBLEM): refusal("It is not in a state in which this can be done."),
    (415, PROBLEM): refusal("The body is of another kind than the one told here."),
    (412, PROBLEM): refusal("The case has changed since it was read (If-Match)."),
    (422, PROBLEM): refusal("What was sent is understood and cannot be kept; `reasons` says all of why."),
}
CASE_ID = OpenApiParameter("case_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
DOCUMENT_ID = OpenApiParameter("document_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
