"""Which time the first request has, written down from the law beside the data: in the law's order what decides between two."""

from __future__ import annotations

import pytest

from appeals.clock import Facts
from appeals.clock.stages import chosen
from appeals.regimes import book
from tests.appeals.test_rungs_by_law import CLAIMS, LADDERS, Chooses, facts_over, fixed, when_urgent


def of_care_ahead(decide: Chooses) -> Chooses:
    """A time to authorize; nobody is late by it on care that is already given."""
    return lambda facts: None if facts.timing == "post_service" else decide(facts)


def goes_on(facts: Facts) -> bool:
    return facts.timing == "concurrent" and facts.before_course_ends is True


def federal_employees(facts: Facts) -> str:
    """Brochure, sections 3 and 7."""
    if facts.timing == "post_service":
        return "claim_decision"
    if not facts.urgent:
        return "prior_approval_decision"
    return "concurrent_extension_decision" if goes_on(facts) else "prior_approval_decision_urgent"


def claim(facts: Facts) -> str:
    """(f)(2)(iii)(B) care given, which no decision can hurry any more ((m)(1)); (i) urgent care, longer only where something is
    missing; (ii)(B) shorter where a course under way is to go on and a day is left; (iii)(A) the rest."""
    if facts.timing == "post_service":
        return "postservice_claim_decision"
    if facts.urgent and facts.incomplete:
        return "urgent_claim_incomplete"
    if facts.urgent:
        return "concurrent_extension_decision" if goes_on(facts) else "urgent_claim_decision"
    return "preservice_claim_decision"


def organization_determination(facts: Facts) -> str:
    """422.568(c), 422.520 payment, of a Part B drug too; 422.568(b)(3), 422.572(a)(2) Part B drugs; 422.572 expedited;
    422.568(b)(1) with approval or without."""
    if facts.timing == "post_service":
        return "payment_determination"
    if facts.service == "part_b_drug":
        return f"org_determination_part_b_drug_{'expedited' if facts.urgent else 'standard'}"
    if facts.urgent:
        return "org_determination_expedited"
    without = facts.service == "no_prior_authorization"
    return "org_determination_standard" if without else "org_determination_pa_standard"


def coverage_determination(facts: Facts) -> str:
    """423.568(c) payment; (b), 423.572(a): an exception runs from the prescriber's statement, without one from fourteen days
    after the request; a statement is what exceptions have, unless it is said that none is asked for."""
    if facts.timing == "post_service":
        return "coverage_determination_payment"
    if facts.exception is not False and (facts.exception or facts.supporting_statement):
        how = "with_statement" if facts.supporting_statement else "no_statement"
        return f"exception_decision_{how}" + ("_expedited" if facts.urgent else "")
    return "coverage_determination_expedited" if facts.urgent else "coverage_determination_standard"


def authorization(prefix: str) -> Chooses:
    """438.210(d)(3), 42 U.S.C. 1396r-8(d)(5): outpatient drugs in 24 hours whether urgent or not. These are times to authorize:
    nobody is late by them on care already given."""

    def decide(facts: Facts) -> str | None:
        if facts.timing == "post_service":
            return None
        if facts.service == "outpatient_drug":
            return "outpatient_drug_authorization"
        return f"{prefix}_{'expedited' if facts.urgent else 'standard'}"

    return decide


REQUESTS: dict[str, Chooses] = {
    **dict.fromkeys(CLAIMS, claim),
    "medicare_advantage": organization_determination,
    "medicare_part_d": coverage_determination,
    "original_medicare": fixed("initial_determination"),
    "medicaid_managed_care": authorization("service_authorization"),
    "medicaid_ffs": authorization("prior_authorization"),
    "chip": of_care_ahead(when_urgent("service_authorization_expedited", "service_authorization_standard")),
    "fehb": federal_employees,
    "tricare": of_care_ahead(fixed("preauthorization_decision")),
}


@pytest.mark.parametrize("regime", sorted(REQUESTS))
def test_the_first_request_has_the_clock_that_its_law_says(regime: str) -> None:
    assert sorted(REQUESTS) == sorted(LADDERS) == sorted(k for k, r in book().regimes.items() if r.levels)
    for facts in facts_over(
        (
            "urgent",
            "timing",
            "service",
            "incomplete",
            "exception",
            "supporting_statement",
            "before_course_ends",
        )
    ):
        assert chosen(book().regimes[regime].requests, facts) == REQUESTS[regime](facts), facts
