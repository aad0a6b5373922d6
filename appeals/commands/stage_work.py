"""The work a stage brings along: its checklist opens as a task when the stage begins, once for each row, and ends with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from appeals.commands.follow_ups import SOON, program_of, raised
from appeals.dues import day_of
from appeals.facts import History
from appeals.queries.ladder import BEFORE_FILING, Ladder, Standing
from appeals.rungs import titles_of_levels
from appeals.workflow import AppealStatus, PeerToPeerStatus, RequestStatus
from cases.commands.raised import Raised
from cases.commands.tasks import ENDED, settle_task
from cases.models import Case, Task
from cases.queries.templates import template_known
from cases.task_templates import TaskTemplate
from cases.workflow import CaseStatus

STAGE = "stage:"
LEAD = timedelta(days=7)
"""A packet is to be ready a week before the day to work to: two people read it, and it has to arrive."""
PACKETS = {"external": "external_review"}
REQUEST_OVER = {
    RequestStatus.SUBMITTED: "The request was sent.",
    RequestStatus.RECEIVED: "The request was sent.",
    RequestStatus.WITHDRAWN: "The request was withdrawn.",
}
CALL_OVER = {
    PeerToPeerStatus.HELD: "The call was held.",
    PeerToPeerStatus.MISSED: "The call did not take place.",
}
LEVEL_OVER = {
    AppealStatus.FILED: "The level was filed.",
    AppealStatus.FORWARDED: "The plan forwarded the case.",
    AppealStatus.WITHDRAWN: "The level was withdrawn.",
    AppealStatus.LAPSED: "The window passed.",
    AppealStatus.DECLINED: "The level is not pursued.",
}


@dataclass(frozen=True)
class StageTask:
    """A template's checklist for one row of a stage. `about` is added to its title; `after` is the code of what comes first."""

    code: str
    template: str
    about: str = ""
    due_on: date | None = None
    after: str = ""


@dataclass(frozen=True)
class StageWork:
    """`opened` are to be opened, `changed` get a title and a due day, `over` end with their stage."""

    opened: tuple[StageTask, ...]
    changed: tuple[tuple[Task, str, date | None], ...]
    over: tuple[Task, ...]

    def __bool__(self) -> bool:
        return bool(self.opened or self.changed or self.over)


def keep_stage_tasks(
    case: Case, history: History, ladder: Ladder, tasks: Iterable[Task], at: datetime
) -> None:
    """Open the task of each stage that has begun and had none, let its due day follow the dates while nobody has touched it,
    and end it with its stage. `tasks` are all of the case that have a code.

    Finished or cancelled by hand it stays so: a stage asks once. It follows from the rows only, never from the day of the
    call; `at` (aware) is the moment that is kept.
    """
    if case.status == CaseStatus.CLOSED:
        return
    rows = {t.code: t for t in tasks if t.code.startswith(STAGE)}
    work = stage_work(history, ladder, rows)
    for want in work.opened:
        opened = _opened(case, want, rows.get(want.after), at)
        rows |= {want.code: opened} if opened is not None else {}
    for task, title, due_on in work.changed:
        task.title, task.due_on = title, due_on
        task.save(update_fields=["title", "due_on"])
    over = _endings(history)
    for task in work.over:
        reason = over.get(task.code, "The stage is over.")
        settle_task(actor=program_of(case), task=task, reason=reason, at=at)


def stage_work(history: History, ladder: Ladder, rows: Mapping[str, Task]) -> StageWork:
    """What `keep_stage_tasks` has to do, given the tasks of stages by their code; nothing is written."""
    wanted = {task.code: task for task in _wanted(history, ladder)}
    changed = []
    for code, want in wanted.items():
        if (task := rows.get(code)) is None:
            continue
        title = _title_now(task, want)
        due_on = want.due_on if task.version == 1 else task.due_on
        if (task.title, task.due_on) != (title, due_on):
            changed.append((task, title, due_on))
    return StageWork(
        tuple(want for code, want in wanted.items() if code not in rows),
        tuple(changed),
        tuple(t for code, t in rows.items() if code not in wanted and t.status not in ENDED),
    )


