"""Facts of rules beside their spans, written again from the law: amounts, states' own clocks, which answers lead where."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appeals.clock import Facts, decision_clock, stage_clock
from appeals.clock.arithmetic import words_of
from appeals.clock.facts import Unclear
from appeals.clock.stages import find_stage
from appeals.regimes import amount_in_controversy, book, known_on, ladder, using
from appeals.regimes.classifier import Answer, classify

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
        # 42 CFR 438.420(c)(2): ten days of the plan sending its notice.
        ("medicaid_managed_care", "continuation_of_benefits_pending_hearing", 10, None),
    ],
)
def test_a_window_from_sending_takes_the_notice_where_sending_is_not_known(
    regime: str, stage: str, days: int, more: dict[str, Any] | None
) -> None:
    sent = NOTICE + DAY
    facts = Facts(notice_date=NOTICE, sent=sent, receipt=NOTICE + 7 * DAY, **(more or {}))
    assert stage_clock(regime, stage, facts).deadline == sent + days * DAY
    unsent = stage_clock(regime, stage, Facts(notice_date=NOTICE, receipt=NOTICE + 7 * DAY, **(more or {})))
    if more is None:
        assert unsent.error.code == "missing_sent"
    else:
        assert unsent.deadline == NOTICE + days * DAY


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


# -- a clock is for one case, and says so -----------------------------------------------------------------------------------
REQUIRED = {
    # 29 CFR 2560.503-1(i)(2)(ii), (iii): one appeal, or each of two.
    **{f"claims.{when}_appeal.decision_one_level": {"levels": (1,)} for when in ("preservice", "postservice")},
    **{
        f"claims.{when}_appeal.decision_level_{n}_of_2": {"levels": (2,)}
        for when in ("preservice", "postservice")
        for n in (1, 2)
    },
    # 42 CFR 423.568(b): the fourteen days are for a request without the prescriber's statement.
    "part_d.exception.no_statement": {"supporting_statement": (None,)},
    # Cal. Labor Code 4610.5: California's own review.
    **{f"workers_comp.california_imr.{name}": {"state": ("CA",)} for name in ("filing", "filing_formulary")},
}  # fmt: skip
CONTRADICTED = {
    "levels": {1: 2, 2: 1},
    "state": {"CA": "OR"},
    "supporting_statement": {None: date(2026, 3, 4)},
}


def test_the_rules_that_ask_for_a_fact_are_these() -> None:
    asked = {
        name: {fact: tuple(allowed) for fact, allowed in versions[-1].requires.items()}
        for name, versions in book().rules.items()
        if versions[-1].requires
    }
    assert asked == REQUIRED


@pytest.mark.parametrize("rule", sorted(REQUIRED))
def test_a_fact_of_another_case_is_refused(rule: str) -> None:
    ((name, (value,)),) = REQUIRED[rule].items()
    regime, stage = next(
        (r.key, s.key) for r in book().regimes.values() for s in r.stages.values() if s.rule == rule
    )
    at = datetime(2026, 3, 2, 10, tzinfo=NEW_YORK)
    facts = {"received": at, "notice_date": date(2026, 3, 2)}
    assert stage_clock(regime, stage, Facts(**facts, **{name: value})).error is None
    other = stage_clock(regime, stage, Facts(**facts, **{name: CONTRADICTED[name][value]}))
    assert (other.deadline, other.error.code, other.error.field) == (None, "stage_contradicts_facts", name)


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
    "CA": {
        "grievance_decision_expedited_california": ("received",),
        "grievance_decision_california": ("received",),
        "review_decision_expedited_california": ("received",),
    },
    "HI": {"carrier_file_hawaii": ("assigned",)},
    "MI": {"external_review_filing_expedited_michigan": OF_NOTICE},
    "NY": {
        "utilization_review_appeal_decision_expedited_new_york": ("received",),
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
        for n, name in enumerate(names):
            assert in_force(state, stage, **{name: FIRST_DAY}), (stage, name)
            assert not in_force(state, stage, **{name: FIRST_DAY - DAY}), (stage, name)
            for other in names[n + 1 :]:
                assert in_force(state, stage, **{name: FIRST_DAY, other: FIRST_DAY - DAY})
                assert not in_force(state, stage, **{name: FIRST_DAY - DAY, other: FIRST_DAY})


def test_a_states_rules_are_first_versions() -> None:
    """A date names the version of its rule: of a state's there has been one."""
    rules = [s.filing for s in book().states.values() if s.filing] + [book().state_default]
    rules += [stage.rule for s in book().states.values() for stage in s.stages.values()]
    assert {(rule.version, rule.in_force_to) for rule in rules} == {(1, None)}


