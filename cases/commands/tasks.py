"""Tasks are opened by hand, by a stage or by a rule, worked, put on hold, woken, handed on and ended."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.models import Membership
from advocacy.tenancy.joined import joined
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.together import fetched
from cases.commands.owners import as_of_now, works_here
from cases.commands.touch import touch
from cases.models import Case, Task
from cases.queries.templates import template_known, templates_in_use
from cases.task_templates import TaskTemplate
from cases.workflow import TASK, CaseStatus, TaskStatus

ENDED = (TaskStatus.DONE, TaskStatus.CANCELLED)
after_ending: list[Callable[[Task, datetime], None]] = []
"""What follows, in the same transaction, when a task has ended. Filled in `apps.ready`."""


def open_task(
    *,
    actor: Actor,
    case: Case,
    title: str = "",
    detail: str = "",
    due_on: date | None = None,
    owner: Membership | None = None,
    code: str = "",
    template: str = "",
    opened_by: str = "hand",
    waits_for: Task | None = None,
    waits_on_patient: bool = False,
    asked_of_patient: str = "",
    at: datetime,
) -> Task:
    """Open a task; a rule's `code` opens once: while such a task of the case has not ended, that one is returned as it is.

    Without an owner it belongs to the case's owner; where a rule opens it and that one works here no more, to nobody until the
    case is handed on: what has to be done exists all the same, and what asks for it goes through. A template gives the
    checklist, and where they are missing the title, the detail and (by hand) the due date. With `waits_on_patient` the patient
    has to do something: the portal shows `asked_of_patient`, and the patient is reminded of it (`patient_reminders`). Raises
    Refused with all reasons: title_missing, due_past (by hand only), template_unknown, owner_gone, waits_elsewhere,
    waits_for_ended, case_closed, asked_missing.
    """
    require(actor, Permission.WORK_TASKS, case)
    if code and (standing := _standing(case, code)):
        return standing
    chosen = _template(template, opened_by)
    title = title.strip() or (chosen.title if chosen else "")
    by_hand = opened_by == Task.OpenedBy.HAND
    if owner is not None or by_hand:
        owner = as_of_now(owner.pk if owner is not None else case.owner_id, held=False)
    elif case.owner is not None and case.owner.works_at(at):
        owner = case.owner
    reasons = [
        *_title_reasons(title),
        *_owner_reasons(owner, at),
        *_waiting_reasons(case, None, waits_for),
        *_asked_reasons(waits_on_patient, asked_of_patient),
        *(_due_reasons(due_on, at) if by_hand else ()),
    ]
    if template and chosen is None:
        reasons.append(Reason("template_unknown", "Choose a template from the list.", "template"))
    if case.status == CaseStatus.CLOSED:
        reasons.append(Reason("case_closed", "The case is closed. Reopen it before planning work."))
    if reasons:
        raise Refused(reasons)
    if due_on is None and chosen and by_hand:
        due_on = timezone.localdate(at) + timedelta(days=chosen.due_days)
    try:
        with transaction.atomic():
            task = Task.objects.create(
                case=case,
                code=code,
                template=chosen.key if chosen else "",
                title=title,
                detail=detail.strip() or (chosen.detail if chosen else ""),
                checklist=fresh_checklist(chosen),
                opened_by=opened_by,
                owner=owner,
                due_on=due_on,
                waits_for=waits_for,
                waits_on_patient=waits_on_patient,
                asked_of_patient=asked_of_patient.strip() if waits_on_patient else "",
                opened_at=at,
            )
            verb = "task_opened" if opened_by == Task.OpenedBy.HAND else "task_raised"
            record(verb, subject=task, detail={"code": code, "template": template, "by": opened_by})
            touch(case, at)
    except IntegrityError:
        # Somebody opened the task of this rule between our look and our write.
        if code and (standing := _standing(case, code)):
            return standing
        raise
    return task


def finish_task(
    *, actor: Actor, task: Task, note: str = "", at: datetime, expected_version: int | None = None
) -> Task:
    """Finish an open task (or one whose hold has run out).

    Raises WrongState when somebody was faster or it is on hold, Refused while it waits for another or items are unticked.
    """
    with transaction.atomic():
        _wake_if_due(actor, task, at)
        waits = bool(task.waits_for and task.waits_for.status not in ENDED)
        done = TASK.take(
            "finish",
            task,
            actor=actor,
            at=at,
            changes={"ended_at": at, "end_note": note.strip()},
            facts={"waits_for_open": waits},
            expected_version=expected_version,
        )
        return _followed(done, at)


def _followed(ended: Task, at: datetime) -> Task:
    touch(ended.case, at)
    for follow in after_ending:
        follow(ended, at)
    return ended


def cancel_task(
    *, actor: Actor, task: Task, reason: str, at: datetime, expected_version: int | None = None
) -> Task:
    """End a task that will not be done. Raises Refused without a reason, WrongState when it has ended."""
    with transaction.atomic():
        ended = TASK.take(
            "cancel",
            task,
            actor=actor,
            at=at,
            changes={"ended_at": at, "end_note": reason.strip()},
            expected_version=expected_version,
        )
        return _followed(ended, at)


def settle_task(*, actor: Actor, task: Task, reason: str, at: datetime) -> Task:
    """End what a stage or a rule had opened: what it asked for is recorded, or its stage is over.

    A task somebody has begun (ticked, held, handed on, changed) is cancelled and told as such; one that nobody touched ends
    without a line in the timeline, the trail keeps both. Raises Refused without a reason, WrongState when it has ended.
    """
    with joined():
        ended = TASK.take(
            "settle" if task.version == 1 else "cancel",
            task,
            actor=actor,
            at=at,
            changes={"ended_at": at, "end_note": reason.strip(), "circumstances": ""},
        )
        if Task._meta.get_field("case").is_cached(task):
            ended.case = task.case  # as its command has it
        return _followed(ended, at)


def hold_task(
    *,
    actor: Actor,
    task: Task,
    until: datetime | None,
    reason: str,
    at: datetime,
    expected_version: int | None = None,
) -> Task:
    """Put a task aside until `until` (aware). The hold is the task's own: it survives reassignment.

    Raises Refused without a wake-up in the future, WrongState unless the task is open.
    """
    with transaction.atomic():
        _wake_if_due(actor, task, at)
        held = TASK.take(
            "hold",
            task,
            actor=actor,
            at=at,
            changes={"hold_until": until, "hold_reason": reason.strip(), "woken_reason": ""},
            detail={"until": until},
            expected_version=expected_version,
        )
        touch(held.case, at)
    return held


def wake_task(*, actor: Actor, task: Task, reason: str = "", at: datetime) -> Task:
    """End a hold: at its wake-up without a reason, earlier with one. Raises Refused, or WrongState unless it is held."""
    early = task.hold_until is not None and at < task.hold_until
    return TASK.take(
        "wake",
        task,
        actor=actor,
        at=at,
        changes={"woken_reason": reason.strip()},
        detail={"early": early},
    )


def reassign_task(*, actor: Actor, task: Task, owner: Membership | None, at: datetime) -> Task:
    """Give a task that has not ended to somebody else, or to nobody; a hold stays as it is.

    Raises WrongState when it has ended, Refused when the new owner works here no more, however old the row in hand is.
    """
    require(actor, Permission.WORK_TASKS, task)
    owner = as_of_now(owner.pk if owner is not None else None, held=False)
    reasons = _owner_reasons(owner, at)
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        locked = _locked_and_standing(task, "reassign")
        before = locked.owner_id
        locked.owner, locked.version = owner, locked.version + 1
        locked.save(update_fields=["owner", "version"])
        record("task_reassigned", subject=locked, detail={"from": before, "to": owner.pk if owner else None})
        touch(locked.case, at)
    return locked


def change_task(
    *,
    actor: Actor,
    task: Task,
    title: str,
    detail: str,
    due_on: date | None,
    waits_for: Task | None,
    waits_on_patient: bool | None = None,
    asked_of_patient: str = "",
    at: datetime,
    expected_version: int | None = None,
) -> Task:
    """Change what a task that has not ended says, when it is due and what it waits for.

    Without `waits_on_patient` what is asked of the patient stays as it is. Raises WrongState (ended, or changed meanwhile),
    Refused with all reasons as `open_task`, and waits_in_circle.
    """
    require(actor, Permission.WORK_TASKS, task)
    reasons = [
        *_title_reasons(title),
        *_waiting_reasons(task.case, task, waits_for),
        *_asked_reasons(bool(waits_on_patient), asked_of_patient),
    ]
    if due_on != task.due_on:
        reasons += _due_reasons(due_on, at)
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        locked = _locked_and_standing(task, "change", expected_version)
        locked.title, locked.detail, locked.due_on = title.strip(), detail.strip(), due_on
        locked.waits_for, locked.version = waits_for, locked.version + 1
        changed = ["title", "detail", "due_on", "waits_for", "version"]
        if waits_on_patient is not None:
            locked.waits_on_patient = waits_on_patient
            locked.asked_of_patient = asked_of_patient.strip() if waits_on_patient else ""
            changed += ["waits_on_patient", "asked_of_patient"]
        locked.save(update_fields=changed)
        record("task_changed", subject=locked, detail={"due_on": due_on})
        touch(locked.case, at)
    return locked


def tick_item(*, actor: Actor, task: Task, item: str, done: bool = True, at: datetime) -> Task:
    """Tick or untick one line of the checklist by its key. Raises as `tick_items`."""
    return tick_items(
        actor=actor, task=task, ticked=[item] if done else [], unticked=[] if done else [item], at=at
    )


def tick_items(
    *, actor: Actor, task: Task, ticked: Collection[str], unticked: Collection[str] = (), at: datetime
) -> Task:
    """Tick and untick lines by key; lines not named stay as a colleague left them.

    Raises WrongState when the task has ended, Refused ("item_unknown") for a key the list does not have.
    """
    require(actor, Permission.WORK_TASKS, task)
    with transaction.atomic():
        locked = _locked_and_standing(task, "tick")
        lines: list[dict[str, Any]] = locked.checklist or []
        if not {*ticked, *unticked} <= {line["key"] for line in lines}:
            raise Refused([Reason("item_unknown", "This list has changed. Look at it again.", "checklist")])
        for line in lines:
            if line["key"] in ticked and not line.get("done"):
                line |= {"done": True, "done_at": at.isoformat(), "done_by": actor.label}
            elif line["key"] in unticked:
                line |= {"done": False, "done_at": None, "done_by": ""}
        locked.checklist, locked.version = lines, locked.version + 1
        locked.save(update_fields=["checklist", "version"])
        record(
            "task_changed",
            subject=locked,
            detail={"ticked": sorted(ticked), "unticked": sorted(unticked)},
        )
        touch(locked.case, at)
    return locked


@cache
def _holds_over() -> KeptRows:
    at = datetime(1901, 1, 1, tzinfo=UTC)  # stands for the moment
    over = Task.objects.filter(status=TaskStatus.HELD, hold_until__lte=at).order_by("hold_until", "pk")
    return kept_rows(lambda: {"tasks": over}, {"at": at})


def wake_due_tasks(*, actor: Actor, at: datetime) -> int:
    """End every hold of the organization whose wake-up has come; returns how many. Running it again changes nothing."""
    woken = 0
    for task in fetched(_holds_over().written({"at": at}))["tasks"]:
        with suppress(WrongState):  # somebody woke it, or ended it, at the same moment
            wake_task(actor=actor, task=task, at=at)
            woken += 1
    return woken


def open_tasks_of(case: Case) -> list[Reason]:
    """What stands in the way of closing: work that has neither been done nor cancelled, as one reason with its count."""
    count = Task.objects.filter(case=case).exclude(status__in=ENDED).count()
    if not count:
        return []
    tasks = "1 task is" if count == 1 else f"{count} tasks are"
    return [Reason("tasks_open", f"{tasks} not finished. Finish or cancel them first.")]


def _template(key: str, opened_by: str) -> TaskTemplate | None:
    """By hand one that is offered; a rule opens its own whatever is offered."""
    if not key:
        return None
    return templates_in_use().get(key) if opened_by == Task.OpenedBy.HAND else template_known(key)


def _standing(case: Case, code: str) -> Task | None:
    return Task.objects.filter(case=case, code=code).exclude(status__in=ENDED).first()


def _locked_and_standing(task: Task, step: str, expected_version: int | None = None) -> Task:
    locked = Task.objects.select_for_update().get(pk=task.pk)
    if locked.status in ENDED:
        raise WrongState(
            step, locked.status, f"This task is already {TaskStatus(locked.status).label.lower()}."
        )
    if expected_version is not None and locked.version != expected_version:
        raise WrongState(
            step,
            locked.status,
            "Somebody changed this task while you were reading it. Look at it again, then decide.",
        )
    return locked


def _wake_if_due(actor: Actor, task: Task, at: datetime) -> None:
    """A hold that has run out is over, whether or not the job has come by."""
    if task.status == TaskStatus.HELD and task.hold_until is not None and task.hold_until <= at:
        wake_task(actor=actor, task=task, at=at)


def fresh_checklist(template: TaskTemplate | None) -> list[dict[str, Any]] | None:
    """A template's checklist as a new task has it; None without one."""
    if template is None or not template.checklist:
        return None
    return [
        {"key": line.key, "label": line.label, "done": False, "done_at": None, "done_by": ""}
        for line in template.checklist
    ]


