"""A clock is for one case, and says so: the facts that a rule asks for, written again from the law."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from appeals.clock import Facts, stage_clock
from appeals.regimes import book

NEW_YORK = ZoneInfo("America/New_York")
AHEAD, EXCEPTION = {"timing": ("pre_service", "concurrent")}, {"exception": (True,)}
HURRIED = (
    *(
        f"claims.{which}"
        for which in ("urgent.decision", "urgent.incomplete_notice", "urgent.incomplete_decision")
    ),
    *("claims.concurrent.extension_decision", "claims.urgent_appeal.decision"),
    *("fehb.prior_approval.decision_urgent", "fehb.concurrent.extension_decision"),
    *(
        "ma.org_determination.expedited",
        "ma.org_determination.part_b_drug_expedited",
        "ma.ire.decision_expedited",
    ),
    *("ma.reconsideration.decision_expedited", "ma.reconsideration.decision_part_b_drug_expedited"),
    *("part_d.redetermination.decision_expedited", "part_d.ire.decision_expedited"),
    *("medicaid.authorization.expedited", "medicaid_ffs.authorization.expedited"),
    *("drug_exception.decision_exigent", "drug_exception.external_exigent"),
)
REQUIRED = {
    # 29 CFR 2560.503-1(i)(2)(ii), (iii): one appeal, or each of two.
    **{f"claims.{when}_appeal.decision_one_level": {"levels": (1,)} for when in ("preservice", "postservice")},
    **{
        f"claims.{when}_appeal.decision_level_{n}_of_2": {"levels": (2,)}
        for when in ("preservice", "postservice")
        for n in (1, 2)
    },
    # 29 CFR 2560.503-1(m)(1); 42 CFR 422.570(a), 422.584(a), 423.570(a), 423.584(a), 438.210(d), 440.230(e); 45 CFR 156.122(c):
    # what is over is not hurried.
    **dict.fromkeys(HURRIED, AHEAD),
    # 42 CFR 423.568(b), 423.572(a): the fourteen days are for an exception without the prescriber's statement.
    "part_d.exception.no_statement": EXCEPTION | {"supporting_statement": (None,)},
    "part_d.exception.no_statement_expedited": EXCEPTION | {"supporting_statement": (None,)} | AHEAD,
    "part_d.exception.with_statement": EXCEPTION,
    "part_d.exception.with_statement_expedited": EXCEPTION | AHEAD,
    "part_d.coverage.standard": {"exception": (False,)},
    "part_d.coverage.expedited": {"exception": (False,)} | AHEAD,
    # Cal. Labor Code 4610.5: California's own review.
    **{f"workers_comp.california_imr.{name}": {"state": ("CA",)} for name in ("filing", "filing_formulary")},
}  # fmt: skip
CONTRADICTED = {
    "levels": {1: 2, 2: 1},
    "state": {"CA": "OR"},
    "supporting_statement": {None: date(2026, 3, 4)},
    "exception": {True: False, False: True},
    "timing": {"pre_service": "post_service", "concurrent": "post_service"},
}


def test_the_rules_that_ask_for_a_fact_are_these() -> None:
    asked = {
        name: {fact: tuple(allowed) for fact, allowed in versions[-1].requires.items()}
        for name, versions in book().rules.items()
        if versions[-1].requires
    }
    assert asked == REQUIRED


@pytest.mark.parametrize(
    ("rule", "name"), [(rule, name) for rule in sorted(REQUIRED) for name in REQUIRED[rule]]
)
def test_a_fact_of_another_case_is_refused(rule: str, name: str) -> None:
    value = REQUIRED[rule][name][0]
    regime, stage = next(
        (r.key, s.key) for r in book().regimes.values() for s in r.stages.values() if s.rule == rule
    )
    at = datetime(2026, 3, 2, 10, tzinfo=NEW_YORK)
    facts = {"received": at, "notice_date": date(2026, 3, 2)}
    facts |= {"supporting_statement": at} if "with_statement" in rule else {}
    assert stage_clock(regime, stage, Facts(**facts, **{name: value})).error is None
    other = stage_clock(regime, stage, Facts(**facts, **{name: CONTRADICTED[name][value]}))
    assert (other.deadline, other.error.code, other.error.field) == (None, "stage_contradicts_facts", name)


def test_care_already_given_is_not_hurried_and_the_row_says_so() -> None:
    received = datetime(2026, 3, 2, 10, tzinfo=NEW_YORK)
    clock = stage_clock(
        "individual_aca", "urgent_appeal_decision", Facts(received=received, timing="post_service")
    )
    assert clock.error.message == (
        "Care that was already given is not hurried: this time is for care that is still to come or under way."
    )
    ahead = stage_clock(
        "individual_aca", "urgent_appeal_decision", Facts(received=received, timing="concurrent")
    )
    assert ahead.deadline == datetime(2026, 3, 5, 10, tzinfo=NEW_YORK)
