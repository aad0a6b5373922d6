"""The dates of many cases at once, after the rules changed: read together, computed apart, and only what differs is written."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from advocacy.audit.trail import record_many
from advocacy.tenancy.plans import any_of
from appeals.clock.arithmetic import words_of
from appeals.commands.deadlines import (
    Key,
    columns_of,
    key_of,
    key_of_due,
    known_since,
    made_of,
    next_of,
    recompute_deadlines,
    same,
    status_of,
    superseded_by,
    under_other_rules,
)
from appeals.commands.follow_ups import Wanted, what_dates_need
from appeals.commands.stage_work import STAGE, StageTask, stage_work, titled
from appeals.dues import CLAIMANT, Due
from appeals.models import Deadline
from appeals.queries.ladder import Ladder, ladder_from, stage_of
from appeals.queries.many import Loaded, load_many
from cases.commands.raised import Raised, raise_tasks
from cases.commands.tasks import ENDED
from cases.models import Case, Task
from cases.queries.templates import templates_known
from cases.workflow import CaseStatus

log = logging.getLogger(__name__)

LOOK_WITHIN = timedelta(days=2)
END = datetime.max.replace(tzinfo=UTC)
PLACES = """
UPDATE cases_case SET next_deadline_on = n.next_on, stage = n.stage
  FROM unnest(%s::bigint[], %s::date[], %s::text[]) AS n(id, next_on, stage) WHERE cases_case.id = n.id
"""
DUE_DAYS = """
UPDATE cases_task SET due_on = n.due_on
  FROM unnest(%s::bigint[], %s::date[]) AS n(id, due_on) WHERE cases_task.id = n.id AND cases_task.version = 1
"""
CIRCUMSTANCES = """
UPDATE cases_task SET circumstances = n.circumstances
  FROM unnest(%s::bigint[], %s::text[]) AS n(id, circumstances) WHERE cases_task.id = n.id
"""


@dataclass
class Move:
    """One date of a case before and after; None where there was or is none. `new` is not stored yet in a look."""

    case: Case
    old: Deadline | None
    new: Deadline | None

    @property
    def days(self) -> int:
        """How many days later the date is; 0 where there was or is none."""
        return (self.new.due_on - self.old.due_on).days if self.old and self.new else 0

    @property
    def is_earlier(self) -> bool:
        """Whether a running date of the patient's side, set by law, is over before it was: somebody has to know."""
        old, new = self.old, self.new
        if old is None or new is None or new.status != Deadline.Status.RUNNING:
            return False
        sooner = (new.due_on, new.due_at or END) < (old.due_on, old.due_at or END)
        return sooner and new.side == CLAIMANT and not new.is_courtesy


@dataclass
class Plan:
    """What recomputing one case would write. `alone` says that it takes the case's own command: a level gets other rules, or
    work is ended or renamed.
    """

    loaded: Loaded
    ended: list[tuple[Deadline, str, tuple[datetime, datetime] | None]] = field(default_factory=list)
    made: list[tuple[Deadline, Deadline | None]] = field(default_factory=list)
    gone: list[Deadline] = field(default_factory=list)
    stands: list[Deadline] = field(default_factory=list)
    due_days: list[tuple[Task, date | None]] = field(default_factory=list)
    stages: tuple[StageTask, ...] = ()
    asked: list[tuple[str, Wanted, str]] = field(default_factory=list)
    noted: list[tuple[Task, str]] = field(default_factory=list)
    next_on: date | None = None
    stage: str = ""
    alone: bool = False

    def __bool__(self) -> bool:
        case = self.loaded.case
        place = (case.next_deadline_on, case.stage) != (self.next_on, self.stage)
        work = self.due_days or self.stages or self.asked or self.noted
        return bool(self.ended or self.made or work or self.alone or place)

    @property
    def moves(self) -> list[Move]:
        """The dates that are others, not those of which only the words or the version of the rule are."""
        case = self.loaded.case
        found = [
            Move(case, old, new)
            for new, old in self.made
            if old is None or (old.due_on, old.due_at) != (new.due_on, new.due_at)
        ]
        return found + [Move(case, row, None) for row in self.gone if case.status != CaseStatus.CLOSED]


@dataclass
class Outcome:
    """What a batch came to. `changed` cases had something to write (`differ` are their keys, of a look), `alone` of them by their
    own command; `told` owners got a task; `failed` are cases that could not be computed or written, with the kind of error.
    """

    cases: int = 0
    changed: int = 0
    alone: int = 0
    told: int = 0
    differ: list[int] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)


