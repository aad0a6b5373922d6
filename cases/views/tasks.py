"""Tasks at the desk: the list of a case, one task with its checklist, and the steps it may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.forms import BaseForm
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.people.queries import get_member
from advocacy.web import ActorRequest
from cases.commands.tasks import (
    cancel_task,
    change_task,
    finish_task,
    hold_task,
    open_task,
    reassign_task,
    tick_items,
    wake_task,
)
from cases.forms.work import (
    ASKED,
    CancelTaskForm,
    ChangeTaskForm,
    FinishTaskForm,
    HoldTaskForm,
    ReassignTaskForm,
    TaskForm,
    WakeTaskForm,
)
from cases.queries.registration import may_here, owners
from cases.queries.work import get_task, own_membership, standing_tasks_of, task_shown, tasks_of
from cases.views.casework import Outcome, attempt, case_page, done, show, typed_before

WORK = Permission.WORK_TASKS
HELD_BY_DEFAULT = timedelta(days=7)


@require_safe
@case_page()
def tasks(request: ActorRequest, case: Any) -> HttpResponse:
    """All tasks of a case: open, on hold, ended."""
    shown = [task_shown(task, request.at) for task in tasks_of(request.actor, case)]
    may = may_here(request.actor, WORK, case)
    context = {
        "open_tasks": [t for t in shown if t.state == "open"],
        "held_tasks": [t for t in shown if t.state == "held"],
        "ended_tasks": [t for t in shown if t.done],
        "actions": [_link("Open a task", "cases:task_new", case, kind="main")] if may else [],
    }
    return show(request, "cases/task_list.html", case, context, here="Tasks")


@case_page(WORK)
def task_new(request: ActorRequest, case: Any) -> HttpResponse:
    """Open a task by hand. `?template=` chooses a template beforehand."""
    standing = standing_tasks_of(request.actor, case)
    mine = own_membership(request.actor)
    form = TaskForm(
        request.POST or None,
        owners=_owners(request),
        others=_named(standing),
        initial={
            "template": request.GET.get("template", ""),
            "owner": str(mine.public_id) if mine else "",
        }
        | typed_before(request),
    )

    def act(typed: Mapping[str, Any]) -> Any:
        return open_task(
            actor=request.actor,
            case=case,
            title=typed["title"],
            detail=typed["detail"],
            due_on=typed["due_on"],
            owner=_member(request, typed["owner"]),
            template=typed["template"],
            waits_for=_one_of(standing, typed["waits_for"]),
            **{name: typed[name] for name in ASKED},
            at=request.at,
        )

    outcome = attempt(request, form, act)
    if outcome.done:
        return done(request, "The task is open.", "cases:task", case.public_id, outcome.result.public_id)
    return _form_page(
        request, case, form, outcome, here="Open a task", action="Open the task", back=_list_url(case)
    )


@require_safe
@case_page()
def task(request: ActorRequest, case: Any, task_id: UUID) -> HttpResponse:
    """One task."""
    return _task_page(request, case, get_task(request.actor, case, task_id), Outcome(False))


@require_POST
@case_page(WORK)
def task_tick(request: ActorRequest, case: Any, task_id: UUID) -> HttpResponse:
    """Save the checklist: only what this person changed, so that a colleague's ticks stay."""
    row = get_task(request.actor, case, task_id)
    ticked, was = set(request.POST.getlist("item")), set(request.POST.getlist("was"))
    tick_items(actor=request.actor, task=row, ticked=ticked - was, unticked=was - ticked, at=request.at)
    return done(request, "The checklist is saved.", "cases:task", case.public_id, row.public_id)


@case_page(WORK)
def task_finish(request: ActorRequest, case: Any, task_id: UUID) -> HttpResponse:
    return _step(
        request,
        case,
        task_id,
        lambda row: FinishTaskForm(
            request.POST or None, initial={"version": row.version} | typed_before(request)
        ),
        lambda row, typed: finish_task(
            actor=request.actor,
            task=row,
            note=typed["note"],
            expected_version=typed["version"],
            at=request.at,
        ),
        here="Finish the task",
        action="Finish",
        said="The task is done.",
        to_list=True,
    )


