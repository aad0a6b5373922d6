"""Task templates as an organization has them: the packaged ones, its own versions of them, and its own."""

from __future__ import annotations

from dataclasses import dataclass

from cases.models import OwnTaskTemplate
from cases.task_templates import ChecklistLine, TaskTemplate, task_templates


@dataclass(frozen=True)
class Listed:
    """One template on the organization's list. `own` has a row of the organization's; `packaged` came with the program."""

    template: TaskTemplate
    own: bool
    packaged: bool
    retired: bool


def templates_listed() -> list[Listed]:
    """All templates of the scope's organization: packaged ones in their order, then its own by title. One statement."""
    rows = {row.key: row for row in OwnTaskTemplate.objects.order_by("title", "id")}
    packaged = task_templates()
    found = []
    for key, template in packaged.items():
        row = rows.pop(key, None)
        found.append(
            Listed(_of(row), True, True, row.retired_at is not None)
            if row
            else Listed(template, False, True, False)
        )
    return [*found, *(Listed(_of(row), True, False, row.retired_at is not None) for row in rows.values())]


def templates_in_use() -> dict[str, TaskTemplate]:
    """What may be chosen for a new task, by key."""
    return {item.template.key: item.template for item in templates_listed() if not item.retired}


def templates_known() -> dict[str, TaskTemplate]:
    """All templates by key, retired ones too. One statement."""
    return {item.template.key: item.template for item in templates_listed()}


def template_known(key: str) -> TaskTemplate | None:
    """The template of this key, retired or not: what a rule opens does not ask what is offered by hand."""
    row = OwnTaskTemplate.objects.filter(key=key).first()
    return _of(row) if row else task_templates().get(key)


def _of(row: OwnTaskTemplate) -> TaskTemplate:
    return TaskTemplate(
        key=row.key,
        title=row.title,
        detail=row.detail,
        due_days=row.due_days,
        checklist=tuple(ChecklistLine(line["key"], line["label"]) for line in row.checklist),
    )
