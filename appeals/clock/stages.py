"""Finds the rule for a stage of a regime: by its key or another name of it, by what is known, by the state,
by the date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from appeals.clock.facts import LABELS, Facts, Unclear, state_code, unclear
from appeals.clock.stage_names import meant
from appeals.regimes import book, rule_in_force
from appeals.regimes.shapes import STATE_PICKED_BY, Choice, Regime, Rule, Stage, State

STATE_STAGE = "external_review_state_"
URGENT_FILING = "external_review_filing_expedited_"
WHY_NOT = {
    ("timing", "post_service"): (
        "Care that was already given is not hurried: this time is for care that is still to come or under way."
    ),
}
"""Why a clock is for another case, where that takes a sentence: 29 CFR 2560.503-1(m)(1), 42 CFR 422.570(a), 423.570(a)."""
STATE_ENDINGS = {
    "": "filing",
    "_filing": "filing",
    "_iro": "filing",
    "_decision": "decision",
    "_decision_standard": "decision",
    "_decision_expedited": "decision_expedited",
}
"""What may follow a state's name in the key of its external review, and which of its clocks that is."""
STATE_LAST = re.compile(r"external_review_(filing|decision|decision_standard|decision_expedited)_state_(.+)")
"""The key of a state's external review that names the state behind the step."""
SURE = ("verified", "knowledge", "uncertain")


@dataclass(frozen=True)
class Found:
    """A stage with the version of its rule in force, cited as the regime cites it."""

    regime: Regime
    stage: str
    rule: Rule
    notes: tuple[tuple[str, str], ...] = ()


def applies(when: Mapping[str, Any], facts: Facts, level: str | None = None) -> bool:
    """Whether every condition holds: a fact has the value, or is recorded at all (`known`); `level` is the
    rung asked about."""
    for name, value in when.items():
        actual = level if name == "level" else getattr(facts, name)
        if (actual is None) if value == "known" else (actual != value):
            return False
    return True


def chosen(choices: Iterable[Choice], facts: Facts, level: str | None = None) -> str | None:
    """The stage of the first choice that applies; None where none does, or where it gives no time."""
    return next((c.stage or None for c in choices if applies(c.when, facts, level)), None)


def find_stage(regime: Regime, key: str, facts: Facts, state: str | None = None) -> Found:
    """The rule for a stage. `state` overrides the state in the facts; "unknown" takes the default window.

    Raises Unclear when the regime has no such stage, the state is missing, or no version was in force.
    """
    if facts.levels is not None and facts.levels > regime.max_levels:
        raise unclear("impossible_levels", f"{regime.title}: there is only one internal level.", "levels")
    name = _of_urgent_filing(key.strip().lower())
    own = _of_a_state(regime, name, facts, state)
    if own is not None:
        return own
    stage, hinted = _named(regime, name)
    if stage is None:
        why = regime.not_complete_because or f"{regime.title} has no stage {key!r}."
        raise unclear("no_such_stage", why, "stage")
    if hinted and facts.state not in (None, hinted):
        raise unclear(
            "two_states",
            f"The stage is about {hinted}, the state of issue recorded is {facts.state}.",
            "state",
        )
    where = hinted or state or facts.state
    if stage.state_layer == "decision_expedited":
        return _urgent_by_state(regime, stage, facts, where)
    if stage.state_layer:
        return _by_state(regime, stage, facts, where)
    if layer := _federal_step(stage.key):
        own_state = _own_process(regime, facts, where)
        if own_state is not None and layer == "filing":
            raise _not_federal(own_state)
        if own_state is not None:
            of_state = next(s for s in regime.stages.values() if s.state_layer == layer)
            return find_stage(regime, of_state.key, facts, own_state.code)
    if stage.choose:
        picked = chosen(stage.choose, facts)
        if picked is None:
            raise unclear("no_case", f"No case of {stage.key} fits what is recorded.", "stage")
        return find_stage(regime, picked, facts, state)
    assert stage.rule is not None
    return Found(regime, stage.key, _in_force(regime, stage.rule, facts))


def telling(regimes: Sequence[Regime], key: str) -> list[Regime]:
    """Those to ask for a key: where one has the very key, none that has the same words for another step."""
    name = key.strip().lower()
    told = {regime.key: _told(regime, name)[0] for regime in regimes}
    return [r for r in regimes if not any(told.values()) or told[r.key] or meant(r, name) is None]


def _listed(regime: Regime, key: str) -> Stage | None:
    return regime.stages.get(key) or next((s for s in regime.stages.values() if key in s.aliases), None)


def _named(regime: Regime, key: str) -> tuple[Stage | None, str | None]:
    """The stage with this key or alias, or that the key means in other words, and the state that the key itself names."""
    found, hinted = _told(regime, key)
    return found or meant(regime, key), hinted