@case_page(WORK)
def task_cancel(request: ActorRequest, case: Any, task_id: UUID) -> HttpResponse:
    return _step(
        request,
        case,
        task_id,
        lambda row: CancelTaskForm(
            request.POST or None, initial={"version": row.version} | typed_before(request)
        ),
        lambda row, typed: cancel_task(
            actor=request.actor,
            task=row,
            reason=typed["end_note"],
            expected_version=typed["version"],
            at=request.at,
        ),
        here="Cancel the task",
        action="Cancel the task",
        said="The task is cancelled.",
        to_list=True,
    )


@case_page(WORK)
def task_hold(request: ActorRequest, case: Any, task_id: UUID) -> HttpResponse:
    morning = datetime.combine(
        timezone.localdate(request.at) + HELD_BY_DEFAULT, time(9), tzinfo=timezone.get_current_timezone()
    )
    return _step(
        request,
        case,
        task_id,
        lambda row: HoldTaskForm(
            request.POST or None,
            initial={"version": row.version, "hold_until": morning} | typed_before(request),
        ),
        lambda row, typed: hold_task(
            actor=request.actor,
            task=row,
            until=typed["hold_until"],
            reason=typed["hold_reason"],
            expected_version=typed["version"],
            at=request.at,
        ),
        here="Put on hold",
        action="Put on hold",
        said="The task is on hold and wakes up by itself.",
    )


@case_page(WORK)
def task_wake(request: ActorRequest, case: Any, task_id: UUID) -> HttpResponse:
    return _step(
        request,
        case,
        task_id,
        lambda row: WakeTaskForm(request.POST or None, initial=typed_before(request)),
        lambda row, typed: wake_task(
            actor=request.actor, task=row, reason=typed["woken_reason"], at=request.at
        ),
        here="End the hold",
        action="End the hold",
        said="The task is open again.",
    )


@case_page(WORK)
def task_reassign(request: ActorRequest, case: Any, task_id: UUID) -> HttpResponse:
    return _step(
        request,
        case,
        task_id,
        lambda row: ReassignTaskForm(
            request.POST or None,
            owners=_owners(request),
            initial={"owner": str(row.owner.public_id) if row.owner else ""},
        ),
        lambda row, typed: reassign_task(
            actor=request.actor, task=row, owner=_member(request, typed["owner"]), at=request.at
        ),
        here="Give to somebody else",
        action="Save the owner",
        said="The task has its new owner.",
    )


@case_page(WORK)
def task_change(request: ActorRequest, case: Any, task_id: UUID) -> HttpResponse:
    row = get_task(request.actor, case, task_id)
    others = standing_tasks_of(request.actor, case, other_than=row)
    if row.waits_for and row.waits_for not in others:
        others.append(row.waits_for)
    return _step(
        request,
        case,
        task_id,
        lambda row: ChangeTaskForm(
            request.POST or None,
            others=_named(others),
            initial={
                "title": row.title,
                "due_on": row.due_on,
                "detail": row.detail,
                "version": row.version,
                **{name: getattr(row, name) for name in ASKED},
                "waits_for": str(row.waits_for.public_id) if row.waits_for else "",
            }
            | typed_before(request),
        ),
        lambda row, typed: change_task(
            actor=request.actor,
            task=row,
            title=typed["title"],
            detail=typed["detail"],
            due_on=typed["due_on"],
            waits_for=_one_of(others, typed["waits_for"]),
            **{name: typed[name] for name in ASKED},
            expected_version=typed["version"],
            at=request.at,
        ),
        here="Change the task",
        action="Save",
        said="The task is changed.",
    )


