"""The portal's door: signing in by an e-mailed code, out, for whom, and in which language."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from advocacy.languages import PORTAL_LANGUAGES
from advocacy.languages import SESSION_KEY as LANGUAGE
from advocacy.people import portal_codes
from advocacy.people.portal_access import choices, note_sign_in, set_portal_language
from advocacy.people.portal_forms import CodeForm, EmailForm, WayForm
from advocacy.portal import ACCESS, inside, open_to_all
from advocacy.texts import are_sent


def _said(problem: str) -> str:
    return {
        "often": _("That was often. Wait some minutes, then try again."),
        "wrong": _("This code is not right, or it is too old. Check it, or ask for a new one."),
    }[problem]


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for a code. The answer is the same for every address, known or not."""
    if getattr(request, "portal_user", None) is not None:
        return redirect("portal:home")
    form, status, problem = (WayForm if are_sent() else EmailForm)(request.POST or None), 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            then = portal_codes.ask_for_code(request, typed["email"], typed.get("way") or "email")
            if then is not None:
                request.session[portal_codes.NEXT] = inside(request.GET.get("next", ""))
                return portal_codes.AfterAnswer(reverse("portal:code"), then)
            status, problem = 429, _said("often")
    return render(request, "portal/sign_in.html", {"form": form, "problem": problem}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def code(request: HttpRequest) -> HttpResponse:
    """Type the code in."""
    if getattr(request, "portal_user", None) is not None:
        return redirect("portal:home")
    if portal_codes.STATE not in request.session:
        return redirect("portal:sign_in")
    form, status, problem = CodeForm(request.POST or None), 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            entered = portal_codes.try_code(request, form.cleaned_data["code"])
            if entered is not None:
                user, accesses = entered
                note_sign_in(user, accesses, timezone.now())
                return HttpResponseRedirect(inside(request.session.pop(portal_codes.NEXT, "")))
            problem = _said("wrong")
    waiting = portal_codes.is_waiting(request)
    context = {
        "form": form,
        "problem": problem or ("" if waiting else _said("wrong")),
        "waiting": waiting,
        "texted": are_sent(),
    }
    return render(request, "portal/code.html", context, status=status)


@require_POST
@open_to_all
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; the language stays."""
    language = request.session.get(LANGUAGE)
    request.session.flush()
    if language:
        request.session[LANGUAGE] = language
    return redirect("portal:sign_in")


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def choose(request: HttpRequest) -> HttpResponse:
    """For whom to look: asked when somebody has several accesses, and open to change at any time."""
    user = getattr(request, "portal_user", None)
    if user is None:
        return redirect("portal:sign_in")
    accesses = request.portal_accesses  # type: ignore[attr-defined]
    if request.method == "POST":
        wanted = request.POST.get("access", "")
        if wanted in {str(a.access_public_id) for a in accesses}:
            request.session[ACCESS] = wanted
            return HttpResponseRedirect(inside(request.GET.get("next", "")))
    found = choices(user, accesses, request.actor)  # type: ignore[attr-defined]
    return render(
        request, "portal/choose.html", {"choices": found}, status=422 if request.method == "POST" else 200
    )


@require_POST
@open_to_all
def language(request: HttpRequest) -> HttpResponse:
    """Read the portal in `language` from now on."""
    wanted = request.POST.get("language", "")
    if wanted in PORTAL_LANGUAGES:
        request.session[LANGUAGE] = wanted
        actor = getattr(request, "actor", None)
        if actor is not None:
            set_portal_language(actor, wanted)
    return HttpResponseRedirect(inside(request.POST.get("next", "")))
