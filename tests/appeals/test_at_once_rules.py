"""Which levels may be opened at once: the rules a second time, from their sources; what each needs; contradictions, planted.

29 CFR 2590.715-2719(d)(3)(i)(A), 45 CFR 147.136(c)(2)(iii), (d)(3)(i)(A); MCL 550.1913; N.Y. Ins. Law 4910(b), 4914(b). Medicare,
Medicaid, FEHB, TRICARE and grandfathered plans have no such step.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest

from appeals.at_once import NEEDS, Said, lacking, none_here, openings
from appeals.regimes import book, shipped
from appeals.regimes.checks import problems_of
from appeals.regimes.classifier import Classification
from appeals.regimes.differences import differences
from appeals.regimes.packs import loaded, pack_of
from appeals.regimes.shapes import NEED_WORDS
from appeals.rungs import rungs

TODAY = date(2026, 11, 23)
BOTH = {"urgent", "waived"}
URGENT_NEEDS = ("care_ahead", "internal_expedited", "certified")
# Kind of coverage, state of issue, internal levels of the plan, place of the open level -> reasons, place that is opened.
LAW = {
    ("erisa_self_funded", None, 1, 1): (BOTH, 2),
    ("erisa_self_funded", None, 2, 1): (BOTH, 3),
    ("erisa_self_funded", None, 2, 2): (BOTH, 3),
    ("nonfederal_governmental_self_funded", None, 1, 1): (BOTH, 2),
    ("church_self_funded", None, 1, 1): (BOTH, 2),
    ("fully_insured_group", "OH", 2, 1): (BOTH, 3),
    ("fully_insured_group", "AL", 1, 1): (BOTH, 2),
    ("individual_aca", "NY", 1, 1): (BOTH, 2),
    ("individual_aca", "CA", 1, 1): (BOTH, 2),
    ("grandfathered", None, 1, 1): (set(), None),
    ("medicare_advantage", None, 1, 1): (set(), None),
    ("medicare_part_d", None, 1, 1): (set(), None),
    ("original_medicare", None, 1, 1): (set(), None),
    ("medicaid_managed_care", None, 1, 1): (set(), None),
    ("medicaid_ffs", None, 1, 1): (set(), None),
    ("chip", None, 1, 1): (set(), None),
    ("fehb", None, 1, 1): (set(), None),
    ("tricare", None, 1, 1): (set(), None),
}


def found_as(*regimes: str, state: str | None = None) -> Classification:
    known = regimes[0] if len(regimes) == 1 else None
    return Classification(known, regimes, True, (), (), (), state)


def offered(found: Classification, levels: int | None, position: int, on: date = TODAY):
    return openings(found, levels, rungs(found, levels)[position - 1], on)


@pytest.mark.parametrize("case", LAW, ids=lambda c: "-".join(str(p) for p in c if p))
def test_what_may_be_opened_beside_what(case) -> None:
    regime, state, levels, position = case
    reasons, place = LAW[case]
    made = offered(found_as(regime, state=state), levels, position)
    assert {o.basis for o in made} == reasons
    assert {o.rung.position for o in made} == ({place} if place else set())


def test_every_kind_of_coverage_with_a_ladder_stands_in_the_table_above() -> None:
    assert {case[0] for case in LAW} == {r.key for r in book().regimes.values() if r.levels}


def test_nothing_beside_the_review_itself() -> None:
    assert offered(found_as("erisa_self_funded"), 1, 2) == ()


def test_in_force_since_the_external_review_rules() -> None:
    assert offered(found_as("erisa_self_funded"), 1, 1, date(2011, 7, 21)) == ()
    assert len(offered(found_as("erisa_self_funded"), 1, 1, date(2011, 7, 22))) == 2


def test_while_the_coverage_is_unknown_every_set_of_rules_has_to_allow_it() -> None:
    both = found_as("erisa_self_funded", "fully_insured_group")
    assert [o.basis for o in offered(both, 1, 1)] == ["urgent", "waived"]
    mixed = found_as("erisa_self_funded", "medicare_advantage")
    assert offered(mixed, 1, 1) == ()
    told = none_here(rungs(mixed, 1)[0], "First level of appeal")
    assert (told.code, "Answer the coverage questions" in told.message) == ("nothing_at_once", True)


@pytest.mark.parametrize(
    ("state", "basis", "words", "citation", "window"),
    [
        ("MI", "urgent", "within 10 days", "MCL 550.1913; 45 CFR 147.136(c)(2)(iii)",
         ("external_review_filing_expedited_michigan",)),
        ("NY", "urgent", "may run together", "N.Y. Ins. Law 4904(b), 4914(b); 45 CFR 147.136(c)(2)(iii)", ()),
        ("NY", "waived", "may agree together to waive", "N.Y. Ins. Law 4910(b), 4914(b); 45 CFR 147.136(c)(2)(iii)", ()),
        ("CA", "urgent", "three days", "Cal. Health & Safety Code 1374.30(j)(3), 1374.31(a); 45 CFR 147.136(c)(2)(iii)", ()),
        ("OH", "urgent", "No state process may ask", "45 CFR 147.136(c)(2)(iii), (d)(3)(i)(A)", ()),
    ],
)  # fmt: skip
def test_a_state_that_says_something_itself_is_followed(state, basis, words, citation, window) -> None:
    opening = next(o for o in offered(found_as("fully_insured_group", state=state), 1, 1) if o.basis == basis)
    (rule,) = opening.rules
    assert (words in rule.text, rule.citation, opening.windows) == (True, citation, window)
    assert (rule.confidence, bool(rule.confirm)) == ("knowledge", True)


def test_a_state_says_nothing_of_a_self_funded_plan() -> None:
    (rule,) = offered(found_as("erisa_self_funded", state="MI"), 1, 1)[0].rules
    assert rule.citation == "29 CFR 2590.715-2719(d)(3)(i)(A); 45 CFR 147.136(d)(3)(i)(A)"


# -- what it needs ---------------------------------------------------------------------------------------------------------
def test_each_need_is_checked_alone() -> None:
    assert set(NEEDS) == set(NEED_WORDS)
    urgent, waived = offered(found_as("erisa_self_funded"), 1, 1)
    assert (urgent.needs, waived.needs) == (URGENT_NEEDS, ("waiver",))
    met = Said(is_expedited=True, timing="pre_service", by="Dr. Osei", on=TODAY)

    def codes(opening, said):
        return [(r.code, r.field) for r in lacking(opening, said)]

    assert codes(urgent, met) == codes(waived, met) == []
    assert codes(urgent, replace(met, timing="concurrent")) == []
    assert codes(urgent, replace(met, timing="post_service")) == [("care_already_given", "basis")]
    assert codes(urgent, replace(met, is_expedited=False)) == [("not_expedited", "basis")]
    assert codes(urgent, replace(met, by="")) == [("urgency_not_certified", "said_by")]
    assert codes(urgent, replace(met, on=None)) == [("urgency_not_certified", "said_on")]
    assert codes(waived, replace(met, by="")) == [("waiver_missing", "said_by")]
    assert codes(waived, replace(met, on=None, is_expedited=False)) == [("waiver_missing", "said_on")]


# -- contradictions --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"basis": "haste"}, "has an unknown basis or need, no citation or no text."),
        ({"needs": ("luck",)}, "has an unknown basis or need, no citation or no text."),
        ({"citation": ""}, "has an unknown basis or need, no citation or no text."),
        ({"confidence": "verified"}, "is verified without a day, or checked and not verified."),
        ({"checked_on": TODAY}, "is verified without a day, or checked and not verified."),
        ({"text": ""}, "has an unknown basis or need, no citation or no text."),
        ({"confidence": "sure"}, "is verified without a day, or checked and not verified."),
        ({"opens": "council"}, "names levels that erisa_self_funded does not have."),
        ({"beside": ("council",)}, "names levels that erisa_self_funded does not have."),
        ({"regimes": ("nobody",)}, "names levels that nobody does not have."),
        (
            {"regimes": ("medicare_advantage",), "beside": ("plan_reconsideration",), "opens": "ire_reconsideration"},
            "is opened by the plan under medicare_advantage.",
        ),
    ],
)  # fmt: skip
def test_a_row_that_contradicts_the_ladders_is_refused(change, told) -> None:
    whole = shipped()
    row = replace(whole.at_once[0], **({"regimes": ("erisa_self_funded",)} | change))
    assert list(problems_of(replace(whole, at_once=(row,)))) == [
        f"What may be opened at once (federal_process_urgent) {told}"
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"citation": ""},
            "Michigan says of levels opened at once what has no basis, citation or confidence.",
        ),
        (
            {"confidence": "sure"},
            "Michigan says of levels opened at once what has no basis, citation or confidence.",
        ),
        ({"window": "tomorrow"}, "Michigan ends the time to open a level at once by an unknown stage."),
    ],
)
def test_a_state_that_names_no_source_or_no_clock_is_refused(change, told) -> None:
    whole = shipped()
    michigan = whole.states["MI"]
    said = MappingProxyType({"urgent": MappingProxyType({**michigan.at_once["urgent"], **change})})
    states = {**whole.states, "MI": replace(michigan, at_once=said)}
    assert list(problems_of(replace(whole, states=states))) == [told]


@pytest.mark.parametrize(
    "change", [{"needs": tuple(NEED_WORDS)}, {"needs": ()}, {"confidence": "verified", "checked_on": TODAY}]
)
def test_a_row_may_need_everything_or_nothing_and_be_seen_in_the_source(change) -> None:
    whole = shipped()
    row = replace(whole.at_once[0], **change)
    assert list(problems_of(replace(whole, at_once=(row,)))) == []


def test_a_state_that_names_an_unknown_reason_is_refused() -> None:
    whole = shipped()
    michigan = whole.states["MI"]
    said = MappingProxyType({"haste": michigan.at_once["urgent"]})
    states = {**whole.states, "MI": replace(michigan, at_once=said)}
    assert list(problems_of(replace(whole, states=states))) == [
        "Michigan says of levels opened at once what has no basis, citation or confidence."
    ]


def test_a_pack_without_such_rows_loads_and_the_difference_is_told() -> None:
    pack = pack_of()
    older = {**pack, "regimes": {k: v for k, v in pack["regimes"].items() if k != "at_once"}}
    assert loaded(older).book.at_once == ()
    told = [d.sentence for d in differences(older, pack)]
    assert "at once federal_process_urgent: added." in told
