"""Files of rows for an analyst's own tools. No name, no contact, no typed word: those are sealed, and no file has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.access.scopes import Scope
from advocacy.api import MachineView, a_day, a_moment, one_of, unusable
from advocacy.errors import Refused
from advocacy.reporting.exports import CASES, OUTCOMES, Export, begun
from advocacy.web import ActorRequest
from cases.api.described import REFUSALS, query

CSV = "text/csv"
FILE: dict[Any, Any] = {(200, CSV): OpenApiTypes.STR}
PURPOSE = query(
    "purpose",
    "What the rows are for. The trail keeps it, sealed.",
    {"type": "string", "minLength": 3, "maxLength": 300, "pattern": r"\S[\s\S]+\S"},
    required=True,
)
COMMON = (
    " One line of headings, then a line for each row; times are UTC. Streamed. Names, contacts, member ids and what was typed"
    " are sealed and in no file. The rows are those the list of cases shows this machine."
)


def answered(request: ActorRequest, export: Export, given: dict[str, Any]) -> HttpResponse:
    """The file as it comes out of the database; nothing of it for HEAD."""
    require(request.actor, Permission.SEE_CASES)
    pieces: Iterator[bytes] = iter(())
    if request.method != "HEAD":
        used = {name: value for name, value in given.items() if value}
        try:
            pieces = begun(
                actor=request.actor, export=export, purpose=request.GET.get("purpose", ""), given=used
            )
        except Refused as refusal:
            raise unusable(refusal.reasons) from None
    response = StreamingHttpResponse(pieces, content_type=f"{CSV}; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = f'attachment; filename="{export.key}.csv"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response  # type: ignore[return-value]  # as the door's other answers, it is sent as it is


class CasesFile(MachineView):
    """Cases as a file."""

    needs = {"GET": Scope.EXPORT_ROWS}
    takes = ("purpose", "status", "updated")

    @extend_schema(
        operation_id="export_cases",
        summary="Cases as CSV",
        description=f"Takes the scope `rows:export`.{COMMON}",
        parameters=[
            PURPOSE,
            query("status", "Left out: open and closed ones.", enum=["open", "closed"]),
            query("updated", "Worked on since this moment.", OpenApiTypes.DATETIME),
        ],
        responses=FILE | REFUSALS,
        tags=["exports"],
    )
    def get(self, request: ActorRequest) -> HttpResponse:
        words = request.GET.dict()
        given = {"status": one_of(words, "status", ("open", "closed")), "updated": a_moment(words, "updated")}
        return answered(request, CASES, given)


class OutcomesFile(MachineView):
    """Decisions of levels as a file."""

    needs = {"GET": Scope.EXPORT_ROWS}
    takes = ("purpose", "decided")

    @extend_schema(
        operation_id="export_outcomes",
        summary="Decisions on appeals as CSV",
        description="Takes the scope `rows:export`. One row for each decision of a level, with the outcome by which figures"
        f" count it.{COMMON}",
        parameters=[PURPOSE, query("decided", "Decided on or after this day.", OpenApiTypes.DATE)],
        responses=FILE | REFUSALS,
        tags=["exports"],
    )
    def get(self, request: ActorRequest) -> HttpResponse:
        return answered(request, OUTCOMES, {"decided": a_day(request.GET.dict(), "decided")})
