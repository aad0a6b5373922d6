"""The team of a case: who stands on it, naming somebody, taking somebody off. Shows the reference, never the patient."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.errors import NotAllowed
from advocacy.people.rules import day_in
from advocacy.web import ActorRequest, page, saw
from cases.commands.team import end_on_team, may_name, name_on_team
from cases.forms.team import TeamForm
from cases.queries.registration import owners
from cases.queries.team import ROLES, get_case_of_team, get_on_team, team_of, team_shown
from cases.views.casework import attempt


@require_safe
@page
def team(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """Everybody on the team, and who was."""
    case, seen = get_case_of_team(request.actor, case_id)
    rows = list(team_of(case)[:200])
    names = {row.member_id: str(row.member.user) for row in rows if row.member_id and row.member}
    today = day_in(case.patient.time_zone, request.at)
    # Somebody from outside is named to whoever opens the case, not to whoever administers it.
    shown = [row for row in team_shown(rows, names, today) if seen or row.entry.member_id]
    may = {role for role in ROLES if case.status == "open" and may_name(request.actor, case, role)}
    context = {
        "standing": [row for row in shown if row.state == "standing"],
        "coming": [row for row in shown if row.state == "coming"],
        "over": [row for row in shown if row.state == "over"],
        "may_end": may,
        "may_assign": request.actor.may(Permission.ASSIGN_CASE) and case.status == "open",
        "actions": [
            {
                "label": "Name somebody",
                "url": reverse("cases:team_new", args=[case.public_id]),
                "kind": "main",
            }
        ]
        if may
        else [],
    }
    return _show(request, case, seen, "cases/team.html", context, here="Team")


@page
def team_new(request: ActorRequest, case_id: UUID) -> HttpResponse:
    """Name a colleague on the team, or an interpreter from outside."""
    case, seen = get_case_of_team(request.actor, case_id)
    roles = [role for role in ROLES if may_name(request.actor, case, role)]
    if not roles:
        raise NotAllowed(Permission.ASSIGN_CASE)
    today = day_in(case.patient.time_zone, request.at)
    form = TeamForm(
        request.POST or None, roles=roles, members=owners(request.actor), initial={"from_on": today}
    )
    outcome = attempt(
        request,
        form,
        lambda typed: name_on_team(actor=request.actor, case=case, at=request.at, **typed),
    )
    if outcome.done:
        messages.success(request, "The team is changed.")
        return redirect("cases:team", case.public_id)
    context = {
        "form": form,
        "problem": outcome.problem,
        "action": "Name on the team",
        "effects": [
            "A colleague who is named opens this case also when it is restricted, from the first to the last day.",
            "An interpreter from outside gets no access: the name and phone stand here, sealed.",
        ],
        "back_url": reverse("cases:team", args=[case.public_id]),
    }
    return _show(
        request,
        case,
        seen,
        "cases/step.html",
        context,
        here="Name somebody on the team",
        status=outcome.status,
    )


@page
def team_end(request: ActorRequest, case_id: UUID, entry_id: UUID) -> HttpResponse:
    """Take somebody off the team before their last day (POST)."""
    case, seen = get_case_of_team(request.actor, case_id)
    entry = get_on_team(request.actor, case, entry_id)
    if not may_name(request.actor, case, entry.role):
        raise NotAllowed(Permission.ASSIGN_CASE)
    if request.method == "POST":
        end_on_team(actor=request.actor, entry=entry, at=request.at)
        messages.success(request, "The team is changed.")
        return redirect("cases:team", case.public_id)
    who = str(entry.member.user) if entry.member else "The interpreter from outside"
    context = {
        "action": "Take off the team",
        "text": f"{who} is on the team of {case.reference}: {entry.get_role_display().lower()}.",
        "effects": [
            "A colleague opens the case from now on as their role allows: a restricted one no more.",
            "The trail keeps that they were on the team.",
        ],
        "tone": "danger",
        "back_url": reverse("cases:team", args=[case.public_id]),
    }
    return _show(request, case, seen, "cases/step.html", context, here="Take somebody off the team")


def _show(
    request: ActorRequest,
    case: Any,
    seen: bool,
    template: str,
    context: dict[str, Any],
    *,
    here: str,
    status: int = 200,
) -> HttpResponse:
    saw(request, "read_page", cases=[case.pk])
    crumbs = [
        {"label": case.reference, "url": reverse("appeals:case", args=[case.public_id]) if seen else ""},
        {"label": here, "url": ""},
    ]
    if here != "Team":
        crumbs.insert(1, {"label": "Team", "url": reverse("cases:team", args=[case.public_id])})
    frame = {"case": case, "seen": seen, "breadcrumbs": crumbs, "here": here}
    return render(request, template, frame | context, status=status)
