"""The doors of single sign-on: to the organization's provider and back, and the first time in as an invited colleague.

A session that began here belongs to one organization. It changes nothing of an account that opens others too: a provider is the
word of one organization about its own people, and somebody's passphrase is theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from advocacy.audit.trail import record
from advocacy.outgoing import place_of
from advocacy.people import invitations, oidc
from advocacy.people.models import SignInProvider, User
from advocacy.people.oidc import SignInFailed
from advocacy.people.providers import Door, at_door, bind, client_of, door_of, doors_of, enter
from advocacy.people.queries import PROVIDER_KEY, memberships_of, provider_of_session
from advocacy.people.second_factor import HELD
from advocacy.people.step_up import MARK, PROVEN
from advocacy.people.views.steps import attempt
from advocacy.web import error_page
from advocacy.words import notice_sentence

ASKED: Final = "asked_of_provider"
JOINING: Final = "joining_by_provider"
LIVES_SECONDS: Final = 600
TAKES = ["GET", "HEAD", "POST"]
WORDS = {
    "stale": "This took too long, or was begun in another window. Begin again.",
    "email_not_proven": "Your organization's sign-in did not say that your e-mail address is proven. Ask whoever runs it.",
    "domain_differs": "Your e-mail address is of another domain than those of the organization. Ask its administrator.",
    "no_member": "You are no colleague there, and nobody invited you. Ask the administrator of your organization.",
    "account_first": "You have an account here already. Open the link of your invitation and sign in with it first.",
    "subject_differs": "Your address belonged to somebody else at your organization's sign-in. Ask its administrator.",
    "refused_by_provider": "Your organization's sign-in did not let you in.",
    "no_answer": "Your organization's sign-in does not answer now. Try again in a few minutes.",
}
OTHERWISE = "What came back from your organization's sign-in does not hold. Nobody was signed in."


class WhereForm(forms.Form):
    email = forms.EmailField(
        label="Your e-mail address at work",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class NameForm(forms.Form):
    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )


@require_http_methods(TAKES)
def start(request: HttpRequest) -> HttpResponse:
    """Which organization, by the domain of an address; then the way to its provider: a link, never followed by itself."""
    if request.user.is_authenticated:
        return redirect("home")
    form, status, doors = WhereForm(request.POST or None), 200, []
    if request.method == "POST":
        status = 422
        if not ratelimit.consume(request, action="provider"):
            return error_page(request, 429)
        if form.is_valid():
            email = form.cleaned_data["email"].strip().lower()
            doors = doors_of(email)
            chosen = [d for d in doors if len(doors) == 1 or str(d.public_id) == request.POST.get("door")]
            if chosen:
                return _onward(request, chosen[0], email)
            if not doors:
                form.add_error("email", "No organization with this domain has a sign-in of its own here.")
    return _shown(request, "choose", status=200 if doors else status, form=form, doors=doors)


def _onward(request: HttpRequest, door: Door, email: str) -> HttpResponse:
    then = _inside(request, request.GET.get("next", ""))
    anew = MARK in parse_qs(urlsplit(then).query)  # they come from a page that asked for a fresh proof
    with at_door(door, _request_id(request)):
        provider = SignInProvider.objects.get(pk=door.provider_id)
        strong = tuple(provider.strong_acr) if provider.trusts_second_factor else ()
        try:
            url, asked = oidc.begin(client_of(provider), email=email, acr=strong, anew=anew)
        except SignInFailed as problem:
            return _refused(request, problem.code, provider)
    request.session[ASKED] = {
        "provider": str(door.public_id),
        "state": asked.state,
        "nonce": asked.nonce,
        "verifier": asked.verifier,
        "at": int(time.time()),
        "next": then,
    }
    return _shown(request, "onward", url=url, where=place_of(url).host, door=door)


@require_safe
def callback(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Somebody comes back. What was asked works once, in the session that asked, for the provider it was asked of."""
    asked: dict[str, Any] = request.session.pop(ASKED, None) or {}
    if request.user.is_authenticated:
        return redirect("home")
    if not ratelimit.consume(request, action="provider"):
        return error_page(request, 429)
    door = door_of(provider_id)
    fresh = bool(asked) and time.time() - asked["at"] <= LIVES_SECONDS
    if door is None or not fresh or asked["provider"] != str(provider_id):
        return _refused(request, "stale")
    if not constant_time_compare(asked["state"], request.GET.get("state", "")):
        return _refused(request, "stale")
    at = timezone.now()
    with at_door(door, _request_id(request)):
        provider = SignInProvider.objects.select_related("organization").get(pk=door.provider_id)
        code = request.GET.get("code", "")
        if not code or "error" in request.GET:
            return _refused(request, "refused_by_provider", provider)
        sent = oidc.Asked(asked["state"], asked["nonce"], asked["verifier"])
        try:
            identity = oidc.finish(client_of(provider), sent, code=code, said_issuer=request.GET.get("iss"))
            entered = enter(provider, identity, at)
        except SignInFailed as problem:
            return _refused(request, problem.code, provider)
    if entered.user is None:
        request.session[JOINING] = {
            "provider": str(provider_id),
            "invitation": entered.invitation,
            "subject": identity.subject,
            "strong": entered.strong,
            "proven": identity.authenticated_at,
            "at": int(time.time()),
        }
        return redirect("sso_join")
    return _come_in(
        request, door, provider, entered.user, entered.strong, asked["next"], identity.authenticated_at
    )


