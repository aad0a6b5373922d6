"""Pages about what the plan says before the request: benefits, the network, a referral."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.web import ActorRequest
from cases import benefits as data
from cases.commands.benefits import end_referral, record_benefits, record_network, record_referral
from cases.forms.benefits import BenefitsForm, NetworkForm, ReferralForm, WhyForm
from cases.queries.benefits import benefits_page, get_referral
from cases.queries.documents import documents_of, get_document
from cases.views.casework import Outcome, attempt, case_page, done, draft_key, show, typed_before


@case_page()
def benefits(request: ActorRequest, case: Any) -> HttpResponse:
    """Every question with what the plan said; one call, or one document, is recorded by POST."""
    if request.method == "POST":
        require(request.actor, Permission.CHECK_BENEFITS, case)
    found = benefits_page(request.actor, case)
    may = request.actor.may(Permission.CHECK_BENEFITS) and case.status == "open"
    form = BenefitsForm(
        request.POST or None,
        questions=[q.question for q in found.questions if q.state != "left_out"],
        documents=_papers(request, case) if may else [],
        initial={"asked_at": timezone.localtime(), "source": "call"} | typed_before(request),
    )

    def act(typed: Mapping[str, Any]) -> Any:
        return record_benefits(
            actor=request.actor,
            case=case,
            answers=form.answers(),
            source=typed["source"],
            asked_at=typed["asked_at"],
            representative=typed["representative"],
            reference_number=typed["reference_number"],
            follow_up_on=typed["follow_up_on"],
            document=_paper(request, case, typed),
            at=request.at,
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "The answers are recorded.", "cases:benefits", case.public_id)
    address = [case.public_id]
    context = {
        "page": found,
        "rows": [
            {"shown": q, "fields": form.of(q.question) if may and q.state != "left_out" else []}
            for q in found.questions
        ],
        "form": form,
        "may_record": may,
        "problem": outcome.problem,
        "draft_key": draft_key(request),
        "windows": {name: data.window(name) for name in ("network_days", "referral_days")},
        "today": timezone.localdate(request.at),
        "network_url": reverse("cases:network_new", args=address),
        "referral_url": reverse("cases:referral_new", args=address),
    }
    return show(request, "cases/benefits.html", case, context, here="Benefit check", status=outcome.status)


@case_page(Permission.CHECK_BENEFITS)
def network_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Record whether the provider is in the plan's network."""
    initial = {"checked_on": timezone.localdate(request.at)} | typed_before(request)
    form = NetworkForm(request.POST or None, documents=_papers(request, case), initial=initial)

    def act(typed: Mapping[str, Any]) -> Any:
        given = dict(typed) | {"document": _paper(request, case, typed)}
        return record_network(actor=request.actor, case=case, at=request.at, **given)

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "The network check is recorded.", "cases:benefits", case.public_id)
    return _one_form(request, case, form, outcome, "Network check", "Record the check")


@case_page(Permission.CHECK_BENEFITS)
def referral_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Record a referral."""
    initial = {"to_provider": case.provider.public_id} | typed_before(request)
    form = ReferralForm(
        request.POST or None,
        actor=request.actor,
        documents=_papers(request, case),
        current=case.provider,
        initial=initial,
    )

    def act(typed: Mapping[str, Any]) -> Any:
        given = dict(typed) | {"document": _paper(request, case, typed)}
        return record_referral(actor=request.actor, case=case, at=request.at, **given)

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "The referral is recorded.", "cases:benefits", case.public_id)
    return _one_form(request, case, form, outcome, "Referral", "Record the referral")


@case_page(Permission.CHECK_BENEFITS)
def referral_end(request: ActorRequest, case: Any, referral_id: UUID) -> HttpResponse:
    """The referral does not hold any more."""
    row = get_referral(request.actor, case, referral_id)
    form = WhyForm(request.POST or None, initial=typed_before(request))
    outcome = attempt(
        request,
        form,
        lambda typed: end_referral(actor=request.actor, referral=row, reason=typed["reason"], at=request.at),
    )
    if outcome.done:
        return done(request, "The referral is ended.", "cases:benefits", case.public_id)
    return _one_form(request, case, form, outcome, "End a referral", "End the referral")


def _one_form(
    request: ActorRequest, case: Any, form: Any, outcome: Outcome, title: str, action: str
) -> HttpResponse:
    back = reverse("cases:benefits", args=[case.public_id])
    context = {
        "form": form,
        "title": title,
        "action": action,
        "back_url": back,
        "problem": outcome.problem,
        "draft_key": draft_key(request),
    }
    return show(
        request,
        "cases/case_form.html",
        case,
        context,
        here=title,
        status=outcome.status,
        trail=(("Benefit check", back),),
    )


def _papers(request: ActorRequest, case: Any) -> list[tuple[str, str]]:
    """Documents of the case as choices, newest first."""
    rows = documents_of(request.actor, case)
    return [(str(d.public_id), f"{d.title} ({date_format(d.created_at, 'M j, Y')})") for d in rows]


def _paper(request: ActorRequest, case: Any, typed: Mapping[str, Any]) -> Any:
    chosen = typed["document"]
    return get_document(request.actor, case, chosen) if chosen else None
