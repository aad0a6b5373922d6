"""How the API says no: RFC 9457 problem details, with a stable code and every reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from advocacy.errors import Reason

API = "/api/"
MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer of the API's door itself (a filter it does not know, a token that is none), raised from anywhere in it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        reasons: Sequence[Reason] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.reasons, self.headers = tuple(reasons), dict(headers or {})
        super().__init__(detail)


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    *,
    reasons: Sequence[Reason] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The answer. `code` is what a program compares; `detail` and the reasons' messages are for people."""
    told = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "reasons": [{"code": r.code, "message": r.message, "field": r.field} for r in reasons],
        "request_id": getattr(request, "request_id", ""),
    }
    return HttpResponse(json.dumps(told), status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))
