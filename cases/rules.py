"""Facts of the work, as rules: each returns None or the Reason it is not so. Pure: no Django, no queries.

A rule gets the row and the facts of the step; what has to be looked up, the command looks up and passes in the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from advocacy.errors import Reason

Facts = Mapping[str, Any]


def nothing_is_open(case: Any, facts: Facts) -> Iterable[Reason]:
    """A case closes when no app has an obstacle: `facts["obstacles"]` are all of them, each with its own sentence."""
    return tuple(facts.get("obstacles", ()))


def closing_has_an_outcome(case: Any, facts: Facts) -> Reason | None:
    if facts["changes"].get("outcome"):
        return None
    return Reason("outcome_missing", "Choose how the case ended.", "outcome")


def reopening_has_a_reason(case: Any, facts: Facts) -> Reason | None:
    return (
        None
        if facts.get("reason")
        else Reason("reason_missing", "Say why the case is opened again.", "reason")
    )


def what_it_waits_for_is_done(task: Any, facts: Facts) -> Reason | None:
    """`facts["waits_for_open"]` is true while the task this one waits for is not finished."""
    if facts.get("waits_for_open"):
        return Reason("waits_for_other", "This waits for another task. Finish that one first.")
    return None


def checklist_is_complete(task: Any, facts: Facts) -> Reason | None:
    left = [item["label"] for item in (task.checklist or []) if not item.get("done")]
    if left:
        return Reason("checklist_open", f"Still to tick: {'; '.join(left)}.", "checklist")
    return None


def ending_has_a_reason(task: Any, facts: Facts) -> Reason | None:
    return None if facts["changes"].get("end_note") else Reason("reason_missing", "Say why.", "end_note")


def hold_has_a_wake_up(task: Any, facts: Facts) -> Iterable[Reason]:
    """A hold without a wake-up in the future is how work is forgotten."""
    until = facts["changes"].get("hold_until")
    if until is None:
        return (Reason("wake_up_missing", "Say when this wakes up.", "hold_until"),)
    if until <= facts["at"]:
        return (Reason("wake_up_past", "The wake-up must be in the future.", "hold_until"),)
    return ()


def early_wake_has_a_reason(task: Any, facts: Facts) -> Reason | None:
    """A hold that ran out needs no reason; one that is ended early does."""
    if facts["at"] >= task.hold_until or facts["changes"].get("woken_reason"):
        return None
    return Reason("reason_missing", "Say why the hold ends early.", "woken_reason")
