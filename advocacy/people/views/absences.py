"""Who is away, and who covers: what runs or comes, and recording one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.access.roles import permissions_of
from advocacy.errors import NotAllowed
from advocacy.people.absence import end_absence, may_record_for, record_absence
from advocacy.people.forms import AbsenceForm
from advocacy.people.queries import absences_from, get_absence, members_of_organization
from advocacy.people.rules import day_in
from advocacy.people.views.steps import attempt
from advocacy.web import ActorRequest, page, paged

BACK = "people:absences"


@page
def absences(request: ActorRequest) -> HttpResponse:
    """Absences that run or come, and a form to record one: one's own, or anybody's for whoever assigns work."""
    actor = request.actor
    require(actor, Permission.SEE_MEMBERS)
    members = [m for m in members_of_organization() if _works(m)]
    mine = [m for m in members if may_record_for(actor, m)]
    form, status = None, 200
    if mine:
        initial = {"member": next((str(m.public_id) for m in mine if m.pk == actor.membership_id), "")}
        form = AbsenceForm(request.POST or None, members=mine, covers=members, initial=initial)
    if request.method == "POST":
        if form is None:
            raise NotAllowed(Permission.ASSIGN_CASE)
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            known = {m.public_id: m for m in members}
            done, _result = attempt(
                lambda: record_absence(
                    actor=actor,
                    member=known[typed["member"]],
                    cover=known[typed["cover"]],
                    from_on=typed["from_on"],
                    until_on=typed["until_on"],
                    at=request.at,
                ),
                form,
            )
            if done:
                messages.success(request, "The absence is recorded.")
                return redirect(BACK)
    today = day_in(request.organization.time_zone, request.at)
    listed = paged(absences_from(actor, today), after=request.GET.get("after"))
    rows = [
        {
            "absence": row,
            "runs": row.from_on <= today,
            "may_end": may_record_for(actor, row.member),
            "cover_left": row.cover.ended_at is not None,
        }
        for row in listed.rows
    ]
    context = {
        "form": form,
        "rows": rows,
        "next_url": f"{reverse(BACK)}?after={listed.next_after}" if listed.next_after else "",
        "today": today,
        "breadcrumbs": [{"label": "Absences", "url": ""}],
    }
    return render(request, "people/absences.html", context, status=status)


def _works(member: Any) -> bool:
    """Whether somebody's roles work cases: others need no cover."""
    return Permission.WORK_TASKS in permissions_of(frozenset(member.roles))


@page
def absence_end(request: ActorRequest, absence_id: UUID) -> HttpResponse:
    """End an absence before its last day (POST)."""
    absence = get_absence(request.actor, absence_id)
    if not may_record_for(request.actor, absence.member):
        raise NotAllowed(Permission.ASSIGN_CASE)
    if request.method == "POST":
        end_absence(actor=request.actor, absence=absence, at=request.at)
        messages.success(request, "The absence is over.")
        return redirect(BACK)
    context = {
        "title": "End the absence",
        "text": f"{absence.member.user} is away until {absence.until_on:%B} {absence.until_on.day}, {absence.until_on.year}.",
        "effects": [
            f"{absence.cover.user} no longer covers: neither on Today nor in reminders.",
            "The trail keeps that the absence was recorded and ended.",
        ],
        "action": "End the absence",
        "back_url": reverse(BACK),
        "breadcrumbs": [{"label": "Absences", "url": reverse(BACK)}, {"label": "End an absence", "url": ""}],
    }
    return render(request, "people/confirm.html", context)
