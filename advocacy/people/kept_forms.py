"""Nothing typed is lost when a session ends: a form sent by somebody signed out waits, sealed, until they are back.

A signed cookie says who last worked here and in which organization. A POST to a desk page without a session is kept in the
new, anonymous session, under that person; after the same person has signed in it becomes their draft. Anybody else who
signs in gets nothing of it. What passes the CSRF check only is kept (`process_view` runs behind it).

The patient's portal has a cookie of its own for the same: whoever came in by a code there is nobody at the desk.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from advocacy.errors import Refused
from advocacy.languages import PORTAL
from advocacy.people.drafts import LARGEST, save_draft
from advocacy.people.queries import SESSION_KEY
from advocacy.tenancy.keystore import INSTALLATION
from advocacy.tenancy.sealing import CannotOpen, seal_bytes, unseal_bytes

COOKIE = "recourse_person"
HOST_COOKIE = f"__Host-{COOKIE}"
"""Its name over TLS: from this host, for all of it, and from nowhere else."""
PORTAL_COOKIE = "recourse_portal_person"
COOKIE_DAYS = 30
KEPT = "kept_forms"
MOST = 5
DESK = "/admin/"
# Not words of a form of ours: never kept.
LEFT_OUT = ("csrfmiddlewaretoken", "draft_key", "look_again", "unread")
NOT_KEPT = (
    "/admin/login/",
    "/admin/logout/",
    "/admin/organization/switch/",
    "/admin/proof/",
    "/admin/search/",
    "/admin/sessions/",
)
PATH = "path:"
MESSAGE = (
    "You had been signed out. What you typed is kept and was not sent yet: look at it below, then send it."
)


PORTAL_MESSAGE = _("You were signed out before this was sent. Look at it, then send it again.")


ELSEWHERE = "elsewhere"
"""Of a message that a page leaves out when its form shows the words (templates/components/messages.html)."""


def draft_key_of(request: HttpRequest) -> str:
    """The name a form's words are kept under: its own `draft_key`, else the address it was sent to."""
    return request.POST.get("draft_key", "")[:120] or f"{PATH}{request.path}"[:120]


def typed_fields(request: HttpRequest) -> dict[str, list[str]]:
    """What was typed, without the machinery of the form and without secrets."""
    return {
        name: [str(v) for v in values]
        for name, values in request.POST.lists()
        if name not in LEFT_OUT and "password" not in name and "secret" not in name
    }


def _elsewhere() -> SafeString:
    """Where words are found whose form cannot show them again."""
    return format_html(
        'If the form below is empty, your words are among your <a href="{}">kept forms</a>.',
        reverse("people:draft"),
    )


def last_person(request: HttpRequest) -> str:
    """Who last worked in this browser, and where ("<person>:<organization>"); "" when nobody did or the cookie is forged."""
    return request.get_signed_cookie(_cookie(request), default="", max_age=COOKIE_DAYS * 86_400) or ""


def _in_portal(request: HttpRequest) -> bool:
    return request.path.startswith(PORTAL)


def _cookie(request: HttpRequest) -> str:
    if _in_portal(request):
        return PORTAL_COOKIE
    return HOST_COOKIE if settings.SESSION_COOKIE_SECURE else COOKIE


def person_at_door(request: HttpRequest) -> Any:
    """Who is signed in at this door, or None."""
    if _in_portal(request):
        return getattr(request, "portal_user", None)
    return request.user if request.user.is_authenticated else None


def _keeps(request: HttpRequest, view: Any) -> bool:
    """Whether what is sent to this address is worth keeping: a form of a page, not one of the door."""
    if _in_portal(request):
        return bool(getattr(view, "is_portal_page", False))
    return request.path.startswith(DESK) and not request.path.startswith(NOT_KEPT)


class KeptFormsMiddleware:
    """Stands behind the tenancy middleware, so that drafts are written in the person's own organization."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor = getattr(request, "actor", None)
        if actor is not None and KEPT in request.session:
            self._give_back(request)
        response = self.get_response(request)
        if actor is not None and person_at_door(request) is not None:
            self._remember(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.method != "POST" or not _keeps(request, view) or person_at_door(request) is not None:
            return
        who = last_person(request)
        if who.count(":") != 1:
            return
        fields = typed_fields(request)
        if not fields or sum(len(v) for values in fields.values() for v in values) > LARGEST:
            return
        person, organization = who.split(":")
        plain = json.dumps({"key": draft_key_of(request), "fields": fields}).encode()
        sealed = seal_bytes(plain, organization_id=INSTALLATION, context=f"kept form|{person}")
        kept = [k for k in request.session.get(KEPT, []) if k["person"] == person]
        kept.append(
            {
                "person": person,
                "organization": organization,
                "sealed": base64.b64encode(sealed).decode(),
            }
        )
        request.session[KEPT] = kept[-MOST:]
        if not _in_portal(request):
            request.session[SESSION_KEY] = organization  # signing in leads back to where they worked

    def _give_back(self, request: HttpRequest) -> None:
        """Turn what waited into drafts of its author. Another person's words are dropped, another organization's wait."""
        person = str(person_at_door(request).public_id)
        here = str(request.organization.public_id)  # type: ignore[attr-defined]
        waiting = []
        for kept in request.session.pop(KEPT):
            if kept["person"] != person:
                continue
            if kept["organization"] != here:
                waiting.append(kept)
                continue
            try:
                plain = unseal_bytes(
                    base64.b64decode(kept["sealed"]),
                    organization_id=INSTALLATION,
                    context=f"kept form|{person}",
                )
                opened = json.loads(plain)
                save_draft(
                    actor=request.actor,  # type: ignore[attr-defined]
                    key=opened["key"],
                    fields=opened["fields"],
                    at=timezone.now(),
                )
            except (CannotOpen, Refused):
                continue
            messages.info(request, PORTAL_MESSAGE if _in_portal(request) else MESSAGE)
            if not _in_portal(request) and opened["key"].startswith(PATH):
                messages.info(request, _elsewhere(), extra_tags=ELSEWHERE)
        if waiting:
            request.session[KEPT] = waiting

    @staticmethod
    def _remember(request: HttpRequest, response: HttpResponse) -> None:
        who = f"{person_at_door(request).public_id}:{request.organization.public_id}"  # type: ignore[attr-defined]
        if last_person(request) != who:
            response.set_signed_cookie(
                _cookie(request),
                who,
                max_age=COOKIE_DAYS * 86_400,
                path=PORTAL if _in_portal(request) else "/",
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
