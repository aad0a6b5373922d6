"""An organization's own, earlier date for the patient's filings: never later than the law's, and never silent. No Django.

It holds the organization's people to work; it moves no legal date. Whatever the rules say later, the earlier of the two is in
front: where the law's date becomes the earlier one, the law's stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from advocacy.errors import Reason
from appeals.clock import claimant_clock
from appeals.clock.arithmetic import words_of
from appeals.clock.calendar import last_business_day_on_or_before
from appeals.clock.facts import Facts
from appeals.dues import CLAIMANT, Due
from appeals.regimes import book, ladder
from appeals.regimes.shapes import Level
from appeals.rungs import COURT, Rung

BEFORE, WINDOW = "before", "window"
MOST_DAYS = 730
TRIED_DAYS = 366
"""A rule is held against the law for a notice on each day of a year: months are not equally long."""


@dataclass(frozen=True)
class OwnDate:
    """`kind` "before": so many calendar days before the law's last day; "window": the window treated as so many. It holds for
    windows that begin (by the notice, else its receipt, else silence) from `in_force_from` to `in_force_to`, both included.
    """

    regime: str
    level: str
    kind: str
    days: int
    reason: str
    in_force_from: date
    in_force_to: date | None = None

    @property
    def words(self) -> str:
        unit = "calendar day" if self.days == 1 else "calendar days"
        if self.kind == BEFORE:
            return f"{self.days} {unit} before the law's last day"
        return f"a window of {self.days} {unit}"

    def holds_for(self, began: date) -> bool:
        return self.in_force_from <= began and (self.in_force_to is None or began <= self.in_force_to)

    def day(self, began: date, last: date) -> date:
        """The last business day on or before what it counts, and never before the window begins."""
        counted = last - timedelta(self.days) if self.kind == BEFORE else began + timedelta(self.days)
        return max(last_business_day_on_or_before(min(counted, last)), began)

    def told(self, began: date, last: date) -> str:
        """The arithmetic of the day as a sentence."""
        if self.kind == BEFORE:
            counted = f"{self.days} calendar {_days(self.days)} before {words_of(last)}"
        else:
            counted = f"{self.days} calendar {_days(self.days)} from {words_of(began)}"
        return f"{counted}, on a business day = {words_of(self.day(began, last))}"


def _days(n: int) -> str:
    return "day" if n == 1 else "days"


def with_own_date(due: Due, rung: Rung, facts: Facts, rules: Iterable[OwnDate]) -> Due:
    """The patient's date of a level with the organization's own in front where that is earlier; else as it was.

    What is in front without it stays as `law`; whether a filing was late is still asked of the law alone.
    """
    if due.side != CLAIMANT or due.due is None or isinstance(due.due, datetime):
        return due
    began = _began(facts)
    keys = {(level.regime, level.key) for level in rung.levels}
    mine = [r for r in rules if began and (r.regime, r.level) in keys and r.holds_for(began)]
    if began is None or not mine:
        return due
    last = min([d for d in (_day(due.statutory), due.stated) if d], default=due.due)
    best = min(mine, key=lambda rule: rule.day(began, last))
    own = best.day(began, last)
    if own >= due.due:
        line = f"The organization's own date ({best.words}: {words_of(own)}) is not earlier: this one stands."
        return replace(due, arithmetic=(*due.arithmetic, line))
    line = (
        f"The organization's own date, not the law's: {best.told(began, last)}. Its reason: {best.reason} By the law, work to"
        f" {words_of(due.due)}."
    )
    return replace(due, due=own, law=due.due, own_reason=best.reason, arithmetic=(*due.arithmetic, line))


def _began(facts: Facts) -> date | None:
    """The day from which the earliest reading counts; where no notice came, the day that silence ended the level before."""
    days = [d for d in map(facts.day, ("notice_date", "sent", "receipt")) if d]
    return min(days, default=facts.deemed_exhausted_on)


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


def stages() -> Iterator[Level]:
    """The levels that the patient files, for which an own date can be set: those whose rules are complete, courts left out."""
    for key, regime in book().regimes.items():
        for level in ladder(key, None, regime.max_levels) if regime.levels else ():
            if level.filing is not None and level.kind != COURT:
                yield level


def level_of(regime: str, level: str) -> Level | None:
    return next((lvl for lvl in stages() if (lvl.regime, lvl.key) == (regime, level)), None)


def against_the_law(rule: OwnDate) -> Reason | None:
    """Why a rule may not stand: somewhere it is later than the law, or before the notice. None where it may.

    Each day of a year from its first one is tried as the day of the notice and of its receipt, under every state's window
    where the states set it. The reason shows the arithmetic of the worst day.
    """
    level = level_of(rule.regime, rule.level)
    if level is None:
        return Reason("stage_unknown", "Choose a step of the list.", "stage")
    worst: tuple[int, date, date, str, str] | None = None
    for place, state in _windows(level):
        for n in range(TRIED_DAYS):
            began = rule.in_force_from + timedelta(n)
            facts = Facts(notice_date=began, sent=began, receipt=began, receipt_evidence="proof", state=state,
                          plan_decision=began, mco_resolution_notice=began)  # fmt: skip
            clock = claimant_clock(level, facts)
            last = _day(clock.deadline)
            if last is None or clock.error:
                continue
            gives = (last - began).days
            if worst is None or gives < worst[0]:
                worst = (gives, began, last, clock.citation, place)
    if worst is None:
        return Reason(
            "law_sets_none",
            "No rule gives a date for this step, so there is none to be earlier than. Choose another step.",
            "stage",
        )
    gives, began, last, citation, place = worst
    law = f"A notice received on {words_of(began)}: the law gives {gives} days, until {words_of(last)}{place} ({citation})."
    if rule.kind == WINDOW and rule.days > gives:
        late = rule.days - gives
        yours = f"Yours would be {words_of(began + timedelta(rule.days))}, {late} {_days(late)} later than the law."
        return Reason("later_than_law", f"{law} {yours} Enter {gives} or less.", "days")
    if rule.kind == BEFORE and rule.days >= gives:
        yours = f"{rule.days} days before that is not after the notice itself."
        return Reason("before_the_notice", f"{law} {yours} Enter less than {gives}.", "days")
    return None


def _windows(level: Level) -> Iterator[tuple[str, str | None]]:
    """The states to try, one for each way to count: (words, code); only the unknown one where no state sets the window."""
    yield "", None
    stage = book().regimes[level.regime].stages.get(level.filing or "")
    if stage is None or stage.state_layer != "filing":
        return
    seen: list[object] = []
    for state in book().states.values():
        counted = state.filing.calculation if state.filing else dict(state.filing_stages)
        if counted not in seen:
            seen.append(counted)
            yield f" in {state.name}", state.code