def look_at_many(keys: Sequence[int], *, at: datetime) -> Outcome:
    """What `recompute_many` would do; nothing is written or locked."""
    plans, outcome = _planned(keys, at)
    for plan in plans:
        outcome.changed += 1
        outcome.differ.append(plan.loaded.case.pk)
        outcome.alone += plan.alone
        outcome.moves += plan.moves
    return outcome


def recompute_many(keys: Sequence[int], *, run: str = "", at: datetime) -> Outcome:
    """Recompute the cases with these primary keys and write what differs, as `recompute_deadlines` does for one.

    Cases are computed without a lock; those that differ are locked, read and computed again. Owners of cases of which a date
    came nearer get a task, once a `run`; without one nobody does. What fails for one case stops no other. In the caller's scope
    and transaction.
    """
    seen, first = _planned(keys, at)
    if not seen:
        return first
    wanted = [plan.loaded.case.pk for plan in seen]
    locked = Case.objects.select_for_update().filter(any_of("id", wanted)).order_by("pk")
    list(locked.values_list("pk", flat=True))
    plans, outcome = _planned(wanted, at)
    outcome.cases, outcome.failed = first.cases, first.failed + outcome.failed
    together = [plan for plan in plans if not plan.alone]
    try:
        with transaction.atomic():
            _write(together, at)
    except Exception as problem:
        log.error("recompute: a batch of %s cases goes one by one: %s", len(together), type(problem).__name__)
        plans, again = _planned(wanted, at)
        outcome.failed += again.failed
        for plan in plans:
            plan.alone = True
    done = [plan for plan in plans if not plan.alone or _alone(plan, at, outcome)]
    outcome.changed, outcome.alone = len(done), sum(plan.alone for plan in done)
    outcome.moves = [move for plan in done for move in plan.moves]
    outcome.told = _tell(done, run, at) if run else 0
    return outcome


def _planned(keys: Sequence[int], at: datetime) -> tuple[list[Plan], Outcome]:
    """The plans of those cases for which there is something to do."""
    loaded, outcome, plans = load_many(keys), Outcome(), []
    outcome.cases = len(loaded)
    for one in loaded:
        try:
            plan = plan_of(one, at)
        except Exception as problem:
            log.error("recompute: a case could not be computed: %s", type(problem).__name__)
            outcome.failed.append((one.case.pk, type(problem).__name__))
            continue
        if plan:
            plans.append(plan)
    return plans, outcome


def plan_of(one: Loaded, at: datetime) -> Plan:
    """What recomputing a case that is loaded would write. Pure, but that its open levels take the rules that apply now."""
    plan, case, history = Plan(one), one.case, one.history
    levels = under_other_rules(history)
    ladder = ladder_from(history)
    wanted = {key_of_due(due): due for due in ladder.dues if due.due is not None}
    standing = {key_of(row): row for row in one.standing}
    for key in {**dict.fromkeys(wanted), **standing}:
        _compared(plan, wanted.get(key), standing.get(key), key, at)
    plan.next_on, plan.stage = next_of(plan.stands), stage_of(history)
    plan.alone = bool(levels)
    if case.status != CaseStatus.CLOSED:
        _work_of(plan, ladder, at)
    return plan


def _work_of(plan: Plan, ladder: Ladder, at: datetime) -> None:
    """Note what becomes of the tasks that dates and stages ask for."""
    one = plan.loaded
    work = stage_work(one.history, ladder, {t.code: t for t in one.tasks if t.code.startswith(STAGE)})
    plan.stages = work.opened
    plan.due_days = [(task, due_on) for task, _, due_on in work.changed]
    plan.alone |= bool(work.over) or any(task.title != title for task, title, _ in work.changed)
    for code, want, task, circumstances in what_dates_need(one.case, one.history, ladder, one.tasks, at):
        if task is None and want is not None:
            plan.asked.append((code, want, circumstances))
        elif task is not None and (want is not None or task.status in ENDED):
            plan.noted.append((task, circumstances))
        else:
            plan.alone = True


def _compared(plan: Plan, due: Due | None, row: Deadline | None, key: Key, at: datetime) -> None:
    """Note what becomes of one clock; the same comparison as for one case."""
    history, case = plan.loaded.history, plan.loaded.case
    if due is None:
        assert row is not None
        if row.status == Deadline.Status.RUNNING:
            plan.ended.append((row, Deadline.Status.ENDED, (at, at)))
            plan.gone.append(row)
        else:
            plan.stands.append(row)
        return
    columns, status = columns_of(due, history.zone), status_of(due, case)
    if row is not None and same(row, columns):
        if row.status != status:
            plan.ended.append(
                (row, status, None)
                if status == Deadline.Status.RUNNING
                else (row, status, (due.ended_at or at, known_since(row, at)))
            )
            row.status = status
        plan.stands.append(row)
        return
    if row is not None:
        plan.ended.append((row, Deadline.Status.SUPERSEDED, (at, at)))
    new = made_of(case, key, columns, status, due, at, row)
    plan.made.append((new, row))
    plan.stands.append(new)


