"""Tasks that a rule or a stage opens on cases whose tasks it has read: on one, or on many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from advocacy.audit.trail import record_many
from advocacy.people.queries import working_members
from advocacy.tenancy.kept import Kept, kept
from advocacy.tenancy.plans import any_of
from cases.commands.tasks import fresh_checklist
from cases.models import Case, Task
from cases.task_templates import TaskTemplate


@dataclass(frozen=True)
class Raised:
    """What one case's owner is asked, as the arguments of `open_task` say it. Title and detail hold no patient data."""

    case: Case
    code: str
    title: str
    detail: str
    due_on: date | None
    opened_by: Task.OpenedBy = Task.OpenedBy.RULE
    template: TaskTemplate | None = None
    circumstances: str = ""
    waits_for: Task | None = None


_MEMBERS = [-7_106]
_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)


@cache
def _there() -> Kept:
    """Which of some members work here at a moment: asked with each task, its text is made once."""
    rows = working_members(_MOMENT).filter(any_of("id", _MEMBERS)).order_by()
    return kept(lambda: rows.values_list("pk"), {"at": _MOMENT, "members": _MEMBERS})


def raise_tasks(wanted: Sequence[Raised], at: datetime) -> list[Task]:
    """Open them all, as `open_task` would one by one; returns them in their order. The cases are open and locked by the caller,
    and have no open task of such a code.

    A task belongs to the case's owner; where the owner has left, to nobody until the case is handed on. Nobody worked on the
    cases, so they are not touched. Three statements; none where nothing is wanted.
    """
    if not wanted:
        return []
    owners = {one.case.owner_id for one in wanted if one.case.owner_id is not None}
    there = {pk for (pk,) in _there().rows({"at": at, "members": sorted(owners)})} if owners else set()
    made = Task.objects.bulk_create(
        Task(
            case_id=one.case.pk,
            code=one.code,
            circumstances=one.circumstances,
            template=one.template.key if one.template else "",
            title=one.title.strip(),
            detail=one.detail.strip(),
            checklist=fresh_checklist(one.template),
            opened_by=one.opened_by,
            owner_id=one.case.owner_id if one.case.owner_id in there else None,
            due_on=one.due_on,
            waits_for=one.waits_for,
            opened_at=at,
        )
        for one in wanted
    )
    told = [{"code": t.code, "template": t.template, "by": str(t.opened_by)} for t in made]
    record_many("task_raised", zip(made, told, strict=True))
    return made
