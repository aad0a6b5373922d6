"""A denial that was taken in by mistake: set aside with its reason, and taken up again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.commands.checks import locked_case_of, refuse
from appeals.commands.denials import finish, still_as_seen
from appeals.models import Denial
from appeals.queries.doubtful import stands_elsewhere
from cases.commands.documents import show_to_patient


def set_aside_denial(
    *,
    actor: Actor,
    denial: Denial,
    why: str,
    note: str = "",
    at: datetime,
    expected_version: int | None = None,
) -> Denial:
    """A denial that was taken in by mistake counts for nothing any more; it stays with its letter, which the patient does
    not see, unless a confirmed denial or a decision rests on it too. `why` is one of Denial.SetAside; OTHER needs a note.

    Raises WrongState (confirmed already, set aside already, changed meanwhile), Refused.
    """
    require(actor, Permission.RECORD_DENIAL, denial)
    reasons = []
    if why not in Denial.SetAside.values:
        reasons.append(Reason("why_missing", "Choose why it does not belong here.", "why"))
    if why == Denial.SetAside.OTHER and not note.strip():
        reasons.append(Reason("note_missing", "Say why in a few words.", "note"))
    with transaction.atomic():
        case = locked_case_of(denial)
        row = Denial.objects.select_for_update(of=("self",)).select_related("letter").get(pk=denial.pk)
        if row.confirmed_at is not None:
            raise WrongState(
                "set aside",
                "confirmed",
                "This denial is confirmed: its clocks run. Correct its facts instead.",
            )
        still_as_seen(row, "set aside", expected_version)
        refuse(reasons)
        _mark_aside(row, at, actor.user_id, why, note.strip())
        if row.letter is not None and row.letter.for_patient and not stands_elsewhere(row):
            show_to_patient(actor=actor, document=row.letter, shown=False, at=at)
        record("denial_set_aside", subject=row, detail={"why": why})
        finish(case, at)
    return row


def take_up_denial(*, actor: Actor, denial: Denial, at: datetime) -> Denial:
    """A denial that was set aside counts again, unconfirmed as it was. Raises WrongState when it is not set aside."""
    require(actor, Permission.RECORD_DENIAL, denial)
    with transaction.atomic():
        case = locked_case_of(denial)
        row = Denial.objects.select_for_update().get(pk=denial.pk)
        if row.set_aside_at is None:
            raise WrongState("take up", "standing", "This denial is not set aside.")
        _mark_aside(row, None, None, "", "")
        record("denial_taken_up", subject=row)
        finish(case, at)
    return row


def _mark_aside(row: Denial, at: datetime | None, user_id: int | None, why: str, note: str) -> None:
    row.set_aside_at, row.set_aside_by_id, row.set_aside_why, row.set_aside_note = at, user_id, why, note
    row.version += 1
    row.save(update_fields=["set_aside_at", "set_aside_by", "set_aside_why", "set_aside_note", "version"])
