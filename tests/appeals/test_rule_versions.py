"""From which day to which each rule is on record, written down a second time from the acts that set them.

Where an act is named, its day is the law's own. Where none is, the day is only how far back our record of that program reaches:
nobody has to compute older dates, and the engine says that it cannot.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from appeals.clock import Facts, stage_clock
from appeals.clock.facts import Unclear, check_chronology
from appeals.clock.stages import find_stage
from appeals.regimes import book, known_on, rule_in_force
from appeals.regimes.shapes import Rule
from tests.appeals.walker.walk import ORDER

DAY = timedelta(days=1)
BEGAN: tuple[tuple[str, str, str], ...] = (
    # By July 1, 2002 at the earliest and January 1, 2003 at the latest every group health plan (66 FR 35886).
    ("claims.continuation.", "2010-09-23", "75 FR 43330: plan years from September 23, 2010"),
    ("claims.", "2003-01-01", "65 FR 70246; 29 CFR 2560.503-1(o)"),
    ("documents.plan", "2003-01-01", "record"),
    ("documents.records_access", "2003-04-14", "45 CFR 164.534: compliance from April 14, 2003"),
    ("documents.explanation", "2011-07-22", "76 FR 37208, effective July 22, 2011"),
    ("external_review.", "2011-07-22", "76 FR 37208, effective July 22, 2011"),
    ("state_review.", "2011-07-22", "76 FR 37208, effective July 22, 2011"),
    ("drug_exception.", "2016-01-01", "80 FR 10750: plan years from 2016"),
    ("court.", "2003-01-01", "record"),
    ("letter.", "2003-01-01", "record"),
    ("peer_to_peer.", "2003-01-01", "record"),
    ("fehb.", "1997-01-01", "record"),
    ("tricare.authorization.decision", "2018-01-01", "TRICARE manuals of 2015, health care delivery from January 1, 2018"),
    ("tricare.", "1997-01-01", "record"),
    ("champva.", "1998-01-01", "record"),
    ("va.decision_review.filing", "2019-02-19", "84 FR 138, effective February 19, 2019"),
    ("va.court.filing", "2003-01-01", "record"),
    ("workers_comp.california_imr.filing_formulary", "2018-01-01", "Cal. Labor Code 5307.27; 8 CCR 9792.27.1"),
    ("workers_comp.california_imr.filing", "2013-01-01", "SB 863 (2012), injuries from January 1, 2013"),
    # 84 FR 23832: adjudication times of Part B drugs, from January 1, 2020.
    ("ma.org_determination.part_b_drug", "2020-01-01", "84 FR 23832"),
    ("ma.reconsideration.decision_part_b_drug", "2020-01-01", "84 FR 23832"),
    ("ma.effectuation.part_b_drug", "2020-01-01", "84 FR 23832"),
    ("ma.effectuation.own_part_b_drug", "2020-01-01", "84 FR 23832"),
    ("ma.", "2005-01-01", "record"),
    ("medicare.alj.decision_remanded", "2017-03-20", "82 FR 4974, effective March 20, 2017"),
    ("medicare_ab.alj.decision_remanded", "2017-03-20", "82 FR 4974, effective March 20, 2017"),
    ("part_d.alj.decision_remanded", "2017-03-20", "82 FR 4974, effective March 20, 2017"),
    ("medicare_ab.claim.filing", "2010-01-01", "Public Law 111-148, section 6404: services from January 1, 2010"),
    ("medicare_ab.redetermination.filing", "2003-01-01", "record"),
    ("medicare_ab.reconsideration.filing", "2003-01-01", "record"),
    ("medicare_ab.", "2005-01-01", "record"),
    ("medicare.reopening.", "2005-05-01", "70 FR 11420, effective May 1, 2005: 42 CFR 405.980"),
    ("medicare.alj.filing", "2003-01-01", "record"),
    ("medicare.council.filing", "2003-01-01", "record"),
    ("medicare.court.filing", "2003-01-01", "record"),
    ("medicare.", "2005-01-01", "record"),
    ("part_d.redetermination.filing", "2003-01-01", "record"),
    ("part_d.ire.filing", "2003-01-01", "record"),
    ("part_d.", "2010-01-01", "record"),
    # 85 FR 72754, effective December 14, 2020: 90 to 120 days from the notice of resolution.
    ("medicaid.hearing.filing", "2020-12-14", "85 FR 72754"),
    # 81 FR 27498: rating periods of contracts that begin on or after July 1, 2017.
    ("medicaid.", "2017-07-01", "81 FR 27498"),
    ("medicaid_ffs.hearing.decision", "2017-01-20", "81 FR 86382, effective January 20, 2017"),
    ("medicaid_ffs.authorization.", "2026-01-01", "89 FR 8758: from January 1, 2026"),
    ("medicaid_ffs.", "2003-01-01", "record"),
    ("chip.review.decision", "2001-06-11", "66 FR 2490, effective date moved to June 11, 2001"),
    ("chip.review.filing", "2018-07-01", "81 FR 27498: state fiscal years from July 1, 2018"),
    ("chip.effectuation", "2017-07-01", "81 FR 27498"),
    ("state.pennsylvania.", "2024-01-01", "Act 146 of 2022, section 13: from January 1, 2024"),
    ("state.", "2011-07-22", "76 FR 37208, effective July 22, 2011"),
)  # fmt: skip
"""The first line that a rule's name begins with tells when its first version begins."""
OF_STATES_THEMSELVES = "2012-01-01"
"""How far back our record of the states' own clocks beside the federal ones reaches."""
REPLACED = {
    # 89 FR 30448: from January 1, 2025, counted from receipt.
    "ma.reconsideration.filing": ("2024-12-31", "2025-01-01"),
    # 89 FR 8758: from January 1, 2026 (rating periods from then on).
    "ma.org_determination.pa_standard": ("2025-12-31", "2026-01-01"),
    "medicaid.authorization.standard": ("2025-12-31", "2026-01-01"),
}
PUBLISHED = {
    ("ma.reconsideration.filing", 2): "2024-04-23",
    ("ma.org_determination.pa_standard", 2): "2024-02-08",
    ("medicaid.authorization.standard", 2): "2024-02-08",
    ("medicaid_ffs.authorization.standard", 1): "2024-02-08",
    ("medicaid_ffs.authorization.expedited", 1): "2024-02-08",
}
"""89 FR 30448 of April 23, 2024; 89 FR 8758 of February 8, 2024."""