# -- which answers lead to which kind of coverage ------------------------------------------------------------------------------
PROGRAMS = {
    "medicare_original": "original_medicare",
    "medicare_part_d": "medicare_part_d",
    "chip": "chip",
    "tricare": "tricare",
    "va_champva": "va_champva",
    "fehb_pshb": "fehb",
    "workers_comp": "workers_comp",
}


def kind_of(said: dict[str, str]) -> str | None:
    """The kind of coverage by the law's own tests; None where no kind has these answers."""
    if said["program"] in PROGRAMS:
        return PROGRAMS[said["program"]]
    if said["program"] == "medicaid":
        return "medicaid_managed_care" if said["medicaid_delivery"] == "plan" else "medicaid_ffs"
    if said["program"] == "medicare_advantage":
        return "medicare_part_d" if said["benefit"] == "pharmacy" else "medicare_advantage"
    # 29 U.S.C. 1002(1), 1003(b): private employers and unions are inside ERISA, churches and public bodies outside.
    inside = said["sponsor"] in ("private_employer", "union_trust")
    if said["plan_kind"] == "short_term_or_sharing":
        return "short_term_non_aca"
    if said["plan_kind"] == "grandfathered":
        return "grandfathered" if inside else "grandfathered_outside_erisa"
    if said["funding"] == "insured":
        return "individual_aca" if said["sponsor"] == "individual" else "fully_insured_group"
    if inside:
        return "erisa_self_funded"
    return {"church": "church_self_funded", "public_employer": "nonfederal_governmental_self_funded"}.get(
        said["sponsor"]
    )


def test_every_set_of_answers_leads_to_the_kind_that_the_law_says() -> None:
    asked = ("program", "sponsor", "funding", "plan_kind", "medicaid_delivery", "benefit")
    known = {q.key: [value for value in q.choices if value != "unknown"] for q in book().questions}
    sets = [dict(zip(asked, values, strict=True)) for values in product(*(known[name] for name in asked))]
    assert len(sets) == 10 * 5 * 2 * 3 * 2 * 3
    wrong = []
    for said in sets:
        expected = kind_of(said)
        found = classify([Answer(question, value, "card") for question, value in said.items()])
        if expected is None:
            assert found.contradictions, said
        elif (found.candidates, found.contradictions) != ((expected,), ()):
            wrong.append((said, found.candidates))
    assert wrong == []


def test_a_letter_that_names_a_states_regulator_says_so_in_the_reasons() -> None:
    """Only the answer about the regulator is that reason; the same word is no answer to another question."""
    sentence = "The letter names a state insurance department, which speaks for an insured policy."
    of = {
        value: classify([Answer("regulator", value, "letter")]).why
        for value in ("state_insurance", "managed_care", "federal_labor")
    }
    assert [sentence in why for why in of.values()] == [True, False, False]
    assert any("California's managed care department" in line for line in of["managed_care"])


def test_a_rare_kind_of_plan_is_possible_only_where_it_was_asked_about() -> None:
    """Grandfathered, short-term and sharing plans owe no external review: none is assumed, and none left out unasked."""
    rare = {"grandfathered", "grandfathered_outside_erisa", "short_term_non_aca"}
    sponsors = ("private_employer", "union_trust", "church", "public_employer", "individual")
    for sponsor, funding in product(sponsors, ("insured", "self_funded")):
        said = {"program": "commercial", "sponsor": sponsor, "funding": funding}
        unasked = classify([Answer(q, v, "card") for q, v in said.items()])
        asked = classify([Answer(q, v, "card") for q, v in {**said, "plan_kind": "unknown"}.items()])
        kept = "grandfathered" if sponsor in sponsors[:2] else "grandfathered_outside_erisa"
        if kind_of({**said, "plan_kind": "ordinary"}) is not None:
            assert not rare & set(unasked.candidates), said
        assert rare & set(asked.candidates) == {kept, "short_term_non_aca"}, said
