"""Finds contradictions in the reference data before any date is computed from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from appeals.regimes.names import misnamed
from appeals.regimes.shapes import BASES, DECIDERS, NEED_WORDS, Book, Regime

CONFIDENCE = ("verified", "knowledge", "uncertain")
OPENED_BY = ("filing", "forwarding", "either")
ACTORS = ("claimant", "payer", "reviewer")
OPERATIONS = frozenset(
    (
        "date",
        "moment",
        "add_days",
        "add_months",
        "add_hours",
        "add_business_days",
        "later_of",
        "earlier_of",
        "choose",
        "end_of_year",
        "stated_or_add_days",
    )
)
LEVEL_KINDS = frozenset(("plan", "external", "hearing", "council", "court"))


def operations_of(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every operation of a calculation, outermost first."""
    if isinstance(node, Mapping):
        if "op" in node:
            yield node
        for child in node.values():
            yield from operations_of(child)
    elif isinstance(node, tuple):
        for child in node:
            yield from operations_of(child)


def problems_of(found: Book) -> Iterator[str]:
    """Every contradiction in the data, as sentences."""
    every_rule = [r for versions in found.rules.values() for r in versions]
    of_states = [s.filing for s in found.states.values() if s.filing] + [found.state_default]
    of_states += [s.rule for state in found.states.values() for s in state.stages.values()]
    for rule in of_states:
        if rule.known_from is not None:
            yield f"Rule {rule.id} is a state's: since when it is known (known_from) is not asked there."
    every_rule += of_states
    for rule in every_rule:
        name = f"{rule.id} v{rule.version}"
        if not rule.citation or not rule.text:
            yield f"Rule {name} has no citation or no text."
        if rule.confidence not in CONFIDENCE or rule.actor not in ACTORS:
            yield f"Rule {name} has an unknown confidence or actor."
        if (rule.checked_on is None) == (rule.confidence == "verified"):
            yield f"Rule {name} is verified without a day, or was checked on a day and is not verified."
        if rule.if_missed not in found.if_missed:
            yield f"Rule {name} names an unknown consequence {rule.if_missed}."
        if unknown := {n["op"] for n in operations_of(rule.calculation)} - OPERATIONS:
            yield f"Rule {name} uses unknown operations {sorted(unknown)}."
    nodes = {f"{r.id} v{r.version}": [*operations_of(r.calculation)] for r in every_rule}
    yield from misnamed(found, every_rule, nodes)
    for versions in found.rules.values():
        for before, after in pairwise(versions):
            if before.in_force_to is None or before.in_force_to >= after.in_force_from:
                yield f"Versions {before.version} and {after.version} of {before.id} overlap."
    for regime in found.regimes.values():
        yield from _problems_of_regime(found, regime)
    insured = [regime for regime in found.regimes.values() if regime.uses_state_layer]
    for state in found.states.values():
        own = state.decision_stage_expedited
        if own and own not in state.stages and any(own not in regime.stages for regime in insured):
            yield f"{state.name} decides urgent cases by an unknown stage {own}."
    yield from _problems_at_once(found)
    yield from _problems_of_owed(found)
    if len(found.states) != 51:
        yield f"There are {len(found.states)} states, not 51."
    for override in found.overrides:
        if not override.source or override.kind not in ("move", "disregard"):
            yield f"Override {override.id} has no source or an unknown kind."