OF_NOTICE = ("notice_date", "receipt", "sent")
PICKED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("claims.urgent.incomplete_decision", ("information_received", "claimant_period_end", "information_requested", "received")),
    *((name, OF_NOTICE) for name in (
        "claims.appeal_1.filing", "claims.appeal_2.filing", "external_review.filing", "external_review.filing_hhs",
        "external_review.perfection", "external_review.additional_information", "court.contract", "court.state_law",
        "court.federal_agency", "ma.reconsideration.filing", "medicare.alj.filing", "medicare.council.filing",
        "medicare.court.filing", "part_d.redetermination.filing", "part_d.ire.filing", "medicare_ab.redetermination.filing",
        "medicare_ab.reconsideration.filing", "letter.appeal.filing", "medicaid_ffs.reinstatement_without_notice",
        "tricare.reconsideration.filing_expedited", "peer_to_peer.window",
    )),
    # 89 FR 8758: managed care follows its rating period, everybody else the day of the request.
    ("medicaid.authorization.standard", ("rating_period_start", "received")),
    ("medicaid.hearing.filing", ("mco_resolution_notice", "notice_date")),
    ("medicaid.continuation.request", ("sent", "notice_date")),
    ("medicaid.continuation.pending_hearing", ("sent", "mco_resolution_notice", "notice_date")),
    ("chip.review.filing", ("mco_resolution_notice", "notice_date")),
    ("fehb.reconsideration.decision", ("received", "information_received")),
    ("fehb.opm.filing", ("notice_date", "information_requested", "reconsideration_requested")),
    ("medicaid_ffs.hearing.filing", ("sent", "notice_date")),
    ("workers_comp.california_imr.filing", ("sent", "notice_date")),
    ("workers_comp.california_imr.filing_formulary", ("sent", "notice_date")),
    ("chip.review.decision", ("mco_appeal_filed", "received")),
)  # fmt: skip
"""By which facts it is decided whether a rule was in force, the first that is known before the others."""


def began(name: str) -> date:
    return date.fromisoformat(next(day for start, day, _ in BEGAN if name.startswith(start)))


def of_states() -> dict[str, Rule]:
    return {s.filing.id: s.filing for s in book().states.values() if s.filing} | {
        "state.unknown": book().state_default
    }


@pytest.mark.parametrize("name", sorted(book().rules))
def test_a_rule_is_in_force_from_its_first_day_to_its_last(name: str) -> None:
    first, start = book().rules[name][0], began(name)
    assert rule_in_force(name, start - DAY) is None
    assert rule_in_force(name, start) is first
    turns = [tuple(map(date.fromisoformat, pair)) for pair in [REPLACED[name]]] if name in REPLACED else []
    assert len(turns) == len(book().rules[name]) - 1
    for last, then in turns:
        assert [rule_in_force(name, day).version for day in (last, then)] == [1, 2]
    assert rule_in_force(name, date(2099, 12, 31)) is book().rules[name][-1]


