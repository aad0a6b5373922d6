"""A level opens: the first after a confirmed denial, the next after a decision that leaves something refused, and one that was
decided when the case comes back to it."""

from __future__ import annotations

from datetime import datetime

from advocacy.audit.trail import record
from appeals.commands.follow_ups import consider_court
from appeals.facts import History
from appeals.models import Appeal, Denial
from appeals.queries.beside import standing_there
from appeals.queries.history import completed_in, levels_in, load_history
from appeals.queries.lookup import said_of
from appeals.regimes.classifier import classify
from appeals.rungs import Rung, first_position, rung_after, rung_at, rung_of
from appeals.workflow import AppealStatus
from cases.models import Case


def open_first_level(case: Case, denial: Denial, at: datetime) -> Appeal:
    """Open the level after a denial: the first, or the one after the internal levels finished before the case came here."""
    said = said_of(case)
    found, levels = classify(said), levels_in(said)
    rung = rung_at(found, levels, first_position(found, levels, completed_in(said)))
    assert rung is not None and not rung.is_court, "every set of rules has a level after its internal ones"
    request = denial.request
    ahead = request.timing != request.Timing.POST_SERVICE
    return open_level(case, denial, rung, is_expedited=request.is_urgent and ahead, at=at)


def open_level(case: Case, denial: Denial, rung: Rung, *, is_expedited: bool, at: datetime) -> Appeal:
    """Open the level that contests a denial, with none before it in the case."""
    return _opened(case, denial, None, rung, is_expedited=is_expedited, at=at)


def open_next_level(history: History, appeal: Appeal, *, deemed: bool, at: datetime) -> Appeal | None:
    """Open the level after a decided one. Above the last level before a court there is a task instead, and None; None too where
    that level was opened at once with this one. `history` is the case's as its command has loaded it, before the decision.

    Silence that exhausts the internal steps skips those that are left (29 CFR 2560.503-1(l)).
    """
    case = history.case
    following = rung_after(history.classification, history.levels, history.rung(appeal), deemed=deemed)
    if following is None or following.is_court:
        consider_court(load_history(case), appeal, at)
        return None
    if standing_there(history, appeal, following.position) is not None:
        return None  # it was opened beside this one, and goes on
    return _opened(
        case, appeal.denial, appeal, following, is_expedited=appeal.is_expedited, turn=appeal.turn, at=at
    )


def below(history: History, appeal: Appeal) -> tuple[Appeal | None, Rung] | None:
    """The level that a level sends a case back to: the row below where there is one, and its rung. None below the first."""
    before = history.beside(appeal) or history.previous(appeal)
    if before is not None:
        return before, rung_of(
            before.regime, before.level, before.position, history.classification, history.levels
        )
    rung = (
        rung_at(history.classification, history.levels, appeal.position - 1) if appeal.position > 1 else None
    )
    return (None, rung) if rung is not None else None


def open_again(
    case: Case,
    denial: Denial,
    before: Appeal | None,
    rung: Rung,
    *,
    why: str,
    note: str,
    is_expedited: bool,
    returned_at: datetime,
    at: datetime,
) -> Appeal:
    """A decided level opens again, as a row of a later turn beside the one that was decided; nobody has to file it.

    42 CFR 405.1108(d), 405.1128(b) (the Council remands), 405.1056 (a judge remands), 405.980 and 423.1980 (reopening).
    """
    last = max(Appeal.objects.filter(denial=denial).values_list("turn", flat=True), default=1)
    level = Appeal.objects.create(
        case=case,
        denial=denial,
        previous=before.previous if before is not None else None,
        reopens=before,
        regime=rung.regime,
        level=rung.key,
        position=rung.position,
        turn=last + 1,
        status=AppealStatus.RETURNED,
        returned_why=why,
        returned_note=note.strip(),
        returned_at=returned_at,
        is_expedited=is_expedited,
        opened_at=at,
    )
    detail = {"why": why, "regime": rung.regime, "level": rung.key, "position": rung.position}
    record("level_returned", subject=level, detail=detail)
    return level


def _opened(
    case: Case,
    denial: Denial,
    previous: Appeal | None,
    rung: Rung,
    *,
    is_expedited: bool,
    turn: int = 1,
    at: datetime,
) -> Appeal:
    level = Appeal.objects.create(
        case=case,
        denial=denial,
        previous=previous,
        regime=rung.regime,
        level=rung.key,
        position=rung.position,
        turn=turn,
        is_expedited=is_expedited,
        opened_at=at,
    )
    record(
        "level_opened",
        subject=level,
        detail={"regime": rung.regime, "level": rung.key, "position": rung.position},
    )
    return level
