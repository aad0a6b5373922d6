"""Rules that contradict each other are refused before any date is computed from them: each contradiction, planted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from appeals.clock import printed
from appeals.clock.printed import inputs_of
from appeals.regimes import shipped, using
from appeals.regimes.checks import problems_of
from appeals.regimes.shapes import DECIDERS, Level, Regime, Rule, Way

BOOK = shipped()
GROUP = BOOK.regimes["erisa_self_funded"]


def with_rule(*versions: Rule) -> list[str]:
    return list(problems_of(replace(BOOK, rules={**BOOK.rules, versions[0].id: versions})))


def with_regime(**changes: Any) -> list[str]:
    """What names the levels of a ladder from outside (`at_once`, `owed`) is left out: tests/appeals/test_at_once_rules.py."""
    regimes = {**BOOK.regimes, GROUP.key: replace(GROUP, **changes)}
    return list(problems_of(replace(BOOK, regimes=regimes, at_once=(), owed=())))


def with_level(n: int, **changes: Any) -> list[str]:
    levels = list(GROUP.levels)
    levels[n] = replace(levels[n], **changes)
    return with_regime(levels=tuple(levels))


def test_what_comes_with_the_program_contradicts_itself_nowhere() -> None:
    assert list(problems_of(BOOK)) == []


# -- versions ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("last", "overlap"),
    [(date(2024, 12, 30), False), (date(2024, 12, 31), False), (date(2025, 1, 1), True), (date(2025, 1, 2), True),
     (None, True)],
)  # fmt: skip
def test_one_version_ends_before_the_next_begins(last: date | None, overlap: bool) -> None:
    before, after = BOOK.rules["ma.reconsideration.filing"]
    found = with_rule(replace(before, in_force_to=last), after)
    assert found == (
        ["Versions 1 and 2 of ma.reconsideration.filing overlap."] if overlap else []
    )  # fmt: skip


# -- rules ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"citation": ""}, "has no citation or no text."),
        ({"text": ""}, "has no citation or no text."),
        ({"confidence": "sure", "checked_on": None}, "has an unknown confidence or actor."),
        ({"actor": "judge"}, "has an unknown confidence or actor."),
        ({"checked_on": None}, "is verified without a day, or was checked on a day and is not verified."),
        ({"confidence": "knowledge"}, "is verified without a day, or was checked on a day and is not verified."),
        ({"if_missed": "party"}, "names an unknown consequence party."),
        ({"calculation": {"op": "later_of", "of": ({"op": "guess"}, {"op": "bet"})}},
         "uses unknown operations ['bet', 'guess']."),
        ({"calculation": {"op": "choose", "of": ({"when_known": "luck", "then": {"op": "date", "anchor": "receipt"}},)}},
         "names unknown facts ['luck']."),
        ({"calculation": {"op": "choose", "of": ({"when": {"luck": True}, "then": {"op": "date", "anchor": "receipt"}},)}},
         "names unknown facts ['luck']."),
    ],
)  # fmt: skip
def test_a_rule_that_says_what_nobody_knows_is_refused(change: Mapping[str, Any], told: str) -> None:
    (rule,) = BOOK.rules["claims.appeal_1.filing"]
    assert rule.confidence == "verified"
    assert with_rule(replace(rule, **change)) == [f"Rule claims.appeal_1.filing v1 {told}"]


def test_a_states_clock_is_chosen_by_facts_that_there_are() -> None:
    texas = BOOK.states["TX"]
    stage = replace(texas.stages["appeal_decision_texas"], when=MappingProxyType({"luck": True}))
    states = {**BOOK.states, "TX": replace(texas, stages={**texas.stages, stage.key: stage})}
    assert list(problems_of(replace(BOOK, states=states))) == ["Texas chooses by unknown facts ['luck']."]


def test_a_states_rule_is_looked_at_like_any_other() -> None:
    oregon, texas = BOOK.states["OR"], BOOK.states["TX"]
    own = texas.stages["appeal_decision_texas"]
    for state in (
        replace(oregon, filing=replace(oregon.filing, text="")),
        replace(
            texas, stages={**texas.stages, own.key: replace(own, rule=replace(own.rule, text=""))}
        ),
    ):  # fmt: skip
        (told,) = problems_of(replace(BOOK, states={**BOOK.states, state.code: state}))
        assert told.endswith("has no citation or no text.")
    (told,) = problems_of(replace(BOOK, state_default=replace(BOOK.state_default, text="")))
    assert told == "Rule state.unknown.external_review.filing v1 has no citation or no text."


# -- states and acts --------------------------------------------------------------------------------------------------------
def test_there_are_fifty_states_and_the_district() -> None:
    fewer = {code: s for code, s in BOOK.states.items() if code != "OR"}
    more = {**BOOK.states, "PR": BOOK.states["OR"]}
    for states in (fewer, more):
        told = list(problems_of(replace(BOOK, states=states)))
        assert told == [f"There are {len(states)} states, not 51."]


def test_a_state_decides_urgent_cases_by_a_stage_that_there_is() -> None:
    def told(stage: str) -> list[str]:
        oregon = replace(BOOK.states["OR"], decision_stage_expedited=stage)
        return list(problems_of(replace(BOOK, states={**BOOK.states, "OR": oregon})))

    assert told("external_review_decision_expedited") == []
    assert told("nowhere") == ["Oregon decides urgent cases by an unknown stage nowhere."]
    # The clock of another state is none of this one.
    assert told("review_decision_expedited_california") != []
    # A stage of one kind of insured coverage alone is not enough.
    one = replace(BOOK.regimes["individual_aca"], stages={
        **BOOK.regimes["individual_aca"].stages, "own": BOOK.regimes["individual_aca"].stages["internal_appeal_1"]
    })  # fmt: skip
    oregon = replace(BOOK.states["OR"], decision_stage_expedited="own")
    book = replace(BOOK, states={**BOOK.states, "OR": oregon}, regimes={**BOOK.regimes, one.key: one})
    assert list(problems_of(book)) == ["Oregon decides urgent cases by an unknown stage own."]


@pytest.mark.parametrize("change", [{"source": ""}, {"kind": "pause"}])
def test_an_act_has_a_source_and_a_known_way_to_move_a_date(change: dict[str, str]) -> None:
    act = replace(BOOK.overrides[0], **change)
    told = list(problems_of(replace(BOOK, overrides=(act, *BOOK.overrides[1:]))))
    assert told == [f"Override {act.id} has no source or an unknown kind."]


# -- regimes and their ladders ----------------------------------------------------------------------------------------------
def test_a_stage_has_a_rule_that_there_is() -> None:
    stage = GROUP.stages["internal_appeal_1"]
    for changed, told in (
        (replace(stage, rule="nowhere"), "names an unknown rule nowhere."),
        (replace(stage, rule=None), "has no rule."),
    ):
        assert with_regime(stages={**GROUP.stages, stage.key: changed}) == [
            f"Stage internal_appeal_1 of erisa_self_funded {told}"
        ]
    for fine in (
        replace(stage, rule=None, choose=GROUP.requests),
        replace(stage, rule=None, state_layer="filing"),
    ):
        assert with_regime(stages={**GROUP.stages, stage.key: fine}) == []


def test_every_stage_that_is_named_is_there() -> None:
    def told(**changes: Any) -> list[str]:
        return with_regime(**changes)

    choice = replace(GROUP.requests[0], stage="nowhere")
    lost = ["erisa_self_funded names an unknown stage nowhere."]
    assert told(requests=(*GROUP.requests, choice)) == lost
    assert told(continuation=(choice,)) == lost
    assert with_level(0, decisions=(choice,)) == lost
    assert with_level(0, filing="nowhere") == lost
    stage = replace(GROUP.stages["internal_appeal_1"], rule=None, choose=(choice,))
    assert told(stages={**GROUP.stages, stage.key: stage}) == lost


def test_a_stage_reopens_what_somebody_known_decides() -> None:
    stage = GROUP.stages["internal_appeal_1"]

    def told(*reopens: str) -> list[str]:
        return with_regime(stages={**GROUP.stages, stage.key: replace(stage, reopens=reopens)})

    assert told(*DECIDERS) == told(sorted(DECIDERS)[0]) == told() == []
    for wrong in (("nobody",), (*DECIDERS, "nobody")):
        assert told(*wrong) == [
            "Stage internal_appeal_1 of erisa_self_funded reopens decisions of nobody known."
        ]


@pytest.mark.parametrize(
    "answers",
    [{"color": ("red",)}, {"program": ("moon",)}, {"program": ("commercial", "moon")}, {"color": ()}],
)
def test_answers_that_lead_to_a_regime_can_be_given(answers: dict[str, tuple[str, ...]]) -> None:
    ((question, _),) = answers.items()
    assert with_regime(fits=(Way(answers),)) == [f"erisa_self_funded fits unknown answers to {question}."]
    every = {q.key: tuple(q.choices) for q in BOOK.questions if q.choices}
    assert with_regime(fits=(Way(every),)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "party"}, "has an unknown kind or consequence."),
        ({"if_missed": "party"}, "has an unknown kind or consequence."),
        ({"decider": "nobody"}, "is decided by nobody known."),
        ({"opened_by": "magic"}, "is opened by magic and files internal_appeal_1."),
        ({"opened_by": "forwarding"}, "is opened by forwarding and files internal_appeal_1."),
        ({"filing": None}, "is opened by filing and files None."),
    ],
)
def test_a_level_says_what_it_is_and_how_it_is_opened(change: dict[str, Any], told: str) -> None:
    assert GROUP.levels[0].opened_by == "filing"
    assert with_level(0, **change) == [f"Level internal_appeal_1 of erisa_self_funded {told}"]


def test_a_level_that_the_plan_forwards_has_no_filing_clock() -> None:
    assert with_level(0, opened_by="forwarding", filing=None) == []
    assert with_level(0, opened_by="either") == []


def named(*keys: str, **last: bool) -> tuple[Level, ...]:
    levels = {level.key: level for level in GROUP.levels}
    return tuple(replace(levels[key], last_before_court=last.get(key, False)) for key in keys)


@pytest.mark.parametrize(
    ("levels", "without_last"),
    [
        (
            named(
                "internal_appeal_1",
                "internal_appeal_2",
                "court",
                internal_appeal_1=True,
                internal_appeal_2=True,
            ),
            [],
        ),
        # Where a plan has two levels the second is the last, and has to say so.
        (named("internal_appeal_1", "internal_appeal_2", "court", internal_appeal_1=True), [2]),
        (named("internal_appeal_1", "internal_appeal_2", "court", internal_appeal_2=True), [1]),
        (named("internal_appeal_1", "external_review", "court", external_review=True), []),
        (named("internal_appeal_1", "external_review", "court", internal_appeal_1=True), [1, 2]),
        (named("internal_appeal_1", "external_review", external_review=True), [1, 2]),
        (named("court", "internal_appeal_1", internal_appeal_1=True), [1, 2]),
        (named("court"), [1, 2]),
    ],
)
def test_a_ladder_ends_before_a_court_by_one_last_level(
    levels: tuple[Level, ...], without_last: list[int]
) -> None:
    told = "erisa_self_funded has no last level before court where a plan has"
    assert with_regime(levels=levels) == [f"{told} {n}." for n in without_last]
    one = [n for n in without_last if n == 1]
    assert with_regime(levels=levels, max_levels=1) == [f"{told} {n}." for n in one]
    assert with_regime(levels=levels, complete=False) == with_regime(levels=levels, combines=True) == []


# -- what is printed beside a rule -------------------------------------------------------------------------------------------
def test_the_facts_that_choose_between_two_ways_are_among_its_inputs() -> None:
    (rule,) = BOOK.rules["fehb.opm.filing"]
    days = {"op": "add_days", "n": 1, "anchor": "received"}
    choosing = {"op": "choose", "of": (
        {"when_known": "sent", "then": days}, {"when": MappingProxyType({"urgent": True}), "then": days}, {"then": days}
    )}  # fmt: skip
    assert inputs_of(replace(rule, calculation=choosing)) == ("`sent`", "`urgent`", "`received`")
    both = {"op": "later_of", "of": ({**days, "anchor": "sent"}, days)}
    assert inputs_of(replace(rule, calculation=both)) == ("`sent`", "`received`")


def test_what_is_least_sure_is_printed_first() -> None:
    """A lawyer reads from the top: uncertain, then believed, then seen in the source."""
    marks = {"WA": "uncertain", "ID": "knowledge", "OR": "verified"}
    states = {**BOOK.states} | {code: replace(BOOK.states[code], confidence=m) for code, m in marks.items()}
    clocks = {"CA": "uncertain", "TX": "knowledge", "NY": "verified"}
    for code, mark in clocks.items():
        own = {k: replace(s, rule=replace(s.rule, confidence=mark)) for k, s in states[code].stages.items()}
        states[code] = replace(states[code], stages=own)
    of_keys = {
        "state_process_urgent": "uncertain",
        "federal_process_urgent": "knowledge",
        "exhaustion_waived": "verified",
    }
    at_once = tuple(replace(row, confidence=of_keys[row.key], text=row.key) for row in BOOK.at_once)
    with using(replace(BOOK, states=states, at_once=at_once)):
        page = "\n".join(printed.rules())
    rows = [page.index(f"\n| {name} (`") for name in ("Washington", "Idaho", "Oregon")]
    of_clocks = [page.index(f"\n| `{key}` | 1 |") for key in (
        "grievance_decision_california", "appeal_decision_texas", "utilization_review_appeal_decision_new_york"
    )]  # fmt: skip
    openings = [page.index(f" {key} ") for key in of_keys]
    assert (rows, of_clocks, openings) == (sorted(rows), sorted(of_clocks), sorted(openings))


def test_a_regime_of_which_nothing_more_is_said_is_plain() -> None:
    plain = Regime("r", "R", True, "", (), {}, (), (), (), 1, (), {})
    assert (plain.uses_state_layer, plain.combines, plain.not_complete_because, plain.confidence) == (
        False,
        False,
        "",
        "",
    )
