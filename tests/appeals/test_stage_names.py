"""A stage is found by what its key says, in whatever order and in the other words of the field, and by nothing less."""

from __future__ import annotations

from typing import Any

import pytest

from appeals.clock.stage_names import meant, words_of
from appeals.regimes import book
from tests.appeals.asking import MARCH_2, MARCH_6, row

ERISA, ONE, CHIP = "erisa_self_funded", "individual_aca", "chip"
MA, AB, D = "medicare_advantage", "original_medicare", "medicare_part_d"
MCO, FFS, VA, OPM = "medicaid_managed_care", "medicaid_ffs", "va_champva", "fehb"
TRICARE = "tricare"
NOTICE = {"notice_date": "2026-05-04"}


@pytest.mark.parametrize(
    ("regime", "stage", "inputs", "deadline"),
    [
        # The same words in another order.
        (D, "expedited_alj_hearing_filing", NOTICE, "2026-07-03"),
        (D, "expedited_coverage_determination", MARCH_6, "2026-03-07T16:00:00-05:00"),
        (MA, "reconsideration_expedited_decision", MARCH_6, "2026-03-09T17:00:00-04:00"),
        (MCO, "expedited_state_fair_hearing_decision", {"case_file_received": "2026-11-24"}, "2026-11-30"),
        # Another word of one meaning.
        (ERISA, "expedited_internal_appeal_decision", MARCH_6, "2026-03-09T17:00:00-04:00"),
        (ERISA, "pre_service_appeal_decision_one_level", MARCH_2, "2026-04-01"),
        (MA, "organization_determination_part_b_drug_standard", MARCH_6, "2026-03-09T17:00:00-04:00"),
        (MCO, "mco_appeal_resolution_standard", MARCH_2, "2026-04-01"),
        (MCO, "prior_authorization_decision_expedited", MARCH_6, "2026-03-09T17:00:00-04:00"),
        (AB, "medicare_appeals_council_review_filing", NOTICE, "2026-07-08"),
        (TRICARE, "reconsideration_filing_non_expedited", NOTICE, "2026-08-02"),
        # What is called standard, where no other clock is.
        (ERISA, "preservice_claim_decision_standard", MARCH_2, "2026-03-17"),
        (AB, "redetermination_decision_standard", MARCH_2, "2026-05-01"),
        # Further names in the data.
        (ERISA, "concurrent_care_extension_decision", MARCH_6, "2026-03-07T16:00:00-05:00"),
        (ERISA, "urgent_concurrent_claim_decision", MARCH_6, "2026-03-07T16:00:00-05:00"),
        (ERISA, "postservice_appeal_decision_level_1", MARCH_2 | {"levels": 2}, "2026-04-01"),
        (ERISA, "postservice_appeal_decision_level_1_of_1", MARCH_2, "2026-05-01"),
        (ONE, "drug_exception_standard", MARCH_6, "2026-03-09T17:00:00-04:00"),
        (ONE, "drug_exception_expedited", MARCH_6, "2026-03-07T16:00:00-05:00"),
        (MCO, "outpatient_drug_response", MARCH_6, "2026-03-07T16:00:00-05:00"),
        (
            MCO,
            "continuation_of_benefits_fair_hearing_request",
            {"notice_sent_date": "2026-06-24"},
            "2026-07-04",
        ),
        (D, "reconsideration_decision_standard", MARCH_2, "2026-03-09"),
        (CHIP, "managed_care_plan_appeal_filing", NOTICE, "2026-07-03"),
        (VA, "cavc_appeal_filing", NOTICE, "2026-09-01"),
        (
            OPM,
            "opm_review_filing_no_carrier_answer",
            {"reconsideration_requested": "2026-03-06"},
            "2026-07-04",
        ),
    ],
)
def test_a_key_in_other_words(regime: str, stage: str, inputs: dict[str, Any], deadline: str) -> None:
    assert row(regime, stage, **inputs).get("deadline") == deadline


@pytest.mark.parametrize(
    ("regime", "stage", "inputs"),
    [
        (ERISA, "internal_appeal_3", {"receipt_date": "2026-03-02"}),
        (ERISA, "internal_apeal_1", {"receipt_date": "2026-03-02"}),
        (ERISA, "preservice_appeal_decision_level_2_of_1", MARCH_2),
        (ERISA, "preservice_claim_decision_extended", MARCH_2),
        (MA, "reconsideration_standard", MARCH_2),
        (MA, "decision", MARCH_2),
        (MA, "", MARCH_2),
        (MA, "standard_decision", MARCH_2),
        (D, "redetermination_expedited", MARCH_6),
        (MCO, "continuation_of_benefits_request_and_appeal", NOTICE),
    ],
)
def test_a_word_too_many_too_few_or_misspelt_is_no_stage(
    regime: str, stage: str, inputs: dict[str, Any]
) -> None:
    assert "has no stage" in row(regime, stage, **inputs)["error"]


