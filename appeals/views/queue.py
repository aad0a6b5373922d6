"""The queue, and giving several of its cases to one colleague: preview, confirm, undo."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import NotFound, Refused
from advocacy.people.queries import members_of_organization
from advocacy.web import page, saw
from appeals.commands.take_action import assign_planned, plan_assignment, take_back
from appeals.forms.desk import NOBODY, AssignTo, QueueFilters
from appeals.queries.queue import (
    Filters,
    Row,
    cases_by_public_id,
    owner_choices,
    payer_choices,
    place_of,
    queue,
)
from appeals.queries.standing import stage_label
from appeals.views.links import day_of, link, queue_link

UNDO = "assign_undo"
UNDO_FOR = timedelta(minutes=15)
MOST_AT_ONCE = 200


def _shown(row: Row) -> dict[str, Any]:
    case = row.case
    return {
        "key": str(case.public_id),
        "url": link("appeals:case", case.public_id, at=row.place),
        "reference": case.reference,
        "who": case.patient.called,
        "treatment": case.get_treatment_display(),
        "payer": str(case.coverage.payer),
        "stage": stage_label(case.stage) if case.status == "open" else case.get_outcome_display(),
        "owner": str(case.owner.user) if case.owner else "",
        "urgent": case.is_urgent,
        "restricted": case.is_restricted,
        "due": row.due,
        "plan": row.plan,
    }


@require_safe
@page
def queue_page(request: HttpRequest) -> HttpResponse:
    """One page of the filtered list. The address holds codes only."""
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, Permission.SEE_CASES)
    day = day_of(request)
    filters = Filters.read(request.GET.dict())
    after = place_of(request.GET["after"]) if request.GET.get("after") else None
    found = queue(actor, filters, day=day, after=after)
    saw(
        request,
        "read_list",
        cases=[r.case.pk for r in found.rows],
        patients=[r.case.patient_id for r in found.rows],
        rows=len(found.rows),
    )
    owners = owner_choices(actor)
    members = [(key, str(m.user)) for key, m in owners.items()]
    payers = payer_choices(actor)
    initial = {name: getattr(filters, name) for name in QueueFilters.base_fields}
    may_assign = actor.may(Permission.ASSIGN_CASE) and filters.status == "open"
    context = {
        "filters": QueueFilters(initial=initial, owners=members, payers=payers),
        "clear_url": "" if filters.is_plain else link("appeals:queue"),
        "rows": [_shown(row) for row in found.rows],
        "first_url": "" if found.is_first else queue_link(filters),
        "next_url": queue_link(filters, after=found.after) if found.after else "",
        "assign": AssignTo(owners=members) if may_assign and found.rows else None,
        "back": filters.query_string(),
        "undo": _standing_undo(request),
        "is_plain": filters.is_plain,
    }
    return render(request, "appeals/queue.html", context)


def _standing_undo(request: HttpRequest) -> dict[str, Any] | None:
    """What may still be undone, from the session of whoever did it."""
    kept = request.session.get(UNDO)
    if not kept or kept["organization"] != request.organization.pk:  # type: ignore[attr-defined]
        return None
    until = datetime.fromisoformat(kept["until"])
    if until <= request.at:  # type: ignore[attr-defined]
        return None
    count = len(kept["moves"])
    text = f"{count} case{'' if count == 1 else 's'} given to {kept['to_label']}."
    return {"text": text, "until": until}


@page
def bulk_assign(request: HttpRequest) -> HttpResponse:
    """Preview what giving these cases to one colleague would do, then do it. Nothing changes before the confirmation."""
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, Permission.ASSIGN_CASE)
    if request.method != "POST":
        return redirect("appeals:queue")
    back = Filters.read(_pairs(request.POST.get("back", "")))
    cases = cases_by_public_id(actor, _ids(request.POST.getlist("case"))[:MOST_AT_ONCE])
    if not cases:
        messages.warning(request, "Choose at least one case first.")
        return redirect(queue_link(back))
    members = owner_choices(actor)
    form = AssignTo(request.POST, owners=[(key, str(m.user)) for key, m in members.items()])
    saw(request, "read_page", cases=[c.pk for c in cases], patients=[c.patient_id for c in cases])
    context: dict[str, Any] = {
        "form": form,
        "cases": cases,
        "back": back.query_string(),
        "back_url": queue_link(back),
    }
    if not form.is_valid():
        return render(request, "appeals/queue_assign.html", context | {"planned": ()}, status=422)
    chosen = form.cleaned_data["owner"]
    owner = None if chosen == NOBODY else members[chosen]
    planned = plan_assignment(actor=actor, cases=cases, owner=owner)
    context |= {
        "planned": planned,
        "to_label": str(owner.user) if owner else "nobody",
        "possible": sum(p.refusal is None for p in planned),
    }
    if request.POST.get("step") != "confirm":
        return render(request, "appeals/queue_assign.html", context)
    try:
        moved = assign_planned(actor=actor, planned=planned, owner=owner, at=request.at)  # type: ignore[attr-defined]
    except Refused as refusal:
        return render(
            request, "appeals/queue_assign.html", context | {"reasons": refusal.reasons}, status=422
        )
    request.session[UNDO] = {
        "organization": request.organization.pk,  # type: ignore[attr-defined]
        "moves": [[str(case.public_id), before] for case, before in moved],
        "to": owner.pk if owner else None,
        "to_label": context["to_label"],
        "until": (request.at + UNDO_FOR).isoformat(),  # type: ignore[attr-defined]
    }
    return redirect(queue_link(back))


@require_POST
@page
def undo_assign(request: HttpRequest) -> HttpResponse:
    """Give the cases of the last bulk assignment back to whom they came from."""
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, Permission.ASSIGN_CASE)
    kept: Any = request.session.get(UNDO)
    if _standing_undo(request) is None:
        messages.warning(
            request, "There is nothing left to undo. Assign the cases again where that is needed."
        )
        return redirect("appeals:queue")
    cases = cases_by_public_id(actor, [UUID(key) for key, _before in kept["moves"]])
    members = {m.pk: m for m in members_of_organization(live=False)}
    moves = [
        (case, members[before] if before else None)
        for case, (_key, before) in zip(cases, kept["moves"], strict=True)
    ]
    count = take_back(actor=actor, moves=moves, given_to=kept["to"], at=request.at)  # type: ignore[attr-defined]
    del request.session[UNDO]
    messages.success(request, f"Undone: {count} case{'' if count == 1 else 's'} went back.")
    return redirect("appeals:queue")


def _pairs(query: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in query.split("&") if "=" in part)


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise NotFound("case") from None
