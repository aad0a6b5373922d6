"""A level of appeal on its way: forwarded, received, withdrawn, not pursued, or passed by.

Drafting is in `drafts`, filing in `filings`; both are offered here too, so that a page about a level needs one module.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from advocacy.access.policy import Actor, require
from advocacy.errors import Reason
from appeals.commands.checks import guards_of, locked_case_of, refuse, today_of
from appeals.commands.deadlines import follow_act
from appeals.commands.drafts import (
    preview_packet,
    save_draft,
    set_exhibits,
    set_expedited,
    start_draft,
)
from appeals.commands.filings import add_proof, file_appeal, file_orally
from appeals.models import Appeal
from appeals.queries.beside import withdrawing_lacks
from appeals.queries.choices import NOT_PURSUED, choice_of_level
from appeals.queries.history import load_history
from appeals.queries.ladder import filing_of
from appeals.workflow import APPEAL

__all__ = [
    "add_proof",
    "decline_level",
    "file_appeal",
    "file_orally",
    "lapse_level",
    "preview_packet",
    "receive_appeal",
    "record_forwarding",
    "save_draft",
    "set_exhibits",
    "set_expedited",
    "start_draft",
    "withdraw_appeal",
]


def record_forwarding(*, actor: Actor, appeal: Appeal, forwarded_at: datetime | None, at: datetime) -> Appeal:
    """Record that the plan sent the case on by itself. Raises WrongState, Refused with every reason."""
    with transaction.atomic():
        case = _opened(actor, appeal, "forward")
        history = load_history(case)
        row = _row(appeal)
        facts = {"opened_by": "forwarding" if history.rung(row).may_be_forwarded else "filing"}
        changes = {"forwarded_at": forwarded_at}
        given = {"at": at, "actor": actor, "changes": changes} | facts
        previous = history.previous(row)
        reasons: list[Reason] = []
        if previous and previous.decided_at and forwarded_at:
            decision = history.decisions.get(previous.pk)
            before = previous.filed_at if decision and decision.is_deemed else previous.decided_at
            if before and forwarded_at < before:
                reasons.append(
                    Reason(
                        "forwarded_too_early",
                        "The case cannot have been forwarded before the level below ended.",
                        "forwarded_at",
                    )
                )
        refuse([*guards_of(APPEAL, "forward", row, given), *reasons])
        done = _taken("forward", actor, appeal, at, changes, facts, row)
        _finish(case, at)
    return done


def receive_appeal(*, actor: Actor, appeal: Appeal, received_at: datetime | None, at: datetime) -> Appeal:
    """Record when it reached the decision maker: the time to decide runs from here. Raises WrongState, Refused."""
    with transaction.atomic():
        case = _opened(actor, appeal, "receive")
        done = _taken("receive", actor, appeal, at, {"received_at": received_at}, {})
        _finish(case, at)
    return done


def withdraw_appeal(*, actor: Actor, appeal: Appeal, reason: str, at: datetime) -> Appeal:
    """Take a level back. Raises WrongState, Refused without a reason, or while an urgent review beside it stands on it."""
    return _end("withdraw", actor, appeal, reason, at)


def decline_level(*, actor: Actor, appeal: Appeal, reason: str, at: datetime) -> Appeal:
    """End a level that was not filed, as the patient chose. Raises WrongState, Refused without a reason or that choice."""
    choice = choice_of_level(appeal)
    chosen = choice is not None and choice.kind in NOT_PURSUED
    return _end("decline", actor, appeal, reason, at, not_pursued=chosen)


def lapse_level(*, actor: Actor, appeal: Appeal, reason: str = "", at: datetime) -> Appeal:
    """Record that the window passed unused: its last arguable day lies behind. Raises WrongState, Refused while it runs."""
    with transaction.atomic():
        case = _opened(actor, appeal, "lapse")
        history = load_history(case)
        row = _row(appeal)
        facts = {"window_end": filing_of(history, row).last_day, "today": today_of(case, at)}
        done = _taken("lapse", actor, appeal, at, {"end_reason": reason.strip()}, facts, row)
        _finish(case, at)
    return done


def _opened(actor: Actor, appeal: Appeal, step: str) -> Any:
    require(actor, APPEAL.step(step, appeal.workflow_version).permission, appeal)
    return locked_case_of(appeal)


def _row(appeal: Appeal) -> Appeal:
    return Appeal.objects.select_for_update().get(pk=appeal.pk)


def _taken(
    step: str,
    actor: Actor,
    appeal: Appeal,
    at: datetime,
    changes: dict[str, Any],
    facts: dict[str, Any],
    held: Appeal | None = None,
) -> Appeal:
    return APPEAL.take(step, appeal, actor=actor, at=at, changes=changes, facts=facts, held=held)


def _end(step: str, actor: Actor, appeal: Appeal, reason: str, at: datetime, **facts: Any) -> Appeal:
    reason = reason.strip()
    with transaction.atomic():
        case = _opened(actor, appeal, step)
        if step == "withdraw":
            facts["beside_lacks"] = tuple(withdrawing_lacks(load_history(case), appeal))
        done = _taken(step, actor, appeal, at, {"end_reason": reason}, {"reason": reason} | facts)
        _finish(case, at)
    return done


def _finish(case: Any, at: datetime) -> None:
    follow_act(case, at)
