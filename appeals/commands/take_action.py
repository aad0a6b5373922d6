"""One form for what follows a look at a case: a note, a task, when to look again, and who works it. All of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason, Refused
from advocacy.people.models import Membership
from appeals.commands.sharing import Moved
from cases.commands.cases import assign_case, assign_cases
from cases.commands.communications import write_note
from cases.commands.tasks import hold_task, open_task
from cases.models import Case
from cases.workflow import CaseStatus

LOOK_AGAIN = "Look at this case again"


@dataclass(frozen=True)
class Wishes:
    """What was filled in. `wake_at` (aware) puts the task to sleep until then; `assign` says whether `owner` is meant."""

    note: str = ""
    note_for_patient: bool = False
    task_title: str = ""
    task_due_on: date | None = None
    wake_at: datetime | None = None
    assign: bool = False
    owner: Membership | None = None


# Which field of the one form a reason of a command belongs to.
_FIELDS = {
    "note": {"body": "note"},
    "task": {"title": "task_title", "due_on": "task_due_on", "owner": "task_title"},
    "wake": {"hold_until": "wake_on"},
    "assign": {"owner": "owner"},
}


def take_action(*, actor: Actor, case: Case, wishes: Wishes, at: datetime) -> tuple[str, ...]:
    """Do everything that was filled in, in one transaction; returns what was done, as codes (note, task, wake, assign).

    Raises NotAllowed and NotFound as the single commands do, and Refused with the reasons of all of them together.
    """
    require(actor, Permission.WRITE_NOTE, case)
    wake_only = wishes.wake_at is not None and not wishes.task_title.strip()
    title = LOOK_AGAIN if wake_only else wishes.task_title.strip()
    changes_owner = wishes.assign and (wishes.owner.pk if wishes.owner else None) != case.owner_id
    if not (wishes.note.strip() or title or changes_owner):
        raise Refused(
            [
                Reason(
                    "nothing_chosen", "Fill in at least one of: a note, a task, a date to wake up, an owner."
                )
            ]
        )
    done: list[str] = []
    reasons: list[Reason] = []

    def attempt(step: str, act: Callable[[], Any]) -> Any:
        """Run one part; its refusal is kept beside those of the others."""
        try:
            with transaction.atomic():
                result = act()
        except Refused as refusal:
            known = _FIELDS[step]
            reasons.extend(replace(r, field=known.get(r.field or "", r.field)) for r in refusal.reasons)
            return None
        done.append(step)
        return result

    with transaction.atomic():
        if changes_owner:
            attempt("assign", lambda: assign_case(actor=actor, case=case, owner=wishes.owner, at=at))
            if "assign" in done:
                case.refresh_from_db(fields=["owner", "team", "version"])
        if wishes.note.strip():
            attempt(
                "note",
                lambda: write_note(
                    actor=actor, case=case, body=wishes.note, for_patient=wishes.note_for_patient, at=at
                ),
            )
        if title:
            task = attempt(
                "task",
                lambda: open_task(actor=actor, case=case, title=title, due_on=wishes.task_due_on, at=at),
            )
            if task is not None and wishes.wake_at is not None:
                attempt(
                    "wake",
                    lambda: hold_task(actor=actor, task=task, until=wishes.wake_at, reason="", at=at),
                )
        if reasons:
            raise Refused(reasons)
    return tuple(done)


# -- many cases to one colleague ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Planned:
    """What assigning would do to one case: from whom, or the reason why it is left out."""

    case: Case
    before: str
    refusal: Reason | None


def plan_assignment(*, actor: Actor, cases: Sequence[Case], owner: Membership | None) -> tuple[Planned, ...]:
    """The effect of `assign_cases`, case by case, with nothing changed. Raises NotAllowed."""
    require(actor, Permission.ASSIGN_CASE)
    planned = []
    for case in cases:
        refusal = None
        if case.status == CaseStatus.CLOSED:
            refusal = Reason("case_closed", "The case is closed. Reopen it to give it to somebody.")
        elif case.owner_id == (owner.pk if owner else None):
            refusal = Reason("same_owner", "It is already so. Nothing needs to be done.")
        elif owner is None and case.is_restricted:
            refusal = Reason(
                "restricted_needs_owner", "A restricted case needs an owner, or nobody opens it."
            )
        planned.append(Planned(case, str(case.owner.user) if case.owner else "", refusal))
    return tuple(planned)


def assign_planned(
    *, actor: Actor, planned: Sequence[Planned], owner: Membership | None, at: datetime
) -> tuple[Moved, ...]:
    """Assign the cases without a refusal: all of them or none. Returns what was done, as `sharing.take_back` needs it."""
    possible = [p.case for p in planned if p.refusal is None]
    if not possible:
        raise Refused(
            [
                Reason(
                    "nothing_to_assign",
                    "None of these cases can be given to this person. Choose somebody else, or other cases.",
                )
            ]
        )
    before = {case.pk: case.owner_id for case in possible}
    done = assign_cases(actor=actor, cases=possible, owner=owner, at=at)
    to = owner.pk if owner else None
    return tuple(Moved(row, before[row.pk], to, row.version) for row in done)
