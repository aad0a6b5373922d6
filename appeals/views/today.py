"""Today: what to do first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.errors import NotAllowed
from advocacy.web import page, saw
from appeals.dues import DOCUMENTS, EFFECTUATION
from appeals.queries.demands import demand_kind
from appeals.queries.service_targets import SHOWN, targets_on
from appeals.queries.standing import permissions_on, stage_label
from appeals.queries.today import Row, Stack, default_scope, today
from appeals.views.links import action_link, day_of, link, queue_link
from appeals.views.service_targets import standing_shown
from cases.queries.registration import sees_cases

EMPTY = {
    "legal": "No date of ours ends in the next 14 days.",
    "payer": "Nobody is late with an answer.",
    "call": "No peer-to-peer window closes in the next 14 days.",
    "patient": "No patient is waiting for an answer.",
    "waiting": "No task is waiting for you.",
    "waking": "Nothing wakes up today.",
    "new": "Nothing new.",
    "covering": "",
}


def _what(stack: Stack, row: Row) -> tuple[str, str]:
    """What a row is about, and what stands below it in small letters."""
    case = row.case
    where = f"{case.get_treatment_display()} · {case.coverage.payer}"
    more = f" · {row.more_tasks} more task{'' if row.more_tasks == 1 else 's'}" if row.more_tasks else ""
    if stack.code == "patient":
        count = "a message" if row.messages == 1 else f"{row.messages} messages"
        return f"Wrote {count}, waiting since {row.wrote_at}", where
    if stack.code == "covering":
        # Of a task the owner of the task is away; of a date the owner of the case.
        away = f"covering for {row.covered}" if row.covered else "covering"
        what = row.task.title if row.task else (row.due.label if row.due else stage_label(case.stage))
        return what, f"{away} · {where}{more}"
    if row.task is not None:
        wakes = f" · wakes at {row.wakes_at}" if stack.code == "waking" and row.wakes_at else ""
        return row.task.title, f"{stage_label(case.stage)} · {case.coverage.payer}{more}{wakes}"
    if stack.code == "new":
        return "Untouched since it came", f"{stage_label(case.stage)} · {where}"
    if stack.code == "payer" and row.due and row.due.if_missed:
        return row.due.label, f"{row.due.if_missed} · {where}"
    if stack.code == "call" and row.due:
        return row.due.label, f"{row.due.kind} · {where}"
    return (row.due.label if row.due else stage_label(case.stage)), where


DEMANDS = {EFFECTUATION: "Demand that it is carried out", DOCUMENTS: "Demand the documents"}


def _about_the_late(actor: Actor, stack: Stack, row: Row) -> list[dict[str, str]]:
    """Of whoever is late: one click to the demand as it is filled from the record, one to whatever else the law opens."""
    if stack.code != "payer" or row.due is None:
        return []
    key, found = row.case.public_id, []
    if Permission.DRAFT_APPEAL in permissions_on(actor, row.case):
        kind = demand_kind(row.due.clock)
        label = DEMANDS.get(row.due.clock, "Demand the decision")
        found.append({"label": label, "url": link("appeals:demand_new", key, row.due.key, kind)})
    return [*found, {"label": "Complain, or go on", "url": link("appeals:late", key)}]


def _shown(actor: Actor, stack: Stack, row: Row) -> dict[str, Any]:
    what, note = _what(stack, row)
    case, due = row.case, row.due
    shown = {
        "who": case.patient.called,
        "url": link("appeals:case", case.public_id, at=row.place),
        "reference": case.reference,
        "what": what,
        "note": note,
        "badge": "Urgent" if case.is_urgent else "",
        "tone": "warn",
        "owner": str(case.owner.user) if case.owner else "No owner",
        "due_label": "",
        "also": _about_the_late(actor, stack, row),
    }
    if row.task is not None and row.task.due_on is not None and stack.code in ("waiting", "covering"):
        shown |= {"date": row.task.due_on, "days_left": row.task_days_left, "due_label": "Task"}
    elif due is not None and stack.code != "patient":
        shown |= {
            "date": due.date,
            "days_left": due.days_left,
            "left": due.left,
            "whose": due.whose,
            "whose_word": due.who,
            "citation": due.citation,
            "rule": due.label,
            "steps": due.steps,
            "confirm": due.confidence == "confirm",
            "law_date": due.law_date,
            "own_reason": due.own_reason,
        }
    if stack.code == "patient":
        return shown | {"action": "Answer", "action_url": link("cases:messages", case.public_id)}
    return shown | action_link(row.action)


@require_safe
@page
def today_page(request: HttpRequest) -> HttpResponse:
    """Six stacks; each opens the queue with the same cases."""
    actor = request.actor  # type: ignore[attr-defined]
    if not sees_cases(actor):
        raise NotAllowed(Permission.SEE_CASES)
    day = day_of(request)
    wanted = request.GET.get("whose", "")
    scope = wanted if wanted in {"desk", "all"} else default_scope(actor)
    stacks = today(actor, day=day, scope=scope)
    rows = [row for stack in stacks for row in stack.rows]
    saw(
        request,
        "read_list",
        cases=[r.case.pk for r in rows],
        patients=[r.case.patient_id for r in rows],
        scope=scope,
    )
    late = targets_on(actor, day)
    saw(request, "read_list", cases=[line.case for line in late[:SHOWN]])
    context = {
        "today": day.today,
        "targets_total": len(late),
        "targets": [
            standing_shown(line.standing)
            | {"reference": line.reference, "url": link("appeals:case", line.key)}
            for line in late[:SHOWN]
        ],
        "may_be_away": actor.may(Permission.SEE_MEMBERS),
        "scope": scope,
        "scopes": [
            {"label": label, "url": link("appeals:today", whose=code), "current": code == scope}
            for code, label in (("desk", "Mine and without owner"), ("all", "Everybody's"))
        ],
        "stacks": [
            {
                "code": stack.code,
                "title": stack.title,
                "total": stack.total,
                "all_url": queue_link(stack.filters),
                "empty": EMPTY[stack.code],
                "rows": [_shown(actor, stack, row) for row in stack.rows],
            }
            for stack in stacks
        ],
    }
    return render(request, "appeals/today.html", context)