def _told(regime: Regime, key: str) -> tuple[Stage | None, str | None]:
    """The stage with this key or alias, and the state that the key itself names."""
    found = _listed(regime, key)
    if turned := None if found else STATE_LAST.fullmatch(key):
        key = f"{STATE_STAGE}{turned[2]}_{turned[1]}"
    if found or not key.startswith(STATE_STAGE) or not regime.uses_state_layer:
        return found, None
    rest = key.removeprefix(STATE_STAGE)
    for state in book().states.values():
        for name in (state.slug, state.code.lower(), state.name.lower().replace(" ", "_"), *state.aliases):
            ending = rest.removeprefix(name) if rest.startswith(name) else None
            # Where the federal process stands, the state's own reviewers are another track.
            if ending in STATE_ENDINGS and (ending != "_iro" or state.filing):
                layer = STATE_ENDINGS[ending]
                return next(s for s in regime.stages.values() if s.state_layer == layer), state.code
    return None, None


def _in_force(regime: Regime, rule_id: str, facts: Facts) -> Rule:
    on = None
    if rule_id not in book().rules:
        raise unclear("not_in_force", "On that day no rule for this step could be known.", "stage")
    picked_by = book().rules[rule_id][-1].picked_by
    for name in picked_by:
        on = on or facts.day(name)
    rule = rule_in_force(rule_id, on)
    if rule is None:
        raise unclear(
            "not_in_force", f"No rule for this step is on record that was in force on {on}.", picked_by[0]
        )
    kept = book().memo
    key = (rule_id, rule.version, regime.key)
    if key not in kept:
        confidence = weaker(rule.confidence, regime.confidence or rule.confidence)
        kept[key] = replace(
            rule, citation=regime.citations.get(rule_id, rule.citation), confidence=confidence
        )
    cited: Rule = kept[key]
    return cited


def weaker(one: str, other: str) -> str:
    """The less sure of two marks of confidence."""
    return max(one, other, key=SURE.index)


def _of_a_state(regime: Regime, key: str, facts: Facts, where: str | None) -> Found | None:
    """A clock that one state's law adds, by its own key; None where the key is none of these."""
    found = _own_of(regime, key, where or facts.state)
    if found is None:
        return None
    state, own = found
    if state_code(where or facts.state or state.code) not in (state.code, "unknown"):
        raise unclear("two_states", f"The stage is about {state.code}.", "state")
    rule = state.stages[own].rule
    on = next((d for d in (facts.day(n) for n in rule.picked_by) if d), None)
    if on is not None and on < rule.in_force_from:
        raise unclear("not_in_force", f"This rule began on {rule.in_force_from}.", rule.picked_by[0])
    return Found(regime, own, rule)


def _own_of(regime: Regime, key: str, where: str | None) -> tuple[State, str] | None:
    """The state whose own clock a key names, and that clock's key: by the key or another name of it, by `_state_` and the
    state's name anywhere in it, or, where the regime has no such stage, by its first part and the state of issue."""
    if not regime.uses_state_layer:
        return None
    kept = book().memo
    if "states_by_stage" not in kept:
        kept["states_by_stage"] = {
            name: (state, stage.key)
            for state in book().states.values()
            for stage in state.stages.values()
            for name in (stage.key, *stage.aliases)
        }
    by_name: Mapping[str, tuple[State, str]] = kept["states_by_stage"]
    if found := by_name.get(key):
        return found
    for state in (s for s in book().states.values() if s.stages) if "_state_" in key else ():
        for name in (state.name.lower().replace(" ", "_"), state.code.lower()):
            before, named, after = key.partition(f"_state_{name}")
            if named and (not after or after.startswith("_")):
                return by_name.get(f"{before}{after}_{state.name.lower().replace(' ', '_')}")
    issued = book().states.get(where or "")
    last = by_name.get(f"{key}_{issued.name.lower().replace(' ', '_')}") if issued and issued.stages else None
    return None if last is None or _told(regime, key)[0] is not None else last


def _federal_step(key: str) -> str | None:
    """Which step of the federal process a stage is, as the states that use it name them; None for any other stage."""
    kept = book().memo
    if "federal_steps" not in kept:
        federal = [state for state in book().states.values() if state.filing_stages]
        kept["federal_steps"] = {
            **{state.decision_stage_expedited: "decision_expedited" for state in federal},
            **{state.decision_stage: "decision" for state in federal},
            **{stage: "filing" for state in federal for stage in state.filing_stages.values()},
        }
    step: str | None = kept["federal_steps"].get(key)
    return step


def _own_process(regime: Regime, facts: Facts, where: str | None) -> State | None:
    """The state whose own external review governs an insured policy; None where it is not known, or the federal process does."""
    state = book().states.get(where or "") if regime.uses_state_layer else None
    if state is None or state.filing_stages:
        return None
    on = next((d for d in (facts.day(n) for n in STATE_PICKED_BY) if d), None)
    return None if on and on < state.in_force_from else state


def _not_federal(state: State) -> Unclear:
    told = f"{state.name} runs its own external review, not the federal process."
    return unclear("wrong_process", told, "process")


