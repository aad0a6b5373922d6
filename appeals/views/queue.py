"""The queue, and giving several of its cases to one colleague: preview, confirm, undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import NotAllowed, NotFound, Refused
from advocacy.people.queries import absent_now, members_of_organization
from advocacy.web import page, saw
from appeals.commands.sharing import Moved, take_back
from appeals.commands.take_action import assign_planned, plan_assignment
from appeals.forms.desk import NOBODY, AssignTo, QueueFilters
from appeals.queries.queue import (
    Filters,
    Row,
    called,
    cases_by_public_id,
    cases_in_sight,
    owner_choices,
    owner_names,
    payer_choices,
    place_of,
    queue,
)
from appeals.queries.standing import stage_label
from appeals.views.links import day_of, link, queue_link, triage_shown
from appeals.views.undo import forget_undo, keep_undo, kept_moves, standing_undo, undo_page
from cases.queries.registration import sees_cases

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
        "triage": triage_shown(case),
        "restricted": case.is_restricted,
        "due": row.due,
        "plan": row.plan,
    }


@require_safe
@page
def queue_page(request: HttpRequest) -> HttpResponse:
    """One page of the filtered list. The address holds codes only."""
    actor = request.actor  # type: ignore[attr-defined]
    if not sees_cases(actor):
        raise NotAllowed(Permission.SEE_CASES)
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
    owners = owner_choices(actor, to_show=True)
    members = owner_names(owners, day)
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
        "undo": standing_undo(request),
        "is_plain": filters.is_plain,
    }
    return render(request, "appeals/queue.html", context)


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
    away = absent_now(day_of(request).today)
    form = AssignTo(request.POST, owners=[(key, called(m, away)) for key, m in members.items()])
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
        "absence": away.get(owner.pk) if owner else None,
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
    keep_undo(request, moved, context["to_label"], page="queue")
    return redirect(queue_link(back))


@require_POST
@page
def undo_assign(request: HttpRequest) -> HttpResponse:
    """Give the cases of the last assignment of several back; what was changed since stays where it is, and is named."""
    actor = request.actor  # type: ignore[attr-defined]
    require(actor, Permission.ASSIGN_CASE)
    if standing_undo(request) is None:
        messages.warning(
            request, "There is nothing left to undo. Assign the cases again where that is needed."
        )
        return redirect("appeals:queue")
    moves = kept_moves(request)
    seen = {case.public_id: case for case in cases_in_sight(actor, [key for key, *_rest in moves])}
    moved = [Moved(seen[key], before, to, version) for key, before, to, version in moves if key in seen]
    members = {m.pk: m for m in members_of_organization(live=False)}
    result = take_back(actor=actor, moved=moved, members=members, at=request.at)  # type: ignore[attr-defined]
    back = undo_page(request)
    forget_undo(request)
    said = f"Undone: {result.count} case{'' if result.count == 1 else 's'} went back."
    stay = [case.reference for case in result.refused]
    hidden = len(moves) - len(moved)
    if stay:
        said += f" Changed since, and left as they are: {', '.join(stay)}."
    if hidden:
        said += f" {hidden} more are no longer open to you."
    (messages.warning if stay or hidden else messages.success)(request, said)
    return redirect(back)


def _pairs(query: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in query.split("&") if "=" in part)


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise NotFound("case") from None
