"""What the nightly checks found wrong: each with whom it is, and one act that puts it right."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import NotFound
from advocacy.web import ActorRequest, page, paged, saw
from appeals.commands.integrity import put_right
from appeals.queries.integrity import STUCK, findings_of, get_finding, last_checked, opened_by, takers
from appeals.views.links import link

GIVEN_ON = ("case_leaver", "task_leaver")
ACTS = {
    "no_next": "Open a task",
    "stuck": "Open a task",
    "dates": "Compute again",
    "hold_over": "Wake the task",
    "case_leaver": "Give the case",
    "task_leaver": "Give the task",
}


@require_safe
@page
def checks(request: ActorRequest) -> HttpResponse:
    """Findings that stand, oldest first: what is wrong, with whose case, and the act beside it."""
    require(request.actor, Permission.ASSIGN_CASE)
    found = paged(findings_of(request.actor), after=request.GET.get("after"))
    people = takers(request.at)
    keys = {m.pk for m in people}
    opens = opened_by(request.actor, [row.case_id for row in found.rows])
    saw(request, "read_list", cases=[row.case_id for row in found.rows])
    context = {
        "rows": [_row(row, keys, opens) for row in found.rows],
        "people": [{"key": str(m.public_id), "name": str(m.user), "pk": m.pk} for m in people],
        "mine": request.actor.membership_id,
        "checked": last_checked(),
        "next_url": link("appeals:checks", after=found.next_after or ""),
        "more": bool(found.next_after),
        "first_url": "" if found.first else link("appeals:checks"),
        "breadcrumbs": [
            {"label": "Board", "url": link("appeals:board")},
            {"label": "Nightly checks", "url": ""},
        ],
    }
    return render(request, "appeals/checks.html", context)


@require_POST
@page
def check_put_right(request: ActorRequest, finding_id: UUID) -> HttpResponse:
    """Put one finding right, and back to the list."""
    finding = get_finding(request.actor, finding_id)
    put_right(actor=request.actor, finding=finding, to=_chosen(request), at=request.at)
    saw(request, "read_list", cases=[finding.case_id])
    messages.success(request, f"{finding.case.reference}: put right.")
    return redirect("appeals:checks")


def _chosen(request: ActorRequest) -> Any:
    """Who was chosen to take over; None when nobody. Raises NotFound for somebody who is not to be chosen."""
    wanted = request.POST.get("to", "")
    if not wanted:
        return None
    found = next((m for m in takers(request.at) if str(m.public_id) == wanted), None)
    if found is None:
        raise NotFound("member")
    return found


def _row(row: Any, working: set[int], opens: set[int]) -> dict[str, Any]:
    """One finding: its case's owner while they are here, else whoever assigns work; a task of a leaver goes to that owner."""
    owner = row.case.owner if row.case.owner_id in working else None
    task_owner = row.task.owner if row.task is not None else None
    return {
        "key": row.public_id,
        "reference": row.case.reference,
        "url": link("appeals:case", row.case.public_id) if row.case_id in opens else "",
        "what": STUCK[row.step].said if row.step in STUCK else row.get_kind_display(),
        "who_left": str((task_owner or row.case.owner).user) if row.kind in GIVEN_ON else "",
        "owner": str(owner.user) if owner else "",
        "suggested": owner.pk if owner else None,
        "found_at": row.found_at,
        "asks_whom": row.kind in GIVEN_ON,
        "act": ACTS[row.kind],
    }
