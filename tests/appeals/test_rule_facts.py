"""Facts of rules beside their spans, written again from the law: each way to count, what lengthens, what follows, the states."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appeals.at_once import openings
from appeals.clock import Facts, decision_clock, stage_clock
from appeals.clock.arithmetic import words_of
from appeals.clock.facts import Unclear
from appeals.clock.stages import find_stage
from appeals.regimes import amount_in_controversy, book, known_on, ladder, using
from appeals.regimes.classifier import Classification
from appeals.rungs import rungs

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
NOTICE = date(2024, 11, 1)


# -- windows that run from the date on the notice, or from sending -------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "stage", "deadline"),
    [
        # 38 CFR 17.276, older text: 90 days from the date of the decision; the newer one: one year.
        ("va_champva", "champva_director_review_filing", date(2025, 1, 30)),
        ("va_champva", "champva_reconsideration_filing", date(2025, 11, 1)),
        # 38 CFR 3.2500, 20.203: one year from the date of mailing of the notice; 38 U.S.C. 7266(a): 120 days.
        ("va_champva", "va_decision_review_filing", date(2025, 11, 1)),
        ("va_champva", "veterans_court_filing", date(2025, 3, 1)),
        # 42 CFR 405.980(c)(1), (2), (e): one year, four years, 180 days from the date of the decision.
        ("original_medicare", "reopening_request", date(2025, 11, 1)),
        ("original_medicare", "reopening_request_good_cause", date(2028, 11, 1)),
        ("original_medicare", "reopening_request_higher_level", date(2025, 4, 30)),
        # 5 CFR 890.105(e)(1)(i): 90 days after the date of the carrier's letter.
        ("fehb", "opm_review_filing", date(2025, 1, 30)),
        # 42 CFR 438.408(f)(2), 457.1260: 90 days at the least from the date of the notice of resolution.
        ("medicaid_managed_care", "state_fair_hearing_filing", date(2025, 1, 30)),
        ("chip", "state_review_filing", date(2025, 1, 30)),
    ],
)
def test_a_window_from_the_date_on_the_notice_is_blind_to_its_receipt(
    regime: str, stage: str, deadline: date
) -> None:
    clock = stage_clock(regime, stage, Facts(notice_date=NOTICE, receipt=NOTICE + 7 * DAY))
    assert (clock.deadline, clock.error) == (deadline, None)


@pytest.mark.parametrize(
    ("regime", "stage", "days", "more"),
    [
        # Cal. Labor Code 4610.5(h)(1): 30 days after service, 10 in a dispute about the formulary.
        ("workers_comp", "california_imr_filing", 30, {}),
        ("workers_comp", "california_imr_filing_formulary", 10, {}),
        # 42 CFR 431.221(d): a reasonable time, at most 90 days from the date the notice is mailed.
        ("medicaid_ffs", "fair_hearing_request", 90, {"window_days": 90}),
        # 42 CFR 438.420(a), (c)(2): ten days of the plan sending its notice, or the day of the change where that is later.
        ("medicaid_managed_care", "continuation_of_benefits_request", 10, {"change_undated": True}),
        (
            "medicaid_managed_care",
            "continuation_of_benefits_request",
            10,
            {"effective_date": NOTICE + 9 * DAY},
        ),
        ("medicaid_managed_care", "continuation_of_benefits_pending_hearing", 10, {}),
    ],
)
def test_a_window_from_sending_takes_the_notice_where_sending_is_not_known(
    regime: str, stage: str, days: int, more: dict[str, Any]
) -> None:
    sent = NOTICE + DAY
    facts = Facts(notice_date=NOTICE, sent=sent, receipt=NOTICE + 7 * DAY, **more)
    assert stage_clock(regime, stage, facts).deadline == sent + days * DAY
    unsent = stage_clock(regime, stage, Facts(notice_date=NOTICE, receipt=NOTICE + 7 * DAY, **more))
    assert unsent.deadline == NOTICE + days * DAY


@pytest.mark.parametrize(
    ("level", "more"), [("request", {}), ("request", {"change_undated": True}), ("pending_hearing", {})]
)
def test_care_goes_on_by_the_day_of_sending_and_that_is_what_is_asked_for(
    level: str, more: dict[str, Any]
) -> None:
    error = stage_clock(
        "medicaid_managed_care", f"continuation_of_benefits_{level}", Facts(receipt=NOTICE, **more)
    ).error
    assert (error.code, error.field) == ("missing_sent", "sent")


def test_ten_days_alone_are_said_to_be_the_least_the_law_allows() -> None:
    clock = stage_clock(
        "medicaid_managed_care", "continuation_of_benefits_request", Facts(sent=NOTICE, change_undated=True)
    )
    assert clock.deadline == NOTICE + 10 * DAY
    assert "least_time_assumed" in [flag.code for flag in clock.flags]
    told = Facts(sent=NOTICE, effective_date=NOTICE + 5 * DAY)
    certain = stage_clock("medicaid_managed_care", "continuation_of_benefits_request", told)
    assert certain.deadline == NOTICE + 10 * DAY
    assert "least_time_assumed" not in [flag.code for flag in certain.flags]


def test_hours_to_perfect_a_request_run_across_a_change_of_clocks() -> None:
    """45 CFR 147.136(d)(2)(ii): four months, or 48 hours of the notice that something is missing where that is later."""
    facts = Facts(
        receipt=date(2026, 6, 15), incomplete_notice=datetime(2026, 10, 31, 10, tzinfo=NEW_YORK)
    )  # fmt: skip
    for regime in ("erisa_self_funded", "individual_aca"):
        clock = stage_clock(regime, "external_review_perfection", facts)
        assert clock.deadline == datetime(2026, 11, 2, 9, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("facts", "deadline"),
    [
        # 5 CFR 890.105(b)(2), (d): 30 days of the information, or of the end of the 60 days to supply it.
        ({"information_received": date(2026, 4, 10), "claimant_period_end": date(2026, 5, 1)}, date(2026, 5, 10)),
        ({"claimant_period_end": date(2026, 5, 1), "information_requested": date(2026, 3, 2)}, date(2026, 5, 31)),
        ({"information_requested": date(2026, 3, 2)}, date(2026, 5, 31)),
        ({"claimant_period_end": date(2026, 5, 20), "information_requested": date(2026, 3, 2)}, date(2026, 6, 19)),
        ({}, date(2026, 4, 1)),
    ],
)  # fmt: skip
def test_a_carrier_decides_within_thirty_days_of_what_it_waited_for(
    facts: dict[str, date], deadline: date
) -> None:
    clock = stage_clock("fehb", "carrier_reconsideration_decision", Facts(received=date(2026, 3, 2), **facts))
    assert (clock.deadline, clock.error) == (deadline, None)


SATURDAY, SUNDAY = date(2026, 2, 28), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("regime", "stage", "facts", "deadline"),
    [
        # 5 CFR 890.105(b)(2), (d): after 60 days to supply it and 30 to decide; none of these days waits for a Monday.
        ("fehb", "carrier_reconsideration_decision", {"information_requested": SUNDAY - 60 * DAY}, SUNDAY + 30 * DAY),
        ("fehb", "carrier_reconsideration_decision", {"information_requested": SUNDAY - 90 * DAY}, SUNDAY),
        ("fehb", "carrier_reconsideration_decision", {"claimant_period_end": SUNDAY - 30 * DAY}, SUNDAY),
        ("fehb", "carrier_reconsideration_decision", {"information_received": SUNDAY - 30 * DAY}, SUNDAY),
        ("fehb", "carrier_reconsideration_decision", {"received": SUNDAY - 30 * DAY}, SUNDAY),
        # 5 CFR 890.105(e)(1): 90 days of the denial; 120 of the request for information, or for reconsideration.
        ("fehb", "opm_review_filing", {"notice_date": SATURDAY - 90 * DAY, "receipt": SATURDAY - 80 * DAY}, SATURDAY),
        ("fehb", "opm_review_filing", {"information_requested": SATURDAY - 120 * DAY,
                                       "reconsideration_requested": SATURDAY - 140 * DAY}, SATURDAY),
        ("fehb", "opm_review_filing", {"reconsideration_requested": SATURDAY - 120 * DAY}, SATURDAY),
        # 42 CFR 457.1160(b)(1): 90 days of the plan appeal where there was one, else of the request.
        ("chip", "state_review_decision", {"mco_appeal_filed": SUNDAY - 90 * DAY, "received": SUNDAY - 40 * DAY}, SUNDAY),
        ("chip", "state_review_decision", {"received": SUNDAY - 90 * DAY}, SUNDAY),
        # 42 CFR 438.408(f)(2), 457.1260: 90 days of the notice of resolution, by either name.
        *((regime, stage, {name: SUNDAY - 90 * DAY, "receipt": SUNDAY - 80 * DAY}, SUNDAY)
          for regime, stage in (("medicaid_managed_care", "state_fair_hearing_filing"), ("chip", "state_review_filing"))
          for name in ("mco_resolution_notice", "notice_date")),
        # Cal. Labor Code 4610.5(h)(1): 30 and 10 days of service.
        *(("workers_comp", f"california_imr_filing{kind}", {name: day - days * DAY, "receipt": day}, day)
          for kind, days in (("", 30), ("_formulary", 10))
          for name in ("sent", "notice_date") for day in (SATURDAY, SUNDAY)),
        # 42 CFR 438.420(a), (c)(2): ten days of sending.
        ("medicaid_managed_care", "continuation_of_benefits_request",
         {"sent": SUNDAY - 10 * DAY, "effective_date": SUNDAY - 5 * DAY}, SUNDAY),
        ("medicaid_managed_care", "continuation_of_benefits_request",
         {"sent": SUNDAY - 20 * DAY, "effective_date": SUNDAY}, SUNDAY),
        ("medicaid_managed_care", "continuation_of_benefits_pending_hearing", {"sent": SUNDAY - 10 * DAY}, SUNDAY),
        # 45 CFR 147.136(d)(2)(ii): four months of the date on the notice where nobody knows when it came.
        ("individual_aca", "external_review_perfection",
         {"notice_date": date(2026, 2, 2), "incomplete_notice": datetime(2026, 2, 9, 10, tzinfo=NEW_YORK)}, date(2026, 6, 2)),
        # N.Y. Ins. Law 4904(c): 30 days of having what was needed.
        ("fully_insured_group", "utilization_review_appeal_decision_new_york",
         {"received": SUNDAY - 50 * DAY, "information_received": SUNDAY - 30 * DAY}, SUNDAY),
        ("fully_insured_group", "utilization_review_appeal_decision_new_york", {"received": SUNDAY - 30 * DAY}, SUNDAY),
    ],
)  # fmt: skip
def test_each_way_to_count_ends_on_the_day_it_ends_on(
    regime: str, stage: str, facts: dict[str, Any], deadline: date
) -> None:
    clock = stage_clock(regime, stage, Facts(**facts))
    assert (clock.deadline, clock.error) == (deadline, None)


# -- what may lengthen a time, and what follows when it is over -----------------------------------------------------------
EXTENDED: dict[str, tuple[int, bool]] = {
    # 29 CFR 2560.503-1(f)(2)(iii), (f)(4): 15 days, and the clock stands still until the information comes.
    "claims.preservice.decision": (15, True),
    "claims.postservice.decision": (15, True),
    "fehb.prior_approval.decision": (15, True),
    "fehb.claim.decision": (15, True),
    # 42 CFR 422.568(b)(2), 422.572(b), 422.590(f), 422.618(a)(1), 422.619(a): up to 14 days, and it never stands still.
    **dict.fromkeys((
        "ma.org_determination.pa_standard", "ma.org_determination.standard", "ma.org_determination.expedited",
        "ma.reconsideration.decision", "ma.reconsideration.decision_expedited", "ma.effectuation.own",
        "ma.effectuation.own_expedited",
        # 42 CFR 438.210(d)(1)(ii), (2)(ii), 438.408(c), 440.230(e)(1), 457.1160(b)(2).
        "medicaid.authorization.standard", "medicaid.authorization.expedited", "medicaid.plan_appeal.decision",
        "medicaid.plan_appeal.decision_expedited", "medicaid_ffs.authorization.standard", "chip.review.decision_expedited",
        # 42 CFR 405.950(b)(3), 405.970(b)(3): 14 days for each submission.
        "medicare_ab.redetermination.decision", "medicare_ab.reconsideration.decision",
    ), (14, False)),
    # 45 CFR 164.524(b)(2)(iii).
    "documents.records_access": (30, False),
}  # fmt: skip
BEFORE = {"ma.org_determination.pa_standard": 2025, "medicaid.authorization.standard": 2025}
"""Rules whose first version ended with a year."""


def test_the_times_that_may_be_lengthened_are_these() -> None:
    longer = {name for name, versions in book().rules.items() if any(r.extension for r in versions)}
    assert longer == set(EXTENDED)


@pytest.mark.parametrize(
    ("rule", "year"), [*((name, 2026) for name in EXTENDED), *BEFORE.items()]
)  # fmt: skip
def test_a_time_is_lengthened_by_the_laws_days_and_stands_still_only_where_the_law_says(
    rule: str, year: int
) -> None:
    days, stands = EXTENDED[rule]
    regime, stage = stage_of(rule)
    begun = datetime(year, 5, 4, 10, tzinfo=NEW_YORK)
    noticed, answered = begun.date() + DAY, begun.date() + 11 * DAY
    first = {"received": begun, "documents_requested": begun.date(), "rating_period_start": date(year, 1, 1)}
    plain = stage_clock(regime, stage, Facts(**first)).deadline
    extended = stage_clock(regime, stage, Facts(**first, extension_notice_date=noticed)).deadline
    asked = {"information_requested": noticed, "information_received": answered}
    waiting = stage_clock(regime, stage, Facts(**first, **asked)).deadline
    assert (extended - plain, waiting - plain) == (days * DAY, (days + 10) * DAY if stands else 0 * DAY)


def stage_of(rule: str) -> tuple[str, str]:
    return next((r.key, s.key) for r in book().regimes.values() for s in r.stages.values() if s.rule == rule)


FORWARDED = "if_missed_forward_to_ire_by"
FOLLOWED: dict[str, tuple[str, timedelta]] = {
    # 29 CFR 2590.715-2719(d)(2)(ii)(B): within one business day of the preliminary review; (d)(3)(iv): in writing in 48 hours.
    "external_review.preliminary_review": ("next_notice_deadline_latest", DAY),
    "external_review.decision_expedited": ("written_confirmation_by_if_oral", 2 * DAY),
    # 42 CFR 422.590(d): with the end of the time; (g): within 24 hours of it.
    **dict.fromkeys(
        ("ma.reconsideration.decision", "ma.reconsideration.decision_part_b_drug", "ma.reconsideration.decision_payment"),
        (FORWARDED, 0 * DAY),
    ),
    **dict.fromkeys(
        ("ma.reconsideration.decision_expedited", "ma.reconsideration.decision_part_b_drug_expedited"), (FORWARDED, DAY)
    ),
    # 42 CFR 423.568(h), 423.572(d), 423.590(c), (e): within 24 hours.
    **dict.fromkeys((
        "part_d.exception.no_statement", "part_d.exception.no_statement_expedited", "part_d.exception.with_statement",
        "part_d.exception.with_statement_expedited", "part_d.coverage.standard", "part_d.coverage.expedited",
        "part_d.coverage.payment", "part_d.redetermination.decision", "part_d.redetermination.decision_expedited",
        "part_d.redetermination.decision_payment",
    ), (FORWARDED, DAY)),
}  # fmt: skip


def test_the_steps_that_follow_a_time_that_is_over_are_these() -> None:
    assert {name for name, versions in book().rules.items() if any(r.then for r in versions)} == set(FOLLOWED)


@pytest.mark.parametrize("rule", sorted(FOLLOWED))
def test_what_follows_comes_so_long_after(rule: str) -> None:
    name, later = FOLLOWED[rule]
    regime, stage = stage_of(rule)
    begun = datetime(2026, 5, 4, 10, tzinfo=NEW_YORK)
    statement = {"supporting_statement": begun} if "with_statement" in rule else {}
    clock = stage_clock(regime, stage, Facts(received=begun, **statement))
    assert {key: value - clock.deadline for key, value in clock.extras.items()} == {name: later}


def test_a_drug_plan_is_late_with_an_exception_only_after_the_whole_last_day() -> None:
    """42 CFR 423.568(b), (h), 423.572(a): 14 days for the statement, said to end with the day; then 72 or 24 hours."""
    facts = Facts(received=datetime(2026, 5, 4, 10, tzinfo=NEW_YORK))
    for stage, hours in (
        ("exception_decision_no_statement", 72),
        ("exception_decision_no_statement_expedited", 24),
    ):
        clock = stage_clock("medicare_part_d", stage, facts)
        ends = [datetime(2026, 5, 18, 10, tzinfo=NEW_YORK), datetime(2026, 5, 19, tzinfo=NEW_YORK)]
        assert [clock.deadline, clock.overdue_after] == [end + timedelta(hours=hours) for end in ends]


# -- amounts in controversy ---------------------------------------------------------------------------------------------------
def test_the_amounts_are_those_that_were_published() -> None:
    """42 CFR 405.1006(b), (c), by notice each year; 32 CFR 199.10(c), (d): 50 and 300 dollars in every year."""
    for year, hearing, court in ((2025, 190, 1900), (2026, 200, 1960), (2027, 200, 2000)):
        assert amount_in_controversy("hearing", year)["hearing"] == hearing
        assert amount_in_controversy("court", year)["court"] == court
        assert amount_in_controversy("tricare_formal_review", year)["tricare_formal_review"] == 50
        assert amount_in_controversy("tricare_hearing", year)["tricare_hearing"] == 300
    assert [
        amount_in_controversy(column, year) for column in ("hearing", "court") for year in (2024, 2028)
    ] == [None] * 4


@pytest.mark.parametrize(
    ("year", "published"),
    [(2026, date(2025, 12, 4)), (2027, date(2026, 9, 16))],  # FR 2025-21879, FR 2026-19016
)
def test_the_amounts_of_a_year_are_known_from_their_notice(year: int, published: date) -> None:
    known = []
    for day in (published - DAY, published):
        with using(known_on(day)):
            known.append(amount_in_controversy("hearing", year) is not None)
    assert known == [False, True]


# -- what a state's law adds -------------------------------------------------------------------------------------------------
RECEIVED = datetime(2026, 3, 2, 10, tzinfo=NEW_YORK)
TOLD: tuple[tuple[str, dict[str, Any], date | None], ...] = (
    # Cal. Health & Safety Code 1368.01(a), (b): 30 days, three for an urgent grievance.
    ("CA", {}, date(2026, 4, 1)),
    ("CA", {"urgent": True}, date(2026, 3, 5)),
    # N.Y. Ins. Law 4904(b), (c): 30 days of having what was needed; two business days.
    ("NY", {}, date(2026, 4, 1)),
    ("NY", {"information_received": date(2026, 3, 10)}, date(2026, 4, 9)),
    ("NY", {"urgent": True}, date(2026, 3, 4)),
    # Tenn. Code 56-61-110: 30 days, 60 where the care was given.
    ("TN", {}, date(2026, 4, 1)),
    ("TN", {"timing": "pre_service"}, date(2026, 4, 1)),
    ("TN", {"timing": "post_service"}, date(2026, 5, 1)),
    # Tex. Ins. Code 4201.359: 30 days.
    ("TX", {}, date(2026, 4, 1)),
    ("HI", {}, None),
    ("MI", {}, None),
    ("OR", {}, None),
)


@pytest.mark.parametrize(("state", "more", "day"), TOLD)
@pytest.mark.parametrize("regime", ["fully_insured_group", "individual_aca"])
def test_a_states_own_time_is_told_beside_the_plans(
    regime: str, state: str, more: dict[str, Any], day: date | None
) -> None:
    rungs = ladder(regime, state)
    clock = decision_clock(rungs[0], Facts(received=RECEIVED, zone="America/New_York", **more))
    told = [f.text for f in clock.flags if f.code == "state_clock"]
    assert len(told) == (day is not None) and all(f" Here: {words_of(day)} (" in text for text in told if day)
    # The review outside the plan and the court have no such clock of a state beside them.
    later = [
        decision_clock(rung, Facts(received=RECEIVED, zone="America/New_York", **more)) for rung in rungs[1:]
    ]
    assert not [f for clock in later for f in clock.flags if f.code == "state_clock"]


OF_NOTICE = ("notice_date", "receipt", "sent")
DATED: dict[str, dict[str, tuple[str, ...]]] = {
    "AZ": {
        "step_therapy_exception_decision_expedited_arizona": ("received",),
        "step_therapy_exception_decision_arizona": ("received",),
    },
    "CA": {
        "grievance_decision_expedited_california": ("received",),
        "grievance_decision_california": ("received",),
        "review_decision_expedited_california": ("received",),
    },
    "HI": {"carrier_file_hawaii": ("assigned",)},
    "MI": {"external_review_filing_expedited_michigan": OF_NOTICE},
    "NY": {
        "utilization_review_appeal_decision_expedited_new_york": ("received", "information_received"),
        "utilization_review_appeal_decision_new_york": ("received", "information_received"),
        "external_appeal_filing_provider_new_york": OF_NOTICE,
    },
    "TN": {
        "appeal_decision_post_service_tennessee": ("received",),
        "appeal_decision_tennessee": ("received",),
    },
    "TX": {
        "appeal_decision_texas": ("received",),
        "independent_review_decision_texas": ("received",),
        "independent_review_decision_life_threatening_texas": ("received",),
    },
}
"""The states' own clocks, and by which facts it is decided whether each was in force, the first that is known first."""
FIRST_DAY = date(2012, 1, 1)
FIRST_DAYS = {"AZ": date(2023, 1, 1)}
"""How far back our record of these clocks reaches."""


