"""Who works a case and who may open it: assigning, restricting, dated access. Shows references, never patients."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.people.places import zone_name
from advocacy.people.queries import absent_now, members_of_organization
from advocacy.people.rules import day_in
from advocacy.web import ActorRequest, page, saw
from cases.commands.access import GRANT_DAYS, end_grant, give_grant, lift_restriction, restrict_case
from cases.commands.cases import assign_case
from cases.forms.registration import AssignForm, GrantForm, ReasonForm
from cases.queries import who_sees as queries
from cases.queries.registration import (
    get_case_to_administer,
    get_grant_to_administer,
    grants_of,
    is_visible,
    release_stands,
    restricted_cases,
)
from cases.views.casework import attempt


@require_safe
@page
def restricted(request: ActorRequest) -> HttpResponse:
    """Restricted cases by reference, for whoever administers access to them."""
    require(request.actor, Permission.GRANT_ACCESS)
    rows = list(restricted_cases(request.actor)[:200])
    saw(request, "read_list", cases=[row.pk for row in rows])
    context = {"cases": rows, "breadcrumbs": [{"label": "Restricted cases", "url": ""}]}
    return render(request, "cases/restricted.html", context)


@page
def access(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """Who may open the case; a POST gives a colleague dated access."""
    case = get_case_to_administer(request.actor, case_id)
    colleagues = members_of_organization().exclude(pk=request.actor.membership_id or 0)
    form = GrantForm(request.POST or None, members=colleagues, initial={"days": GRANT_DAYS, "scope": "view"})
    outcome = attempt(
        request,
        form,
        lambda typed: give_grant(
            actor=request.actor,
            case=case,
            user=typed["colleague"].user,
            scope=typed["scope"],
            days=typed["days"],
            reason=typed["reason"],
            at=request.at,
        ),
    )
    if outcome.done:
        messages.success(request, "The access is given.")
        return redirect("cases:access", case.public_id)
    grants = list(grants_of(case))
    for grant in grants:
        grant.runs = grant.ended_at is None and grant.expires_at > request.at  # type: ignore[attr-defined]
    context = {
        "form": form,
        "problem": outcome.problem,
        "grants": grants,
        "closed": case.status == "closed",
        "released": release_stands(case, request.at),
        "may_restrict": request.actor.may(Permission.RESTRICT_CASE),
        "may_assign": request.actor.may(Permission.ASSIGN_CASE),
    }
    return _show(request, case, "cases/access.html", context, "Access", outcome.status)


@require_safe
@page
def who_sees(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """Everybody who can see the case now, each with the rule or grant that lets them; without names of the patient's side
    for somebody who does not see the case.
    """
    case = queries.get_case_to_answer_for(request.actor, case_id)
    found = queries.who_sees(case, request.at)
    context = {
        "found": found,
        "groups": [
            {"title": title, "seers": found.of(kind), "none": none}
            for kind, title, none in (
                (queries.COLLEAGUE, "Colleagues", "No colleague."),
                (
                    queries.PATIENTS_SIDE,
                    "The patient's side",
                    "Nobody: the portal is closed for this patient.",
                ),
                (queries.MACHINE, "Machines", "No machine."),
                (
                    queries.ORGANIZATION,
                    "Other organizations, of what was offered to them",
                    "No other organization.",
                ),
            )
        ],
        "zone": zone_name(request.organization.time_zone),
        "may_administer": request.actor.may(Permission.GRANT_ACCESS),
    }
    return _show(request, case, "cases/who_sees.html", context, "Who can see this", names_patient=True)


@page
def grant_end(request: ActorRequest, case_id: UUID, grant_id: UUID) -> HttpResponse:
    """End a colleague's access before its day (POST)."""
    case = get_case_to_administer(request.actor, case_id)
    grant = get_grant_to_administer(case, grant_id)
    if request.method == "POST":
        end_grant(actor=request.actor, grant=grant, at=request.at)
        messages.success(request, "The access is ended.")
        return redirect("cases:access", case.public_id)
    context = {
        "action": "End access",
        "text": f"{grant.user} can open {case.reference} until {grant.expires_at:%m/%d/%Y}.",
        "effects": ["From now on the case is closed to them.", "The trail keeps that they had access."],
        "tone": "danger",
        "back_url": reverse("cases:access", args=[case.public_id]),
    }
    return _show(request, case, "cases/step.html", context, "End access")


@page
def restrict(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """Close the case to everybody but its owner and dated access, or open it again."""
    case = get_case_to_administer(request.actor, case_id)
    require(request.actor, Permission.RESTRICT_CASE, case)
    act, title, action, effects, said = (
        (
            lift_restriction,
            "Lift the restriction",
            "Lift the restriction",
            ["Everybody whose role reaches cases opens this one again."],
            "The restriction is lifted.",
        )
        if case.is_restricted
        else (
            restrict_case,
            "Restrict the case",
            "Restrict",
            [
                "Only the owner, the people named on its team, and colleagues with dated access open the case and its patient.",
                "That is true for you too. You still see its reference here and can give access.",
            ],
            "The case is restricted.",
        )
    )
    form = ReasonForm(request.POST or None)
    outcome = attempt(
        request,
        form,
        lambda typed: act(actor=request.actor, case=case, reason=typed["reason"], at=request.at),
    )
    if outcome.done:
        messages.success(request, said)
        return redirect("cases:access", case.public_id)
    context = {
        "form": form,
        "problem": outcome.problem,
        "action": action,
        "effects": effects,
        "back_url": reverse("cases:access", args=[case.public_id]),
    }
    return _show(request, case, "cases/step.html", context, title, outcome.status)


@page
def assign(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """Give the case to a colleague, or back to the queue."""
    case = get_case_to_administer(request.actor, case_id)
    require(request.actor, Permission.ASSIGN_CASE, case)
    initial = {"owner": case.owner.public_id if case.owner else None}
    away = absent_now(day_in(request.organization.time_zone, request.at))
    if case.owner_id in away:
        initial = {"owner": away[case.owner_id].cover.public_id}
    form = AssignForm(request.POST or None, actor=request.actor, away=away, initial=initial)
    outcome = attempt(
        request,
        form,
        lambda typed: assign_case(actor=request.actor, case=case, owner=typed["owner"], at=request.at),
    )
    if outcome.done:
        messages.success(request, "The case is assigned.")
        if is_visible(request.actor, case):
            return redirect("appeals:case", case.public_id)
        return redirect("cases:access", case.public_id)
    context = {
        "form": form,
        "problem": outcome.problem,
        "action": "Assign",
        "back_url": _back(request, case),
    }
    return _show(request, case, "cases/step.html", context, "Assign the case", outcome.status)


def _back(request: ActorRequest, case: Any) -> str:
    name = "appeals:case" if is_visible(request.actor, case) else "cases:access"
    return reverse(name, args=[case.public_id])


def _show(
    request: ActorRequest,
    case: Any,
    template: str,
    context: dict[str, Any],
    here: str,
    status: int = 200,
    *,
    names_patient: bool = False,
) -> HttpResponse:
    """By reference; a page that `names_patient` or their helpers does so to somebody who sees the case, and says so."""
    seen = is_visible(request.actor, case)
    saw(request, "read_page", cases=[case.pk], patients=[case.patient_id] if names_patient and seen else [])
    crumbs = [
        {
            "label": case.reference,
            "url": reverse("appeals:case", args=[case.public_id]) if seen else "",
        },
        {"label": here, "url": ""},
    ]
    frame = {"case": case, "seen": seen, "breadcrumbs": crumbs, "here": here}
    return render(request, template, frame | context, status=status)