@require_http_methods(TAKES)
def join(request: HttpRequest) -> HttpResponse:
    """An invited person, vouched for a moment ago, says yes and how they are called."""
    waiting: dict[str, Any] = request.session.get(JOINING) or {}
    if request.user.is_authenticated or not waiting:
        return redirect("home")
    door = door_of(UUID(waiting["provider"]))
    at = timezone.now()
    if door is None or time.time() - waiting["at"] > LIVES_SECONDS:
        return _refused(request, "stale")
    with at_door(door, _request_id(request)):
        provider = SignInProvider.objects.select_related("organization").get(pk=door.provider_id)
        place = provider.organization
        offer = invitations.offer_by_key((place.pk, place.public_id, place.name), waiting["invitation"], at)
        if offer is None or offer.has_account:
            return _refused(request, "no_member", provider)
        form, status = NameForm(request.POST or None, initial={"name": offer.name}), 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                name = form.cleaned_data["name"]
                done, member = attempt(lambda: _joined(offer, name, provider, waiting["subject"], at), form)
                if done:
                    del request.session[JOINING]
                    return _come_in(
                        request, door, provider, member.user, waiting["strong"], "", waiting["proven"]
                    )
        roles = invitations.titles_of(offer.roles)
        return _shown(request, "join", status=status, form=form, door=door, roles=roles)


def _joined(offer: invitations.Offer, name: str, provider: SignInProvider, subject: str, at: Any) -> Any:
    member = invitations.accept_by_provider(offer=offer, name=name, at=at)
    bind(provider, subject, member.user, at)
    return member


def _come_in(
    request: HttpRequest,
    door: Door,
    provider: SignInProvider,
    user: User,
    strong: bool,
    then: str,
    proven: float,
) -> HttpResponse:
    """Begin the session, narrowed to the organization. Without a second factor that counts, ours is asked for.

    `proven` is when they proved there who they are: coming back from a session that the provider had is no fresh proof.
    """
    request.session[PROVIDER_KEY] = {"provider": str(door.public_id), "user": user.pk}
    with at_door(door, _request_id(request)):
        record("provider_signed_in", subject=provider, detail={"user": user.pk, "second_factor": strong})
    if strong:
        record_authentication(request, user, method="mfa", type="provider")
        get_adapter(request).login(request, user)
        request.session[HELD] = True
        answer: HttpResponse = HttpResponseRedirect(then or reverse("home"))
    else:
        record_authentication(request, user, method="provider")
        answer = perform_login(request, user, redirect_url=then or reverse("home"))
    if not -oidc.LEEWAY <= time.time() - proven <= settings.STEP_UP_SECONDS:
        request.session.pop(PROVEN, None)
    return answer


def _refused(request: HttpRequest, code: str, provider: SignInProvider | None = None) -> HttpResponse:
    """One page for whatever went wrong; in the scope of the organization its trail keeps the code."""
    if provider is not None:
        record("provider_refused", subject=provider, detail={"code": code})
    return _shown(request, "refused", status=403, said=WORDS.get(code, OTHERWISE))


def _shown(request: HttpRequest, how: str, status: int = 200, **more: object) -> HttpResponse:
    context = {"how": how, "notice_sentence": notice_sentence()}
    return render(request, "account/by_provider.html", context | more, status=status)


def _inside(request: HttpRequest, path: str) -> str:
    return path if path and url_has_allowed_host_and_scheme(path, allowed_hosts={request.get_host()}) else ""


def _request_id(request: HttpRequest) -> str:
    return str(getattr(request, "request_id", ""))


# What anybody who came in this way may open of their account, and what nobody does: it is the person's, not the organization's.
OPEN: Final = (
    "/accounts/logout/",
    "/accounts/organization/",
    "/accounts/session/",
    "/accounts/signed-in/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/reauthenticate/",
)
SHUT: Final = ("/accounts/password/", "/accounts/email/")


class OwnAccountMiddleware:
    """In a session that began at an organization's provider, an account is changed only where it opens nothing else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/accounts/") or request.path.startswith(OPEN):
            return self.get_response(request)
        came_by = provider_of_session(request) if request.user.is_authenticated else ""
        if came_by and not _is_only_there(request, came_by):
            return _shown(request, "account", status=403)
        return self.get_response(request)


def _is_only_there(request: HttpRequest, came_by: str) -> bool:
    if request.path.startswith(SHUT):
        return False
    return all(str(m.provider) == came_by for m in memberships_of(request.user.pk or 0))
