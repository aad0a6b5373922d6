"""Which law answers a row: by its regime, its stage and, where the stage has more than one, by its facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.appeals.walker import law_groups, law_medicare, law_programs, law_states
from tests.appeals.walker.walk import Law, Refused, Told, answer

REGIMES: Mapping[str, Mapping[str, Law]] = {
    **law_groups.REGIMES,
    **law_medicare.REGIMES,
    **law_programs.REGIMES,
}
INSURED = ("fully_insured_group", "individual_aca")
ALL: tuple[tuple[str, str, str | None], ...] = (
    *((regime, stage, None) for regime, stages in REGIMES.items() for stage in stages),
    *(
        (regime, "external_review_state", code)
        for regime in INSURED
        for code in (*law_states.SLUGS, "unknown")
    ),
    *((INSURED[0], "external_review_state_decision_standard", code) for code in law_states.SLUGS),
    *((INSURED[0], law_states.URGENT, code) for code in (*sorted(law_states.FEDERAL), "CA")),
    *((INSURED[1], stage, None) for stage in law_states.DECISIONS),
    *((INSURED[0], stage, code) for code, own in law_states.CLOCKS.items() for stage in own),
)
"""Every regime, stage and (where a state's law answers) state that has a law of its own."""


def law_of(regime: str, stage: str, inputs: Mapping[str, Any]) -> Law:
    """The law of one row. Raises Refused where there is none, or where facts that choose it are missing."""
    state, process = inputs.get("state"), inputs.get("process")
    if regime in INSURED:
        for code, own in law_states.CLOCKS.items():
            if stage in own:
                if state not in (None, code, "unknown"):
                    raise Refused("the law of another state")
                return own[stage]
        if stage == law_states.URGENT:
            return law_states.to_decide_urgently(state)
        if stage in law_states.DECISIONS:
            return law_states.DECISIONS[stage]
        slug = stage.removeprefix("external_review_state_").removesuffix("_imr")
        named = next((c for c, s in law_states.SLUGS.items() if s == slug), None)
        if stage in ("external_review_state", "external_review_filing") or named:
            if state is None and named is None:
                raise Refused("no state")
            return law_states.to_file(named or state, process, REGIMES[regime])
        if stage == "external_review_state_decision_standard":
            if state is None:
                raise Refused("no state")
            return law_states.to_decide(state)
    if regime in INSURED and law_states.own_process(state, Told(inputs)):
        if stage in ("external_review_filing_federal_rule", "external_review_filing_hhs_administered"):
            raise Refused("the state has a process of its own")
        if stage == "external_review_decision_standard":
            return law_states.to_decide(state)
        if stage == "external_review_decision_expedited":
            return law_states.to_decide_urgently(state)
    stages = REGIMES[regime]
    if stage in stages:
        return stages[stage]
    return stages[_chosen(stage, inputs, stages)]


def _chosen(stage: str, inputs: Mapping[str, Any], stages: Mapping[str, Law]) -> str:
    urgent = inputs.get("urgent") or inputs.get("expedited")
    if stage == "alj_hearing_filing":
        return f"{stage}_expedited" if urgent else f"{stage}_standard"
    if stage == "reconsideration_filing":
        return f"{stage}_expedited" if urgent else f"{stage}_standard"
    if stage == "external_review_filing":
        hhs = inputs.get("process") == "hhs_administered"
        return f"{stage}_hhs_administered" if hhs else f"{stage}_federal_rule"
    if stage in ("preservice_appeal_decision", "postservice_appeal_decision"):
        return f"{stage}_level_1_of_2" if inputs.get("levels") == 2 else f"{stage}_one_level"
    if stage in ("state_fair_hearing_filing", "state_review_filing"):
        told = Told(inputs)
        by_notice = told.moment("mco_resolution_notice") or told.moment("notice_date")
        silent = not by_notice and told.moment("deemed_exhausted_on")
        return f"{stage}_deemed" if silent else f"{stage}_after_decision"
    raise Refused(f"no law {stage}")


def walked(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The dates of a row, or None where its facts give none."""
    try:
        return answer(law_of(row["regime"], row["stage"], row["inputs"]), row["inputs"])
    except Refused:
        return None
