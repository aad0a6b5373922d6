"""The portal's pages about the record: who looked, who helps, what was allowed, and all of it to take along."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.errors import NotFound, Refused
from advocacy.people.drafts import end_draft
from advocacy.people.invitation_hours import invitation_goes_out
from advocacy.people.portal_access import get_portal_access
from advocacy.people.portal_invitations import end_portal_access
from advocacy.people.queries import get_consent
from advocacy.portal import portal_page
from advocacy.web import ActorRequest, saw
from cases.commands.portal_record import (
    GIVABLE,
    give_consent,
    let_in,
    take_consent_back,
    whole_record,
    words_to_agree_to,
)
from cases.forms.portal_record import HelperForm
from cases.queries.portal_record import allowed_by, helpers_of, looks, own_cases, own_patient
from cases.views.casework import draft_key, typed_before


def _after(request: ActorRequest) -> int | None:
    after = request.GET.get("after", "")
    return int(after) if after.isdecimal() and len(after) < 19 else None


@require_safe
@portal_page(Permission.PORTAL_CONTROL)
def mine(request: ActorRequest) -> HttpResponse:
    """What the patient decides about the record."""
    patient = own_patient(request.actor)
    saw(request, "read_page", patients=[patient.pk])
    return render(request, "portal/mine.html")


@require_safe
@portal_page(Permission.PORTAL_CONTROL)
def looked(request: ActorRequest) -> HttpResponse:
    """Who has looked at the record."""
    patient, cases = own_patient(request.actor), own_cases(request.actor)
    after = _after(request)
    found = looks(request.actor, patient, cases, after)
    saw(request, "read_page", cases=cases, patients=[patient.pk])
    return render(request, "portal/looked.html", {"looks": found, "is_first": after is None})


@require_safe
@portal_page(Permission.PORTAL_CONTROL)
def helpers(request: ActorRequest) -> HttpResponse:
    """People who help me."""
    patient = own_patient(request.actor)
    saw(request, "read_page", patients=[patient.pk])
    return render(request, "portal/helpers.html", {"helpers": helpers_of(request.actor, patient, request.at)})


@portal_page(Permission.PORTAL_CONTROL)
def helper_new(request: ActorRequest) -> HttpResponse:
    """Let somebody in."""
    patient = own_patient(request.actor)
    initial = {"language": get_language()} | typed_before(request)
    form, status, problem = HelperForm(request.POST or None, initial=initial), 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                access = let_in(actor=request.actor, patient=patient, at=request.at, **form.cleaned_data)
            except Refused as refused:
                problem = _put(form, refused)
            else:
                end_draft(actor=request.actor, key=draft_key(request))
                messages.success(request, _invited(access, request.at))
                return redirect("portal:helpers")
    saw(request, "read_page", patients=[patient.pk])
    context = {"form": form, "problem": problem}
    return render(request, "portal/helper_new.html", context, status=status)


def _invited(access: Any, at: datetime) -> str:
    """When the mail goes out: nobody gets it at night."""
    when = invitation_goes_out(access, at)
    if when is None or when <= at:
        return _("The invitation is on its way.")
    there = when.astimezone(ZoneInfo(access.patient.time_zone))
    return _("We send no mail at night. The invitation goes out on %(day)s at %(hour)s.") % {
        "day": date_format(there, "DATE_FORMAT"),
        "hour": date_format(there, "TIME_FORMAT"),
    }


def _put(form: Any, refused: Refused) -> str:
    """Each reason at its field; the words of those that have none."""
    loose = []
    for reason in refused.reasons:
        if reason.field in form.fields:
            form.add_error(reason.field, reason.message)
        else:
            loose.append(reason.message)
    return " ".join(loose)


@require_POST
@portal_page(Permission.PORTAL_CONTROL)
def helper_end(request: ActorRequest, portal_access_id: UUID) -> HttpResponse:
    """One tap: this person no longer comes in."""
    access = get_portal_access(request.actor, portal_access_id)
    if access.kind != "representative":
        raise NotFound("helper")
    end_portal_access(actor=request.actor, access=access, at=request.at)
    messages.success(request, _("This person cannot come in any more."))
    return redirect("portal:helpers")


@require_safe
@portal_page(Permission.PORTAL_CONTROL)
def consents(request: ActorRequest) -> HttpResponse:
    """What I allowed, and what I may allow."""
    patient = own_patient(request.actor)
    allowed = allowed_by(request.actor, patient, request.at)
    held = {row.kind_code for row in allowed if row.stands}
    open_kinds = [
        {"kind": kind.value, "words": words_to_agree_to(kind, request.organization)}
        for kind in GIVABLE
        if kind not in held
    ]
    saw(request, "read_page", patients=[patient.pk])
    return render(request, "portal/consents.html", {"allowed": allowed, "open_kinds": open_kinds})


@require_POST
@portal_page(Permission.PORTAL_CONTROL)
def consent_give(request: ActorRequest) -> HttpResponse:
    """Agree to the words that were shown."""
    patient = own_patient(request.actor)
    kind = request.POST.get("kind", "")
    words = words_to_agree_to(kind, request.organization)
    if request.POST.get("words") != words:
        messages.error(request, _("The words have changed. Read them again, please."))
        return redirect("portal:consents")
    try:
        give_consent(actor=request.actor, patient=patient, kind=kind, words=words, at=request.at)
    except Refused as refused:
        messages.error(request, " ".join(reason.message for reason in refused.reasons))
    else:
        messages.success(request, _("Thank you. We wrote it down."))
    return redirect("portal:consents")


@portal_page(Permission.PORTAL_CONTROL)
def consent_withdraw(request: ActorRequest, consent_id: UUID) -> HttpResponse:
    """Take one back, after reading what that means."""
    consent = get_consent(request.actor, consent_id)
    patient = own_patient(request.actor)
    if request.method == "POST":
        take_consent_back(actor=request.actor, consent=consent, at=request.at)
        messages.success(request, _("You took it back. It does not count from now on."))
        return redirect("portal:consents")
    saw(request, "read_page", patients=[patient.pk])
    shown = next(
        row for row in allowed_by(request.actor, patient, request.at) if row.public_id == consent.public_id
    )
    if not shown.stands:
        return redirect("portal:consents")
    return render(request, "portal/consent_withdraw.html", {"consent": shown})


@require_safe
@portal_page(Permission.PORTAL_CONTROL)
def take_along(request: ActorRequest) -> HttpResponse:
    """Everything, as one file."""
    patient = own_patient(request.actor)
    saw(request, "read_page", cases=own_cases(request.actor), patients=[patient.pk])
    pieces = whole_record(
        actor=request.actor, patient=patient, organization=request.organization, at=request.at
    )
    response = StreamingHttpResponse(
        () if request.method == "HEAD" else pieces, content_type="application/zip"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="my-record.zip"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]