def asked_of_all(regimes: Sequence[Regime], key: str, facts: Facts) -> tuple[str, Facts]:
    """A step of external review under the name all regimes have for it, and the facts with the state that its key names: who
    does not know whether a plan is insured asks the same of the plans outside a state's process. Any other key unchanged."""
    name = _of_urgent_filing(key.strip().lower())
    for regime in regimes:
        stage, hinted = _told(regime, name)
        if stage is None or (hinted and facts.state not in (None, hinted)):
            continue
        layer = stage.state_layer
        if layer is None and _own_process(regime, facts, facts.state):
            layer = _federal_step(stage.key)
        if layer == "filing":
            return "external_review_filing", replace(facts, state=hinted or facts.state)
        if layer and stage.state_layer:
            ending = "_expedited" if layer == "decision_expedited" else "_standard"
            ending = ending if name.endswith(ending) or layer == "decision_expedited" else ""
            return f"external_review_decision{ending}", replace(facts, state=hinted or facts.state)
    return key, facts


def _of_urgent_filing(key: str) -> str:
    """The key of a state's window for an urgent review, from its name with the state first; any other key unchanged."""
    for ending in ("_expedited", "_filing_expedited", "_expedited_filing"):
        if key.startswith(STATE_STAGE) and key.endswith(ending):
            own = f"{URGENT_FILING}{key.removeprefix(STATE_STAGE).removesuffix(ending)}"
            if any(own in state.stages for state in book().states.values()):
                return own
    return key


def asked_stage(regime: Regime, key: str, facts: Facts) -> str:
    """The stage a row of a file asks for: of a key that says neither standard nor expedited, the expedited one where the
    facts say that the matter is urgent, and care is still to come."""
    name = key.strip().lower()
    if own := _own_of(regime, name, facts.state):
        return _case_of(*own, name, facts)
    stage, hinted = _named(regime, name)
    if stage is None or not facts.urgent or facts.timing == "post_service" or name.endswith("_standard"):
        return key
    state = book().states.get(hinted or facts.state or "")
    if stage.state_layer == "filing" and state:
        return next((own for own in state.stages if own.startswith(URGENT_FILING)), key)
    return f"{name}_expedited" if _told(regime, f"{name}_expedited")[0] else key


def _case_of(state: State, own: str, name: str, facts: Facts) -> str:
    """Of a state's clock the one for the case at hand, where its key says nothing of the case (`..._expedited_new_york`)."""
    ending = state.name.lower().replace(" ", "_")
    if "_standard" in name or (facts.urgent and facts.timing == "post_service"):
        return own
    for stage in state.stages.values():
        of_one = stage.key.startswith(own.removesuffix(ending)) and stage.key.endswith(f"_{ending}")
        if of_one and stage.when and stage.key != own and applies(stage.when, facts):
            return stage.key
    return own


def _by_state(regime: Regime, stage: Stage, facts: Facts, where: str | None) -> Found:
    if where is None:
        raise unclear("missing_state", "The state in which the policy was issued is needed.", "state")
    filing = stage.state_layer == "filing"
    code = state_code(where)
    if code == "unknown":
        note = (
            (
                "state_unknown",
                "The state of issue is not known; the earlier of four months and 120 days is used.",
            ),
        )
        if filing:
            return Found(regime, f"{STATE_STAGE}unknown", book().state_default, note)
        return replace(find_stage(regime, book().state_default_decision, facts), notes=note)
    state = book().states[code]
    notes = (
        ()
        if state.complete
        else (
            (
                "window_not_certain",
                f"The external review window of {state.name} is not certain: {state.note or 'confirm it'}",
            ),
        )
    )
    if not filing:
        return find_stage(regime, state.decision_stage, facts, code)
    on = next((d for d in (facts.day(n) for n in STATE_PICKED_BY) if d), None)
    if on and on < state.in_force_from:
        raise unclear("not_in_force", f"The process of {state.name} began on {state.in_force_from}.", "state")
    if state.filing_stages:
        process = facts.process or state.process
        if process not in state.filing_stages:
            raise unclear(
                "wrong_process", f"{state.name} has no state process; it uses the federal one.", "process"
            )
        return replace(find_stage(regime, state.filing_stages[process], facts, code), notes=notes)
    if facts.process not in (None, state.process):
        raise _not_federal(state)
    assert state.filing is not None
    return Found(regime, f"{STATE_STAGE}{state.slug}", state.filing, notes)


def _urgent_by_state(regime: Regime, stage: Stage, facts: Facts, where: str | None) -> Found:
    """The time for an urgent review where the state is known and has one of its own, or none but the federal process."""
    code = "unknown" if where is None else state_code(where)
    own = "" if code == "unknown" else book().states[code].decision_stage_expedited
    if own:
        return find_stage(regime, own, facts, code)
    assert stage.rule is not None
    return Found(regime, stage.key, _in_force(regime, stage.rule, facts))


def check_requirements(rule: Rule, facts: Facts) -> None:
    """Raise Unclear when a fact contradicts the stage (a one-level clock for a plan of two levels)."""
    for name, allowed in rule.requires.items():
        value = getattr(facts, name)
        if value is not None and value not in allowed:
            label = LABELS.get(name, name.replace("_", " "))
            said = value if not isinstance(value, bool) else "yes" if value else "no"
            raise unclear(
                "stage_contradicts_facts",
                WHY_NOT.get((name, str(value)), f"This clock is for another case: {label} is {said}."),
                name,
            )
