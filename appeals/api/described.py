"""The words of the OpenAPI document about cases."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from appeals.api.serializers import CasePage, CaseWhole
from appeals.queries.codes import stages
from cases.api.described import AFTER, CASE_ID, ETAG, LIMIT, REFUSALS, query
from cases.queries import codes

cases_described = extend_schema(
    operation_id="cases",
    summary="The queue: cases by the patient's next date, undated last",
    description="Takes the scope `cases:read`. Closed cases come in the order in which they were opened, cases with `updated` in"
    " the order in which somebody last worked on them.",
    parameters=[
        query("status", "Which cases.", enum=["open", "closed"], default="open"),
        query("stage", "Where the case stands.", enum=list(stages())),
        query("payer", "A payer's id.", OpenApiTypes.UUID),
        query(
            "owner", "A colleague's id, or `none`.", {"type": "string", "pattern": "^(none|[0-9a-f-]{36})$"}
        ),
        query("treatment", "What is asked for.", enum=list(codes.keys(codes.TREATMENTS))),
        query("urgency", "How urgent.", enum=list(codes.keys(codes.URGENCIES))),
        query("due", "The next date is this day or earlier.", OpenApiTypes.DATE),
        query("updated", "Somebody worked on it at this moment or later.", OpenApiTypes.DATETIME),
        LIMIT,
        AFTER,
        ETAG,
    ],
    responses={200: CasePage, 304: None} | REFUSALS,
    tags=["cases"],
)
case_described = extend_schema(
    operation_id="case",
    summary="One case: dates with rule and source, levels, documents, money, the newest acts",
    description="Takes the scope `cases:read`; names and numbers with `identifiers:read` besides.",
    parameters=[CASE_ID, ETAG],
    responses={200: CaseWhole, 304: None} | REFUSALS,
    tags=["cases"],
)
