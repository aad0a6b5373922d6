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
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.views import defaults

from advocacy.access.policy import Actor
from advocacy.audit.trail import record_read
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.languages import PORTAL, REVIEWED, asked_for
from advocacy.problems import API, problem
from advocacy.tenancy.models import Organization

P = ParamSpec("P")

VERBS = ("GET", "HEAD", "POST")
"""What a page may be asked; one that takes less says so itself."""

CLINIC = "/clinic/"
"""Where a clinic comes in by the link of a mail: no account, and nothing of the desk around its pages."""


UNDERSTOOD_NOTHING = {
    400: ("not_understood", "What came could not be understood at all."),
    500: ("our_fault", "Something failed here. It was not your request; nothing of it was kept."),
}


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


def write_reads(request: HttpRequest, response: HttpResponse) -> None:
    """The one read event of an answer, if it showed anything."""
    reads: list[Read] = getattr(request, "reads", [])
    if not reads or response.status_code >= 500:
        return
    detail: dict[str, Any] = {"page": request.resolver_match.view_name} if request.resolver_match else {}
    for read in reads:
        detail |= read.detail
    record_read(
        reads[0].verb,
        cases=set().union(*(r.cases for r in reads)),
        patients=set().union(*(r.patients for r in reads)),
        detail=detail,
    )


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
        write_reads(request, response)
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
    if request.path.startswith(PORTAL):
        template = "portal/error.html"
    else:
        template = "clinic/error.html" if request.path.startswith(CLINIC) else f"errors/{status}.html"
    answer = render(request, template, {"status": status} | context, status=status)
    return _address_is_secret(request, answer)


def _address_is_secret(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The address of a clinic's page opens it: no page that a link leads to is told it."""
    if request.path.startswith(CLINIC):
        answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _with_a_body(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Django answers 405 with nothing; a person who came by a stale form or a typed address is told what to do."""
    if response.status_code != 405 or getattr(response, "streaming", False) or response.content:
        return response
    told = error_page(request, 405)
    told.headers["Allow"] = response.headers.get("Allow", "")
    return told


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is stale (another sign-in, an expired session). What was typed is kept where that is possible."""
    if request.path.startswith((PORTAL, CLINIC)):
        return error_page(request, 403)
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our fault, in the look of the door it happened behind. Asks nothing of the database, the session or the reader, since
    any of them may be what failed, and says nothing of what it was.
    """
    return _alone(request, 500) or defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What came could not be understood at all."""
    return _alone(request, 400) or defaults.bad_request(request, exception or ValueError())


def _alone(request: HttpRequest, status: int) -> HttpResponse | None:
    """What needs nothing but its template, for the portal, the clinic's door and the API; None for the desk."""
    if request.path.startswith(API):
        code, detail = UNDERSTOOD_NOTHING[status]
        return problem(request, status, code, detail)
    if not request.path.startswith((PORTAL, CLINIC)):
        return None
    portal = request.path.startswith(PORTAL)
    # Where the language was settled before it failed, in that one.
    language = getattr(request, "LANGUAGE_CODE", None) or asked_for(request) if portal else "en"
    with translation.override(language):
        facts = {"portal_language": language, "portal_reviewed": language in REVIEWED}
        words = render_to_string("portal/500.html" if portal else "clinic/500.html", facts)
    return _address_is_secret(request, HttpResponse(words, status=status))


def page(
    view: Callable[Concatenate[Any, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A desk page: somebody is signed in and acts in an organization. `request.at` is the one moment of the request.

    Days and times are those of the organization's zone; a page of one case takes the patient's instead.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method not in VERBS:
            return HttpResponseNotAllowed(VERBS)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if getattr(request, "actor", None) is None:
            return render(request, "errors/no_membership.html", status=403)
        request.at = timezone.now()  # type: ignore[attr-defined]
        with timezone.override(request.organization.time_zone):  # type: ignore[attr-defined]
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
