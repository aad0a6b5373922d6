"""Task templates: kinds of work with their checklists, kept as data. No Django."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "task_templates.json"


@dataclass(frozen=True)
class ChecklistLine:
    key: str
    label: str


@dataclass(frozen=True)
class TaskTemplate:
    """`due_days` are calendar days from the day the task is opened; never a legal deadline."""

    key: str
    title: str
    detail: str
    due_days: int
    checklist: tuple[ChecklistLine, ...]


@cache
def task_templates() -> dict[str, TaskTemplate]:
    """All templates by key, in the order of the file."""
    read = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        raw["key"]: TaskTemplate(
            key=raw["key"],
            title=raw["title"],
            detail=raw["detail"],
            due_days=raw["due_days"],
            checklist=tuple(ChecklistLine(line["key"], line["label"]) for line in raw["checklist"]),
        )
        for raw in read["templates"]
    }
