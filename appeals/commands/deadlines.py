"""The projection of all clocks of a case into rows. Unchanged ones stay, changed ones are superseded, none is deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from advocacy.audit.trail import record
from advocacy.errors import NotFound
from advocacy.tenancy.joined import joined
from appeals.commands.follow_ups import ask, ask_what_dates_need
from appeals.commands.stage_work import keep_stage_tasks
from appeals.dues import CLAIMANT, ENDED, RUNNING, Due, day_of
from appeals.facts import History
from appeals.models import Appeal, Deadline
from appeals.queries.history import COURT_TASK, load_history, load_projected
from appeals.queries.ladder import Ladder, ladder_from, stage_of
from appeals.rungs import Rung, rung_at, rungs
from appeals.workflow import APPEAL
from cases.models import Case, Task
from cases.workflow import CaseStatus

SUBJECTS = ("request", "denial", "appeal", "peer_to_peer", "document_request")
CHECK_TASK = "check_dates"
Key = tuple[str, int, str]


@dataclass(frozen=True)
class Difference:
    """A stored row that is not what its clock says now. `stored` and `computed` are days, or None where there is none."""

    key: Key
    stored: str
    computed: str


def recompute_deadlines(case: Case, at: datetime) -> tuple[Deadline, ...]:
    """Compute every clock of the case from its rows and write what changed; returns the rows that stand now.

    Levels that have not ended follow the rules that apply now. Also writes the case's `next_deadline_on` (the patient's
    earliest running legal date; where none runs, the other side's) and `stage`, and opens or ends the tasks that missing or
    contradictory facts, and the stages that run, ask for. The result depends on the rows and the rule data only, never on
    the day it is called: `at` (aware) is kept as the moment of computing.
    """
    with joined():
        row = _locked(case)
        kept = _recomputed(row, at, row.last_touched_at)
    for name in ("next_deadline_on", "stage", "last_touched_at"):
        setattr(case, name, getattr(row, name))
    return kept


def follow_act(case: Case, at: datetime) -> None:
    """What follows from any act on a case: every date, the tasks that dates and stages ask for, and that it was touched.

    `case` is the row as its command has locked it (`checks.locked_case`), and nobody has changed it under another name since.
    """
    _recomputed(case, at, max(case.last_touched_at, at))


def _recomputed(row: Case, at: datetime, touched_at: datetime) -> tuple[Deadline, ...]:
    loaded = load_projected(row)
    history = loaded.history
    _follow_the_rules(history)
    ladder = ladder_from(history)
    wanted = {key_of_due(due): due for due in ladder.dues if due.due is not None}
    stands = [
        _written(history, row, wanted.get(key), standing, key, at)
        for key, standing in _with_new(_by_key(loaded.deadlines), wanted).items()
    ]
    kept = tuple(d for d in stands if d is not None)
    _project(row, history, kept, touched_at)
    ask_what_dates_need(row, history, ladder, loaded.tasks, at)
    keep_stage_tasks(row, history, ladder, loaded.tasks, at)
    return kept


def check_projection(case: Case, at: datetime) -> tuple[Difference, ...]:
    """Compare the stored rows with a fresh computation; on a difference mend the rows and open a task about it once.

    The nightly job calls this. A case that was closed since has its running clocks ended, which is no difference.
    """
    with transaction.atomic():
        row = _locked(case)
        history = load_history(row)
        closed = row.status == CaseStatus.CLOSED
        found = () if closed else tuple(differences(history, row, ladder_from(history)))
        recompute_deadlines(row, at)
        if found:
            days = "; ".join(f"{d.key[2]}: stored {d.stored}, computed {d.computed}" for d in found)
            ask(
                row,
                code=CHECK_TASK,
                title="Check the dates of this case",
                detail=f"A nightly check found stored dates that differ from their computation and corrected them: {days}.",
                due_on=day_of(at, history.zone),
                at=at,
            )
    return found


def dates_of_ended(case: Case, at: datetime) -> None:
    """With a case its dates end, and its stage is that it is closed; when it is opened again, what still counts runs again.

    `case` is the row as its command has locked it.
    """
    _recomputed(case, at, case.last_touched_at)


def dates_without_task(task: Task, at: datetime) -> None:
    """A court is considered as long as the task about it is open: its date goes with it."""
    if task.code.startswith(COURT_TASK):
        recompute_deadlines(task.case, at)


def _locked(case: Case) -> Case:
    row = (
        Case.objects.select_for_update(of=("self",))
        .select_related("patient", "coverage", "owner")
        .filter(pk=case.pk)
        .first()
    )
    if row is None:
        raise NotFound("case")
    return row


def _follow_the_rules(history: History) -> None:
    """Levels that have not ended follow the rules that apply now. A level keeps its place: the second level of what was
    unknown becomes the second level of what is known.
    """
    for appeal in under_other_rules(history):
        appeal.save(update_fields=["regime", "level", "position"])


def under_other_rules(history: History) -> list[Appeal]:
    """The levels for which other rules apply now than those they are recorded with; they have the new ones, not written yet."""
    changed = []
    for appeal in history.appeals:
        rung = _place_of(history, appeal)
        if appeal.status in APPEAL.final or rung is None or rung.is_court:
            continue
        if (rung.regime, rung.key, rung.position) != (appeal.regime, appeal.level, appeal.position):
            appeal.regime, appeal.level, appeal.position = rung.regime, rung.key, rung.position
            changed.append(appeal)
    return changed


def _place_of(history: History, appeal: Appeal) -> Rung | None:
    """The rung of a level under the rules that apply now: the one at its place. One that was opened at once is the external
    review, wherever that stands."""
    found, levels = history.classification, history.levels
    if appeal.beside_id is None:
        return rung_at(found, levels, appeal.position)
    return next((rung for rung in rungs(found, levels) if rung.kind == history.rung(appeal).kind), None)


def key_of_due(due: Due) -> Key:
    """The same of a date that was computed."""
    return (due.subject, due.subject_id, due.clock)


def key_of(row: Deadline) -> Key:
    """What the date hangs on, and which clock of it."""
    for subject in SUBJECTS:
        pk = getattr(row, f"{subject}_id")
        if pk is not None:
            return (subject, pk, row.clock)
    raise AssertionError("a deadline hangs on something")


def _standing(case: Case) -> dict[Key, Deadline]:
    rows = Deadline.objects.filter(case=case).exclude(status=Deadline.Status.SUPERSEDED).order_by("id")
    return _by_key(rows)


def _by_key(rows: Iterable[Deadline]) -> dict[Key, Deadline]:
    return {key_of(row): row for row in rows}


def _with_new(standing: dict[Key, Deadline], wanted: dict[Key, Due]) -> dict[Key, Deadline | None]:
    return {**dict.fromkeys(wanted), **standing}


def _written(
    history: History, case: Case, due: Due | None, row: Deadline | None, key: Key, at: datetime
) -> Deadline | None:
    """The row that stands for a clock after comparing it with what was computed."""
    if due is None:
        assert row is not None
        if row.status == Deadline.Status.RUNNING:
            _end(row, Deadline.Status.ENDED, at, at)
        return row
    columns = columns_of(due, history.zone)
    status = status_of(due, case)
    if row is None:
        new = made_of(case, key, columns, status, due, at)
        new.save(force_insert=True)
        return new
    if same(row, columns):
        if row.status != status:
            _end(row, status, due.ended_at or at, known_since(row, at))
        return row
    new = made_of(case, key, columns, status, due, at, row)
    _end(row, Deadline.Status.SUPERSEDED, at, at)
    new.save(force_insert=True)
    record("deadline_superseded", subject=new, detail=superseded_by(row, new))
    return new


def superseded_by(old: Deadline, new: Deadline) -> dict[str, Any]:
    """What the trail keeps of a date that another took the place of."""
    return {"clock": new.clock, "from": old.due_on, "to": new.due_on, "superseded": old.pk}


def status_of(due: Due, case: Case) -> str:
    """A clock of a closed case does not run."""
    if due.status == RUNNING and case.status == CaseStatus.CLOSED:
        return ENDED
    return due.status


def made_of(
    case: Case,
    key: Key,
    columns: dict[str, Any],
    status: str,
    due: Due,
    at: datetime,
    before: Deadline | None = None,
) -> Deadline:
    """A new row for a clock, not stored yet; `before` is the one whose place it takes."""
    return Deadline(
        case=case,
        **{f"{key[0]}_id": key[1]},
        clock=key[2],
        status=status,
        computed_at=at,
        ended_at=None if status == RUNNING else due.ended_at or at,
        ended_known_at=None if status == RUNNING else known_since(before, at),
        **columns,
    )


def known_since(before: Deadline | None, at: datetime) -> datetime:
    """When it was first recorded that a clock ended: `at`, unless its row said so already. Another reading of how or on which
    day it ended makes nobody learn it anew.
    """
    return (before.ended_known_at if before is not None else None) or at


def _end(row: Deadline, status: str, ended_at: datetime, known_at: datetime) -> None:
    row.status = status
    row.ended_at, row.ended_known_at = (None, None) if status == RUNNING else (ended_at, known_at)
    row.save(update_fields=["status", "ended_at", "ended_known_at"])


def columns_of(due: Due, zone: str) -> dict[str, Any]:
    """What is stored of a date that was computed."""
    on = day_of(due.due, zone)
    assert on is not None
    return {
        "title": due.title[:160],
        "side": due.side,
        "due_on": on,
        "due_at": due.due if isinstance(due.due, datetime) else None,
        "statutory_on": day_of(due.statutory, zone),
        "safe_on": due.safe,
        "stated_on": due.stated,
        "permissive_on": day_of(due.permissive, zone),
        "own_on": on if due.law else None,
        "law_on": due.law,
        "own_reason": due.own_reason,
        "regime": due.regime,
        "rule": due.rule,
        "rule_version": due.version,
        "citation": due.citation,
        "confidence": due.confidence,
        "arithmetic": list(due.arithmetic),
        "flags": [flag.code for flag in due.flags],
        "if_missed": due.if_missed,
    }


def same(row: Deadline, columns: dict[str, Any]) -> bool:
    """Whether a stored date is as it is computed now, in all that is stored of it."""
    return all(getattr(row, name) == value for name, value in columns.items())


def _project(case: Case, history: History, rows: Iterable[Deadline], touched_at: datetime) -> None:
    values = {"next_deadline_on": next_of(rows), "stage": stage_of(history), "last_touched_at": touched_at}
    changed = [name for name, value in values.items() if getattr(case, name) != value]
    for name in changed:
        setattr(case, name, values[name])
    if changed:
        case.save(update_fields=changed)


def next_of(rows: Iterable[Deadline]) -> date | None:
    """The patient's earliest running legal date; where none runs, the other side's."""
    legal = [d for d in rows if d.status == Deadline.Status.RUNNING and not d.is_courtesy]
    ours = [d.due_on for d in legal if d.side == CLAIMANT]
    return min(ours or [d.due_on for d in legal], default=None)


def differences(
    history: History, case: Case, ladder: Ladder, rows: Iterable[Deadline] | None = None
) -> Iterable[Difference]:
    """The stored rows that are not what the ladder, computed from the history, says. Nothing is written. `rows` are those of the
    case that are not superseded, where somebody has them.
    """
    wanted = {key_of_due(due): due for due in ladder.dues if due.due is not None}
    standing = _standing(case) if rows is None else _by_key(rows)
    for key in sorted({*wanted, *standing}):
        due, row = wanted.get(key), standing.get(key)
        stored = f"{row.due_on} {row.status}" if row else "nothing"
        if due is None:
            if row is not None and row.status == Deadline.Status.RUNNING:
                yield Difference(key, stored, "nothing")
            continue
        columns = columns_of(due, history.zone)
        if row is None or not same(row, columns) or row.status != status_of(due, case):
            yield Difference(key, stored, f"{columns['due_on']} {due.status}")
