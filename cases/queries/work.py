"""The work on a case as it is shown: tasks, contacts and their promises, notes, money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case as Choose
from django.db.models import QuerySet, Value, When
from django.utils import timezone

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people.models import Membership
from advocacy.tenancy.sealing import blind_index
from cases.models import Case, Communication, Cost, Note, Task, Triage
from cases.workflow import TaskStatus

ENDED = (TaskStatus.DONE, TaskStatus.CANCELLED)
TONES = {"done": "good", "cancelled": "", "held": "warn", "open": ""}


@dataclass(frozen=True)
class TaskShown:
    """A task as the components show it. `state` is what it is now: a hold that has run out reads as open."""

    task: Task
    title: str
    state: str
    state_label: str
    tone: str
    due: date | None
    days_left: int | None
    owner: str
    waits_for: str
    held_until: datetime | None
    held_reason: str
    woke_at: datetime | None
    checklist: tuple[dict[str, Any], ...]
    done: bool

    @property
    def left_to_tick(self) -> int:
        return sum(not line.get("done") for line in self.checklist)


def task_shown(task: Task, at: datetime) -> TaskShown:
    """How `task` (owner and what it waits for joined) stands at `at`; days count in the active time zone."""
    state = state_at(task, at)
    woke = task.hold_until if state == TaskStatus.OPEN and task.status == TaskStatus.HELD else None
    waits = task.waits_for if task.waits_for and task.waits_for.status not in ENDED else None
    label = "" if state == "open" and not woke else "Woken up" if woke else TaskStatus(state).label
    return TaskShown(
        task=task,
        title=task.title,
        state=state,
        state_label=label,
        tone="info" if woke else TONES[state],
        due=task.due_on,
        days_left=(task.due_on - timezone.localdate(at)).days if task.due_on else None,
        owner=str(task.owner.user) if task.owner else "",
        waits_for=waits.title if waits and state not in ENDED else "",
        held_until=task.hold_until if state == TaskStatus.HELD else None,
        held_reason=task.hold_reason if state == TaskStatus.HELD else "",
        woke_at=woke,
        checklist=tuple(task.checklist or ()),
        done=state in ENDED,
    )


def state_at(task: Task, at: datetime) -> str:
    """The state at `at`: a hold ends at its wake-up, whether or not the job has come by."""
    if task.status == TaskStatus.HELD and task.hold_until is not None and task.hold_until <= at:
        return TaskStatus.OPEN.value
    return str(task.status)


def tasks_of(actor: Actor, case: Case) -> QuerySet[Task]:
    """The tasks of a case: open, held, then ended; by due date, the undated last."""
    order = Choose(
        When(status=TaskStatus.OPEN, then=Value(0)),
        When(status=TaskStatus.HELD, then=Value(1)),
        default=Value(2),
    )
    return (
        Task.objects.filter(visible(actor, Task), case=case)
        .select_related("owner__user", "waits_for")
        .order_by(order, "due_on", "pk")
    )


def standing_tasks_of(actor: Actor, case: Case, *, other_than: Task | None = None) -> list[Task]:
    """Tasks of the case that have not ended, which another may wait for."""
    rows = tasks_of(actor, case).exclude(status__in=ENDED)
    return list(rows.exclude(pk=other_than.pk) if other_than else rows)


def get_task(actor: Actor, case: Case, public_id: UUID) -> Task:
    """A task of this case with owner, case and what it waits for. Raises NotFound when absent or invisible."""
    task = (
        Task.objects.filter(visible(actor, Task), case=case, public_id=public_id)
        .select_related("owner__user", "waits_for", "case")
        .first()
    )
    if task is None:
        raise NotFound("task")
    return task


def own_membership(actor: Actor) -> Membership | None:
    """The membership somebody acts under; None for the program itself."""
    if actor.membership_id is None:
        return None
    return Membership.objects.filter(pk=actor.membership_id).select_related("user").first()


def communications_of(
    actor: Actor, case: Case, *, channel: str = "", direction: str = "", party: str = "", reference: str = ""
) -> QuerySet[Communication]:
    """The log of a case as it stands, with who logged what; unordered, so that a list can page it by key.

    A corrected entry is left out: it is found behind the one that took its place. `reference` is a whole reference number,
    found through its blind index, in any spelling that the index takes for the same.
    """
    rows = Communication.objects.filter(visible(actor, Communication), case=case, superseded_at=None)
    wanted = {"channel": channel, "direction": direction, "party": party}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if reference:
        rows = rows.filter(reference_number_index=blind_index(actor.organization_id, reference))
    return rows.select_related("logged_by", "corrects")


def get_communication(actor: Actor, case: Case, public_id: UUID) -> Communication:
    """An entry of this case's log, corrected or not, with its case. Raises NotFound when absent or invisible."""
    entry = (
        Communication.objects.filter(visible(actor, Communication), case=case, public_id=public_id)
        .select_related("case__patient", "logged_by", "corrects")
        .first()
    )
    if entry is None:
        raise NotFound("communication")
    return entry


def corrected_by(actor: Actor, entry: Communication) -> Communication | None:
    """The entry that took the place of this one."""
    rows = Communication.objects.filter(visible(actor, Communication), corrects=entry)
    return rows.select_related("logged_by").first()


def promises_missed(actor: Actor, case: Case, on: date) -> list[Communication]:
    """Promises whose day is before `on` and that nobody recorded as kept, the oldest first; broken ones included."""
    rows = communications_of(actor, case).filter(promised_by__lt=on).exclude(promise_kept=True)
    return list(rows.order_by("promised_by", "pk"))


def notes_of(actor: Actor, case: Case) -> QuerySet[Note]:
    """The notes of a case with their authors; unordered, so that a list can page them by key."""
    return Note.objects.filter(visible(actor, Note), case=case).select_related("written_by")


def triages_of(actor: Actor, case: Case) -> list[Triage]:
    """Every triage of the case with who did it, newest first."""
    rows = Triage.objects.filter(visible(actor, Triage), case=case).select_related("triaged_by")
    return list(rows.order_by("-triaged_at", "-pk")[:50])


@dataclass(frozen=True)
class Money:
    """The figures that stand, each of its own kind, and all that stood before. There is no total."""

    at_stake: Cost | None
    patient_savings: Cost | None
    plan_dollars: Cost | None
    history: tuple[Cost, ...]


def money_of(actor: Actor, case: Case) -> Money:
    """The money of a case, the history newest first."""
    rows: Iterable[Cost] = (
        Cost.objects.filter(visible(actor, Cost), case=case)
        .select_related("recorded_by")
        .order_by("-recorded_at", "-pk")
    )
    every = tuple(rows)
    standing = {cost.kind: cost for cost in every if cost.superseded_at is None}
    return Money(
        at_stake=standing.get(Cost.Kind.AT_STAKE),
        patient_savings=standing.get(Cost.Kind.PATIENT_SAVINGS),
        plan_dollars=standing.get(Cost.Kind.PLAN_DOLLARS),
        history=every,
    )


def at_stake(case: Case) -> Decimal | None:
    """The money at stake as it stands, in US dollars; None where nobody recorded it. Asked by rules, not by people."""
    current = Cost.objects.filter(case=case, kind=Cost.Kind.AT_STAKE, superseded_at=None).first()
    return current.amount if current else None
