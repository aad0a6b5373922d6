"""Which step comes by which clock, and the rungs of every ladder, written down from the law beside the data.

Each function says in the law's order what decides between two times; the data has to choose the same for every set of facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from typing import Any

import pytest

from appeals.clock import Facts
from appeals.clock.stages import chosen, find_stage
from appeals.regimes import book, ladder

Chooses = Callable[[Facts], str | None]
GROUPS = (
    "erisa_self_funded",
    "fully_insured_group",
    "nonfederal_governmental_self_funded",
    "church_self_funded",
    "grandfathered",
)
CLAIMS = (*GROUPS, "individual_aca")
DAY = date(2026, 3, 2)
SAID = {
    "urgent": (None, True, False),
    "timing": (None, "pre_service", "concurrent", "post_service"),
    "service": (None, "part_b_drug", "outpatient_drug", "no_prior_authorization"),
    "levels": (None, 1, 2),
    "incomplete": (None, True, False),
    "before_course_ends": (None, True, False),
    "remanded": (None, True, False),
    "exception": (None, True, False),
    "supporting_statement": (None, DAY),
    "partly": (None, True, False),
}


def facts_over(names: tuple[str, ...]) -> Iterator[Facts]:
    for values in product(*(SAID[name] for name in names)):
        yield Facts(**dict(zip(names, values, strict=True)))


def fixed(stage: str | None) -> Chooses:
    return lambda facts: stage


def when_urgent(urgent: str, other: str) -> Chooses:
    return lambda facts: urgent if facts.urgent else other


# -- 29 CFR 2560.503-1(f), (i); 45 CFR 147.136(b) ------------------------------------------------------------------------
def appeal(level: int, two: bool) -> Chooses:
    """(i)(2)(i) urgent care; (ii) before service: 30 days, or 15 at each of two; (iii) after it: 60, or 30 at each of two."""

    def decide(facts: Facts) -> str:
        if facts.urgent and facts.timing != "post_service":
            return "urgent_appeal_decision"
        when = "postservice" if facts.timing == "post_service" else "preservice"
        of_two = level == 2 or (two and facts.levels == 2)
        return f"{when}_appeal_decision_level_{level}_of_2" if of_two else f"{when}_appeal_decision_one_level"

    return decide


# -- 42 CFR 422, 423, 405 -----------------------------------------------------------------------------------------------
def plan_reconsideration(facts: Facts) -> str:
    """422.590(b) payment, of a Part B drug too; (c), (e) Part B drugs; (e) expedited; (a) the rest."""
    if facts.timing == "post_service":
        return "reconsideration_decision_payment"
    if facts.service == "part_b_drug":
        return "reconsideration_decision_part_b_drug" + ("_expedited" if facts.urgent else "")
    return "reconsideration_decision_expedited" if facts.urgent else "reconsideration_decision_standard"


def entity(facts: Facts) -> str:
    if facts.timing == "post_service":
        return "ire_decision_payment"
    if facts.urgent:
        return "ire_decision_expedited"
    return "ire_decision_part_b_drug" if facts.service == "part_b_drug" else "ire_decision_standard"


def entity_of_drugs(facts: Facts) -> str:
    """423.570(a), 423.584(a): payment cannot be expedited."""
    if facts.timing == "post_service":
        return "ire_decision_payment"
    return "ire_decision_expedited" if facts.urgent else "ire_decision_standard"


def redetermination_of_drugs(facts: Facts) -> str:
    if facts.timing == "post_service":
        return "redetermination_decision_payment"
    return "redetermination_decision_expedited" if facts.urgent else "redetermination_decision"


def hearing(facts: Facts) -> str:
    """405.1016(b)(2): after a remand the time begins anew."""
    return "alj_hearing_decision_remanded" if facts.remanded else "alj_hearing_decision"


def hearing_of_drugs(facts: Facts) -> str:
    if facts.remanded:
        return "alj_hearing_decision_remanded"
    return "alj_hearing_decision_expedited" if facts.urgent else "alj_hearing_decision"


EXTERNAL = when_urgent("external_review_decision_expedited", "external_review_decision_standard")
OF_STATE = when_urgent("external_review_state_decision_expedited", "external_review_state_decision_standard")
COURT: tuple[str, str, str, Chooses] = ("court", "court", "filing", fixed(None))
# Key, what kind, how it is opened, which clock its decision has.
FIRST = ("internal_appeal_1", "plan", "filing", appeal(1, two=True))
SECOND = ("internal_appeal_2", "plan", "filing", appeal(2, two=True))
REVIEW = ("external_review", "external", "filing", EXTERNAL)
STATE_REVIEW = ("external_review", "external", "filing", OF_STATE)
HEARING = ("alj_hearing", "hearing", "filing", hearing)
COUNCIL = ("council_review", "council", "filing", fixed("council_review_decision"))
LADDERS: dict[str, tuple[tuple[str, str, str, Chooses], ...]] = {
    **dict.fromkeys(("erisa_self_funded", "nonfederal_governmental_self_funded", "church_self_funded"),
                    (FIRST, SECOND, REVIEW, COURT)),
    "fully_insured_group": (FIRST, SECOND, STATE_REVIEW, COURT),
    # 29 CFR 2590.715-1251(c)(1): a grandfathered plan owes no external review.
    "grandfathered": (FIRST, SECOND, COURT),
    # 45 CFR 147.136(b)(3)(ii)(G): one level only.
    "individual_aca": (("internal_appeal_1", "plan", "filing", appeal(1, two=False)), STATE_REVIEW, COURT),
    # 42 CFR 422.580 to 422.612; 422.590(d): the plan itself forwards what it upholds.
    "medicare_advantage": (
        ("plan_reconsideration", "plan", "filing", plan_reconsideration),
        ("ire_reconsideration", "external", "forwarding", entity),
        HEARING, COUNCIL, COURT,
    ),
    # 42 CFR 423.580 to 423.2136; 423.590(c), (e): forwarded where the plan missed its time, filed otherwise.
    "medicare_part_d": (
        ("plan_redetermination", "plan", "filing", redetermination_of_drugs),
        ("ire_reconsideration", "external", "either", entity_of_drugs),
        ("alj_hearing", "hearing", "filing", hearing_of_drugs),
        ("council_review", "council", "filing", when_urgent("council_review_decision_expedited", "council_review_decision")),
        COURT,
    ),
    # 42 CFR 405.940, 405.960, 405.1000, 405.1100, 405.1136.
    "original_medicare": (
        ("mac_redetermination", "plan", "filing", fixed("redetermination_decision")),
        ("qic_reconsideration", "external", "filing", fixed("reconsideration_qic_decision")),
        HEARING, COUNCIL, COURT,
    ),
    # 42 CFR 438.402, 438.408(f).
    "medicaid_managed_care": (
        ("plan_appeal", "plan", "filing", when_urgent("plan_appeal_decision_expedited", "plan_appeal_decision_standard")),
        ("state_fair_hearing", "hearing", "filing",
         when_urgent("state_fair_hearing_decision_expedited", "state_fair_hearing_decision")),
        COURT,
    ),
    # 42 CFR 431.220, 431.224, 431.244.
    "medicaid_ffs": (
        ("state_fair_hearing", "hearing", "filing", when_urgent("fair_hearing_decision_expedited", "fair_hearing_decision")),
        COURT,
    ),
    # 42 CFR 457.1260, 457.1160.
    "chip": (
        ("plan_appeal", "plan", "filing", when_urgent("plan_appeal_decision_expedited", "plan_appeal_decision_standard")),
        ("state_review", "external", "filing", when_urgent("state_review_decision_expedited", "state_review_decision")),
        COURT,
    ),
    # 5 CFR 890.105, 890.107.
    "fehb": (
        ("carrier_reconsideration", "plan", "filing", fixed("carrier_reconsideration_decision")),
        ("opm_review", "external", "filing", fixed("opm_review_decision")),
        COURT,
    ),
    # 32 CFR 199.10(b)-(d); (d) sets no time for the hearing officer.
    "tricare": (
        ("contractor_reconsideration", "plan", "filing",
         when_urgent("reconsideration_decision_expedited", "reconsideration_decision")),
        ("formal_review", "external", "filing", fixed("formal_review_decision")),
        ("independent_hearing", "hearing", "filing", fixed(None)),
        COURT,
    ),
}  # fmt: skip
AMOUNTS = {
    # 42 CFR 405.1006, 422.600, 423.1970: hearing and court; 32 CFR 199.10(c), (d).
    **{
        (regime, level): column
        for regime in ("medicare_advantage", "medicare_part_d", "original_medicare")
        for level, column in (("alj_hearing", "hearing"), ("court", "court"))
    },
    ("tricare", "formal_review"): "tricare_formal_review",
    ("tricare", "independent_hearing"): "tricare_hearing",
}
HEARING_OF_A_PLAN = "continuation_of_benefits_pending_hearing"


@pytest.mark.parametrize("regime", sorted(LADDERS))
def test_the_rungs_are_those_of_the_law(regime: str) -> None:
    for levels in (None, 1, 2):
        wanted = [r for r in LADDERS[regime] if levels == 2 or r[0] != "internal_appeal_2"]
        rungs = ladder(regime, None, levels)
        assert [(r.key, r.kind, r.opened_by) for r in rungs] == [r[:3] for r in wanted]
        assert [r.last_before_court for r in rungs] == [*([False] * (len(rungs) - 2)), True, False]
        assert {(regime, r.key): r.amount for r in rungs if r.amount} == {
            key: column for key, column in AMOUNTS.items() if key[0] == regime
        }
    known = book().regimes[regime]
    assert (known.max_levels, known.uses_state_layer) == (
        2 if regime in GROUPS else 1,
        regime in ("fully_insured_group", "individual_aca"),
    )


@pytest.mark.parametrize("regime", sorted(LADDERS))
def test_each_rung_is_decided_by_the_clock_that_its_law_says(regime: str) -> None:
    deciding = {key: decide for key, _, _, decide in LADDERS[regime]}
    for level in book().regimes[regime].levels:
        for facts in facts_over(("urgent", "timing", "service", "levels", "remanded")):
            assert chosen(level.decisions, facts, level.key) == deciding[level.key](facts), (level.key, facts)


def own_reconsideration(facts: Facts) -> str | None:
    """422.618(a), 422.619(a), (c): a plan that "completely reverses" itself; what it affirms in part goes on to the entity."""
    if facts.partly is not False:
        return None
    if facts.timing == "post_service":
        return "effectuation_own_decision_payment"
    if facts.urgent:
        return "effectuation_own_decision_expedited"
    drug = facts.service == "part_b_drug"
    return "effectuation_own_decision_part_b_drug" if drug else "effectuation_own_decision"


def after_the_entity(facts: Facts) -> str:
    """422.618(b)(2) payment; (b)(3), 422.619(c)(2) Part B drugs; 422.619(b) expedited; 422.618(b)(1) the rest."""
    if facts.timing == "post_service":
        return "effectuation_payment"
    drug = "_part_b_drug" if facts.service == "part_b_drug" else ""
    return f"effectuation{drug}{'_expedited' if facts.urgent else ''}"


def of_drugs(stage: str) -> Chooses:
    """423.636(a), (b), 423.638(a), (b): payment; expedited; the rest."""

    def decide(facts: Facts) -> str:
        if facts.timing == "post_service":
            return f"{stage}_payment"
        return f"{stage}_expedited" if facts.urgent else stage

    return decide


def services_alone(facts: Facts) -> str | None:
    """438.424(a) is about services that were not given meanwhile: no time stands there for paying."""
    return "effectuation" if facts.timing == "pre_service" else None


EFFECTUATION: dict[tuple[str, str], Chooses] = {
    ("medicare_advantage", "plan_reconsideration"): own_reconsideration,
    ("medicare_advantage", "ire_reconsideration"): after_the_entity,
    ("medicare_advantage", "alj_hearing"): fixed("effectuation_after_hearing"),
    ("medicare_advantage", "council_review"): fixed("effectuation_after_hearing"),
    ("medicare_part_d", "plan_redetermination"): of_drugs("effectuation_own_decision"),
    **{
        ("medicare_part_d", level): of_drugs("effectuation")
        for level in ("ire_reconsideration", "alj_hearing", "council_review")
    },
    **dict.fromkeys(
        (
            ("medicaid_managed_care", "plan_appeal"),
            ("medicaid_managed_care", "state_fair_hearing"),
            ("chip", "plan_appeal"),
            ("chip", "state_review"),
        ),
        services_alone,
    ),
}
"""The levels after which a law gives the plan a time to carry out what was decided against it. No other level has one."""


@pytest.mark.parametrize("regime", sorted(book().regimes))
def test_what_was_decided_is_carried_out_by_the_clock_of_whoever_decided_it(regime: str) -> None:
    for level in book().regimes[regime].levels:
        decide = EFFECTUATION.get((regime, level.key), fixed(None))
        for facts in facts_over(("urgent", "timing", "service", "partly")):
            assert chosen(level.effectuation, facts) == decide(facts), (level.key, facts)


def test_services_go_on_by_the_clock_of_the_step_that_was_asked_about() -> None:
    """42 CFR 438.420(b), (c)(2); 431.230. 45 CFR 147.136(b)(2)(iii): a course that is cut short, until the internal appeal is
    decided; a grandfathered plan does not owe it (147.140(c)), and no other program does."""
    managed, state = (book().regimes[k].continuation for k in ("medicaid_managed_care", "medicaid_ffs"))
    asked = [chosen(managed, Facts(), level) for level in (None, "plan_appeal", "state_fair_hearing")]
    assert asked == [
        "continuation_of_benefits_request",
        "continuation_of_benefits_request",
        HEARING_OF_A_PLAN,
    ]
    assert chosen(state, Facts()) == "continuation_of_benefits_request"
    owing = set(CLAIMS) - {"grandfathered"}
    for regime in owing:
        ways = book().regimes[regime].continuation
        for level in ("internal_appeal_1", "internal_appeal_2", "external_review", "court"):
            cut = chosen(ways, Facts(effective_date=DAY), level)
            assert cut == ("continuation_pending_appeal" if level == "internal_appeal_1" else None)
            assert chosen(ways, Facts(timing="concurrent"), level) is None
    kept = {"medicaid_managed_care", "medicaid_ffs", *owing}
    assert {k for k, r in book().regimes.items() if r.continuation} == kept


@pytest.mark.parametrize(
    ("regime", "stage", "facts", "rule"),
    [
        # 42 CFR 438.408(f)(1)(i), (2); 457.1260: from the notice of resolution, else from the day the plan's time ran out.
        ("medicaid_managed_care", "state_fair_hearing_filing", {"mco_resolution_notice": DAY}, "medicaid.hearing.filing"),
        ("medicaid_managed_care", "state_fair_hearing_filing", {"notice_date": DAY}, "medicaid.hearing.filing"),
        ("medicaid_managed_care", "state_fair_hearing_filing", {"deemed_exhausted_on": DAY}, "medicaid.hearing.filing_deemed"),
        ("medicaid_managed_care", "state_fair_hearing_filing", {}, "medicaid.hearing.filing"),
        ("medicaid_managed_care", "state_fair_hearing_filing", {"deemed_exhausted_on": DAY, "mco_resolution_notice": DAY},
         "medicaid.hearing.filing"),
        ("medicaid_managed_care", "state_fair_hearing_filing", {"deemed_exhausted_on": DAY, "notice_date": DAY},
         "medicaid.hearing.filing"),
        ("chip", "state_review_filing", {"mco_resolution_notice": DAY}, "chip.review.filing"),
        ("chip", "state_review_filing", {"notice_date": DAY}, "chip.review.filing"),
        ("chip", "state_review_filing", {"deemed_exhausted_on": DAY}, "chip.review.filing_deemed"),
        ("chip", "state_review_filing", {"deemed_exhausted_on": DAY, "mco_resolution_notice": DAY}, "chip.review.filing"),
        ("chip", "state_review_filing", {"deemed_exhausted_on": DAY, "notice_date": DAY}, "chip.review.filing"),
        ("chip", "state_review_filing", {}, "chip.review.filing"),
        # 42 CFR 423.2002(c), 423.2014: an expedited hearing may be asked for by voice.
        ("medicare_part_d", "alj_hearing_filing", {"urgent": True}, "part_d.alj.filing_expedited"),
        ("medicare_part_d", "alj_hearing_filing", {"urgent": False}, "medicare.alj.filing"),
        ("medicare_part_d", "alj_hearing_filing", {}, "medicare.alj.filing"),
        # 32 CFR 199.10(b): three days for an expedited reconsideration.
        ("tricare", "reconsideration_filing", {"urgent": True}, "tricare.reconsideration.filing_expedited"),
        ("tricare", "reconsideration_filing", {"urgent": False}, "tricare.reconsideration.filing"),
        ("tricare", "reconsideration_filing", {}, "tricare.reconsideration.filing"),
        # 45 CFR 147.136(d)(2): which Federal process it is.
        *(
            (regime, "external_review_filing", {"process": process}, rule)
            for regime in ("erisa_self_funded", "nonfederal_governmental_self_funded", "church_self_funded", "grandfathered")
            for process, rule in ((None, "external_review.filing"), ("private_iro", "external_review.filing"),
                                  ("hhs_administered", "external_review.filing_hhs"))
        ),
        # 29 CFR 2560.503-1(i)(2): one level unless the plan has two.
        *(
            (regime, f"{when}_appeal_decision", {"levels": levels}, f"claims.{when}_appeal.decision_{name}")
            for when in ("preservice", "postservice")
            for regime, levels, name in (
                *((r, n, "level_1_of_2" if n == 2 else "one_level") for r in GROUPS for n in (None, 1, 2)),
                ("individual_aca", None, "one_level"), ("individual_aca", 1, "one_level"),
            )
        ),
    ],
)  # fmt: skip
def test_a_step_with_several_rules_takes_the_one_that_the_facts_ask_for(
    regime: str, stage: str, facts: dict[str, Any], rule: str
) -> None:
    assert find_stage(book().regimes[regime], stage, Facts(**facts)).rule.id == rule


OWN_AIM_OF_30_DAYS = ("CA", "ME", "NY")
"""Cal. Health & Safety Code 1374.33; 24-A M.R.S. 4312; N.Y. Ins. Law 4914(b)(2): 30 days; elsewhere the Federal 45."""


def test_an_urgent_review_has_the_states_own_time_or_the_federal_one() -> None:
    """45 CFR 147.136(d): where HHS administers the review, the Federal time; California says its own."""
    own = {
        code: s.decision_stage_expedited for code, s in book().states.items() if s.decision_stage_expedited
    }
    federal = dict.fromkeys(("AL", "FL", "GA", "TX", "WI"), "external_review_decision_expedited")
    assert own == {**federal, "CA": "review_decision_expedited_california"}
    regime = book().regimes["individual_aca"]
    asked = [
        find_stage(regime, "external_review_state_decision_expedited", Facts(), s).stage
        for s in (None, "OR", "TX", "CA")
    ]
    standard = "external_review_state_decision_expedited"
    assert asked == [standard, standard, own["TX"], own["CA"]]


def test_each_state_has_its_process_and_its_time_to_decide() -> None:
    """45 CFR 147.136(c)(2)(vi), (d): where HHS administers the review, the Federal time applies."""
    hhs = ("AL", "FL", "GA", "TX", "WI")
    for code, state in book().states.items():
        aim = "30_days" if code in OWN_AIM_OF_30_DAYS else "45_days"
        decided = (
            "external_review_decision_standard" if code in hhs else f"external_review_state_decision_{aim}"
        )
        assert (state.process, state.decision_stage) == (
            "hhs_administered" if code in hhs else "state",
            decided,
        ), code
        assert dict(state.filing_stages) == (
            {
                "hhs_administered": "external_review_filing_hhs_administered",
                "private_iro": "external_review_filing_federal_rule",
            }
            if code in hhs
            else {}
        )