def _title_reasons(title: str) -> list[Reason]:
    return [] if title.strip() else [Reason("title_missing", "Say what is to be done.", "title")]


def _asked_reasons(waits_on_patient: bool, asked: str) -> list[Reason]:
    """A patient cannot do what nobody has put into words."""
    if not waits_on_patient or asked.strip():
        return []
    text = "Say in plain words what the patient is asked to do."
    return [Reason("asked_missing", text, "asked_of_patient")]


def _due_reasons(due_on: date | None, at: datetime) -> list[Reason]:
    if due_on is not None and due_on < timezone.localdate(at):
        return [Reason("due_past", "The due date has passed. Choose today or a later day.", "due_on")]
    return []


def _owner_reasons(owner: Membership | None, at: datetime) -> list[Reason]:
    if owner is not None and not works_here(owner, at):
        return [Reason("owner_gone", "This colleague is no longer a member. Choose somebody else.", "owner")]
    return []


def _waiting_reasons(case: Case, task: Task | None, waits_for: Task | None) -> list[Reason]:
    if waits_for is None:
        return []
    if waits_for.case_id != case.pk:
        return [
            Reason(
                "waits_elsewhere",
                "A task waits only for a task of its own case. Choose one of this case.",
                "waits_for",
            )
        ]
    if task is not None and _leads_to(waits_for, task):
        return [
            Reason(
                "waits_in_circle",
                "These two tasks would wait for each other. Choose another task.",
                "waits_for",
            )
        ]
    unchanged = task is not None and task.waits_for_id == waits_for.pk
    if waits_for.status in ENDED and not unchanged:
        return [
            Reason(
                "waits_for_ended",
                "That task has ended already: there is nothing to wait for. Choose an open one, or none.",
                "waits_for",
            )
        ]
    return []


def _leads_to(start: Task, goal: Task) -> bool:
    """Whether following "waits for" from `start` arrives at `goal`."""
    following: Task | None = start
    seen: set[int] = set()
    while following is not None and following.pk not in seen:
        if following.pk == goal.pk:
            return True
        seen.add(following.pk)
        following = following.waits_for
    return False
