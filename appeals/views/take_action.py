"""Take action: a note, a task, when to look again and who works the case, in one submit."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import allows, require
from advocacy.errors import Refused
from advocacy.inputs import put_reasons
from advocacy.web import page, saw
from appeals.commands.take_action import Wishes, take_action
from appeals.forms.desk import NOBODY, TakeAction
from appeals.queries.case_page import CasePage, case_page
from appeals.queries.clocks import day_at
from appeals.queries.queue import owner_choices, owner_names
from appeals.views.case import at_once_acts
from appeals.views.links import action_link, link

MORNING = time(8, 0)
DONE = {
    "note": "note written",
    "task": "task opened",
    "wake": "wake-up set",
    "assign": "owner changed",
}


def _wishes(data: dict[str, Any], members: dict[str, Any], zone: str) -> Wishes:
    wake = data["wake_on"]
    owner = data.get("owner", "")
    return Wishes(
        note=data["note"],
        note_for_patient=data["note_for_patient"],
        task_title=data["task_title"],
        task_due_on=data["task_due_on"],
        wake_at=datetime.combine(wake, MORNING, tzinfo=ZoneInfo(zone)) if wake else None,
        assign=bool(owner),
        owner=members.get(owner) if owner and owner != NOBODY else None,
    )


@page
def take_action_page(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One form, with the running clocks beside it. A refusal keeps what was typed and says what would allow it."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    at: datetime = request.at  # type: ignore[attr-defined]
    found = case_page(actor, case_id, now=at)
    case = found.case
    require(actor, Permission.WRITE_NOTE, case)
    zone = request.organization.time_zone  # type: ignore[attr-defined]
    may_assign = allows(actor, Permission.ASSIGN_CASE, case) if actor.may(Permission.ASSIGN_CASE) else False
    members = owner_choices(actor) if may_assign else {}
    owners = owner_names(members, day_at(at, zone)) if may_assign else None
    form = TakeAction(request.POST if request.method == "POST" else None, owners=owners)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = take_action(
                    actor=actor, case=case, wishes=_wishes(form.cleaned_data, members, zone), at=at
                )
            except Refused as refusal:
                put_reasons(form, refusal.reasons)
            else:
                said = ", ".join(DONE[code] for code in done)
                messages.success(request, f"Done: {said}.")
                return redirect(link("appeals:case", case.public_id))
    saw(request, "read_page", cases=[case.pk], patients=[case.patient_id])
    with timezone.override(ZoneInfo(case.patient.time_zone)):
        return render(request, "appeals/take_action.html", _context(found, form), status=status)


def steps_open(found: CasePage) -> list[dict[str, str]]:
    """The proposed next action, and the levels that may be opened at once: each on its own page."""
    proposed = action_link(found.action)
    first = [{"label": proposed["action"], "url": proposed["action_url"]}] if proposed["action_url"] else []
    return first + at_once_acts(found)


def _context(found: Any, form: TakeAction) -> dict[str, Any]:
    case = found.case
    return {
        "case": case,
        "form": form,
        "clocks": found.clocks,
        "steps": steps_open(found),
        "owner": str(case.owner.user) if case.owner else "nobody",
        "note_fields": [form["note"], form["note_for_patient"]],
        "task_fields": [form["task_title"], form["task_due_on"], form["wake_on"]],
        "owner_fields": [form["owner"]] if "owner" in form.fields else [],
        "draft_key": f"action:{case.public_id}",
        "back_url": link("appeals:case", case.public_id),
        "breadcrumbs": [
            {"label": "Queue", "url": link("appeals:queue")},
            {"label": case.reference, "url": link("appeals:case", case.public_id)},
            {"label": "Take action", "url": ""},
        ],
    }
