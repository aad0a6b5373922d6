"""Mutants of the rule data: what a hasty or mistaken edit of the law would look like.

Sentences, titles and citations are left alone: no date follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from tests.mutation.mutants import DROPPED, RuleMutant

Place = tuple[str | int, ...]
NUMBERS = ("n", "n_least", "n_most", "permissive_n", "presume_receipt_days", "argued_days")
ROLLS = ("none", "next_day_not_sat_sun_fed_holiday")
MONTH_RULES = ("clamp", "first_day_of_following_month")
OTHER_DAY = {
    "receipt": "notice_date",
    "determination": "received",
    "notice_date": "receipt",
    "sent": "receipt",
}
OTHER_BASIS = {"urgent": "waived", "waived": "urgent"}
OTHER_ACTOR = {"claimant": "payer", "payer": "claimant", "reviewer": "claimant"}
DAYS_OF_RULES = ("in_force_from", "in_force_to", "known_from")
DAYS_OF_ACTS = ("original_from", "original_to", "new_deadline", "disregard_from", "disregard_to", "announced")


def of_rules(raw: Mapping[str, Any]) -> list[RuleMutant]:
    """Every mutant of the three files (`regimes`, `states`, `overrides`), in their order."""
    return [*_of_law(raw["regimes"]), *_of_states(raw["states"]), *_of_acts(raw["overrides"])]


def _of_law(law: Mapping[str, Any]) -> Iterator[RuleMutant]:
    for i, rule in enumerate(law["rules"]):
        yield from _of_rule("regimes", f"rule {rule['id']} v{rule['version']}", ("rules", i), rule)
    for name, stages in law["stage_sets"].items():
        for i, stage in enumerate(stages):
            yield from _of_stage(f"stage {name}/{stage['key']}", ("stage_sets", name, i), stage)
    for r, regime in enumerate(law["regimes"]):
        yield from _of_regime(("regimes", r), regime)
    for i, row in enumerate(law["amount_in_controversy"]):
        for name, value in row.items():
            if isinstance(value, int):
                for n in (value - 1, value + 1):
                    yield RuleMutant(
                        "regimes", "amount", f"amounts {i}", ("amount_in_controversy", i, name), value, n
                    )
        if "known_from" in row:
            yield from _days("regimes", f"amounts {i}", ("amount_in_controversy", i), row, ("known_from",))
    for i, row in enumerate(law["chronology"]):
        yield RuleMutant("regimes", "order of facts", f"order {i}", ("chronology", i), row, DROPPED)
        yield RuleMutant(
            "regimes", "order of facts", f"order {i}", ("chronology", i), row, [row[1], row[0], row[2]]
        )
    for i, row in enumerate(law["implications"]):
        yield RuleMutant("regimes", "implication", f"implication {i}", ("implications", i), row, DROPPED)
    for i, row in enumerate(law["at_once"]):
        yield from _of_at_once("regimes", row["key"], ("at_once", i), row)
        yield from _days("regimes", f"at once {row['key']}", ("at_once", i), row, DAYS_OF_RULES)


def _of_regime(place: Place, regime: Mapping[str, Any]) -> Iterator[RuleMutant]:
    key = regime["key"]

    def made(kind: str, what: str, at: Place, before: Any, after: Any) -> RuleMutant:
        return RuleMutant("regimes", kind, f"{key} {what}".strip(), (*place, *at), before, after)

    for i, stage in enumerate(regime.get("stages", [])):
        yield from _of_stage(f"stage {key}/{stage['key']}", (*place, "stages", i), stage)
    for i, level in enumerate(regime["ladder"]):
        yield made("ladder", level["key"], ("ladder", i), level["key"], DROPPED)
        for n, choice in enumerate(level["decisions"]):
            yield from _of_choice(
                "regimes", f"{key} {level['key']}", (*place, "ladder", i, "decisions", n), choice
            )
        for n, choice in enumerate(level.get("effectuation", [])):
            yield from _of_choice(
                "regimes",
                f"{key} {level['key']} carried out",
                (*place, "ladder", i, "effectuation", n),
                choice,
            )
        if level.get("amount"):
            yield made("ladder", level["key"], ("ladder", i, "amount"), level["amount"], None)
        if level.get("only_when"):
            yield made("ladder", level["key"], ("ladder", i, "only_when"), level["only_when"], {})
        if level.get("last_before_court"):
            yield made("ladder", level["key"], ("ladder", i, "last_before_court"), True, False)
    for name in ("requests", "continuation"):
        for i, choice in enumerate(regime[name]):
            yield from _of_choice("regimes", f"{key} {name}", (*place, name, i), choice)
    for i, way in enumerate(regime["fits"]):
        yield made("fit", "", ("fits", i), way["answers"], DROPPED)
        for question, allowed in way["answers"].items():
            yield made("fit", "", ("fits", i, "answers", question), allowed, DROPPED)
        if way["ask_first"]:
            yield made("fit", "", ("fits", i, "ask_first"), way["ask_first"], [])
    for name in ("complete", "uses_state_layer"):
        if regime.get(name) is not None:
            yield made("regime", "", (name,), regime[name], not regime[name])
    if regime["ladder"]:
        yield made("regime", "", ("max_levels",), regime["max_levels"], 3 - regime["max_levels"])


def _of_at_once(file: str, name: str, place: Place, row: Mapping[str, Any]) -> Iterator[RuleMutant]:
    def made(at: Place, before: Any, after: Any) -> RuleMutant:
        return RuleMutant(file, "at once", f"at once {name}", (*place, *at), before, after)

    yield made((), row["basis"], DROPPED)
    yield made(("basis",), row["basis"], OTHER_BASIS[row["basis"]])
    for field in ("regimes", "beside", "needs"):
        for n, value in enumerate(row.get(field, ())):
            yield made((field, n), value, DROPPED)
    if row.get("window"):
        yield made(("window",), row["window"], DROPPED)


def _of_stage(what: str, place: Place, stage: Mapping[str, Any]) -> Iterator[RuleMutant]:
    for i, choice in enumerate(stage.get("choose", [])):
        yield from _of_choice("regimes", what, (*place, "choose", i), choice)


def _of_choice(file: str, what: str, place: Place, choice: Mapping[str, Any]) -> Iterator[RuleMutant]:
    yield RuleMutant(file, "choice", what, place, choice, DROPPED)
    for name, value in choice["when"].items():
        if isinstance(value, bool):
            yield RuleMutant(file, "choice", what, (*place, "when", name), value, not value)
        yield RuleMutant(file, "choice", what, (*place, "when", name), value, DROPPED)


def _of_rule(file: str, what: str, place: Place, rule: Mapping[str, Any]) -> Iterator[RuleMutant]:
    def made(kind: str, at: Place, before: Any, after: Any) -> RuleMutant:
        return RuleMutant(file, kind, what, (*place, *at), before, after)

    if rule.get("calculation"):
        yield from _of_node(
            file, what, (*place, "calculation"), rule["calculation"], rule.get("actor", "claimant")
        )
    yield from _days(file, what, place, rule, DAYS_OF_RULES)
    if "actor" in rule:
        yield made("actor", ("actor",), rule["actor"], OTHER_ACTOR[rule["actor"]])
    if rule.get("if_missed", "none") != "none":
        yield made("consequence", ("if_missed",), rule["if_missed"], DROPPED)
    if extension := rule.get("extension"):
        yield made("extension", ("extension",), extension, DROPPED)
        for days in (extension["days"] - 1, extension["days"] + 1):
            yield made("extension", ("extension", "days"), extension["days"], days)
        tolls = extension.get("tolls_for_missing_information", False)
        yield made("extension", ("extension", "tolls_for_missing_information"), tolls, not tolls)
    for name in ("requires", "process", "lenient"):
        if rule.get(name):
            yield made("condition", (name,), rule[name], DROPPED)
    if rule.get("lenient"):
        yield from _days(file, what, (*place, "lenient"), rule["lenient"], ("until",))
    for i, step in enumerate(rule.get("then", [])):
        yield made("then", ("then", i), step, DROPPED)
        for n in (step["n"] - 1, step["n"] + 1) if "n" in step else ():
            yield made("then", ("then", i, "n"), step["n"], n)
    for i, name in enumerate(rule.get("picked_by", [])):
        if len(rule["picked_by"]) > 1:
            yield made("picked by", ("picked_by", i), name, DROPPED)


def _of_node(file: str, what: str, place: Place, node: Any, actor: str) -> Iterator[RuleMutant]:
    if isinstance(node, list):
        for i, child in enumerate(node):
            yield from _of_node(file, what, (*place, i), child, actor)
        return
    if not isinstance(node, Mapping):
        return

    def made(kind: str, at: Place, before: Any, after: Any) -> RuleMutant:
        return RuleMutant(file, kind, what, (*place, *at), before, after)

    for name in NUMBERS:
        if isinstance(node.get(name), int):
            for n in (node[name] - 1, node[name] + 1):
                yield made(
                    "presumption" if name == "presume_receipt_days" else "span", (name,), node[name], n
                )
    for other in _other_units(node, actor):
        yield made("unit", (), node, other)
    # A date that only the letter gives counts from nothing, whatever its anchor says.
    if isinstance(node.get("anchor"), str) and node.get("n_from", "some") is not None:
        yield made("anchor", ("anchor",), node["anchor"], OTHER_DAY.get(node["anchor"], "notice_date"))
    if "roll" in node:
        yield made("roll", ("roll",), node["roll"], ROLLS[node["roll"] == ROLLS[0]])
    if "month_rule" in node:
        yield made(
            "month rule",
            ("month_rule",),
            node["month_rule"],
            MONTH_RULES[node["month_rule"] == MONTH_RULES[0]],
        )
    if "count_for" in node:
        other = "payer" if node["count_for"] == "claimant" else "claimant"
        yield made("unit", ("count_for",), node["count_for"], other)
    for name in (
        "keep_time",
        "optional",
        "presume_receipt_days",
        "permissive_n",
        "n_from",
        "plus_days_between",
        "argued",
        "argued_days",
    ):
        if node.get(name):
            yield made("condition", (name,), node[name], None if name == "n_from" else DROPPED)
    if node.get("op") in ("earlier_of", "later_of"):
        yield made("branch", ("op",), node["op"], "later_of" if node["op"] == "earlier_of" else "earlier_of")
    for i, branch in enumerate(node.get("of", [])):
        yield made("branch", ("of", i), branch, DROPPED)
        for name, value in branch.get("when", {}).items():
            yield made("branch", ("of", i, "when", name), value, DROPPED)
            if isinstance(value, bool):
                yield made("branch", ("of", i, "when", name), value, not value)
        if "when_known" in branch:
            yield made("branch", ("of", i, "when_known"), branch["when_known"], DROPPED)
        if "then" in branch:
            yield from _of_node(file, what, (*place, "of", i, "then"), branch["then"], actor)
        else:
            yield from _of_node(file, what, (*place, "of", i), branch, actor)
    if isinstance(node.get("anchor"), Mapping):
        yield from _of_node(file, what, (*place, "anchor"), node["anchor"], actor)


def _other_units(node: Mapping[str, Any], actor: str) -> Iterator[dict[str, Any]]:
    """The same number in another unit, as near as it can be written."""
    rest = {"anchor": node.get("anchor"), "n": node.get("n")}
    if node.get("op") == "add_days":
        yield {**rest, "op": "add_business_days", "count_for": actor}
    elif node.get("op") == "add_business_days":
        yield {**rest, "op": "add_days", "roll": "none"}
    elif node.get("op") == "add_months":
        presumed = {k: v for k, v in node.items() if k == "presume_receipt_days"}
        yield {**rest, **presumed, "op": "add_days", "n": node["n"] * 30, "roll": node["roll"]}
    elif node.get("op") == "add_hours":
        yield {**rest, "op": "add_days", "n": -(-node["n"] // 24), "roll": "none", "keep_time": True}


def _days(
    file: str, what: str, place: Place, row: Mapping[str, Any], names: tuple[str, ...]
) -> Iterator[RuleMutant]:
    for name in names:
        if row.get(name):
            for days in (-1, 1):
                moved = date.fromisoformat(row[name]) + timedelta(days=days)
                yield RuleMutant(file, "in force", what, (*place, name), row[name], moved.isoformat())


def _of_states(found: Mapping[str, Any]) -> Iterator[RuleMutant]:
    yield from _of_rule("states", "state unknown", ("default",), found["default"])
    for i, state in enumerate(found["states"]):
        what, place = f"state {state['code']}", ("states", i)
        yield from _of_rule("states", what, place, state)
        for name, other in (
            ("process", "state" if state["process"] != "state" else "hhs_administered"),
            ("decision_stage", _other_decision(state["decision_stage"])),
        ):
            yield RuleMutant("states", "state", what, (*place, name), state[name], other)
        certain = state["window"]["certain"]
        yield RuleMutant("states", "state", what, (*place, "window", "certain"), certain, not certain)
        if own := state.get("decision_stage_expedited"):
            yield RuleMutant("states", "state", what, (*place, "decision_stage_expedited"), own, DROPPED)
        for n, said in enumerate(state.get("at_once", ())):
            yield from _of_at_once("states", f"{state['code']} {said['basis']}", (*place, "at_once", n), said)
        for process in state["filing_stages"] or {}:
            yield RuleMutant(
                "states",
                "state",
                what,
                (*place, "filing_stages", process),
                state["filing_stages"][process],
                DROPPED,
            )
        for n, stage in enumerate(state.get("stages", [])):
            own = f"{what} {stage['key']}"
            yield from _of_rule("states", own, (*place, "stages", n), stage)
            for b, level in enumerate(stage.get("beside", [])):
                yield RuleMutant("states", "state", own, (*place, "stages", n, "beside", b), level, DROPPED)
            for name, value in stage.get("when", {}).items():
                yield RuleMutant("states", "state", own, (*place, "stages", n, "when", name), value, DROPPED)


def _other_decision(stage: str) -> str:
    """One with another number of days."""
    other = "external_review_state_decision_30_days"
    return other if stage != other else "external_review_state_decision_45_days"


def _of_acts(found: Mapping[str, Any]) -> Iterator[RuleMutant]:
    for i, act in enumerate(found["overrides"]):
        what, place = f"act {act['id']}", ("overrides", i)
        yield from _days("overrides", what, place, act, DAYS_OF_ACTS)
        for n in (act["at_most_days"] - 1, act["at_most_days"] + 1) if "at_most_days" in act else ():
            yield RuleMutant("overrides", "act", what, (*place, "at_most_days"), act["at_most_days"], n)
        for name, values in act["scope"].items():
            if name != "rules":
                yield RuleMutant("overrides", "act", what, (*place, "scope", name), values, DROPPED)
            for n, value in enumerate(values):
                yield RuleMutant("overrides", "act", what, (*place, "scope", name, n), value, DROPPED)
        yield RuleMutant("overrides", "act", what, place, act["id"], DROPPED)
