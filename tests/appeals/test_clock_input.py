"""What the clock answers to bad rows, bad inputs and bad files: a sentence, never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from appeals.clock.vectors import BadFile, read_vectors, results_of
from tests.appeals.asking import row

BAD = [
    ("not an object", 5, "This vector is not an object."),
    ("no regime", {"id": "x", "stage": "internal_appeal_1", "inputs": {}}, "None is not a regime"),
    ("odd regime", {"id": "x", "regime": ["a"], "stage": "s", "inputs": {}}, "is not a regime"),
    ("no stage", {"id": "x", "regime": "fehb", "inputs": {}}, "The stage is missing."),
    ("no inputs", {"id": "x", "regime": "fehb", "stage": "opm_review_filing"}, "The inputs are missing."),
]
BAD_INPUTS = [
    ("erisa_self_funded", "internal_appeal_1", {}, "Neither a date of receipt nor a date on the notice"),
    ("erisa_self_funded", "internal_appeal_1", {"receipt_date": None}, "Neither a date of receipt"),
    ("erisa_self_funded", "internal_appeal_1", {"receipt_date": "2026-02-30"}, "not a date that exists"),
    ("erisa_self_funded", "internal_appeal_1", {"receipt_date": 20260315}, "not a date"),
    ("erisa_self_funded", "internal_appeal_1", {"receipt_date": "0026-03-15"}, "cannot be right"),
    ("erisa_self_funded", "internal_appeal_1", {"receipt_date": "1995-03-15"}, "was in force"),
    (
        "erisa_self_funded",
        "internal_appeal_1",
        {"receipt_date": "2026-03-01", "notice_date": "2026-03-02"},
        "before the date on it",
    ),
    (
        "erisa_self_funded",
        "internal_appeal_1",
        {"receipt_instant": "2026-01-31T23:30:00"},
        "time zone is needed",
    ),
    (
        "erisa_self_funded",
        "internal_appeal_1",
        {"receipt_instant": "2026-01-31T23:30", "tz": "Mars/Base"},
        "not a time zone",
    ),
    (
        "erisa_self_funded",
        "internal_appeal_1",
        {"receipt_date": "2026-03-01", "receipt_instant": "2026-03-03T10:00Z"},
        "Two different days",
    ),
    ("erisa_self_funded", "no_such_stage", {"receipt_date": "2026-03-01"}, "has no stage"),
    ("erisa_self_funded", "urgent_appeal_decision", {"received_date": "2026-03-01"}, "time of day"),
    (
        "erisa_self_funded",
        "urgent_appeal_decision",
        {"received": "2026-03-08T02:30", "tz": "America/New_York"},
        "did not exist",
    ),
    (
        "erisa_self_funded",
        "urgent_claim_incomplete",
        {"tz": "America/New_York"},
        "cannot be computed yet: when the request was received",
    ),
    (
        "erisa_self_funded",
        "preservice_appeal_decision_one_level",
        {"received_date": "2026-03-02", "levels": 2},
        "another case",
    ),
    (
        "erisa_self_funded",
        "preservice_appeal_decision",
        {"received_date": "2026-03-02", "levels": 3},
        "one or two",
    ),
    (
        "individual_aca",
        "preservice_appeal_decision",
        {"received_date": "2026-03-02", "levels": 2},
        "only one internal level",
    ),
    (
        "erisa_self_funded",
        "preservice_claim_decision",
        {"received_date": "2026-03-02", "extension_notice_date": "2026-03-10", "missing_information": True},
        "stands still",
    ),
    (
        "erisa_self_funded",
        "preservice_claim_decision",
        {"received_date": "2026-03-02", "extension_noticed": True, "information_received": "2026-03-20"},
        "date of the extension notice",
    ),
    (
        "erisa_self_funded",
        "preservice_claim_decision",
        {"received_date": "2026-03-02", "extension_noticed": "maybe"},
        "not a date that exists",
    ),
    (
        "erisa_self_funded",
        "internal_appeal_2",
        {"receipt_date": "2026-03-02"},
        "the deadline the letter states",
    ),
    (
        "fully_insured_group",
        "external_review_filing",
        {"receipt_date": "2026-03-02"},
        "state in which the policy was issued",
    ),
    (
        "fully_insured_group",
        "external_review_state",
        {"receipt_date": "2026-03-02", "state": "ZZ"},
        "not a state",
    ),
    (
        "fully_insured_group",
        "external_review_state_hawaii",
        {"receipt_date": "2026-03-02", "state": "CA"},
        "The stage is about HI",
    ),
    ("fully_insured_group", "external_review_state_atlantis", {"receipt_date": "2026-03-02"}, "has no stage"),
    (
        "fully_insured_group",
        "external_review_state",
        {"receipt_date": "2026-03-02", "state": "OR", "process": "hhs_administered"},
        "runs its own",
    ),
    (
        "fully_insured_group",
        "external_review_state",
        {"receipt_date": "2023-03-02", "state": "PA"},
        "began on 2024-01-01",
    ),
    (
        "fully_insured_group",
        "external_review_state_california_imr",
        {"state": "CA", "plan_decision": "2026-03-02"},
        "grievance was filed",
    ),
    (
        "fully_insured_group",
        "external_review_state_california_imr",
        {"grievance_filed": "2026-04-01", "plan_decision": "2026-03-02"},
        "decided before",
    ),
    ("medicaid_managed_care", "plan_appeal_filing", {"receipt_date": "2026-03-02"}, "the date on the notice"),
    (
        "medicaid_managed_care",
        "state_fair_hearing_filing",
        {"notice_date": "2026-03-02", "window_days": 60},
        "90 to 120",
    ),
    (
        "medicaid_managed_care",
        "state_fair_hearing_decision",
        {
            "mco_appeal_filed": "2026-03-02",
            "mco_resolution_notice": "2026-04-02",
            "sfh_requested": "2026-04-01",
        },
        "before the notice of resolution",
    ),
    (
        "medicaid_managed_care",
        "continuation_of_benefits_request",
        {"notice_sent_date": "2026-07-06"},
        "change takes effect",
    ),
    ("fehb", "opm_review_filing", {}, "reconsideration was requested"),
    ("va_champva", "internal_appeal_1", {"receipt_date": "2026-03-02"}, "Work to the date in the letter"),
    ("tricare", "internal_appeal_1", {"receipt_date": "2026-03-02"}, "has no stage"),
    (
        "medicaid_ffs",
        "fair_hearing_request",
        {"notice_date": "2026-03-02", "window_days": 91},
        "at most 90 days, not 91",
    ),
    ("medicaid_ffs", "fair_hearing_request", {"notice_date": "2026-03-02"}, "deadline the letter states"),
    (
        "workers_comp",
        "california_imr_filing",
        {"notice_date": "2026-03-02", "state": "OR"},
        "another case",
    ),
    (
        "medicaid_ffs",
        "prior_authorization_standard",
        {"received_date": "2025-12-31"},
        "in force on 2025-12-31",
    ),
    (
        "unknown",
        "internal_appeal_1",
        {"receipt_date": "2026-03-02", "candidates": ["mars"]},
        "not a list of regimes",
    ),
    (
        "erisa_self_funded",
        "internal_appeal_1",
        {"receipt_date": "2026-03-02", "levels": "9" * 5000},
        "is not a count",
    ),
    (
        "individual_aca",
        "internal_appeal_1",
        {"receipt_instant": "2026-02-01T07:30:00Z"},
        "A time zone is needed to know which was the day the notice was received.",
    ),
    ("medicaid_ffs", "fair_hearing_request", {"sent": "2026-02-01T07:30:00+00:00"}, "A time zone is needed"),
    ("unknown", "internal_appeal_1", {}, "Neither a date of receipt"),
    ("unknown", "nowhere", {"receipt_date": "2026-03-02"}, "None of the possible regimes"),
]


@pytest.mark.parametrize(("row", "sentence"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_row_is_answered_with_a_sentence(row: object, sentence: str) -> None:
    result = results_of([row])[0]
    assert sorted(result) == ["error", "id"] and sentence in result["error"]


@pytest.mark.parametrize(("regime", "stage", "inputs", "sentence"), BAD_INPUTS)
def test_missing_or_impossible_input_is_never_guessed(
    regime: str, stage: str, inputs: dict, sentence: str
) -> None:
    result = results_of([{"id": "x", "regime": regime, "stage": stage, "inputs": inputs}])[0]
    assert sorted(result) == ["error", "id"] and sentence in result["error"], result


@pytest.mark.parametrize("text", ["", "[]", '{"vectors": 5}', '{"other": []}'])
def test_a_bad_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(BadFile):
        read_vectors(tmp_path / "f.json")
    with pytest.raises(BadFile, match="cannot be read"):
        read_vectors(tmp_path / "absent.json")


NOON = {"received": "2026-03-02T12:00", "tz": "America/New_York"}


@pytest.mark.parametrize(
    ("regime", "stage", "inputs", "taken", "deadline"),
    [
        # 42 CFR 423.568(b), 423.572(a): without a statement 24 hours after the end of 14 days, not 72.
        (
            "medicare_part_d",
            "exception_decision_no_statement",
            NOON | {"expedited": True},
            "exception_decision_no_statement_expedited",
            "2026-03-17T12:00:00-04:00",
        ),
        (
            "medicare_part_d",
            "exception_decision_no_statement",
            NOON | {"expedited": False},
            "exception_decision_no_statement",
            "2026-03-19T12:00:00-04:00",
        ),
        # 42 CFR 438.408(b)(3): 72 hours; 438.408(b)(2): 30 days.
        (
            "medicaid_managed_care",
            "plan_appeal_decision",
            NOON | {"urgent": True},
            "plan_appeal_decision_expedited",
            "2026-03-05T12:00:00-05:00",
        ),
        (
            "medicaid_managed_care",
            "plan_appeal_decision_standard",
            NOON | {"urgent": True},
            "plan_appeal_decision_standard",
            "2026-04-01",
        ),
        # 42 CFR 422.590(e), and 422.570(a): what was already given is not hurried.
        (
            "medicare_advantage",
            "reconsideration_decision",
            NOON | {"urgent": True, "timing": "post_service"},
            "reconsideration_decision_standard",
            "2026-04-01",
        ),
        # MCL 550.1913: 10 days where the review is urgent, else 120.
        (
            "fully_insured_group",
            "external_review_filing",
            {"receipt_date": "2026-03-10", "state": "MI", "urgent": True},
            "external_review_filing_expedited_michigan",
            "2026-03-20",
        ),
        (
            "fully_insured_group",
            "external_review_decision",
            NOON | {"state": "MI", "urgent": True},
            "external_review_state_decision_expedited",
            "2026-03-05T12:00:00-05:00",
        ),
        # 45 CFR 147.136(d)(3): no other time to ask for an urgent review.
        (
            "fully_insured_group",
            "external_review_state_ohio",
            {"receipt_date": "2026-03-10", "urgent": True},
            "external_review_state_ohio",
            "2026-09-06",
        ),
        (
            "unknown",
            "external_review_decision",
            NOON | {"urgent": True},
            "external_review_decision_expedited",
            "2026-03-05T12:00:00-05:00",
        ),
    ],
)
def test_a_key_that_does_not_say_standard_is_the_urgent_one_where_the_matter_is(
    regime: str, stage: str, inputs: dict[str, object], taken: str, deadline: str
) -> None:
    found = row(regime, stage, **inputs)
    assert (found["stage"], found["deadline"]) == (taken, deadline)


def test_an_urgent_request_for_review_needs_its_state_too() -> None:
    found = row("fully_insured_group", "external_review_filing", receipt_date="2026-03-10", urgent=True)
    assert "state in which the policy was issued" in str(found["error"])


@pytest.mark.parametrize(
    ("stage", "inputs", "said"),
    [
        ("preservice_appeal_decision_one_level", {"levels": 2}, "levels is 2"),
        ("coverage_determination_standard", {"exception": True}, "whether an exception is asked for is yes"),
        ("exception_decision_no_statement", {"exception": False}, "whether an exception is asked for is no"),
    ],
)
def test_a_contradiction_is_said_with_the_answer_that_was_given(
    stage: str, inputs: dict[str, object], said: str
) -> None:
    regime = "erisa_self_funded" if "levels" in inputs else "medicare_part_d"
    assert f"This clock is for another case: {said}." in str(row(regime, stage, **NOON, **inputs)["error"])


@pytest.mark.parametrize(
    ("ending", "deadline"),
    [
        # 45 CFR 147.136(c)(2)(xii), (xiii): 45 days, 72 hours.
        ("decision", "2026-04-16"),
        ("decision_standard", "2026-04-16"),
        ("decision_expedited", "2026-03-05T12:00:00-05:00"),
    ],
)
def test_the_time_to_decide_goes_by_the_state_in_the_name(ending: str, deadline: str) -> None:
    assert row("individual_aca", f"external_review_state_ohio_{ending}", **NOON)["deadline"] == deadline
    assert (
        "The stage is about OH"
        in row("individual_aca", f"external_review_state_ohio_{ending}", **NOON, state="OR")["error"]
    )


def test_the_day_of_a_request_is_that_of_the_one_request_the_stage_lacks() -> None:
    plan = row("erisa_self_funded", "document_request", request_date="2026-06-04")
    assert (plan["deadline"], plan["inputs"]) == ("2026-07-04", {"documents_requested": "2026-06-04"})
    silent = row("fehb", "opm_review_filing_no_answer", request_date="2026-05-01")
    assert (silent["deadline"], silent["inputs"]) == (
        "2026-08-29",
        {"reconsideration_requested": "2026-05-01"},
    )
    hearing = row(
        "medicaid_managed_care",
        "state_fair_hearing_decision",
        mco_appeal_filed="2026-02-02",
        mco_resolution_notice="2026-03-02",
        request_date="2026-03-20",
        zebra=1,
    )
    assert (hearing["deadline"], hearing["excluded_days"]) == ("2026-05-21", 18)
    assert hearing["ignored_inputs"] == ["zebra"]
    # Received is another day than requested, and no request is a notice.
    for regime, stage in (
        ("medicaid_ffs", "fair_hearing_decision"),
        ("erisa_self_funded", "internal_appeal_1"),
    ):
        assert "error" in row(regime, stage, request_date="2026-05-01")
    assert "not a date" in str(row("erisa_self_funded", "document_request", request_date="soon")["error"])
    assert row("erisa_self_funded", "document_request", request_date=None)["error"]


def test_a_mark_at_the_start_of_the_file_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "marked.json"
    path.write_bytes(b'\xef\xbb\xbf{"vectors": []}')
    assert read_vectors(path) == []


def test_a_name_that_stands_twice_in_an_object_is_that_rows_error(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text(
        """{"vectors": [
        {"id": "a", "regime": "fehb", "stage": "carrier_reconsideration_filing",
         "inputs": {"notice_date": "2026-03-02", "notice_date": "2026-04-02"}},
        {"id": "b", "regime": "fehb", "stage": "carrier_reconsideration_filing", "stage": "opm_review_filing",
         "inputs": {"notice_date": "2026-03-02"}},
        {"id": "c", "regime": "fehb", "stage": "carrier_reconsideration_filing",
         "inputs": {"notice_date": "2026-03-02", "tz": "UTC", "notice_date": "2026-03-02", "tz": "UTC"}},
        {"id": "d", "regime": "fehb", "stage": "carrier_reconsideration_filing",
         "inputs": {"notice_date": "2026-03-02"}}]}"""
    )
    first, second, same, once = results_of(read_vectors(path))
    assert first == {"id": "a", "error": "Two values are given for notice_date."}
    assert second == {"id": "b", "error": "Two values are given for stage."}
    assert same == {"id": "c", "error": "Two values are given for notice_date and tz."}
    assert once["deadline"] == "2026-09-02"
    path.write_text('{"vectors": [], "vectors": [1]}')
    with pytest.raises(BadFile, match="two lists named 'vectors'"):
        read_vectors(path)


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", ["America/New_York"]])
def test_what_a_machine_is_set_to_is_no_time_zone(zone: object) -> None:
    found = row("erisa_self_funded", "urgent_appeal_decision", received="2026-03-06T16:00", tz=zone)
    assert "is not a time zone" in str(found["error"])
