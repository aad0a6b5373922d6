"""Which level may be opened while one below it is still open, why, and what it needs. Pure: no Django, no queries.

What the law allows is data (`at_once` in `regimes.json`, and what a state says of its own in `states.json`); here stand the
checks that its `needs` name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from advocacy.errors import Reason
from appeals.regimes import book
from appeals.regimes.classifier import Classification
from appeals.regimes.shapes import BASES, NEED_WORDS, AtOnce, Level
from appeals.rungs import Rung, next_position, rung_at, rungs

URGENT, WAIVED, AGREED = "urgent", "waived", "agreed"
POST_SERVICE = "post_service"
SECOND_PERSON = "Else a second person may allow it: see “Go past a refusal” on the case."


@dataclass(frozen=True)
class Said:
    """What is known and said when a level is opened beside another: the open level's handling and the care's timing, who
    certified or waived, and on which day."""

    is_expedited: bool
    timing: str
    by: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Opening:
    """A rung that may be opened beside another one. `rules` holds what allows it: one row, or one per set of rules that may
    apply."""

    rung: Rung
    basis: str
    rules: tuple[AtOnce, ...]

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(need for rule in self.rules for need in rule.needs))

    @property
    def windows(self) -> tuple[str, ...]:
        """Stages of the state that end the time to ask earlier than the window of the level."""
        return tuple(dict.fromkeys(rule.window for rule in self.rules if rule.window))

    @property
    def needs_words(self) -> tuple[str, ...]:
        return tuple(f"{NEED_WORDS[need][0].upper()}{NEED_WORDS[need][1:]}" for need in self.needs)

    @property
    def words(self) -> str:
        return BASES[self.basis]


def openings(found: Classification, levels: int | None, beside: Rung, on: date) -> tuple[Opening, ...]:
    """What may be opened beside a rung on a day: for each basis the level above, where every set of rules that may apply has
    it. Empty where one of them has none."""
    above = [rung for rung in rungs(found, levels) if rung.position > beside.position]
    made = []
    for basis in BASES:
        rules = [_rule(level, basis, found.state, on) for level in beside.levels]
        known = tuple(rule for rule in rules if rule is not None)
        if not known or len(known) < len(rules):
            continue
        opens = {rule.opens for rule in known}
        rung = next((r for r in above if r.levels and {level.key for level in r.levels} <= opens), None)
        if rung is not None and len(rung.levels) == len(beside.levels):
            made.append(Opening(rung, basis, tuple(dict.fromkeys(known))))
    return tuple(made)


def _rule(level: Level, basis: str, state: str | None, on: date) -> AtOnce | None:
    """The row in force for a level, in the words of the state where the state's process applies and says something itself."""
    whole = book()
    row = next(
        (
            r
            for r in whole.at_once
            if r.basis == basis
            and level.regime in r.regimes
            and level.key in r.beside
            and r.in_force_from <= on
            and (r.in_force_to is None or on <= r.in_force_to)
        ),
        None,
    )
    law = whole.states.get(state or "") if whole.regimes[level.regime].uses_state_layer else None
    if row is None or law is None or basis not in law.at_once:
        return row
    return replace(row, **law.at_once[basis])


def rule_of(found: Classification, levels: int | None, beside: Rung, basis: str, on: date) -> Opening | None:
    """What allowed a level that stands beside another on its basis."""
    return next((o for o in openings(found, levels, beside, on) if o.basis == basis), None)


def first_outside(found: Classification, levels: int | None, beside: Rung) -> Rung | None:
    """What two people may open beside a level where no rule known here says so: the first one above it that is no further step
    inside the plan. None above a level outside it, and where that one is a court, or is sent on by the plan and not filed."""
    if beside.kind not in ("plan", ""):
        return None
    rung = rung_at(found, levels, next_position(found, levels, beside, skip_plan=True))
    return rung if rung is not None and rung.may_be_filed and not rung.is_court else None


def nothing_above(title: str) -> Reason:
    """Why nobody opens a level beside one: none is there that could be filed."""
    return Reason(
        "no_level_to_open",
        f"Above {title} stands no level that could be filed while it is open. Record its decision, which opens the next one; or"
        " go on when its time has passed.",
        "basis",
    )


def none_here(beside: Rung, title: str) -> Reason:
    """Why no rule lets a level be opened beside one, and what would allow it."""
    if len(beside.levels) > 1:
        text = (
            f"Which rules apply to {title} is not settled, and not all of them let an external review stand beside it. Answer"
            " the coverage questions; or record the decision, which opens the next level."
        )
    else:
        text = (
            f"No rule known here lets another level be opened while {title} is open. Record its decision, which opens the next"
            " one; or go on when its time has passed."
        )
    return Reason("nothing_at_once", f"{text} {SECOND_PERSON}", "basis")


def lacking(opening: Opening, said: Said) -> Iterator[Reason]:
    """A Reason for every need that is not met, with what would meet it."""
    for need in opening.needs:
        reason = NEEDS[need](said)
        if reason is not None:
            yield reason


def _care_ahead(said: Said) -> Reason | None:
    if said.timing != POST_SERVICE:
        return None
    return Reason(
        "care_already_given",
        "The care was given already: nothing is urgent any more. Wait for the decision of this appeal, which opens the external"
        " review; or choose that the plan waives it.",
        "basis",
    )


def _internal_expedited(said: Said) -> Reason | None:
    """29 CFR 2590.715-2719(d)(3)(i)(A): beside a request for an expedited internal appeal."""
    if said.is_expedited:
        return None
    return Reason(
        "not_expedited",
        "This appeal is a standard one. Ask for an expedited decision first (“Urgency” on the level), with the clinician who says"
        " that waiting is dangerous.",
        "basis",
    )


def _certified(said: Said) -> Reason | None:
    if said.by and said.on:
        return None
    return Reason(
        "urgency_not_certified",
        "Record which clinician certifies, and on which day, that even the time of an expedited decision is too long."
        f" {SECOND_PERSON}",
        "said_by" if not said.by else "said_on",
    )


def _waiver(said: Said) -> Reason | None:
    if said.by and said.on:
        return None
    return Reason(
        "waiver_missing",
        f"Record who waived that this appeal ends first, and on which day. Ask for it in writing. {SECOND_PERSON}",
        "said_by" if not said.by else "said_on",
    )


NEEDS: Mapping[str, Callable[[Said], Reason | None]] = {
    "care_ahead": _care_ahead,
    "internal_expedited": _internal_expedited,
    "certified": _certified,
    "waiver": _waiver,
}
