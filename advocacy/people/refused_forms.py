"""A form that was refused is shown again by a GET: Back and reload lead to it, and the browser sends nothing twice.

A browser that sends a form from its page and is refused (409, 413, 422) is led back to that page. What it is shown there is the
answer itself, with everything that was typed and every reason, kept for an hour: sealed under the session, the person and
the address, in the table that forgets by itself. Before it is shown the page is asked for as always, so that whoever may no
longer open it gets what everybody gets, and the read is written where the words are read. A page that was asked for without the
mark asks nothing of this. Whoever does not ask for a page (a script, a program) is answered at once, as HTTP has it.

Beside `advocacy/people/kept_forms.py`, which keeps the words of somebody whose session has ended.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.messages import get_messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from advocacy.people.kept_forms import person_at_door
from advocacy.tenancy.sealing import CannotOpen, seal_bytes, unseal_bytes

MARK = "refused"
KEPT_SECONDS = 3600
LARGEST_PACKED = 1_000_000
MOVED_ON = 409
STATUSES = (MOVED_ON, 413, 422)


class SeeOther(HttpResponseRedirect):
    """Look at this address instead, by a GET (RFC 9110, section 15.4.4)."""

    status_code = 303


class RefusedFormsMiddleware:
    """Stands innermost: it sees what a view answered, or the page that explains a refusal, before anybody else does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not _is_page(request):
            return response
        if request.method == "POST":
            if _refused_in_a_browser(request, response):
                return _kept(request, response)
            if 300 <= response.status_code < 400 and _was_refused_before(request):
                cache.delete(_key(request))
        elif request.method == "GET" and MARK in request.GET:
            return _shown(request, response)
        return response


def _is_page(request: HttpRequest) -> bool:
    """A page of somebody who is signed in, at the desk or in the portal."""
    view: Any = request.resolver_match.func if request.resolver_match else None
    ours = getattr(view, "is_desk_page", False) or getattr(view, "is_portal_page", False)
    return ours and getattr(request, "actor", None) is not None and bool(request.session.session_key)


def _refused_in_a_browser(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        response.status_code in STATUSES
        and "text/html" in request.headers.get("Accept", "")
        and response.headers.get("Content-Type", "").startswith("text/html")
        and (_came_from(request).path == request.path or getattr(response, "has_page", False))
    )


def _came_from(request: HttpRequest) -> Any:
    """The page the form stood on. A form without a page of its own (the marked rows of a list) has nowhere to go back to.

    A view whose address shows the same form by a GET says so with `has_page` on its answer, wherever the form was sent from.
    """
    return urlsplit(request.headers.get("Referer", ""))


def _was_refused_before(request: HttpRequest) -> bool:
    return MARK in request.GET or MARK in parse_qs(_came_from(request).query)


def _context(request: HttpRequest) -> str:
    person = person_at_door(request).public_id
    return f"refused form|{request.session.session_key}|{person}|{request.path}"


def _key(request: HttpRequest) -> str:
    return f"{MARK}:{hashlib.sha256(_context(request).encode()).hexdigest()}"


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep the answer and lead to it. The page writes the read; where the state moved on it may refuse, and it is written now."""
    packed = zlib.compress(response.content)
    if len(packed) > LARGEST_PACKED:
        return response
    organization_id: int = request.organization.pk  # type: ignore[attr-defined]
    sealed = seal_bytes(packed, organization_id=organization_id, context=_context(request))
    cache.set(_key(request), sealed, KEPT_SECONDS)
    if response.status_code != MOVED_ON:
        request.reads = []  # type: ignore[attr-defined]
    address = request.GET.copy()
    address[MARK] = "1"
    return SeeOther(f"{request.path}?{address.urlencode()}")


def _shown(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The kept answer in place of the page, where the page would be shown and something is kept.

    A page that refuses because the state moved on was open to this person: what was typed is shown, and why it came too late.
    """
    if response.status_code not in (200, MOVED_ON) or not response.headers.get("Content-Type", "").startswith(
        "text/html"
    ):
        return response
    sealed = cache.get(_key(request))
    if sealed is None:
        return response
    organization_id: int = request.organization.pk  # type: ignore[attr-defined]
    try:
        packed = unseal_bytes(sealed, organization_id=organization_id, context=_context(request))
    except CannotOpen:
        return response
    response.content = zlib.decompress(packed)
    response.status_code = 200
    # What the page told beside its form (a note of what was done elsewhere) is not seen: it waits for the next page.
    get_messages(request).used = False  # type: ignore[union-attr]
    return response
