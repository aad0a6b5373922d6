"""Six named lists that the apps above fill when they are ready; the core reads them and knows none of the apps.

Closing a case asks every app for obstacles, a leaver's things are re-homed by every app, a hold of any app stops deletion,
an export gathers from all, reporting adds figures, and kept forms name their case. No signals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from advocacy.errors import Reason


@dataclass(frozen=True)
class ReHoming:
    """One kind of thing somebody may leave behind when a membership ends.

    `owned()` is a queryset of all rows of the scope's organization that are still open; `by` is the lookup that leads from
    a row to its owner, and `by_user` says whether that is a user or a membership. `move(member=, to=, actor=, at=)` hands
    the member's rows on to the memberships `to` in turn (empty: to nobody), or ends them, and returns how many.
    `handed_on` says whether a receiver is chosen at all; then `permission` is what a receiver's role must hold, and
    `named` that one person must be named (a restricted case is never left to a queue).
    """

    key: str
    title: str
    owned: Callable[[], Any]
    by: str
    move: Callable[..., int]
    by_user: bool = False
    handed_on: bool = False
    permission: str = ""
    named: bool = False


obstacles_to_closing: list[Callable[[Any], Iterable[Reason]]] = []
holds_on_deletion: list[Callable[[Any], Iterable[Reason]]] = []
"""Of a patient (None: of the whole organization), why nothing may be deleted now. The database asks the same for each row."""
re_homing: list[ReHoming] = []
export: list[Callable[[Any], Iterable[Any]]] = []
"""Of a patient, the parts of `advocacy.people.export` that an app holds."""
cases_of_forms: list[Callable[[Any, Iterable[str]], dict[str, Any]]] = []
"""From an actor and keys of kept forms to the cases they are about (`pk`, `reference`), of those the actor may open."""


@dataclass(frozen=True)
class FigureQuestion:
    """What a page asks of figures about decided cases: `key` is "precedent" or "usual_time".

    `level` is "" while a request is awaited; `diagnosis` an ICD-10-CM code; the case itself is left out of the answer.
    """

    key: str
    case_id: int
    level: str = ""
    regime: str = ""
    treatment: str = ""
    diagnosis: str = ""
    payer_id: int | None = None
    is_urgent: bool = False


figures: list[Callable[[FigureQuestion], dict[str, Any]]] = []
"""Answers of reporting to such a question, by name; None under a name where nothing may be told."""


def figures_about(question: FigureQuestion) -> dict[str, Any]:
    """All answers together; empty where no reporting is installed."""
    found: dict[str, Any] = {}
    for answer in figures:
        found |= answer(question)
    return found