def _write(plans: Iterable[Plan], at: datetime) -> None:
    plans = list(plans)
    endings: dict[tuple[str, tuple[datetime, datetime] | None], list[int]] = {}
    for plan in plans:
        for row, status, times in plan.ended:
            endings.setdefault((status, times), []).append(row.pk)
    for (status, times), keys in endings.items():
        ended_at, known_at = times or (None, None)
        Deadline.objects.filter(any_of("id", keys)).update(
            status=status, ended_at=ended_at, ended_known_at=known_at
        )
    made = [pair for plan in plans for pair in plan.made]
    Deadline.objects.bulk_create(new for new, _ in made)
    record_many(
        "deadline_superseded", [(new, superseded_by(old, new)) for new, old in made if old is not None]
    )
    places = [(plan.loaded.case, plan.next_on, plan.stage) for plan in plans]
    _sent(
        PLACES,
        [(c.pk, on, stage) for c, on, stage in places if (c.next_deadline_on, c.stage) != (on, stage)],
    )
    _sent(DUE_DAYS, [(task.pk, due_on) for plan in plans for task, due_on in plan.due_days])
    _sent(CIRCUMSTANCES, [(task.pk, noted) for plan in plans for task, noted in plan.noted])
    _open_work(plans, at)


def _open_work(plans: Sequence[Plan], at: datetime) -> None:
    """The tasks that dates and stages ask for; those of a stage that wait for another one after it."""
    asked = [
        Raised(plan.loaded.case, code, want.title, want.detail, want.due_on, circumstances=circumstances)
        for plan in plans
        for code, want, circumstances in plan.asked
    ]
    raise_tasks(asked, at)
    stages = [(plan.loaded, stage) for plan in plans for stage in plan.stages]
    if not stages:
        return
    templates = templates_known()
    standing = {(one.case.pk, task.code): task for one, _ in stages for task in one.tasks}
    for waiting in (False, True):
        wanted = []
        for one, stage in stages:
            if bool(stage.after) is not waiting or (template := templates.get(stage.template)) is None:
                continue
            first = standing.get((one.case.pk, stage.after))
            wanted.append(
                Raised(
                    one.case,
                    stage.code,
                    titled(stage, template),
                    template.detail,
                    stage.due_on,
                    Task.OpenedBy.STAGE,
                    template,
                    waits_for=first if first is not None and first.status not in ENDED else None,
                )
            )
        standing |= {(task.case_id, task.code): task for task in raise_tasks(wanted, at)}


def _sent(statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def _alone(plan: Plan, at: datetime, outcome: Outcome) -> bool:
    """By the case's own command; the plan then holds the rows that were written. Whether it went well."""
    try:
        with transaction.atomic():
            rows = {key_of(row): row for row in recompute_deadlines(plan.loaded.case, at)}
    except Exception as problem:
        log.error("recompute: a case could not be written: %s", type(problem).__name__)
        outcome.failed.append((plan.loaded.case.pk, type(problem).__name__))
        return False
    plan.made = [(rows.get(key_of(new), new), old) for new, old in plan.made]
    return True


def _tell(plans: Iterable[Plan], run: str, at: datetime) -> int:
    """Ask the owners of the cases of which a date came nearer to look at them. Returns how many there are."""
    wanted = []
    for plan in plans:
        nearer = [move for move in plan.moves if move.is_earlier]
        if plan.loaded.case.status == CaseStatus.CLOSED or not nearer:
            continue
        today = plan.loaded.history.day(at)
        assert today is not None
        first = min(move.new.due_on for move in nearer if move.new is not None)
        wanted.append(
            Raised(
                plan.loaded.case,
                f"nearer:{run}",
                "A date of this case came nearer",
                " ".join(_words(move) for move in nearer) + " " + WHO,
                max(today, min(today + LOOK_WITHIN, first)),
            )
        )
    return len(raise_tasks(wanted, at))


WHO = (
    "The rules changed. The page of the date shows old and new side by side, and who was told of the old one: tell them, and"
    " the patient."
)


def _words(move: Move) -> str:
    assert move.old is not None and move.new is not None
    return f"{move.new.title}: {words_of(move.new.due_on)}, no longer {words_of(move.old.due_on)} ({move.new.citation})."
