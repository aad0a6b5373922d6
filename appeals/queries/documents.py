"""By when the plan sends what it was asked for in writing."""

from __future__ import annotations

from dataclasses import replace

from appeals.dues import ENDED, MET, MISSED, Due, documents_due, passed
from appeals.facts import History, documents_facts
from appeals.models import DocumentRequest


def due_of_documents(history: History, row: DocumentRequest) -> Due | None:
    """The plan's time on one request, until the documents came or it was taken back; None where no rule gives one."""
    title = f"{row.get_asked_display()}: the plan sends it"
    due = documents_due(history.classification, documents_facts(history, row), subject_id=row.pk, title=title)
    if due is None or row.is_open:
        return due
    if row.answered_at is None:
        return replace(due, status=ENDED, ended_at=row.withdrawn_at)
    late = passed(due.due, row.answered_at, history.zone)
    return replace(due, status=MISSED if late else MET, ended_at=row.answered_at)


def dues_of_documents(history: History) -> tuple[Due, ...]:
    """The same of every request of the case, oldest first."""
    found = (due_of_documents(history, row) for row in history.documents)
    return tuple(due for due in found if due is not None)