def test_words_that_two_stages_share_name_neither() -> None:
    for regime in book().regimes.values():
        told: dict[Any, set[str]] = {}
        for stage in regime.stages.values():
            for name in (stage.key, *stage.aliases):
                told.setdefault(words_of(name), set()).add(stage.key)
        for stage in regime.stages.values():
            for name in (stage.key, *stage.aliases):
                alone = len(told[words_of(name)]) == 1
                assert meant(regime, name) is (stage if alone else None), (regime.key, name)


def test_who_has_the_very_key_is_not_mixed_with_who_has_its_words() -> None:
    """`prior_authorization_standard` is the state agency's key; for the plans of the state it is another's words."""
    paths = row("unknown", "prior_authorization_standard", **MARCH_2)["paths"]
    assert [(p["regime"], p["deadline"]) for p in paths] == [(FFS, "2026-03-09")]


def test_words_are_asked_of_all_where_nobody_has_the_key() -> None:
    paths = row("unknown", "reconsideration_expedited_decision", **MARCH_6)["paths"]
    assert {p["regime"] for p in paths} >= {MA, D}


def test_the_day_of_a_written_request_is_that_of_the_documents() -> None:
    assert row(ERISA, "plan_document_request", written_request_date="2026-06-04")["deadline"] == "2026-07-04"


@pytest.mark.parametrize("name", ["notice_of_reversal_received", "reversal_decision_received"])
def test_a_reversal_told_in_other_words(name: str) -> None:
    found = row(MCO, "effectuation_after_reversal", **{name: "2026-03-06T16:00"}, tz="America/New_York")
    assert found["deadline"] == "2026-03-09T17:00:00-04:00"


# -- a fact under the name another stage has for it --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "stage", "inputs", "deadline"),
    [
        # 42 CFR 438.424(a): 72 hours of receiving the notice of reversal.
        (MCO, "effectuation", MARCH_6, "2026-03-09T17:00:00-04:00"),
        # 29 CFR 2560.503-1(c)(2): the plan sets it.
        (ERISA, "internal_appeal_2", {"receipt_date": "2026-05-11", "window_days": 60}, "2026-07-10"),
        (
            ERISA,
            "internal_appeal_2",
            {"receipt_date": "2026-05-11", "window_days": 60, "received_date": "2026-05-20"},
            "2026-07-10",
        ),
    ],
)
def test_the_stage_says_which_day_it_is(
    regime: str, stage: str, inputs: dict[str, Any], deadline: str
) -> None:
    assert row(regime, stage, **inputs).get("deadline") == deadline


@pytest.mark.parametrize(
    ("regime", "stage", "inputs", "asked"),
    [
        # What a plan decides counts from receiving the request, and a request may be on its way for days.
        (ERISA, "preservice_claim_decision", {"request_date": "2026-06-01"}, "received"),
        (MCO, "plan_appeal_decision_standard", {"hearing_requested": "2026-06-01"}, "received"),
        # No number of days stands for what only the letter says.
        (ERISA, "peer_to_peer_window", {"notice_date": "2026-06-04", "window_days": 14}, "stated"),
        # 72 hours count from a time of day.
        (MCO, "effectuation", {"received_date": "2026-03-06"}, "reversal_received"),
        (MCO, "effectuation", {}, "reversal_received"),
        (ERISA, "plan_documents_request", {"received_date": "2026-06-04"}, "documents_requested"),
        (CHIP, "state_review_decision", {"requested_date": "2026-10-05"}, "received"),
    ],
)
def test_what_the_stage_does_not_say_is_asked_for(
    regime: str, stage: str, inputs: dict[str, Any], asked: str
) -> None:
    assert row(regime, stage, **inputs)["error"].endswith(f"Input: `{asked}`.")


@pytest.mark.parametrize(
    ("regime", "stage", "name", "deadline"),
    [
        (AB, "redetermination_filing", "initial_determination_date", "2026-07-02"),
        (AB, "redetermination_filing", "msn_date", "2026-07-02"),
        (MA, "reconsideration_filing", "org_determination_notice_date", "2026-05-03"),
        (MCO, "plan_appeal_filing", "mco_notice_date", "2026-04-28"),
        (VA, "cavc_filing", "board_decision_date", "2026-06-27"),
    ],
)
def test_the_date_on_a_notice_by_the_name_of_the_notice(
    regime: str, stage: str, name: str, deadline: str
) -> None:
    assert row(regime, stage, **{name: "2026-02-27"}).get("deadline") == deadline
