"""A level opens: the first after a confirmed denial, the next after a decision that leaves something refused."""

from __future__ import annotations

from datetime import datetime

from advocacy.audit.trail import record
from appeals.commands.follow_ups import consider_court
from appeals.models import Appeal, Denial
from appeals.queries.history import levels_completed, load_history
from appeals.rungs import Rung, first_position, next_position, rung_at
from cases.models import Case


def open_first_level(case: Case, denial: Denial, at: datetime) -> Appeal:
    """Open the level after a denial: the first, or the one after the internal levels finished before the case came here."""
    history = load_history(case)
    position = first_position(history.classification, history.levels, levels_completed(case))
    rung = rung_at(history.classification, history.levels, position)
    assert rung is not None and not rung.is_court, "every set of rules has a level after its internal ones"
    request = history.request(denial.request_id)
    return _opened(case, denial, None, rung, is_expedited=request.is_urgent, at=at)


def open_next_level(case: Case, appeal: Appeal, *, deemed: bool, at: datetime) -> Appeal | None:
    """Open the level after a decided one. Above the last level before a court there is a task instead, and None.

    Silence that exhausts the internal steps skips those that are left (29 CFR 2560.503-1(l)).
    """
    history = load_history(case)
    rung = history.rung(appeal)
    skip = deemed and bool(rung.levels) and set(rung.silence) == {"deemed_exhaustion"}
    position = next_position(history.classification, history.levels, rung, skip_plan=skip)
    following = rung_at(history.classification, history.levels, position)
    if following is None or following.is_court:
        consider_court(history, appeal, at)
        return None
    return _opened(case, appeal.denial, appeal, following, is_expedited=appeal.is_expedited, at=at)


def _opened(
    case: Case, denial: Denial, previous: Appeal | None, rung: Rung, *, is_expedited: bool, at: datetime
) -> Appeal:
    level = Appeal.objects.create(
        case=case,
        denial=denial,
        previous=previous,
        regime=rung.regime,
        level=rung.key,
        position=rung.position,
        is_expedited=is_expedited,
        opened_at=at,
    )
    record(
        "level_opened",
        subject=level,
        detail={"regime": rung.regime, "level": rung.key, "position": rung.position},
    )
    return level
