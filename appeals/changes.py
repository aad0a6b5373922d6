"""What would change a date: the facts its rule counts from, and what its rule lets somebody do. No Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from appeals.clock.facts import HEADS, LABELS
from appeals.regimes import book, versions_of
from appeals.regimes.checks import operations_of
from appeals.regimes.shapes import Regime, Rule
from appeals.rungs import UNKNOWN, rules_of_stage

CLAIMANT = "claimant"
OF_ANCHOR = {"receipt": ("notice_date", "receipt"), "determination": ("notice_date",)}
"""Facts behind an anchor that is none itself."""


def what_would_change(
    regime: str, rule: str, version: str, *, side: str, flags: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Sentences, the facts first. `rule` may be one of no data ("letter"), `regime` may be "unknown"."""
    key = ("changes", regime, rule, version, side, "state_unknown" in flags)
    kept = book().memo
    if key not in kept:
        kept[key] = tuple(dict.fromkeys(_sentences(regime, _rule(rule, version), side, key[-1])))
    said: tuple[str, ...] = kept[key]
    return said


def _sentences(regime: str, rule: Rule | None, side: str, state_unknown: bool) -> Iterator[str]:
    yield from _of_rule(rule) if rule else [_corrected(["stated"])]
    if regime == UNKNOWN:
        yield "An answer about the coverage that settles which of the possible rules applies."
    if state_unknown:
        yield "The state in which the policy was issued, once it is recorded."
    if side == CLAIMANT:
        yield "A letter that states an earlier day: then that day is in front."
    elif rule and rule.id in _hurried(regime):
        yield "Urgency: an urgent request is decided in hours."


def _rule(rule: str, version: str) -> Rule | None:
    versions = versions_of(rule)
    return next((r for r in versions if str(r.version) == version), versions[-1] if versions else None)


def _of_rule(rule: Rule) -> Iterator[str]:
    nodes = list(operations_of(rule.calculation))
    facts = list(dict.fromkeys(name for node in nodes for name in _facts(node)))
    if facts:
        yield _corrected(facts)
    presumed = max((n.get("presume_receipt_days", 0) for n in nodes), default=0)
    if presumed:
        yield (
            f"Proof of the day of receipt: without it the notice counts as received {presumed} days after its date."
        )
    elif "receipt" in facts:
        yield "Proof of the day of receipt: without a day the date on the notice counts."
    for node in nodes:
        if node.get("n_from") == "window_days":
            least, most = node["n_least"], node["n_most"]
            yield f"The number of days that the state sets, {least} to {most}, once it is recorded."
        if node.get("n_from") == "plan_window_days":
            yield "The time that the plan document gives, once it is recorded."
    if rule.actor != CLAIMANT:
        yield from _of_payer(rule)
    if any(rule.id in act.scope["rules"] for act in book().overrides):
        yield "An act of the program for certain days; it never brings a date forward."


def _of_payer(rule: Rule) -> Iterator[str]:
    if rule.extension:
        yield f"An extension that is announced before the time is over: up to {rule.extension['days']} days more."
        if rule.extension.get("tolls_for_missing_information"):
            yield "A question for missing information with that announcement: the clock stands until the answer."
    if rule.lenient:
        yield f"{HEADS[rule.lenient['when_missing']]}, once it is recorded."
    for name, allowed in rule.requires.items():
        if allowed == (None,):
            yield f"{HEADS[name]}, once it is recorded."


def _facts(node: Mapping[str, Any]) -> Iterator[str]:
    anchor = node.get("anchor")
    if isinstance(anchor, str):
        yield from OF_ANCHOR.get(anchor, (anchor,))
    if node["op"] == "stated_or_add_days":
        yield "stated"
    if between := node.get("plus_days_between"):
        yield from (*between["start"], between["end"])


def _corrected(facts: list[str]) -> str:
    labels = [LABELS[name] for name in facts]
    return (
        f"A correction of {labels[0]}."
        if len(labels) == 1
        else (f"A correction of {', '.join(labels[:-1])} or {labels[-1]}.")
    )


def _hurried(key: str) -> frozenset[str]:
    """The rules of a set of rules beside which another counts hours when it is urgent."""
    kept = book().memo
    if ("hurried", key) not in kept:
        own = book().regimes.get(key)
        kept["hurried", key] = frozenset(_beside_urgent(own) if own else ())
    found: frozenset[str] = kept["hurried", key]
    return found


def _beside_urgent(regime: Regime) -> Iterator[str]:
    for choices in (regime.requests, *(level.decisions for level in regime.levels)):
        if any(choice.when.get("urgent") for choice in choices):
            for choice in choices:
                if choice.stage and not choice.when.get("urgent"):
                    yield from rules_of_stage(regime, choice.stage)
