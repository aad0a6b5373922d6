"""Which levels stand before a case: one ladder when the regime is known, the rungs of all candidates side by side when it
is not, and bare rungs (the letter's dates only) when the regime is recognized and not complete. Pure: no Django."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from advocacy.errors import Reason
from appeals.regimes import book, ladder
from appeals.regimes.classifier import Classification
from appeals.regimes.shapes import Level, Regime
from appeals.rules import amount_is_in_controversy, may_be_filed_orally

UNKNOWN = "unknown"
COURT = "court"
PAYER = "payer"
MOST_BARE_LEVELS = 5
"""No program of the domain has more than five steps before a court (Original Medicare has four)."""
_ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")


@dataclass(frozen=True)
class Rung:
    """One level as this case meets it. `position` counts from 1; `regime` is "unknown" while several sets may apply.

    `levels` holds the level of the regime, or one per candidate that has a level here; it is empty where only the letter
    speaks.
    """

    position: int
    regime: str
    key: str
    title: str
    levels: tuple[Level, ...]
    candidates: tuple[str, ...]

    @property
    def is_court(self) -> bool:
        """Nothing but a court stands here: not a level to file, a referral to consider."""
        return bool(self.levels) and all(level.kind == COURT for level in self.levels)

    @property
    def is_last(self) -> bool:
        """The last level before court, under every set of rules that may apply."""
        return bool(self.levels) and all(
            level.last_before_court or level.kind == COURT for level in self.levels
        )

    @property
    def kind(self) -> str:
        kinds = {level.kind for level in self.levels}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def decider(self) -> str:
        """Who decides, as a key of `DECIDERS`; "" while the sets of rules that may apply name several, or none."""
        deciders = {level.decider for level in self.levels}
        return deciders.pop() if len(deciders) == 1 else ""

    @property
    def opened_by(self) -> str:
        """`forwarding` when the plan sends the case under every set of rules that may apply, else `filing`."""
        return "forwarding" if self.levels and not self.may_be_filed else "filing"

    @property
    def may_be_filed(self) -> bool:
        return not self.levels or any(level.opened_by != "forwarding" for level in self.levels)

    @property
    def may_be_forwarded(self) -> bool:
        return any(level.opened_by != "filing" for level in self.levels)

    @property
    def is_forwarded_after_silence_only(self) -> bool:
        """The plan sends the case on only when it missed its own time (42 CFR 423.590(c), (e))."""
        return self.may_be_forwarded and all(level.opened_by != "forwarding" for level in self.levels)

    def may_be_filed_orally(self, urgent: bool) -> bool:
        """Under every set of rules that may apply; never where only the letter speaks."""
        return bool(self.levels) and all(may_be_filed_orally(level, urgent) is None for level in self.levels)

    @property
    def has_time_after_remand(self) -> bool:
        """Whether every set of rules that may apply gives a time to decide after a level above sent the case back."""
        return bool(self.levels) and all(
            any(choice.when.get("remanded") for choice in level.decisions) for level in self.levels
        )

    def amount_lacks(self, amount: Decimal | None, year: int) -> Reason | None:
        """Why the amount in dispute (US dollars; None when not recorded) does not open this level in a year, under every set
        of rules that may apply; None where it does, or where no amount is needed. 42 CFR 405.1006, 422.600."""
        found = [amount_is_in_controversy(level, amount, year) for level in self.levels]
        return found[0] if found and all(found) else None

    @property
    def who_may_file(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(level.who_may_file for level in self.levels))

    @property
    def binding(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(level.binding for level in self.levels))

    @property
    def silence(self) -> tuple[str, ...]:
        """What follows, as keys, when the decision maker misses its time."""
        return tuple(dict.fromkeys(level.if_missed for level in self.levels))


def may_ask_exceptions(found: Classification) -> bool:
    """Whether the time to decide a first request turns on whether an exception is asked for, by the rules that apply; while it
    is not known which apply, that is asked first."""
    return found.regime is not None and any(
        "exception" in choice.when for choice in book().regimes[found.regime].requests
    )


def rungs(found: Classification, levels: int | None) -> tuple[Rung, ...]:
    """All levels, the court included. Empty where no candidate has a ladder; `rung_at` then gives bare rungs."""
    kept: dict[Any, tuple[Rung, ...]] = book().memo.setdefault("rungs", {})
    key = (found.regime, found.candidates, found.state, levels)
    row = kept.get(key)
    if row is None:
        row = kept[key] = _rungs(found, levels)
    return row


def _rungs(found: Classification, levels: int | None) -> tuple[Rung, ...]:
    if found.regime is not None:
        row = ladder(found.regime, found.state, levels)
        return tuple(
            Rung(n, found.regime, level.key, level.title, (level,), found.candidates)
            for n, level in enumerate(row, start=1)
        )
    columns = [ladder(key, found.state, levels) for key in found.candidates]
    height = max((len(column) for column in columns), default=0)
    return tuple(
        Rung(
            n,
            UNKNOWN,
            f"level_{n}",
            _title(n),
            tuple(column[n - 1] for column in columns if len(column) >= n),
            found.candidates,
        )
        for n in range(1, height + 1)
    )


def rung_at(found: Classification, levels: int | None, position: int) -> Rung | None:
    """The level at a position (1 is the first appeal). None beyond the court, or beyond what any program has."""
    row = rungs(found, levels)
    if row:
        return row[position - 1] if position <= len(row) else None
    if position > MOST_BARE_LEVELS:
        return None
    return Rung(
        position, found.regime or UNKNOWN, f"level_{position}", _title(position), (), found.candidates
    )


def rung_of(regime: str, key: str, position: int, found: Classification, levels: int | None) -> Rung:
    """The rung an existing level stands on, by the regime and key it was recorded with."""
    if regime != UNKNOWN and book().regimes[regime].complete:
        row = ladder(regime, found.state, levels)
        level = next((lvl for lvl in row if lvl.key == key), None) or next(
            (lvl for lvl in book().regimes[regime].levels if lvl.key == key), None
        )
        if level is not None:
            return Rung(position, regime, key, level.title, (level,), (regime,))
    if regime == UNKNOWN:
        seen = rung_at(found, levels, position)
        if seen is not None:
            return Rung(position, UNKNOWN, key, _title(position), seen.levels, seen.candidates)
    return Rung(position, regime, key, _title(position), (), (regime,))


def next_position(found: Classification, levels: int | None, rung: Rung, *, skip_plan: bool) -> int:
    """The position after a rung; with `skip_plan` the first one that is not another step inside the plan.

    29 CFR 2560.503-1(l), 45 CFR 147.136(b)(2)(ii)(F): silence exhausts all internal steps, not only the one at hand.
    """
    position = rung.position + 1
    while skip_plan:
        following = rung_at(found, levels, position)
        if following is None or following.kind != "plan":
            break
        position += 1
    return position


def rung_after(found: Classification, levels: int | None, rung: Rung, *, deemed: bool) -> Rung | None:
    """The rung after a decided one; after silence that exhausts the internal steps, the first that is not inside the plan."""
    skip = deemed and bool(rung.levels) and set(rung.silence) == {"deemed_exhaustion"}
    return rung_at(found, levels, next_position(found, levels, rung, skip_plan=skip))


def first_position(found: Classification, levels: int | None, completed: int) -> int:
    """Where a case enters the ladder whose first `completed` internal levels were finished before it came here."""
    inside = sum(rung.kind == "plan" for rung in rungs(found, levels)) or completed
    return 1 + min(completed, inside)


def titles_of(keys: Sequence[str]) -> tuple[str, ...]:
    """The titles of regimes by their keys."""
    return tuple(book().regimes[key].title for key in keys)


def decider_of(regime: str, rule: str, side: str) -> str:
    """Who a date that is not the patient's waits for, as a key of `DECIDERS`: by its rule, else by the side it is on."""
    found = _deciders().get((regime, rule))
    if found or side != PAYER:
        return found or "reviewer"
    levels = book().regimes[regime].levels if regime in book().regimes else ()
    return levels[0].decider if levels else "plan"


