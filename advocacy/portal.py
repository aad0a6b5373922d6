"""The frame of the patient's portal: its own session, the door of a page, navigation, and what stands around every page.

The portal's session has a cookie and keys of its own and never carries Django's sign-in: whoever came in by an e-mailed
code is nobody at the desk, also when their session's key is sent there, and a desk session opens nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.errors import NotFound
from advocacy.languages import PORTAL, PORTAL_LANGUAGES, REVIEWED
from advocacy.web import VERBS
from advocacy.words import plain_notice

P = ParamSpec("P")

COOKIE = "recourse_portal"
USER = "portal_user"
ACCESS = "portal_access"
SEEN = "seen_at"
"""When a session was last used, at either door, in seconds since 1970 (advocacy/people/sessions.py)."""


class DoorSessionMiddleware(SessionMiddleware):
    """Django's own session for the desk; for addresses of the portal one under another cookie, sent nowhere else.

    The portal's cookie outlives the browser being closed, as phones do it at any moment, and ends some hours after its last
    use (RECOURSE_PORTAL_SESSION_SECONDS).

    A session can end in another tab (or be another one after signing in there) while an answer is made: the answer goes out
    as it is, since what was asked is done, and it writes no session and touches no cookie, as that is the other tab's now.
    """

    def process_request(self, request: HttpRequest) -> None:
        if not request.path.startswith(PORTAL):
            return super().process_request(request)
        request.session = self.SessionStore(request.COOKIES.get(COOKIE))
        return None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not request.path.startswith(PORTAL):
            try:
                return super().process_response(request, response)
            except SessionInterrupted:
                return response
        session = getattr(request, "session", None)
        if session is None:
            return response
        patch_vary_headers(response, ("Cookie",))
        if session.is_empty():
            if COOKIE in request.COOKIES:
                response.delete_cookie(COOKIE, path=PORTAL, samesite="Lax")
            return response
        if session.modified and response.status_code < 500:
            session.set_expiry(settings.PORTAL_SESSION_SECONDS)
            try:
                session.save()
            except UpdateError:
                return response
            response.set_cookie(
                COOKIE,
                session.session_key or "",
                max_age=settings.PORTAL_SESSION_SECONDS,
                path=PORTAL,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def inside(path: str) -> str:
    """An address of the portal to go back to; the first page for anything else (no address leads out of it)."""
    safe = url_has_allowed_host_and_scheme(path, allowed_hosts=None) and path.startswith(PORTAL)
    return path if safe else reverse("portal:home")


def portal_page(
    permission: Permission | None,
) -> Callable[
    [Callable[Concatenate[Any, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """A page of the portal: somebody came in by a code, and their access covers `permission`; 404 where it does not.

    None is for pages that are there for everybody who came in (what is on them, the view decides by `actor.may`).

    The view gets `request.actor` (with `actor.portal`), `request.organization` and `request.at`, the one moment of the
    request. Without a sign-in the answer leads to it and back; with several accesses and none chosen, to the choice.
    """

    def decorate(
        view: Callable[Concatenate[Any, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in VERBS:
                return HttpResponseNotAllowed(VERBS)
            actor = getattr(request, "actor", None)
            if actor is None or actor.portal is None:
                several = getattr(request, "portal_accesses", ())
                door = reverse("portal:choose" if several else "portal:sign_in")
                back = request.get_full_path() if request.method == "GET" else request.path
                return HttpResponseRedirect(f"{door}?{urlencode({'next': back})}")
            if permission is not None and not actor.may(permission):
                raise NotFound("portal page")
            request.at = timezone.now()  # type: ignore[attr-defined]
            disclose(actor=actor, door=Door.PORTAL, purpose=Purpose.ACCESS, to=whoever_asks(actor))
            return view(request, *args, **kwargs)

        guarded.is_portal_page = True  # type: ignore[attr-defined]
        guarded.portal_permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def open_to_all(view: Callable[Concatenate[Any, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the portal's door, which shows nothing of any patient to somebody who has not come in."""
    view.is_portal_door = True  # type: ignore[attr-defined]
    return view


@dataclass(frozen=True)
class Item:
    """One entry of the portal's navigation: shown to whoever holds the permission. `for_helper` is its label for somebody
    who helps: the case is not theirs.
    """

    label: Any
    name: str
    permission: Permission | None = None
    for_helper: Any = ""


NAVIGATION: list[Item] = [
    Item(_("My case"), "portal:home", for_helper=_("The case")),
    Item(_("My papers"), "portal:documents", Permission.PORTAL_DOCUMENTS, _("The papers")),
    Item(_("Letters in my name"), "portal:letters", Permission.PORTAL_LETTERS, _("The letters")),
    Item(_("Messages"), "portal:messages", Permission.PORTAL_MESSAGES),
    Item(_("My record"), "portal:mine", Permission.PORTAL_CONTROL),
]


def _helps(actor: Actor | None) -> bool:
    return actor is not None and actor.portal is not None and actor.portal.role != "patient"


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries this person may open, the one being looked at marked."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return []
    here = request.resolver_match.view_name if request.resolver_match else ""
    helps = _helps(actor)
    return [
        {
            "label": (helps and item.for_helper) or item.label,
            "url": reverse(item.name),
            "current": here == item.name,
        }
        for item in NAVIGATION
        if item.permission is None or actor.may(item.permission)
    ]


LANGUAGE_NAMES = {"en": "English", "es": "Español"}


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every page of the portal shows around its content. Queries nothing: all of it came with the request."""
    if not request.path.startswith(PORTAL):
        return {}
    language = (get_language() or "en").split("-")[0]
    actor = getattr(request, "actor", None)
    organization = getattr(request, "organization", None)
    return {
        "portal_organization": organization,
        "portal_nav": navigation(request),
        "portal_language": language,
        "portal_languages": [
            {"code": code, "name": LANGUAGE_NAMES[code], "current": code == language}
            for code in PORTAL_LANGUAGES
        ],
        "portal_reviewed": language in REVIEWED,
        "portal_here": request.get_full_path() if request.method == "GET" else request.path,
        "portal_signed_in": getattr(request, "portal_user", None) is not None,
        "portal_helps": _helps(actor),
        "portal_several": len(getattr(request, "portal_accesses", ())) > 1,
        "portal_notice": plain_notice(language),
    }
