"""The reference data holds together, and the code knows no regime by name."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import appeals
from appeals.clock.facts import LABELS, Facts
from appeals.clock.input_names import INPUT_NAMES
from appeals.regimes import BadData, amount_in_controversy, book, ladder, load, rule_in_force
from appeals.regimes.checks import operations_of, problems_of
from appeals.regimes.shapes import DECIDERS

HERE = Path(appeals.__file__).parent
FACTS = set(Facts.__dataclass_fields__)
RULES = [r for versions in book().rules.values() for r in versions]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.id}-v{r.version}")
def test_every_rule_is_cited_dated_and_graded(rule) -> None:
    assert (
        rule.citation.strip()
        and rule.text.strip().endswith(".")
        and rule.confidence in ("verified", "knowledge", "uncertain")
    )
    assert rule.in_force_from.year >= 1997 and (
        rule.in_force_to is None or rule.in_force_to > rule.in_force_from
    )
    assert rule.version == book().rules[rule.id].index(rule) + 1
    assert set(rule.picked_by) <= FACTS and set(rule.requires) <= FACTS


@pytest.mark.parametrize(
    "rule", [*RULES, *(s.filing for s in book().states.values() if s.filing)], ids=lambda r: r.id
)
def test_every_anchor_is_a_fact_with_a_label(rule) -> None:
    for node in operations_of(rule.calculation):
        anchor = node.get("anchor")
        if isinstance(anchor, str) and anchor != "determination":
            assert anchor in FACTS and anchor in LABELS


def test_accepted_input_names_lead_to_facts() -> None:
    assert set(INPUT_NAMES.values()) <= FACTS
    assert not set(INPUT_NAMES) & FACTS


def test_no_alias_names_two_stages_of_a_regime() -> None:
    for regime in book().regimes.values():
        names = [n for s in regime.stages.values() for n in (s.key, *s.aliases)]
        assert len(names) == len(set(names)), regime.key


def test_no_regime_is_named_in_code() -> None:
    keys = [k for k in book().regimes if k != "unknown"]
    named = {
        (path.name, key)
        for folder in ("clock", "regimes")
        for path in sorted((HERE / folder).rglob("*.py"))
        for key in keys
        if re.search(rf"\b{key}\b", path.read_text(encoding="utf-8"))
    }
    assert named == set()
    assert not [k for k in keys if k in (HERE / "rules.py").read_text(encoding="utf-8")]


def test_the_legal_core_loads_without_django() -> None:
    for path in [*(HERE / "clock").rglob("*.py"), *(HERE / "regimes").rglob("*.py"), HERE / "rules.py"]:
        assert not re.search(r"^\s*(from|import) django", path.read_text(encoding="utf-8"), re.MULTILINE), (
            path
        )


def test_the_complete_regimes() -> None:
    assert {k for k, r in book().regimes.items() if r.complete} == {
        "erisa_self_funded",
        "fully_insured_group",
        "individual_aca",
        "medicare_advantage",
        "medicaid_managed_care",
        "fehb",
        "nonfederal_governmental_self_funded",
        "church_self_funded",
        "grandfathered",
        "original_medicare",
        "medicare_part_d",
        "medicaid_ffs",
        "chip",
        "tricare",
        "unknown",
    }


def test_a_regime_that_is_not_complete_says_why() -> None:
    assert all(r.not_complete_because.endswith(".") for r in book().regimes.values() if not r.complete)


def test_the_states() -> None:
    states = book().states
    assert len(states) == 51
    assert {s.code for s in states.values() if s.process == "hhs_administered"} == {
        "AL",
        "FL",
        "GA",
        "TX",
        "WI",
    }
    assert {s.code for s in states.values() if not s.complete} == {
        "KS",
        "KY",
        "MO",
        "MS",
        "ND",
        "SC",
        "VT",
        "WY",
    }
    assert {s.code for s in states.values() if s.window["value"] == 120 and s.complete} == {
        "CT",
        "IN",
        "MI",
        "NC",
        "VA",
    }
    assert all(s.citation and s.confidence in ("verified", "knowledge", "uncertain") for s in states.values())
    assert all((s.filing is None) == bool(s.filing_stages) for s in states.values())


def test_versions_are_picked_by_date() -> None:
    rule = "ma.org_determination.pa_standard"
    assert [rule_in_force(rule, d).calculation["n"] for d in (date(2025, 12, 31), date(2026, 1, 1))] == [
        14,
        7,
    ]
    assert rule_in_force(rule, date(2001, 1, 1)) is None
    assert rule_in_force(rule, None).version == 2


def test_the_amount_in_controversy_by_year() -> None:
    assert [amount_in_controversy("hearing", y)["hearing"] for y in (2025, 2026, 2027)] == [190, 200, 200]
    assert [amount_in_controversy("court", y)["court"] for y in (2025, 2026, 2027)] == [1900, 1960, 2000]
    assert amount_in_controversy("court", 2031) is None


def test_a_ladder_of_an_unknown_regime_or_state_is_an_error() -> None:
    with pytest.raises(KeyError):
        ladder("nowhere")
    with pytest.raises(KeyError):
        ladder("individual_aca", "ZZ")


def test_rules_cannot_be_changed_after_loading() -> None:
    with pytest.raises(TypeError):
        RULES[0].calculation["n"] = 1
    with pytest.raises(AttributeError):
        RULES[0].citation = ""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"citation": ""}, "no citation"),
        ({"confidence": "sure"}, "unknown confidence"),
        ({"actor": "judge"}, "unknown confidence or actor"),
        ({"if_missed": "party"}, "unknown consequence"),
    ],
)
def test_a_faulty_rule_is_refused(change: dict, complaint: str) -> None:
    rule = replace(RULES[0], **change)
    faulty = replace(book(), rules={**book().rules, rule.id: (rule,)})
    assert any(complaint in p for p in problems_of(faulty))


def test_every_level_says_who_decides_it_and_its_rules_lead_back_to_it() -> None:
    from appeals.rungs import decider_of, rules_of_stage

    actors = {rule: versions[-1].actor for rule, versions in book().rules.items()}
    actors |= {s.rule.id: s.rule.actor for state in book().states.values() for s in state.stages.values()}
    told = {
        (key, rule): (level.decider, decider_of(key, rule, actors[rule]))
        for key, regime in book().regimes.items()
        for level in regime.levels
        for choice in level.decisions
        for rule in rules_of_stage(regime, choice.stage)
    }
    assert {place: pair for place, pair in told.items() if len(set(pair)) > 1} == {}
    assert {decider for decider, _ in told.values()} == set(DECIDERS) - {"court"}
    assert decider_of("tricare", "letter", "payer") == "contractor"
    assert decider_of("unknown", "letter", "payer") == "plan"


def test_a_faulty_folder_is_refused(tmp_path: Path) -> None:
    for name in ("regimes", "states", "overrides"):
        shutil.copy(HERE / "data" / f"{name}.json", tmp_path)
    law = json.loads((tmp_path / "regimes.json").read_text())
    law["rules"][0]["calculation"]["op"] = "guess"
    law["regimes"][0]["requests"][0]["stage"] = "nowhere"
    (tmp_path / "regimes.json").write_text(json.dumps(law))
    with pytest.raises(BadData, match=r"unknown operations.*unknown stage nowhere"):
        load(tmp_path)


def test_a_regime_is_added_by_data_alone(tmp_path: Path) -> None:
    for name in ("regimes", "states", "overrides"):
        shutil.copy(HERE / "data" / f"{name}.json", tmp_path)
    law = json.loads((tmp_path / "regimes.json").read_text())
    fehb = next(r for r in law["regimes"] if r["key"] == "fehb")
    law["regimes"].append({**fehb, "key": "another_program", "title": "Another program"})
    (tmp_path / "regimes.json").write_text(json.dumps(law))
    found = load(tmp_path).regimes["another_program"]
    assert [lvl.key for lvl in found.levels] == ["carrier_reconsideration", "opm_review", "court"]
