"""What was won and is not recorded as delivered, where no rule gives the plan a number of days. Pure over loaded rows: no date is
made up, only the days are counted that have gone by.

29 CFR 2590.715-2719(d)(2)(iv), 45 CFR 147.136(c)(2)(xi), (d)(2)(iv): "immediately", "without delay". What a level with a time
(`Level.effectuation`) decided has a clock instead: appeals.queries.effectuations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from appeals.facts import History
from appeals.models import Appeal, PeerToPeer
from appeals.queries.clocks import Day
from appeals.queries.effectuations import effectuation_of, undelivered_at, undelivered_in
from appeals.regimes import book
from appeals.regimes.shapes import OwedLaw
from appeals.rungs import Rung
from cases.workflow import CaseStatus

WON_IN_CALL, WON_AT_LEVEL = "won_in_call:", "won_at_level:"
"""How the codes of the tasks begin that follow it up."""
NO_TIME = "No rule known here says by when."
NEVER_LATE = (
    "The law names no day, so no date stands here, and nobody is called late by one. It may be demanded from the day of the"
    " decision on."
)


@dataclass(frozen=True)
class Owed:
    """What a level decided, or a call won, and the plan has not delivered. `law` says that it is owed, where a row of the rules
    does; `since` is the day on which the plan had the decision where `had`, else the day it was decided."""

    of: Appeal | PeerToPeer
    denial_id: int
    title: str
    law: OwedLaw | None
    since: date
    decided_on: date
    had: bool
    items: frozenset[int]
    codes: tuple[str, ...]
    in_call: bool = False

    @property
    def at_once(self) -> bool:
        return self.law is not None and self.law.at_once

    @property
    def citation(self) -> str:
        return self.law.citation if self.law is not None else ""

    @property
    def words(self) -> str:
        """What the law says, in a sentence."""
        return self.law.text if self.law is not None else NO_TIME

    @property
    def headline(self) -> str:
        return "Coverage is owed at once" if self.at_once else "Coverage is owed"

    def days(self, today: date) -> int:
        """How many days have gone by since."""
        return max((today - self.since).days, 0)


def owed_of(history: History) -> tuple[Owed, ...]:
    """Of every level and call of the case, in their order. What a rule gives a time, or will once its facts are known, is left
    out: that is a clock."""
    of_calls = (_of_call(history, call) for call in history.peer_to_peers)
    return tuple(o for o in (*of_calls, *(owed_at(history, a) for a in history.appeals)) if o is not None)


def owed_at(history: History, appeal: Appeal) -> Owed | None:
    """The same of one level."""
    left = undelivered_at(history, appeal)
    if not left or effectuation_of(history, appeal) is not None:
        return None
    rung, decision = history.rung(appeal), history.decisions[appeal.pk]
    told = decision.plan_received_at
    own = decision.notice_on or decision.sent_on if rung.kind == "plan" else None
    decided = history.day(decision.decided_at)
    assert decided is not None
    since = history.day(told) or own or decided
    return Owed(
        appeal,
        appeal.denial_id,
        rung.title,
        _law(rung, since),
        since,
        decided,
        told is not None or rung.kind == "plan",
        left,
        _codes(history, left),
    )


def _of_call(history: History, call: PeerToPeer) -> Owed | None:
    left, held = undelivered_in(history, call), history.day(call.held_at)
    if not left or held is None:
        return None
    return Owed(
        call,
        call.denial_id,
        "Peer-to-peer",
        None,
        held,
        held,
        True,
        left,
        _codes(history, left),
        in_call=True,
    )


def _law(rung: Rung, on: date) -> OwedLaw | None:
    """The row that speaks of this level; where several sets of rules may apply, only one that all of them share."""
    found = {
        next((row for row in book().owed if _speaks(row, level.regime, level.key, on)), None)
        for level in rung.levels
    }
    return found.pop() if len(found) == 1 else None


def _speaks(row: OwedLaw, regime: str, level: str, on: date) -> bool:
    ends = row.in_force_to or date.max
    return regime in row.regimes and level in row.levels and row.in_force_from <= on <= ends


def _codes(history: History, items: frozenset[int]) -> tuple[str, ...]:
    return tuple(item.code for item in history.items if item.pk in items)


@dataclass(frozen=True)
class OwedLine:
    """The same as a page shows it on a day."""

    owed: Owed
    days: int
    never_late: str = NEVER_LATE


def owed_lines(history: History, day: Day, *, of: Appeal | PeerToPeer | None = None) -> tuple[OwedLine, ...]:
    """What is owed on an open case; with `of` by that level or call only."""
    if history.case.status != CaseStatus.OPEN:
        return ()
    return tuple(
        OwedLine(o, o.days(day.today))
        for o in owed_of(history)
        if of is None or (type(o.of) is type(of) and o.of.pk == of.pk)
    )


def of_denial(owed: Sequence[Owed], denial_id: int) -> tuple[Owed, ...]:
    """What of it was refused by one denial."""
    return tuple(o for o in owed if o.denial_id == denial_id)
