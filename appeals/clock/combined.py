"""When more than one regime is possible: the earliest of the patient's dates, the latest of the payer's,
every path shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from advocacy.errors import Reason
from appeals.clock import Clock, claimant_clock, decision_clock, request_clock, stage_clock, stated_clock
from appeals.clock.arithmetic import earlier, later, order_of
from appeals.clock.facts import Facts, Moment
from appeals.clock.stages import asked_of_all, asked_stage, telling
from appeals.regimes import book, ladder
from appeals.regimes.shapes import Level


@dataclass(frozen=True)
class Path:
    """What one possible regime says."""

    regime: str
    title: str
    level: Level | None
    clock: Clock


@dataclass(frozen=True)
class Combined:
    """The dates over all paths. `governing` is the clock that gave the date in front; `error` when a path
    has no date.

    With `error` set, `headline` is still the earliest (payer: latest) date known, and other paths may differ.
    """

    paths: tuple[Path, ...]
    deadline: Moment | None
    safe_date: date | None
    stated: date | None
    headline: Moment | None
    overdue_after: Moment | None
    governing: Clock | None
    error: Reason | None


def combined_claimant_clock(
    candidates: Sequence[str], position: int, facts: Facts, state: str | None = None
) -> Combined:
    """The patient's earliest date at the `position`-th level (0 is the first appeal) over all candidate
    regimes.

    A regime without that level, or whose level the plan opens by forwarding, adds no date. An incomplete
    regime adds only the date the letter states, and makes `error` say so.
    """
    paths = []
    for key in dict.fromkeys(candidates):
        level = _level(key, position, facts, state)
        if level:
            paths.append(Path(key, book().regimes[key].title, level, claimant_clock(level, facts)))
        elif not book().regimes[key].complete:
            paths.append(Path(key, book().regimes[key].title, None, stated_clock(key, facts)))
    return _earliest(tuple(paths), facts)


def combined_decision_clock(
    candidates: Sequence[str], position: int, facts: Facts, state: str | None = None
) -> Combined:
    """The decider's latest date at the `position`-th level over all candidate regimes, before anybody is
    called late."""
    paths = []
    for key in dict.fromkeys(candidates):
        level = _level(key, position, facts, state)
        if level:
            paths.append(Path(key, book().regimes[key].title, level, decision_clock(level, facts)))
    return _latest(tuple(paths), facts)


def combined_request_clock(candidates: Sequence[str], facts: Facts) -> Combined:
    """The payer's latest date on the first request over all candidate regimes; none while one that may apply gives no time."""
    keys = [k for k in dict.fromkeys(candidates) if book().regimes[k].requests]
    return _latest(
        tuple(Path(k, book().regimes[k].title, None, request_clock(k, facts)) for k in keys), facts
    )


def combined_stage_clock(candidates: Sequence[str], stage: str, facts: Facts) -> Combined:
    """One stage over the candidates that have it: earliest for the patient, latest for the payer. A state's external review
    is asked of the plans outside it too, under the federal rule: a key of one path never hides the other."""
    stage, facts = asked_of_all([book().regimes[k] for k in candidates], stage, facts)
    candidates = [r.key for r in telling([book().regimes[k] for k in candidates], stage)]
    found = [
        Path(
            k,
            book().regimes[k].title,
            None,
            stage_clock(k, asked_stage(book().regimes[k], stage, facts), facts, facts.state or "unknown"),
        )
        for k in dict.fromkeys(candidates)
    ]
    excluded = ("no_such_stage", "impossible_levels")
    paths = tuple(p for p in found if not (p.clock.error and p.clock.error.code in excluded))
    if (
        paths
        and all(p.clock.error or p.clock.actor != "claimant" for p in paths)
        and not all(p.clock.error for p in paths)
    ):
        return _latest(paths, facts)
    return _earliest(paths, facts)


def _level(key: str, position: int, facts: Facts, state: str | None) -> Level | None:
    regime = book().regimes[key]
    code = state or facts.state
    rungs = ladder(key, code if code and code != "unknown" else None, facts.levels)
    return rungs[position] if position < len(rungs) and not regime.combines else None


def _error(paths: tuple[Path, ...]) -> Reason | None:
    if not paths:
        return Reason("no_path", "None of the possible regimes has this step.")
    failed = [p for p in paths if p.clock.error and p.clock.error.code != "opened_by_forwarding"]
    if not failed:
        return None
    first = failed[0].clock.error
    assert first is not None
    return Reason(first.code, f"{failed[0].title}: {first.message}", first.field)


def _rank(clock: Clock) -> tuple[object, ...]:
    assert clock.headline is not None and clock.deadline is not None
    return (*order_of(clock.headline), *order_of(clock.deadline))


def _earliest(paths: tuple[Path, ...], facts: Facts) -> Combined:
    clocks = [p.clock for p in paths if not p.clock.error]
    deadline: Moment | None = None
    headline: Moment | None = facts.stated
    governing = None
    for clock in clocks:
        assert clock.deadline is not None and clock.headline is not None
        deadline = clock.deadline if deadline is None else earlier(deadline, clock.deadline)
        # Ties in front are broken by the deadline, so that the citation shown belongs to the shortest window.
        if governing is None or _rank(clock) < _rank(governing):
            governing = clock
        headline = clock.headline if headline is None else earlier(headline, clock.headline)
    safe = min((c.safe_date for c in clocks if c.safe_date), default=None)
    return Combined(paths, deadline, safe, facts.stated, headline, None, governing, _error(paths))


def _latest(paths: tuple[Path, ...], facts: Facts) -> Combined:
    clocks = [p.clock for p in paths if not p.clock.error]
    deadline: Moment | None = None
    overdue: Moment | None = None
    governing = None
    for clock in clocks:
        assert clock.deadline is not None and clock.overdue_after is not None
        if deadline is None or later(deadline, clock.deadline) != deadline:
            deadline, governing = clock.deadline, clock
        overdue = clock.overdue_after if overdue is None else later(overdue, clock.overdue_after)
    if any(p.clock.error and p.clock.error.code == "no_request_clock" for p in paths):
        overdue = None
    return Combined(paths, deadline, None, facts.stated, overdue, overdue, governing, _error(paths))
