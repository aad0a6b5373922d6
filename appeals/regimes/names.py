"""Finds names in the reference data that mean nothing: a misspelled fact or setting is refused, not passed over in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from appeals.regimes.shapes import Book, Choice, Rule

FACTS = frozenset(
    [
        "notice_date",
        "sent",
        "receipt",
        "receipt_evidence",
        "receipt_zone",
        "received",
        "zone",
        "recorded_at",
        "extension_noticed",
        "extension_notice_date",
        "extension_days",
        "missing_information",
        "information_requested",
        "information_received",
        "claimant_period_end",
        "levels",
        "state",
        "process",
        "timing",
        "urgent",
        "incomplete",
        "before_course_ends",
        "remanded",
        "partly",
        "asked",
        "service",
        "grievance_filed",
        "plan_decision",
        "plan_affirmed",
        "effective_date",
        "change_undated",
        "mco_appeal_filed",
        "mco_resolution_notice",
        "sfh_requested",
        "deemed_exhausted_on",
        "window_days",
        "plan_window_days",
        "rating_period_start",
        "case_file_received",
        "reconsideration_requested",
        "assigned",
        "incomplete_notice",
        "exception",
        "supporting_statement",
        "care_date",
        "reversal_received",
        "documents_requested",
        "stated",
    ]
)
"""What a clock may know: the fields of `appeals.clock.facts.Facts`."""
ANCHORS = FACTS | {"determination"}
COUNT = frozenset(("op", "name", "n", "anchor"))
WINDOW = frozenset(("n_from", "n_least", "n_most", "permissive_n"))
SETTINGS: Mapping[str, frozenset[str]] = {
    "date": frozenset(("op", "name", "anchor", "optional")),
    "moment": frozenset(("op", "name", "anchor", "optional")),
    "add_days": COUNT
    | WINDOW
    | {"roll", "presume_receipt_days", "keep_time", "argued", "plus_days_between", "assumes", "optional"},
    "add_months": COUNT | {"roll", "presume_receipt_days", "month_rule", "optional"},
    "add_hours": COUNT | WINDOW | {"argued_days", "assumes", "optional"},
    "add_business_days": COUNT | {"calendar", "count_for", "optional"},
    "end_of_year": COUNT | {"optional"},
    "later_of": frozenset(("op", "name", "of")),
    "earlier_of": frozenset(("op", "name", "of")),
    "choose": frozenset(("op", "name", "of")),
    "stated_or_add_days": frozenset(("op", "name", "anchor", "n_from", "n_least", "n_most", "set_by")),
}
"""What each operation of `appeals.clock.arithmetic` reads."""
AFTER = frozenset(("same_moment", "add_hours", "add_business_days"))


def misnamed(
    found: Book, rules: Iterable[Rule], nodes: Mapping[str, list[Mapping[str, Any]]]
) -> Iterator[str]:
    """Every name that means nothing, as a sentence. `nodes` are the operations of each rule, by id and version."""
    named = set()
    for rule in rules:
        named.add(rule.id)
        key = f"{rule.id} v{rule.version}"
        facts = [*rule.picked_by, *rule.requires, *([rule.lenient["when_missing"]] if rule.lenient else [])]
        for node in nodes[key]:
            if more := set(node) - SETTINGS.get(node["op"], frozenset(node)):
                yield f"Rule {key}: {node['op']} does not know {sorted(more)}."
            if node.get("calendar", "us_federal") != "us_federal":
                yield f"Rule {key} counts by an unknown calendar {node['calendar']}."
            facts += _facts_of(node)
        if unknown := sorted(set(facts) - ANCHORS):
            yield f"Rule {key} names unknown facts {unknown}."
        if unknown := sorted({str(step.get("op")) for step in rule.then} - AFTER):
            yield f"Rule {key} goes on with unknown operations {unknown}."
        if rule.lenient and rule.lenient.get("rule", rule.id) not in found.rules:
            yield f"Rule {key} may give way to an unknown rule {rule.lenient['rule']}."
    for where, choice in _choices(found):
        if unknown := sorted(set(choice.when) - FACTS - {"level"}):
            yield f"{where} chooses by unknown facts {unknown}."
    for first, second, _ in found.chronology:
        if unknown := sorted({first, second} - FACTS):
            yield f"The order of facts names unknown ones {unknown}."
    for override in found.overrides:
        if unknown := sorted(set(override.scope["rules"]) - named):
            yield f"Override {override.id} is about unknown rules {unknown}."


def _facts_of(node: Mapping[str, Any]) -> Iterator[str]:
    for name in (node.get("anchor"), node.get("n_from")):
        if isinstance(name, str) and name:
            yield name
    if between := node.get("plus_days_between"):
        yield from (*between["start"], between["end"])
    for branch in node.get("of", ()) if node["op"] == "choose" else ():
        yield from (*branch.get("when", {}), *([branch["when_known"]] if "when_known" in branch else []))


def _choices(found: Book) -> Iterator[tuple[str, Choice]]:
    for regime in found.regimes.values():
        own = [*regime.requests, *regime.continuation, *regime.documents]
        own += [c for stage in regime.stages.values() for c in stage.choose]
        own += [c for level in regime.levels for c in (*level.decisions, *level.effectuation)]
        yield from ((regime.key, choice) for choice in own)
    for state in found.states.values():
        for stage in state.stages.values():
            yield state.name, Choice(stage.when, stage.key)
