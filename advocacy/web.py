"""The page door's shared parts: who asks, what was read, the four kinds of answer, pages of a long list."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from advocacy.access.policy import Actor
from advocacy.audit.trail import record_read
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.languages import PORTAL
from advocacy.tenancy.models import Organization

P = ParamSpec("P")


class ActorRequest(HttpRequest):
    """A request after the tenancy middleware: somebody, acting in one organization."""

    actor: Actor
    organization: Organization
    request_id: str
    at: datetime
    reads: list[Read]


@dataclass
class Read:
    verb: str
    cases: set[int]
    patients: set[int]
    detail: dict[str, Any]


class RequestIdMiddleware:
    """Names every request, so that the trail, the log and the answer can be matched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid.uuid4().hex[:16]  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def saw(
    request: HttpRequest,
    verb: str,
    *,
    cases: Iterable[int] = (),
    patients: Iterable[int] = (),
    **detail: Any,
) -> None:
    """Say what patient data this answer shows. One read event per request, however often this is called.

    `cases` and `patients` are primary keys; `detail` holds counts and codes, never words somebody typed.
    """
    if not hasattr(request, "reads"):
        request.reads = []  # type: ignore[attr-defined]
    request.reads.append(Read(verb, set(cases), set(patients), detail))  # type: ignore[attr-defined]


def note_read(request: HttpRequest, *, cases: Iterable[int], patients: Iterable[int]) -> None:
    """The read event of a page that is not in a member's scope: written at once, in the scope the page has opened."""
    match = request.resolver_match
    record_read(
        "read_page", cases=cases, patients=patients, detail={"page": match.view_name} if match else {}
    )


class AnswersMiddleware:
    """Maps the four kinds of refusal to pages, and writes the read event of what was shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = _with_a_body(request, self.get_response(request))
        reads: list[Read] = getattr(request, "reads", [])
        if reads and response.status_code < 500:
            detail: dict[str, Any] = (
                {"page": request.resolver_match.view_name} if request.resolver_match else {}
            )
            for read in reads:
                detail |= read.detail
            record_read(
                reads[0].verb,
                cases=set().union(*(r.cases for r in reads)),
                patients=set().union(*(r.patients for r in reads)),
                detail=detail,
            )
        return response

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if isinstance(problem, NotFound):
            return error_page(request, 404)
        if isinstance(problem, NotAllowed):
            return error_page(request, 403)
        if isinstance(problem, WrongState):
            return error_page(request, 409, message=str(problem))
        if isinstance(problem, Refused):
            return error_page(request, 422, reasons=problem.reasons)
        return None


def error_page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    template = "portal/error.html" if request.path.startswith(PORTAL) else f"errors/{status}.html"
    return render(request, template, {"status": status} | context, status=status)


def _with_a_body(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Django answers 405 with nothing; a person who came by a stale form or a typed address is told what to do."""
    if response.status_code != 405 or getattr(response, "streaming", False) or response.content:
        return response
    told = error_page(request, 405)
    told.headers["Allow"] = response.headers.get("Allow", "")
    return told


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is stale (another sign-in, an expired session). What was typed is kept where that is possible."""
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def page(
    view: Callable[Concatenate[Any, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A desk page: somebody is signed in and acts in an organization. `request.at` is the one moment of the request."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if getattr(request, "actor", None) is None:
            return render(request, "errors/no_membership.html", status=403)
        request.at = timezone.now()  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    guarded.is_desk_page = True  # type: ignore[attr-defined]
    return guarded


@dataclass(frozen=True)
class Page:
    """One page of a long list, by key and not by number: no COUNT, no OFFSET, the same cost on page one and a thousand."""

    rows: list[Any]
    next_after: str | None
    first: bool


def paged(
    queryset: QuerySet[Any], *, after: str | None, size: int = 50, key: str = "id", newest: bool = False
) -> Page:
    """A page of `queryset` ordered by the unique column `key`, starting behind the value `after` (as text).

    Raises Http404 for an `after` that is not a key of this list.
    """
    ordered = queryset.order_by(f"-{key}" if newest else key)
    if after:
        try:
            ordered = ordered.filter(**{f"{key}__{'lt' if newest else 'gt'}": int(after)})
        except ValueError:
            raise Http404 from None
    rows = list(ordered[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, str(getattr(rows[-1], key)) if more else None, not after)