def in_force(state: str, stage: str, **days: date) -> bool:
    try:
        found = find_stage(book().regimes["fully_insured_group"], stage, Facts(state=state, **days))
    except Unclear as problem:
        assert (problem.reason.code, problem.reason.field) == ("not_in_force", DATED[state][stage][0])
        return False
    return found.stage == stage


def test_a_states_own_clock_is_on_record_from_its_first_day_by_the_first_known_fact() -> None:
    assert {code: set(s.stages) for code, s in book().states.items() if s.stages} == {
        code: set(stages) for code, stages in DATED.items()
    }
    for state, stage, names in ((code, key, n) for code, keys in DATED.items() for key, n in keys.items()):
        assert in_force(state, stage)
        first = FIRST_DAYS.get(state, FIRST_DAY)
        for n, name in enumerate(names):
            assert in_force(state, stage, **{name: first}), (stage, name)
            assert not in_force(state, stage, **{name: first - DAY}), (stage, name)
            for other in names[n + 1 :]:
                assert in_force(state, stage, **{name: first, other: first - DAY})
                assert not in_force(state, stage, **{name: first - DAY, other: first})


def test_a_states_rules_are_first_versions() -> None:
    """A date names the version of its rule: of a state's there has been one."""
    rules = [s.filing for s in book().states.values() if s.filing] + [book().state_default]
    rules += [stage.rule for s in book().states.values() for stage in s.stages.values()]
    assert {(rule.version, rule.in_force_to) for rule in rules} == {(1, None)}


# -- what may be opened at once ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize(
    "regime",
    ["erisa_self_funded", "nonfederal_governmental_self_funded", "church_self_funded", "fully_insured_group", "individual_aca"],
)  # fmt: skip
def test_the_review_opens_beside_each_internal_appeal_since_its_rules(regime: str, levels: int) -> None:
    """29 CFR 2590.715-2719(d)(3)(i)(A); 45 CFR 147.136(b)(2)(ii)(F), (c)(2)(iii), (d)(3)(i)(A): from July 22, 2011."""
    needed = {"urgent": ("care_ahead", "internal_expedited", "certified"), "waived": ("waiver",)}
    found = Classification(regime, (regime,), True, (), (), (), "OR")
    climbed = rungs(found, levels)
    for beside in climbed[: levels if regime != "individual_aca" else 1]:
        assert openings(found, levels, beside, date(2011, 7, 21)) == ()
        for day in (date(2011, 7, 22), date(2026, 11, 23)):
            opened = openings(found, levels, beside, day)
            assert {o.basis: o.needs for o in opened} == needed
            assert {level.key for o in opened for level in o.rung.levels} == {"external_review"}