def test_a_states_rule_begins_on_its_day_and_has_no_end() -> None:
    assert {name: (r.in_force_from, r.in_force_to) for name, r in of_states().items()} == {
        name: (began(name), None) for name in of_states()
    }
    own = {
        (state.code, stage.rule.in_force_from)
        for state in book().states.values()
        for stage in state.stages.values()
    }
    assert own == {
        *((code, date.fromisoformat(OF_STATES_THEMSELVES)) for code in ("CA", "HI", "MI", "NY", "TN", "TX")),
        ("AZ", date(2023, 1, 1)),
    }


def test_a_rule_that_was_published_is_known_from_that_day() -> None:
    """Nobody could count by it the day before."""
    found = {
        (r.id, r.version): r.known_from
        for versions in book().rules.values()
        for r in versions
        if r.known_from
    }
    assert found == {key: date.fromisoformat(day) for key, day in PUBLISHED.items()}
    for (name, version), day in found.items():
        kept = [[r.version for r in known_on(at).rules.get(name, ())] for at in (day - DAY, day)]
        assert kept == [list(range(1, version)), list(range(1, version + 1))]


def stage_of(rule: str) -> tuple[str, str]:
    return next((r.key, s.key) for r in book().regimes.values() for s in r.stages.values() if s.rule == rule)


def found(rule: str, **days: date) -> bool:
    """Whether the rule of a stage was in force on the day that these facts say."""
    regime, stage = stage_of(rule)
    try:
        return find_stage(book().regimes[regime], stage, Facts(**days)).rule.id == rule
    except Unclear as problem:
        assert problem.reason.code == "not_in_force"
        return False


def test_the_rules_that_more_than_one_fact_may_date_are_these() -> None:
    several = {name for name, versions in book().rules.items() if len(versions[0].picked_by) > 1}
    assert several == {name for name, _ in PICKED}
    # Every version of a rule is picked by the same facts, so that any of them may say which.
    assert {len({r.picked_by for r in versions}) for versions in book().rules.values()} == {1}


@pytest.mark.parametrize(("rule", "names"), PICKED)
def test_the_first_known_fact_says_whether_a_rule_was_in_force(rule: str, names: tuple[str, ...]) -> None:
    on, before = began(rule), began(rule) - DAY
    for n, name in enumerate(names):
        assert (found(rule, **{name: on}), found(rule, **{name: before})) == (True, False), name
        for other in names[n + 1 :]:
            assert found(rule, **{name: on, other: before}) and not found(rule, **{name: before, other: on})


@pytest.mark.parametrize(("first", "second"), ORDER)
def test_what_cannot_have_come_before_is_refused(first: str, second: str) -> None:
    day = date(2026, 3, 2)
    check_chronology(Facts(**{first: day, second: day}))
    check_chronology(Facts(**{first: day - DAY, second: day}))
    with pytest.raises(Unclear) as refused:
        check_chronology(Facts(**{first: day, second: day - DAY}))
    assert (refused.value.reason.code, refused.value.reason.field) == ("impossible_order", second)
    assert {(one, other) for one, other, _ in book().chronology} == set(ORDER)


OLD = date(2024, 11, 1)


@pytest.mark.parametrize(
    ("regime", "stage", "notice", "deadline"),
    [
        # 42 CFR 422.582(b) before 2025: 60 days from the date of the notice.
        ("medicare_advantage", "reconsideration_filing", OLD, date(2024, 12, 31)),
        # 42 CFR 423.2002(c), 423.2014: 60 days from the date of the decision.
        ("medicare_part_d", "alj_hearing_filing_expedited", OLD, date(2024, 12, 31)),
        # 42 CFR 438.402(c)(2)(ii): 60 days from the date on the notice.
        ("medicaid_managed_care", "plan_appeal_filing", OLD, date(2024, 12, 31)),
        # 5 CFR 890.105(b)(1): six months after the date of the denial.
        ("fehb", "carrier_reconsideration_filing", OLD, date(2025, 5, 1)),
        # 32 CFR 199.10(b), (c), (d): 90, 60 and 60 days after the date of the notice.
        ("tricare", "reconsideration_filing_standard", OLD, date(2025, 1, 30)),
        ("tricare", "formal_review_filing", OLD, date(2024, 12, 31)),
        ("tricare", "hearing_filing", OLD, date(2024, 12, 31)),
    ],
)
def test_a_window_from_the_date_on_the_notice_does_not_wait_for_its_receipt(
    regime: str, stage: str, notice: date, deadline: date
) -> None:
    facts = Facts(notice_date=notice, sent=notice + DAY, receipt=notice + 7 * DAY)
    clock = stage_clock(regime, stage, facts)
    assert (clock.deadline, clock.error) == (deadline, None)
    assert stage_clock(regime, stage, Facts(receipt=notice)).error is not None