def _problems_at_once(found: Book) -> Iterator[str]:
    for row in found.at_once:
        if (
            row.basis not in BASES
            or not set(row.needs) <= set(NEED_WORDS)
            or not row.citation
            or not row.text
        ):
            yield f"What may be opened at once ({row.key}) has an unknown basis or need, no citation or no text."
        if row.confidence not in CONFIDENCE or (row.checked_on is None) == (row.confidence == "verified"):
            yield f"What may be opened at once ({row.key}) is verified without a day, or checked and not verified."
        for key in row.regimes:
            levels = {level.key: level for level in found.regimes[key].levels} if key in found.regimes else {}
            if row.opens not in levels or not set(row.beside) & set(levels):
                yield f"What may be opened at once ({row.key}) names levels that {key} does not have."
            elif levels[row.opens].filing is None:
                yield f"What may be opened at once ({row.key}) is opened by the plan under {key}."
    for state in found.states.values():
        for basis, said in state.at_once.items():
            if basis not in BASES or not said.get("citation") or said.get("confidence") not in CONFIDENCE:
                yield f"{state.name} says of levels opened at once what has no basis, citation or confidence."
            if said.get("window") and said["window"] not in state.stages:
                yield f"{state.name} ends the time to open a level at once by an unknown stage."


def _problems_of_owed(found: Book) -> Iterator[str]:
    """A level with a time to carry out its decision has a clock and no such row; no level has two."""
    named: set[tuple[str, str]] = set()
    for row in found.owed:
        if not row.citation or not row.text or row.confidence not in CONFIDENCE:
            yield f"What is owed without a number of days ({row.key}) has no citation, text or confidence."
        if (row.checked_on is None) == (row.confidence == "verified"):
            yield f"What is owed without a number of days ({row.key}) is verified without a day, or checked and not verified."
        for regime, key in ((regime, key) for regime in row.regimes for key in row.levels):
            levels = found.regimes[regime].levels if regime in found.regimes else ()
            level = next((level for level in levels if level.key == key), None)
            if level is None or level.effectuation or (regime, key) in named:
                yield (
                    f"What is owed without a number of days ({row.key}) names a level of {regime} that is not there, has a time,"
                    " or stands twice."
                )
            named.add((regime, key))


def _problems_of_regime(found: Book, regime: Regime) -> Iterator[str]:
    keys = set(regime.stages)
    for stage in regime.stages.values():
        if stage.rule and stage.rule not in found.rules:
            yield f"Stage {stage.key} of {regime.key} names an unknown rule {stage.rule}."
        if not (stage.rule or stage.choose or stage.state_layer):
            yield f"Stage {stage.key} of {regime.key} has no rule."
        if not set(stage.reopens) <= set(DECIDERS):
            yield f"Stage {stage.key} of {regime.key} reopens decisions of nobody known."
    named = [c.stage for s in regime.stages.values() for c in s.choose]
    named += [c.stage for c in (*regime.requests, *regime.continuation, *regime.documents)]
    named += [c.stage for level in regime.levels for c in (*level.decisions, *level.effectuation)]
    named += [level.filing for level in regime.levels if level.filing]
    for missing in sorted(set(filter(None, named)) - keys):
        yield f"{regime.key} names an unknown stage {missing}."
    questions = {q.key: q for q in found.questions}
    for question, allowed in ((q, a) for way in regime.fits for q, a in way.answers.items()):
        if question not in questions or not set(allowed) <= set(questions[question].choices):
            yield f"{regime.key} fits unknown answers to {question}."
    for level in regime.levels:
        if level.kind not in LEVEL_KINDS or level.if_missed not in found.if_missed:
            yield f"Level {level.key} of {regime.key} has an unknown kind or consequence."
        if level.decider not in DECIDERS:
            yield f"Level {level.key} of {regime.key} is decided by nobody known."
        if level.opened_by not in OPENED_BY or (level.opened_by == "forwarding") != (level.filing is None):
            yield f"Level {level.key} of {regime.key} is opened by {level.opened_by} and files {level.filing}."
    if regime.complete and not regime.combines:
        for levels in range(1, regime.max_levels + 1):
            kept = [
                v for v in regime.levels if all({"levels": levels}[k] == w for k, w in v.only_when.items())
            ]
            before = [level.last_before_court for level in kept if level.kind != "court"]
            if not before or not before[-1] or kept[-1].kind != "court":
                yield f"{regime.key} has no last level before court where a plan has {levels}."
