"""Asking clinics, at the desk; and the clinic's own door, opened by the link of a mail.

The door is public: a clinic has no account here. It shows one provider's open asks on one case and nothing else; every
link that opens nothing looks the same, and openings are counted by address.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.errors import NotFound, Refused, WrongState
from advocacy.people.places import zone_name
from advocacy.tenancy.sealing import digest
from advocacy.web import ActorRequest, error_page, note_read
from advocacy.words import notice_sentence
from cases.attestation import digest_of
from cases.commands import clinic as commands
from cases.forms.clinic import AskForm, LinkForm, RecordsForm, SignForm, TimeFormSet
from cases.forms.inputs import put_reasons
from cases.queries.clinic import asks_shown, get_ask, get_link, links_shown
from cases.queries.registration import providers
from cases.views.casework import attempt, case_page, done, show

OPENINGS, SECONDS = 60, 300


@require_safe
@case_page()
def clinic(request: ActorRequest, case: Any) -> HttpResponse:
    """What clinics are asked for, the links they have, and what came back."""
    may = request.actor.may(Permission.ASK_CLINIC) and case.status == "open"
    actions = [
        {"label": "Ask a clinic", "url": reverse("cases:clinic_ask", args=[case.public_id]), "kind": "main"},
        {"label": "Send a link", "url": reverse("cases:clinic_link", args=[case.public_id]), "kind": "quiet"},
    ]
    context = {
        "asks": asks_shown(request.actor, case),
        "links": links_shown(request.actor, case, request.at),
        "may": may,
        "actions": actions if may else [],
    }
    return show(request, "cases/clinic.html", case, context, here="Clinic")


@case_page(Permission.ASK_CLINIC)
def clinic_ask(request: ActorRequest, case: Any) -> HttpResponse:
    """Ask a provider for something."""
    form = AskForm(
        request.POST or None, providers=providers(request.actor), initial={"provider": case.provider_id}
    )
    outcome = attempt(
        request,
        form,
        lambda typed: commands.ask_clinic(actor=request.actor, case=case, at=request.at, **typed),
    )
    if outcome.done:
        return done(request, "It is asked. Send the clinic a link.", "cases:clinic_link", case.public_id)
    return _step(request, case, form, outcome, here="Ask a clinic", action="Ask")


@case_page(Permission.ASK_CLINIC)
def clinic_link(request: ActorRequest, case: Any) -> HttpResponse:
    """Send a provider the link to its open asks."""
    form = LinkForm(
        request.POST or None, providers=providers(request.actor), initial={"provider": case.provider_id}
    )
    outcome = attempt(
        request,
        form,
        lambda typed: commands.send_link(actor=request.actor, case=case, at=request.at, **typed),
    )
    if outcome.done:
        said = (
            "The link is sent."
            if outcome.result.mailed
            else "The mail server did not take the mail. Send it again later."
        )
        return done(request, said, "cases:clinic", case.public_id)
    effects = [
        "The mail holds the link and the name of your organization, nothing of the patient.",
        "Who opens it sees the patient's name, birth date and what this provider is asked for.",
        "An earlier link of the same provider opens nothing any more.",
        "Without an answer one reminder goes out by itself; it names no patient either.",
    ]
    return _step(request, case, form, outcome, here="Send a link", action="Send the link", effects=effects)


@require_POST
@case_page(Permission.ASK_CLINIC)
def clinic_link_revoke(request: ActorRequest, case: Any, clinic_link_id: UUID) -> HttpResponse:
    """The link opens nothing any more."""
    commands.revoke_link(
        actor=request.actor, link=get_link(request.actor, case, clinic_link_id), at=request.at
    )
    messages.success(request, "The link is revoked.")
    return redirect("cases:clinic", case.public_id)


@require_POST
@case_page(Permission.ASK_CLINIC)
def clinic_ask_withdraw(request: ActorRequest, case: Any, ask_id: UUID) -> HttpResponse:
    """The clinic is not asked any more."""
    commands.withdraw_ask(actor=request.actor, ask=get_ask(request.actor, case, ask_id), at=request.at)
    messages.success(request, "The clinic is not asked for it any more.")
    return redirect("cases:clinic", case.public_id)


def _step(
    request: ActorRequest, case: Any, form: Any, outcome: Any, *, here: str, action: str, effects: Any = ()
) -> HttpResponse:
    context = {
        "form": form,
        "problem": outcome.problem,
        "action": action,
        "effects": effects,
        "back_url": reverse("cases:clinic", args=[case.public_id]),
    }
    trail = (("Clinic", reverse("cases:clinic", args=[case.public_id])),)
    return show(request, "cases/step.html", case, context, here=here, status=outcome.status, trail=trail)


@require_safe
def door(request: HttpRequest, token: str) -> HttpResponse:
    """What this clinic is asked for on this case."""
    if _too_often(request):
        return error_page(request, 429)
    at = timezone.now()
    try:
        with commands.opened(token, at, _request_id(request)) as opened:
            asks = commands.asks_of(opened)
            note_read(request, cases=[opened.link.case_id], patients=[opened.link.case.patient_id])
            return _shown(request, "clinic/asks.html", opened, {"asks": asks, "token": token})
    except NotFound:
        return _gone(request)


@sensitive_post_parameters("signer")
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str, ask_id: UUID) -> HttpResponse:
    """One ask: its words, and the form that answers it. What was typed stays when it is refused."""
    if _too_often(request):
        return error_page(request, 429)
    at = timezone.now()
    try:
        with commands.opened(token, at, _request_id(request)) as opened:
            ask = next((row for row in commands.asks_of(opened) if row.public_id == ask_id), None)
            if ask is None:
                return _shown(request, "clinic/done.html", opened, {"token": token}, status=404)
            with timezone.override(ZoneInfo(opened.link.case.patient.time_zone)):
                return _answered(request, token, opened, ask, at)
    except NotFound:
        return _gone(request)


def _answered(request: HttpRequest, token: str, opened: Any, ask: Any, at: datetime) -> HttpResponse:
    form, times, act = _form_of(request, opened, ask, at)
    status, problem = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid() if times is None else times.is_valid():
            try:
                act()
                return _shown(request, "clinic/done.html", opened, {"token": token, "thanks": True})
            except Refused as refused:
                if times is None:
                    put_reasons(form, refused.reasons)
                else:
                    problem = " ".join(reason.message for reason in refused.reasons)
            except WrongState as late:
                status, problem = 409, str(late)
    note_read(request, cases=[ask.case_id], patients=[opened.link.case.patient_id])
    context = {
        "ask": ask,
        "form": form,
        "times": times,
        "problem": problem,
        "token": token,
        "shown_sha256": digest_of(ask.statement) if ask.statement else "",
        "zone": zone_name(opened.link.case.patient.time_zone),
    }
    return _shown(request, "clinic/answer.html", opened, context, status=status)


def _form_of(request: HttpRequest, opened: Any, ask: Any, at: datetime) -> tuple[Any, Any, Any]:
    """The form of this kind of ask, or its formset, and what sends it."""
    given: Any = request.POST or None
    if ask.kind == "records":
        form: Any = RecordsForm(given, request.FILES or None)
        return (
            form,
            None,
            lambda: commands.send_records(
                door=opened,
                ask=ask,
                kind=form.cleaned_data["kind"],
                files=[(file.name, file.file) for file in form.cleaned_data["records"]],
                at=at,
            ),
        )
    if ask.kind == "signature":
        form = SignForm(given, initial={"sha256": digest_of(ask.statement)})
        return (
            form,
            None,
            lambda: commands.sign_statement(
                door=opened,
                ask=ask,
                shown_sha256=form.cleaned_data["sha256"],
                signer=form.cleaned_data["signer"],
                signer_role=form.cleaned_data["signer_role"],
                agreed=form.cleaned_data["agreed"],
                at=at,
            ),
        )
    times = TimeFormSet(given)
    return (
        None,
        times,
        lambda: commands.offer_times(
            door=opened,
            ask=ask,
            times=[
                commands.Times(row["starts_at"], row.get("minutes") or 0, row.get("phone") or "")
                for row in times.cleaned_data
                if row.get("starts_at")
            ],
            at=at,
        ),
    )


def _shown(
    request: HttpRequest, template: str, opened: Any, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    link = opened.link
    frame = {
        "organization": opened.organization,
        "patient": link.case.patient,
        "provider": link.provider,
        "until": link.expires_at,
        "notice_sentence": notice_sentence(),
    }
    return _no_referrer(render(request, template, frame | context, status=status))


def _gone(request: HttpRequest) -> HttpResponse:
    return _no_referrer(
        render(request, "clinic/gone.html", {"notice_sentence": notice_sentence()}, status=404)
    )


def _no_referrer(response: HttpResponse) -> HttpResponse:
    """The address is the secret: it is told to no page that a link leads to."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _request_id(request: HttpRequest) -> str:
    return str(getattr(request, "request_id", ""))


def _too_often(request: HttpRequest) -> bool:
    key = f"clinic:{digest(get_adapter().get_client_ip(request).encode())}"
    cache.add(key, 0, SECONDS)
    try:
        return bool(cache.incr(key) > OPENINGS)
    except ValueError:  # it ran out between the two
        return False