def _title_now(task: Task, want: StageTask) -> str:
    """Its title with what it is about today: when it becomes known which rules apply, a level gets the name it has under them.

    Words that a person put in place of the level's name stay.
    """
    what, colon, about = task.title.rpartition(": ")
    known = colon and want.about and task.status not in ENDED and about in titles_of_levels()
    return f"{what}: {want.about}" if known else task.title


def _opened(case: Case, want: StageTask, first: Task | None, at: datetime) -> Task | None:
    template = template_known(want.template)
    if template is None:
        return None
    stage = Raised(
        case,
        want.code,
        titled(want, template),
        template.detail,
        want.due_on,
        Task.OpenedBy.STAGE,
        template,
        waits_for=first if first is not None and first.status not in ENDED else None,
    )
    return raised(case, [stage], at)[0]


def titled(want: StageTask, template: TaskTemplate) -> str:
    """How the task of a stage is called when it opens."""
    return f"{template.title}: {want.about}" if want.about else template.title


def _wanted(history: History, ladder: Ladder) -> Iterator[StageTask]:
    for request in history.requests:
        if request.status == RequestStatus.DRAFTING:
            # No rule says by when something must be asked for: no due day is made up.
            yield StageTask(f"{STAGE}request:{request.pk}", "prior_authorization")
    for call in history.peer_to_peers:
        if call.status == PeerToPeerStatus.SCHEDULED:
            yield StageTask(f"{STAGE}call:{call.pk}", "peer_to_peer", due_on=history.day(call.scheduled_at))
    for level in ladder.levels:
        if level.appeal is not None and level.appeal.status in BEFORE_FILING:
            yield from _of_level(history, level)


def _of_level(history: History, level: Standing) -> Iterator[StageTask]:
    """What was decided below is read first; the packet waits for that. A level the plan forwards needs no packet of ours."""
    appeal = level.appeal
    assert appeal is not None
    due = _ready_by(history, level)
    previous = history.previous(appeal)
    decision = history.decisions.get(previous.pk) if previous is not None else None
    first = ""
    if decision is not None and not decision.is_deemed:
        first = f"{STAGE}decision:{decision.pk}"
        soon = history.day(appeal.opened_at)
        yield StageTask(first, "read_decision", due_on=min(due, soon + SOON) if due and soon else None)
    if level.rung.may_be_filed:
        template = PACKETS.get(level.rung.kind, "appeal_packet")
        yield StageTask(f"{STAGE}level:{appeal.pk}", template, level.rung.title, due, after=first)


def _ready_by(history: History, level: Standing) -> date | None:
    """A week before the day to work to (the earlier of safe and stated), or the day the level opened where that is later."""
    last = day_of(level.filing.due, history.zone) if level.filing else None
    opened = history.day(level.appeal.opened_at) if level.appeal else None
    if last is None or opened is None:
        return last
    return min(last, max(last - LEAD, opened))


def _endings(history: History) -> dict[str, str]:
    """By code of a stage's task, why it is over."""
    found = {f"{STAGE}request:{r.pk}": REQUEST_OVER.get(RequestStatus(r.status)) for r in history.requests}
    for call in history.peer_to_peers:
        found[f"{STAGE}call:{call.pk}"] = CALL_OVER.get(PeerToPeerStatus(call.status))
    for appeal in history.appeals:
        why = LEVEL_OVER.get(AppealStatus(appeal.status))
        found[f"{STAGE}level:{appeal.pk}"] = why
        decision = history.decisions.get(appeal.previous_id) if appeal.previous_id else None
        if decision is not None:
            found[f"{STAGE}decision:{decision.pk}"] = why
    return {code: why for code, why in found.items() if why}