@lru_cache(maxsize=1)
def _deciders() -> dict[tuple[str, str], str]:
    """By set of rules and rule: who decides the level that this rule gives the time of."""
    return {
        (key, rule): level.decider
        for key, regime in book().regimes.items()
        for level in reversed(regime.levels)
        for choice in level.decisions
        for rule in rules_of_stage(regime, choice.stage)
    }


def rules_of_stage(regime: Regime, key: str) -> set[str]:
    """The rules that a stage may come to, its cases and those of the states included."""
    stage = regime.stages[key]
    ways = {choice.stage for choice in stage.choose}
    if stage.state_layer == "decision":
        ways |= {state.decision_stage for state in book().states.values()} | {book().state_default_decision}
    own = set()
    if stage.state_layer == "decision_expedited":
        for state in book().states.values():
            if state.decision_stage_expedited in state.stages:
                own.add(state.stages[state.decision_stage_expedited].rule.id)
            elif state.decision_stage_expedited:
                ways.add(state.decision_stage_expedited)
    found = own | {rule for way in ways if way != key for rule in rules_of_stage(regime, way)}
    return found | {stage.rule} if stage.rule else found


@lru_cache(maxsize=1)
def titles_of_levels() -> frozenset[str]:
    """Every name the product gives to a level, bare ones too."""
    bare = {_title(position) for position in range(1, MOST_BARE_LEVELS + 1)}
    return frozenset(bare | {level.title for regime in book().regimes.values() for level in regime.levels})


def _title(position: int) -> str:
    word = _ORDINALS[position - 1] if position <= len(_ORDINALS) else f"{position}th"
    return f"{word} level of appeal"
