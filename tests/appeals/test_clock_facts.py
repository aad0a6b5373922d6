"""What may be recorded, at the edge of each: the last value that is taken and the first that is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appeals.clock import Facts, claimant_clock, request_clock, stage_clock
from appeals.clock.combined import (
    combined_claimant_clock,
    combined_decision_clock,
    combined_request_clock,
    combined_stage_clock,
)
from appeals.clock.facts import Unclear, check_chronology, day_of, parse_facts, state_code
from appeals.clock.input_names import PROVEN_RECEIPT
from appeals.clock.stages import applies, weaker
from appeals.clock.vectors import BadFile, plain, read_vectors, results_of
from appeals.regimes import book, ladder

NEW_YORK = ZoneInfo("America/New_York")


def read(**inputs: object) -> Facts:
    return parse_facts(inputs)[0]


def refused(**inputs: object) -> tuple[str, str | None]:
    with pytest.raises(Unclear) as problem:
        parse_facts(inputs)
    return problem.value.reason.code, problem.value.reason.field


def test_a_count_is_a_whole_number_up_to_ten_years() -> None:
    assert [read(window_days=n).window_days for n in (0, 3660, "90")] == [0, 3660, 90]
    for wrong in (3661, -1, "-1", True, False, 1.5, Decimal(90), "00090", "²", "", "ninety", [90]):
        assert refused(window_days=wrong) == ("impossible_number", "window_days"), wrong


def test_a_year_is_one_that_can_be_right() -> None:
    for right in ("1990-01-01", "2100-12-31"):
        assert read(notice_date=right).notice_date == date.fromisoformat(right)
    for wrong in ("1989-12-31", "2101-01-01", "2026-02-29", "20260302T", 5, True, ["2026-03-02"]):
        assert refused(notice_date=wrong) == ("impossible_date", "notice_date"), wrong
    assert read(notice_date=date(2026, 3, 2)).notice_date == date(2026, 3, 2)


def test_yes_and_no_are_words_or_truth() -> None:
    yes = [read(urgent=v).urgent for v in (True, "yes", "true")]
    no = [read(urgent=v).urgent for v in (False, "no", "false")]
    assert (yes, no) == ([True] * 3, [False] * 3)
    for wrong in (1, 0, "maybe", "YES!", []):
        assert refused(urgent=wrong) == ("impossible_answer", "urgent"), wrong


def test_words_are_taken_in_the_usual_spellings() -> None:
    assert read(timing=" Retrospective ").timing == "post_service"
    assert read(process="HHS").process == "hhs_administered"
    assert read(service="PartB_Drug").service == "part_b_drug"
    assert read(receipt_evidence="No").receipt_evidence == "none"
    # What nobody knows is no proof against a presumed day.
    assert [read(receipt_evidence=e).receipt_evidence for e in ("", "unknown", "patient")] == ["none"] * 3
    assert read(service="anything else").service == "anything else"
    assert refused(timing="sometime") == ("impossible_answer", "timing")
    assert refused(process="none") == ("impossible_answer", "process")


def test_a_state_is_given_by_code_or_name() -> None:
    given = ("OR", "or", "oregon", " Oregon ", "District of Columbia", "UNKNOWN")
    assert [state_code(v) for v in given] == ["OR", "OR", "OR", "OR", "DC", "unknown"]
    assert refused(state="Ontario") == ("unknown_state", "state")


def test_a_moment_without_a_zone_is_no_moment() -> None:
    assert refused(received="2026-03-02T10:00") == ("zone_missing", "zone")
    assert refused(received="2026-03-02T10:00", tz="Mars/Base") == ("unknown_zone", "zone")
    at = read(received="2026-03-02T10:00", tz="America/New_York").received
    assert at == datetime(2026, 3, 2, 10, tzinfo=NEW_YORK)
    shown = read(received="2026-03-02T15:00Z", tz="America/New_York").received
    assert shown.isoformat() == "2026-03-02T10:00:00-05:00"
    assert read(received="2026-03-02T15:00+00:00").received.isoformat() == "2026-03-02T15:00:00+00:00"
    with pytest.raises(Unclear, match="A time zone is needed"):
        check_chronology(Facts(received=datetime(2026, 3, 2, 10)))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "notice_date",
            "receipt",
            "sent",
            "care_date",
            "grievance_filed",
            "plan_decision",
            "effective_date",
            "stated",
        ),
        *(
            "mco_resolution_notice",
            "deemed_exhausted_on",
            "reconsideration_requested",
            "information_requested",
        ),
        *("mco_appeal_filed", "sfh_requested", "documents_requested", "extension_notice_date"),
    ],
)
def test_a_moment_in_utc_alone_names_no_day(name: str) -> None:
    """2:30 by UTC on March 2 is March 1 in every state: a window counted from March 2 would end a day too late."""
    assert refused(**{name: "2026-03-02T02:30Z"}) == ("zone_missing", "zone")
    assert refused(**{name: "2026-03-02T02:30+00:00"}) == ("zone_missing", "zone")
    here = read(**{name: "2026-03-02T02:30Z", "tz": "America/New_York"})
    there = read(**{name: "2026-03-01T21:30-05:00"})
    assert (here.day(name), there.day(name)) == (date(2026, 3, 1), date(2026, 3, 1))


def test_of_the_repeated_hour_the_patient_gets_the_earlier_and_the_payer_the_later() -> None:
    for name, hour in (
        ("receipt", 5),
        ("sent", 5),
        ("incomplete_notice", 5),
        ("received", 6),
        ("plan_affirmed", 6),
    ):
        found = getattr(read(**{name: "2026-11-01T01:30", "tz": "America/New_York"}), name)
        assert found.astimezone(UTC) == datetime(2026, 11, 1, hour, 30, tzinfo=UTC), name
    assert refused(received="2026-03-08T02:30", tz="America/New_York") == ("impossible_time", "received")


def test_what_the_patient_received_is_read_where_the_patient_is() -> None:
    both = {"tz": "America/New_York", "receipt_tz": "America/Los_Angeles"}
    late = "2026-03-03T06:00Z"
    facts = read(receipt=late, received=late, incomplete_notice=late, **both)
    assert (facts.day("receipt"), facts.day("incomplete_notice"), facts.day("received")) == (
        date(2026, 3, 2),
        date(2026, 3, 2),
        date(2026, 3, 3),
    )
    assert facts.zone_of("receipt") == facts.zone_of("incomplete_notice") == "America/Los_Angeles"
    assert facts.zone_of("received") == "America/New_York"
    wall = "2026-03-02T23:30"
    here = read(receipt=wall, received=wall, incomplete_notice=wall, **both)
    assert [v.astimezone(UTC).hour for v in (here.receipt, here.incomplete_notice, here.received)] == [
        7,
        7,
        4,
    ]
    assert day_of(datetime(2026, 3, 3, 4, tzinfo=UTC), "America/New_York") == date(2026, 3, 2)
    assert (
        day_of(datetime(2026, 3, 3, 4, tzinfo=UTC), None) == day_of(date(2026, 3, 3), "x") == date(2026, 3, 3)
    )


def test_two_values_of_one_fact_agree_or_are_refused() -> None:
    twice = {"receipt_date": "2026-03-02", "receipt_instant": "2026-03-02T10:00", "tz": "America/New_York"}
    assert read(**twice).receipt == datetime(2026, 3, 2, 10, tzinfo=NEW_YORK)
    assert read(**dict(reversed(twice.items()))).receipt == datetime(2026, 3, 2, 10, tzinfo=NEW_YORK)
    assert refused(receipt_date="2026-03-02", receipt="2026-03-03") == ("two_values", "receipt")
    assert refused(levels=1, appeal_levels=2) == ("two_values", "levels")
    assert read(levels=2, appeal_levels="2").levels == 2


def test_names_that_mean_nothing_are_told_and_nulls_are_not_known() -> None:
    facts, ignored = parse_facts(
        {"colour": "red", "receipt_date": None, "notice_date": "2026-03-02", "x": None}
    )
    assert (facts.receipt, facts.notice_date, ignored) == (None, date(2026, 3, 2), ("colour", "x"))
    row = {"id": "n", "regime": "erisa_self_funded", "stage": "internal_appeal_1"}
    told = results_of([{**row, "inputs": {"receipt_date": "2026-03-02", "colour": "red"}}])[0]
    assert told["ignored_inputs"] == ["colour"]
    assert "ignored_inputs" not in results_of([{**row, "inputs": {"receipt_date": "2026-03-02"}}])[0]


def test_a_day_of_receipt_that_is_proven_says_so_by_its_name() -> None:
    for name in sorted(PROVEN_RECEIPT):
        assert read(**{name: "2026-03-12"}) == Facts(
            receipt=date(2026, 3, 12), receipt_evidence="recorded"
        ), name
    assert read(proven_receipt_date="2026-03-12", receipt_evidence="postmark").receipt_evidence == "postmark"
    assert read(receipt_date="2026-03-12", proof_of_receipt=True).receipt_evidence == "true"
    for nothing in (
        False,
        "presumed",
        "no",
        "N/A",
        "not_proven",
        "self-reported",
        "Patient statement ",
        "undocumented",
    ):
        assert read(receipt_date="2026-03-12", proof_of_receipt=nothing).receipt_evidence == "none", nothing
    assert read(receipt_evidence="911 call sheet").receipt_evidence == "911 call sheet"
    for odd in ([], {}, 0, 1, ["postmark"]):
        assert refused(receipt_evidence=odd) == ("impossible_answer", "receipt_evidence"), odd
    assert read(proven_receipt_date=None).receipt_evidence is None
    assert refused(proof_of_receipt="2026-03-12") == ("impossible_answer", "receipt_evidence")


def test_the_date_of_an_extension_says_that_there_was_one() -> None:
    assert read(extension_noticed="2026-03-10").extension_notice_date == date(2026, 3, 10)
    assert read(extension_noticed="2026-03-10").extension_noticed is True
    assert read(extension_notice_date="2026-03-10", extension_noticed=False).extension_noticed is False
    assert read(extension_noticed=True).extension_notice_date is None


def test_an_answer_is_yes_or_no_however_it_is_written() -> None:
    for said, meant in (("Yes", True), ("TRUE", True), (" no", False), ("False", False)):
        assert read(urgent=said).urgent is meant
        assert (
            read(extension_noticed=said).extension_noticed,
            read(extension_noticed=said).extension_notice_date,
        ) == (
            meant,
            None,
        )
    assert refused(urgent=1) == refused(urgent="maybe") == ("impossible_answer", "urgent")


def test_a_plan_has_one_or_two_levels() -> None:
    for n in (1, 2):
        check_chronology(Facts(levels=n))
    for n in (0, 3):
        with pytest.raises(Unclear, match="one or two mandatory"):
            check_chronology(Facts(levels=n))


# -- conditions and confidence --------------------------------------------------------------------------------------------
def test_a_condition_asks_for_a_value_or_for_any() -> None:
    facts = Facts(urgent=False, receipt=date(2026, 3, 2))
    assert applies({}, facts) and applies({"urgent": False}, facts) and applies({"receipt": "known"}, facts)
    assert not applies({"urgent": True}, facts) and not applies({"sent": "known"}, facts)
    assert not applies({"urgent": False, "sent": "known"}, facts)
    assert applies({"level": "court"}, facts, "court") and not applies({"level": "court"}, facts)


def test_the_weaker_mark_stands() -> None:
    marks = ("verified", "knowledge", "uncertain")
    for n, one in enumerate(marks):
        for m, other in enumerate(marks):
            assert weaker(one, other) == marks[max(n, m)]


# -- state windows --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("facts", "deadline"),
    [
        # Oregon: 180 days after receipt; nothing is presumed where no rule presumes it.
        ({"notice_date": "2026-03-02"}, "2026-08-29"),
        (
            {"notice_date": "2026-03-02", "receipt_date": "2026-03-10", "receipt_evidence": "none"},
            "2026-09-06",
        ),
        ({"receipt_date": "2026-03-10"}, "2026-09-06"),
    ],
)
def test_a_states_window_presumes_no_days_of_mail(facts: dict[str, str], deadline: str) -> None:
    row = {
        "id": 1,
        "regime": "individual_aca",
        "stage": "external_review_state",
        "inputs": {**facts, "state": "OR"},
    }
    assert results_of([row])[0]["deadline"] == deadline


def test_a_state_is_recognized_in_the_name_of_the_stage() -> None:
    def of(stage: str, regime: str = "individual_aca", **more: str) -> dict[str, object]:
        row = {"id": 1, "regime": regime, "stage": stage, "inputs": {"receipt_date": "2026-03-10", **more}}
        return results_of([row])[0]

    for name in ("oregon", "or", "OREGON", "oregon_filing", "oregon_iro"):
        assert of(f"external_review_state_{name}")["deadline"] == "2026-09-06", name
    assert of("external_review_state_oregon", state="OR")["stage"] == "external_review_state_oregon"
    assert "The stage is about OR" in of("external_review_state_oregon", state="WA")["error"]
    assert "has no stage" in of("external_review_state_oregonian")["error"]
    for name in ("oregon_expedited", "oregon_provider", "new_york_deemed_reversal", "texas_iro"):
        assert "has no stage" in of(f"external_review_state_{name}")["error"], name
    for name in (
        "district_of_columbia",
        "washington_dc",
        "dc",
    ):  # four months, not Washington State's 180 days
        found = of(f"external_review_state_{name}")
        assert (found["stage"], found["deadline"]) == (
            "external_review_state_district_of_columbia",
            "2026-07-10",
        )
    for name in ("michigan_expedited", "michigan_filing_expedited", "michigan_expedited_filing"):
        assert of(f"external_review_state_{name}")["deadline"] == "2026-03-20", name
    assert of("external_review_state_michigan")["deadline"] == "2026-07-08"
    assert "has no stage" in of("external_review_state_oregon", "erisa_self_funded")["error"]
    unknown = of("external_review_state", state="unknown")
    assert (unknown["deadline"], [f["code"] for f in unknown["flags"]]) == (
        "2026-07-08",
        ["state_unknown", "confirm_with_letter"],
    )
    # 45 CFR 147.136(d): where HHS administers the review, its own window stands, or that of the plan's own reviewers.
    assert of("external_review_state", state="TX")["rule_id"] == "external_review.filing_hhs"
    assert (
        of("external_review_state", state="TX", process="private_iro")["rule_id"] == "external_review.filing"
    )
    assert "has no state process" in of("external_review_state", state="TX", process="state")["error"]
    assert of("external_review_state", state="OR", process="state")["deadline"] == "2026-09-06"


# -- more than one kind of coverage ------------------------------------------------------------------------------------------
GROUP, INSURED, PART_D = "erisa_self_funded", "fully_insured_group", "medicare_part_d"


def test_each_kind_of_coverage_is_a_path_once() -> None:
    facts = Facts(receipt=date(2026, 3, 2), received=date(2026, 3, 2), urgent=False)
    for found in (
        combined_claimant_clock((GROUP, GROUP), 0, facts),
        combined_decision_clock((GROUP, GROUP), 0, facts),
        combined_request_clock((GROUP, GROUP), facts),
        combined_stage_clock((GROUP, GROUP), "internal_appeal_1", facts),
    ):
        assert [(p.regime, p.title) for p in found.paths] == [(GROUP, book().regimes[GROUP].title)]


def test_a_rung_that_a_kind_does_not_have_adds_no_path() -> None:
    facts = Facts(receipt=date(2026, 3, 2), notice_date=date(2026, 3, 2), received=date(2026, 3, 2))
    last = len(ladder("fehb")) - 1
    assert [p.level.key for p in combined_claimant_clock(("fehb",), last, facts).paths] == ["court"]
    beyond = combined_claimant_clock(("fehb",), last + 1, facts)
    assert (beyond.paths, beyond.deadline, beyond.error.code) == ((), None, "no_path")
    assert combined_decision_clock(("fehb",), last + 1, facts).error.code == "no_path"
    assert combined_claimant_clock(("unknown",), 0, facts).paths == ()
    assert combined_request_clock(("va_champva",), facts).error.code == "no_path"


def test_where_one_kind_sets_no_time_for_care_already_given_nobody_is_late() -> None:
    """29 CFR 2560.503-1(f)(2)(iii)(B): 30 days for a claim; 42 CFR 438.210(d) is a time to authorize and says nothing of it."""
    given = Facts(received=date(2026, 3, 2), timing="post_service")
    alone = combined_request_clock((GROUP,), given)
    either = combined_request_clock((GROUP, "medicaid_managed_care"), given)
    assert (alone.deadline, alone.overdue_after, alone.error) == (date(2026, 4, 1), date(2026, 4, 1), None)
    assert (either.deadline, either.overdue_after) == (date(2026, 4, 1), None)
    assert either.error.code == "no_request_clock"
    # A kind that only lacks a fact, here the hour, leaves the other its 45 days (42 CFR 405.922).
    lacking = combined_request_clock(
        (GROUP, "original_medicare"), Facts(received=date(2026, 3, 2), urgent=True)
    )
    assert (lacking.overdue_after, lacking.error.code) == (date(2026, 4, 16), "time_missing")


def test_the_letters_date_stands_in_front_where_it_is_the_earliest() -> None:
    facts = Facts(receipt=date(2026, 3, 2), stated=date(2026, 4, 1))
    found = combined_claimant_clock((GROUP, INSURED), 0, facts, "OR")
    assert (found.headline, found.stated, found.deadline) == (
        date(2026, 4, 1),
        date(2026, 4, 1),
        date(2026, 8, 29),
    )
    late = combined_claimant_clock(
        (GROUP, INSURED), 0, Facts(receipt=date(2026, 3, 2), stated=date(2027, 4, 1)), "OR"
    )
    assert (late.headline, late.safe_date) == (date(2026, 8, 28), date(2026, 8, 28))


def test_a_level_the_plan_opens_has_no_date_of_the_patients() -> None:
    _, entity, *_ = ladder("medicare_advantage")
    clock = claimant_clock(entity, Facts(stated=date(2026, 4, 1)))
    assert (clock.error.code, clock.deadline, clock.headline) == (
        "opened_by_forwarding",
        None,
        date(2026, 4, 1),
    )
    payer = request_clock(GROUP, Facts())
    assert (payer.actor, payer.error.code) == ("payer", "missing_received")


# -- files of vectors --------------------------------------------------------------------------------------------------------
def test_values_as_plain_json() -> None:
    at = datetime(2026, 3, 2, 10, 0, 0, 5, tzinfo=NEW_YORK)
    assert [plain(v) for v in (at, date(2026, 3, 2), 5, None)] == [
        "2026-03-02T10:00:00-05:00",
        "2026-03-02",
        5,
        None,
    ]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[" * 200_000, b'{"vectors": ' + b"9" * 5000 + b"}", b"[]", b"{}"]
)
def test_what_is_no_file_of_vectors_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.json").write_bytes(content)
    with pytest.raises(BadFile):
        read_vectors(tmp_path / "f.json")
    with pytest.raises(BadFile, match="cannot be read"):
        read_vectors(tmp_path)


def test_an_id_is_a_text_or_a_whole_number() -> None:
    assert [r["id"] for r in results_of([{"id": 1}, {"id": "a"}, {"id": None}, {}, {"id": [1]}, {"id": 1.5}])] == [
        1, "a", None, None, None, None,
    ]  # fmt: skip


def test_a_row_of_several_kinds_says_each_path() -> None:
    row = {
        "id": 1,
        "regime": "unknown",
        "stage": "internal_appeal_1",
        "inputs": {"receipt_date": "2026-03-02"},
    }
    both = results_of([{**row, "inputs": {**row["inputs"], "candidates": [GROUP, "individual_aca"]}}])[0]
    assert [p["regime"] for p in both["paths"]] == [GROUP, "individual_aca"]
    assert {p["deadline"] for p in both["paths"]} == {both["deadline"]} == {"2026-08-29"}
    every = results_of([row])[0]
    assert {p["regime"] for p in every["paths"]} >= {GROUP, INSURED, "individual_aca", "grandfathered"}
    assert "not a list" in results_of([{**row, "inputs": {**row["inputs"], "regimes": "fehb"}}])[0]["error"]
    assert stage_clock(GROUP, "internal_appeal_1", Facts(receipt=date(2026, 3, 2))).deadline == date(
        2026, 8, 29
    )


def test_a_request_without_a_clock_says_why() -> None:
    of_va, of_several = (request_clock(key, Facts()).error for key in ("va_champva", "unknown"))
    assert of_va.message == book().regimes["va_champva"].not_complete_because
    assert of_several.message == f"{book().regimes['unknown'].title}: no date is computed for this step."
    assert (of_va.code, of_several.code) == ("not_complete", "not_complete")


def test_of_several_kinds_without_a_date_the_first_is_named() -> None:
    found = combined_claimant_clock(("va_champva", "workers_comp"), 0, Facts())
    assert found.error.message.startswith(f"{book().regimes['va_champva'].title}: ")


def test_of_equal_dates_the_first_kind_gives_the_citation() -> None:
    facts = Facts(receipt=date(2026, 3, 2), received=date(2026, 3, 2), urgent=False)
    for one, other in ((GROUP, "individual_aca"), ("individual_aca", GROUP)):
        assert combined_claimant_clock((one, other), 0, facts).governing.regime == one
        assert combined_decision_clock((one, other), 0, facts).governing.regime == one
