"""Where somebody is signed in, at both doors; signing out from elsewhere; how long a session still lasts."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.audit.trail import record
from advocacy.errors import WrongState
from advocacy.people.leaving import sessions_in
from advocacy.people.lockout import open_again, shut_until
from advocacy.people.models import Membership, PortalAccess
from advocacy.people.queries import get_any_member
from advocacy.people.sessions import browsers_of, end_browsers, in_portal, left_of, page_mark
from advocacy.portal import ACCESS, open_to_all, portal_page
from advocacy.web import ActorRequest, page

FACTORS = {
    Authenticator.Type.TOTP: "Authenticator app",
    Authenticator.Type.WEBAUTHN: "Passkey or security key",
    Authenticator.Type.RECOVERY_CODES: "Recovery codes",
}


@page
def sessions(request: ActorRequest) -> HttpResponse:
    """Browsers one is signed in with at the desk. A POST ends one of them, all others, or all."""
    user: Any = request.user
    if request.method == "POST":
        if request.POST.get("which") == "all":
            _noted(request, end_browsers(user.pk, portal=False, spare=_key(request)) + 1)
            get_adapter(request).logout(request)
            return redirect("account_login")
        ended = _end_asked_for(request, user.pk)
        messages.success(request, f"Signed out elsewhere: {ended}.")
        return redirect("people:sessions")
    context = {
        "browsers": browsers_of(user.pk, portal=False, here=_key(request)),
        "breadcrumbs": [{"label": "Where you are signed in", "url": ""}],
    }
    return render(request, "people/sessions.html", context)


@page
def member_sign_in(request: ActorRequest, member_id: UUID) -> HttpResponse:
    """How a colleague signs in: whether that is shut, with which second factors, where they are signed in.

    A POST opens it again or signs them out of every browser in which they work here.
    """
    member = get_any_member(request.actor, member_id)
    require(request.actor, Permission.MANAGE_MEMBERS, member)
    here = reverse("people:member_sign_in", args=[member.public_id])
    if request.method == "POST":
        if request.POST.get("act") == "open":
            open_again(actor=request.actor, member=member)
            messages.success(request, "They can try again now.")
            return redirect(here)
        found = sessions_in(member)
        if not found:
            raise WrongState("sign_out", "none", "They are signed in nowhere here.")
        for session in found:
            session.delete()
        record("session_ended", subject=member, detail={"browsers": len(found), "own": False})
        messages.success(request, f"Signed out: {len(found)}.")
        return redirect(here)
    kinds = Authenticator.objects.filter(user=member.user).order_by("created_at", "pk")
    context = {
        "member": member,
        "shut_until": shut_until(member.user.email),
        "factors": [(FACTORS[Authenticator.Type(one.type)], one) for one in kinds],
        "signed_in": len(sessions_in(member)),
        "breadcrumbs": [
            {"label": "Members", "url": reverse("admin:people_membership_changelist")},
            {"label": "Sign-in", "url": ""},
        ],
    }
    return render(request, "people/member_sign_in.html", context)


@portal_page(None)
def portal_sessions(request: ActorRequest) -> HttpResponse:
    """The same in the portal, for the patient and for whoever helps."""
    user: Any = request.portal_user  # type: ignore[attr-defined]
    if request.method == "POST":
        if request.POST.get("which") == "all":
            _noted(request, end_browsers(user.pk, portal=True, spare=_key(request)) + 1)
            request.session.flush()
            return redirect("portal:sign_in")
        ended = _end_asked_for(request, user.pk)
        told = ngettext("%(n)s browser is signed out.", "%(n)s browsers are signed out.", ended)
        messages.success(request, told % {"n": ended})
        return redirect("portal:sessions")
    context = {"browsers": browsers_of(user.pk, portal=True, here=_key(request))}
    with timezone.override(request.organization.time_zone):
        return render(request, "portal/sessions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """How long the session at the desk still lasts. Asking is no use of it; a POST is: whoever sends one is still there."""
    return _how_long(request)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def portal_session(request: HttpRequest) -> HttpResponse:
    """The same of the portal's."""
    return _how_long(request)


@require_http_methods(["GET", "HEAD"])
def signed_in(request: HttpRequest) -> HttpResponse:
    """Where signing in again in place ends: the page around it takes from here who that was, and goes on."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("signed_in"))
    return render(request, "people/signed_in.html")


@require_http_methods(["GET", "HEAD"])
@open_to_all
def portal_signed_in(request: HttpRequest) -> HttpResponse:
    """The same in the portal, for the access that was chosen before."""
    wanted, accesses = request.GET.get("access", ""), getattr(request, "portal_accesses", ())
    if wanted in {str(a.access_public_id) for a in accesses} and request.session.get(ACCESS) != wanted:
        request.session[ACCESS] = wanted
        return redirect(request.get_full_path())
    return render(request, "portal/signed_in.html") if page_mark(request) else redirect("portal:sign_in")


def _how_long(request: HttpRequest) -> HttpResponse:
    who = page_mark(request)
    if not who:
        return JsonResponse({"signed_in": False})
    left = left_of(request.session, portal=in_portal(request), now=time.time())
    return JsonResponse({"signed_in": True, "who": who, "left": left.seconds, "extends": left.extends})


def _key(request: HttpRequest) -> str:
    return request.session.session_key or ""


def _end_asked_for(request: ActorRequest, user_id: int) -> int:
    """The browser named in the form, or every other one; raises WrongState when it is signed out already."""
    which = request.POST.get("which", "")
    handle = "" if which == "others" else which or "none"
    ended = end_browsers(user_id, portal=in_portal(request), handle=handle, spare=_key(request))
    if not ended:
        raise WrongState("sign_out", "none", _("Nobody is signed in there any more."))
    _noted(request, ended)
    return ended


def _noted(request: ActorRequest, browsers: int) -> None:
    actor = request.actor
    subject: Any = (
        PortalAccess(pk=actor.portal.access_id, patient_id=actor.portal.patient_id)
        if actor.portal
        else Membership(pk=actor.membership_id)
    )
    if subject.pk is not None:
        record("session_ended", subject=subject, detail={"browsers": browsers, "own": True})
