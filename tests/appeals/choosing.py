"""A choice of the patient as tests record it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from appeals.commands.choices import ChoiceInput, record_choice
from appeals.models import Choice


def choice(kind: str = "not_to_appeal", **given: Any) -> ChoiceInput:
    """A complete one, with some of its values replaced."""
    values: dict[str, Any] = {
        "kind": kind,
        "advised_by": "Dr. Osei, treating psychiatrist",
        "agreed_by": "patient",
        "agreed_way": "call",
        "agreed_on": date(2026, 4, 8),
        "why": "Dana is tired of it.",
    }
    return ChoiceInput(**(values | given))


def choose(actor: Any, denial: Any, kind: str, *, at: datetime, decision: Any = None, **given: Any) -> Choice:
    return record_choice(actor=actor, denial=denial, decision=decision, given=choice(kind, **given), at=at)
