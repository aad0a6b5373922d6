"""The shapes of the reference data: frozen rules, stages, levels, regimes, states, overrides and intake
questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Rule:
    """One version of one rule. `calculation` is the tree that `appeals.clock.arithmetic` evaluates.

    `checked_on` is the day on which its source was seen; None where nobody has seen it. `known_from` is the day on which the
    law was published (`published` says where), where that bears on a date: nobody could count by it before.
    """

    id: str
    version: int
    actor: str
    in_force_from: date
    in_force_to: date | None
    picked_by: tuple[str, ...]
    calculation: Mapping[str, Any] = field(hash=False)
    text: str
    citation: str
    confidence: str
    if_missed: str = "none"
    extension: Mapping[str, Any] | None = field(default=None, hash=False)
    then: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    requires: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    lenient: Mapping[str, Any] | None = field(default=None, hash=False)
    process: str | None = None
    confirm: str = ""
    checked_on: date | None = None
    known_from: date | None = None
    published: str = ""

    @cached_property
    def can_be_argued(self) -> bool:
        """Whether the longest reading can give another date than the rule: a last day that may roll, a longer number, a patient's
        own count of business days."""
        return (
            _any_of(self.calculation, ("permissive_n", "n_most", "argued", "argued_days"))
            or _rolls(self.calculation)
            or any(node.get("count_for") == "claimant" for node in _nodes(self.calculation))
        )


def _any_of(node: Any, names: tuple[str, ...]) -> bool:
    if isinstance(node, Mapping):
        return any(n in node for n in names) or any(_any_of(v, names) for v in node.values())
    return isinstance(node, tuple) and any(_any_of(v, names) for v in node)


def _nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        yield node
    inner = node.values() if isinstance(node, Mapping) else node if isinstance(node, tuple) else ()
    for value in inner:
        yield from _nodes(value)


def _rolls(node: Any) -> bool:
    if isinstance(node, Mapping):
        return node.get("roll", "none") != "none" or any(_rolls(v) for v in node.values())
    return isinstance(node, tuple) and any(_rolls(v) for v in node)


@dataclass(frozen=True)
class Choice:
    """A stage that applies when every fact of `when` has the given value; an empty `when` always applies. With `stage` ""
    no rule gives that case a time."""

    when: Mapping[str, Any] = field(hash=False)
    stage: str


@dataclass(frozen=True)
class Stage:
    """A step with one clock: a rule, a choice between other stages, or the state's `filing` or `decision` rule; with
    `decision_expedited` the state's rule where it has one, else `rule`. `reopens` are those (`DECIDERS`) whose decision the
    patient may ask, within this time, to be taken up again."""

    key: str
    aliases: tuple[str, ...] = ()
    rule: str | None = None
    choose: tuple[Choice, ...] = ()
    state_layer: str | None = None
    reopens: tuple[str, ...] = ()


DECIDERS: Mapping[str, str] = MappingProxyType(
    {
        "plan": "Plan",
        "contractor": "Contractor",
        "reviewer": "Reviewer",
        "review_contractor": "Review contractor",
        "judge": "Judge",
        "council": "Council",
        "state_agency": "State agency",
        "opm": "OPM",
        "defense_health_agency": "Defense Health Agency",
        "court": "Court",
    }
)
"""Who decides a level, and the word for it on a page."""


BASES: Mapping[str, str] = MappingProxyType(
    {
        "urgent": "Waiting even for an expedited internal decision is dangerous: a clinician certifies it",
        "waived": "The plan, the issuer or the agency does not ask for the internal appeal to end first",
    }
)
"""Why a level may be opened beside one below it, and the words for it on a page."""

NEED_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "care_ahead": "the care is still to come or under way",
        "internal_expedited": "the open appeal is an expedited one, and is asked for no later",
        "certified": "a clinician certifies the urgency: who, and when",
        "waiver": "the waiver is recorded: who, and when",
    }
)
"""What may be needed before it is opened; `appeals.at_once.NEEDS` checks each."""


@dataclass(frozen=True)
class Level:
    """One rung of a ladder, with the stages that hold the clocks of both sides.

    `opened_by` is `filing`, `forwarding` (the plan sends the case itself, so the patient has no filing
    clock) or `either` (the patient files; a plan that missed its time sends the case itself). `decider` is who
    decides it, one of `DECIDERS`. `amount` names
    the column of the amount in controversy that has to be met, or is None. `last_before_court` stands on
    every level that can be the last; of a ladder only the highest of them keeps it. `effectuation` are the stages
    by which the plan carries out what this level decided against it; empty where no rule gives a time.
    """

    regime: str
    key: str
    title: str
    kind: str
    decider: str
    filing: str | None
    decisions: tuple[Choice, ...]
    opened_by: str
    oral_filing: str
    who_may_file: str
    if_missed: str
    binding: str
    position: int
    last_before_court: bool = False
    amount: str | None = None
    effectuation: tuple[Choice, ...] = ()
    only_when: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    state: str | None = None


@dataclass(frozen=True)
class StateStage:
    """A clock of state law beside the federal one. It is told with the decision of the levels named in
    `beside` when the facts of `when` fit; an empty `beside` is computed only when asked for by its key."""

    key: str
    rule: Rule
    beside: tuple[str, ...] = ()
    when: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LawInWords:
    """What a law says in words, under which regimes and when; no date is computed from it."""

    key: str
    regimes: tuple[str, ...]
    text: str
    citation: str
    confidence: str
    in_force_from: date
    in_force_to: date | None = None
    checked_on: date | None = None
    confirm: str = ""


@dataclass(frozen=True, kw_only=True)
class AtOnce(LawInWords):
    """That a level may be opened while a level below it is still open: under which regimes, beside which of their levels.

    `basis` is one of `BASES`. `needs` are keys of `appeals.at_once.NEEDS`. `window` is a stage of the state that ends the time
    to ask earlier ("" for the level's own window).
    """

    basis: str
    opens: str
    beside: tuple[str, ...]
    needs: tuple[str, ...]
    who: str
    window: str = ""


@dataclass(frozen=True, kw_only=True)
class OwedLaw(LawInWords):
    """What the law says of the time to carry out a decision of these levels where it names no number: with `at_once` it says
    immediately or without delay, else it binds and says nothing of time. No date follows from it."""

    levels: tuple[str, ...]
    at_once: bool


STATE_PICKED_BY = ("notice_date", "receipt", "plan_decision", "grievance_filed")
"""By which facts it is known whether the process of a state had begun, the first that is there."""


@dataclass(frozen=True)
class State:
    """The external review of policies issued in one state. `complete` is False where the window is uncertain
    or absent."""

    code: str
    name: str
    slug: str
    process: str
    agency: str
    window: Mapping[str, Any]
    complete: bool
    filing: Rule | None
    filing_stages: Mapping[str, str]
    decision_stage: str
    citation: str
    confidence: str
    note: str
    aliases: tuple[str, ...] = ()
    stages: Mapping[str, StateStage] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    checked_on: date | None = None
    decision_stage_expedited: str = ""
    at_once: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """What the state says itself of levels opened at once, by basis: fields of `AtOnce`."""
    in_force_from: date = date.min


@dataclass(frozen=True)
class Override:
    """A dated act of a program that moves deadlines, never toward the patient's harm."""

    id: str
    title: str
    kind: str
    source: str
    confidence: str
    announced: date
    scope: Mapping[str, Any]
    values: Mapping[str, date | int]


@dataclass(frozen=True)
class Question:
    """An intake question: its choices (code to words; empty for a state code) and why it is asked."""

    key: str
    text: str
    choices: Mapping[str, str]
    why: str
    settles: bool


@dataclass(frozen=True)
class Way:
    """Answers under which a regime is possible. A question of `ask_first` must have been asked for this way
    to count."""

    answers: Mapping[str, tuple[str, ...]] = field(hash=False)
    ask_first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Regime:
    """A body of law. `complete` is False when it is recognized and its dates are not computed in the
    product. `documents` are the stages by which documents that were asked for are sent. `confidence` is how sure it is
    that the rules it borrows apply here ("" when that is certain)."""

    key: str
    title: str
    complete: bool
    cues: str
    fits: tuple[Way, ...]
    stages: Mapping[str, Stage]
    levels: tuple[Level, ...]
    requests: tuple[Choice, ...]
    continuation: tuple[Choice, ...]
    max_levels: int
    notes: tuple[str, ...]
    citations: Mapping[str, str]
    uses_state_layer: bool = False
    combines: bool = False
    not_complete_because: str = ""
    confidence: str = ""
    documents: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Book:
    """The whole reference data, validated. `memo` keeps what is looked up again and again, for as long as this book lives."""

    rules: Mapping[str, tuple[Rule, ...]]
    regimes: Mapping[str, Regime]
    states: Mapping[str, State]
    state_default: Rule
    state_default_decision: str
    overrides: tuple[Override, ...]
    questions: tuple[Question, ...]
    implications: tuple[Mapping[str, str], ...]
    tasks: Mapping[str, str]
    amounts: tuple[Mapping[str, Any], ...]
    chronology: tuple[tuple[str, str, str], ...]
    if_missed: Mapping[str, str]
    as_of: str
    at_once: tuple[AtOnce, ...] = ()
    owed: tuple[OwedLaw, ...] = ()
    memo: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False, hash=False)