def _step(
    request: ActorRequest,
    case: Any,
    task_id: UUID,
    make_form: Callable[[Any], BaseForm],
    act: Callable[[Any, Mapping[str, Any]], Any],
    *,
    here: str,
    action: str,
    said: str,
    to_list: bool = False,
) -> HttpResponse:
    """One form, one button, one command."""
    row = get_task(request.actor, case, task_id)
    form = make_form(row)
    outcome = attempt(request, form, lambda typed: act(row, typed))
    if outcome.done and to_list:
        return done(request, said, "cases:tasks", case.public_id)
    if outcome.done:
        return done(request, said, "cases:task", case.public_id, row.public_id)
    return _form_page(
        request,
        case,
        form,
        outcome,
        here=here,
        action=action,
        back=reverse("cases:task", args=[case.public_id, row.public_id]),
        task=row,
    )


def _task_page(request: ActorRequest, case: Any, row: Any, outcome: Outcome) -> HttpResponse:
    shown = task_shown(row, request.at)
    may = may_here(request.actor, WORK, case)
    steps: list[dict[str, str]] = []
    if may and shown.state == "open":
        steps = [
            _link("Finish", "cases:task_finish", case, row, kind="main"),
            _link("Hold until …", "cases:task_hold", case, row),
        ]
    elif may and shown.state == "held":
        steps = [_link("End the hold", "cases:task_wake", case, row, kind="main")]
    if may and not shown.done:
        steps += [
            _link("Give to somebody else", "cases:task_reassign", case, row),
            _link("Change", "cases:task_change", case, row),
            _link("Cancel", "cases:task_cancel", case, row),
        ]
    facts = [
        {"label": "Owner", "value": shown.owner or "No owner"},
        {"label": "State", "value": shown.state_label or "Open"},
        {"label": "Waits for", "value": shown.waits_for},
        {"label": "Asked of the patient", "value": row.asked_of_patient},
        {"label": "On hold until", "value": _moment(shown.held_until), "note": shown.held_reason},
        {"label": "Woke up", "value": _moment(shown.woke_at)},
        {"label": "Why the hold ended early", "value": row.woken_reason},
        {"label": "Opened", "value": _moment(row.opened_at), "note": row.get_opened_by_display()},
        {"label": "Ended", "value": _moment(row.ended_at), "note": row.end_note},
    ]
    context = {
        "task": row,
        "shown": shown,
        "facts": [fact for fact in facts if fact["value"]],
        "steps": steps,
        "may_tick": may and not shown.done,
    }
    return show(
        request,
        "cases/task.html",
        case,
        context,
        here="Task",
        status=outcome.status,
        trail=(("Tasks", _list_url(case)),),
    )


def _form_page(
    request: ActorRequest,
    case: Any,
    form: BaseForm,
    outcome: Outcome,
    *,
    here: str,
    action: str,
    back: str,
    task: Any = None,
) -> HttpResponse:
    context = {"form": form, "problem": outcome.problem, "action": action, "back_url": back, "task": task}
    return show(
        request,
        "cases/task_form.html",
        case,
        context,
        here=here,
        status=outcome.status,
        trail=(("Tasks", _list_url(case)),),
    )


def _moment(value: datetime | None) -> str:
    return date_format(timezone.localtime(value), "M j, Y, g:i A") if value else ""


def _link(label: str, name: str, *rows: Any, kind: str = "quiet") -> dict[str, str]:
    return {"label": label, "url": reverse(name, args=[row.public_id for row in rows]), "kind": kind}


def _list_url(case: Any) -> str:
    return reverse("cases:tasks", args=[case.public_id])


def _owners(request: ActorRequest) -> list[tuple[str, str]]:
    return [(str(member.public_id), str(member.user)) for member in owners(request.actor)]


def _member(request: ActorRequest, public_id: UUID | None) -> Any:
    return get_member(request.actor, public_id) if public_id else None


def _named(rows: list[Any]) -> list[tuple[str, str]]:
    return [(str(row.public_id), row.title) for row in rows]


def _one_of(rows: list[Any], public_id: UUID | None) -> Any:
    return next((row for row in rows if row.public_id == public_id), None)
