"""Every complete set of rules, climbed by commands from the request to the last level before a court.

The dates are counted by hand from the citation beside them; both sides' clocks are compared at every level.
"""

from __future__ import annotations

from datetime import date

import pytest

from appeals.commands.answers import withdraw_answer
from appeals.commands.decisions import deem_decided
from appeals.queries.ladder import ladder_of
from appeals.queries.lookup import answers_of
from cases.commands.registration import change_coverage
from cases.models import CaseSearch, Task
from tests.appeals.climbing import (
    ERISA,
    FEHB,
    INDIVIDUAL,
    INSURED,
    MEDICAID,
    MEDICARE_ADVANTAGE,
    moment,
)


def test_erisa_with_one_internal_level(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    # 29 CFR 2560.503-1(f)(2)(iii)(A): 15 days.
    assert climb.date("decision") == ("2026-04-01", "2026-04-01", "running")
    climb.refuse()
    assert climb.date("decision") == ("2026-04-01", "2026-04-01", "met")
    # (h)(3)(i): 180 days after receipt; counted from the notice it is Sunday, September 20: work to the Friday before.
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    climb.file(1, "2026-04-10")
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "met")
    # (i)(2)(ii): 30 days with one level.
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "running")
    climb.decide(1, "2026-04-24", "2026-04-27")
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "met")
    # 29 CFR 2590.715-2719(d)(2)(i): four months after receipt; from the notice it is August 24.
    assert climb.date("filing", 2) == ("2026-08-24", "2026-08-27", "running")
    climb.file(2, "2026-05-08")
    # (d)(2)(iii)(B)(6): 45 days.
    assert climb.date("decision", 2) == ("2026-06-22", "2026-06-22", "running")
    climb.decide(2, "2026-06-19", "2026-06-22")
    assert climb.positions == [(1, "internal_appeal_1", "decided"), (2, "external_review", "decided")]
    assert climb.tasks() == ["consider_court:2"]
    assert [t.opened_by for t in Task.objects.filter(case=climb.case, status="open")] == ["stage"]
    assert climb.fresh().stage == "court"
    assert climb.fresh().next_deadline_on is None


def test_erisa_with_two_internal_levels(climb):
    climb.answer(ERISA | {"levels": "2"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    # 29 CFR 2560.503-1(i)(2)(ii): 15 days at each of two levels.
    assert climb.date("decision", 1) == ("2026-04-25", "2026-04-25", "running")
    # The window of the second level is the plan's: only the letter says it.
    climb.decide(1, "2026-04-24", "2026-04-27")
    assert climb.tasks() == ["no_window:2"]


def test_the_second_internal_level_runs_by_the_date_in_the_letter(climb):
    climb.answer(ERISA | {"levels": "2"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", stated_deadline_on=date(2026, 6, 23))
    assert climb.date("filing", 2) == ("2026-06-23", "2026-06-23", "running")
    climb.file(2, "2026-05-08")
    assert climb.date("decision", 2) == ("2026-05-23", "2026-05-23", "running")
    climb.decide(2, "2026-05-20", "2026-05-22")
    # Four months after May 22; from the notice it is Sunday, September 20: the Friday before.
    assert climb.date("filing", 3) == ("2026-09-18", "2026-09-22", "running")
    climb.file(3, "2026-06-01")
    assert climb.date("decision", 3) == ("2026-07-16", "2026-07-16", "running")
    climb.decide(3, "2026-07-10", "2026-07-13")
    assert [p[1] for p in climb.positions] == ["internal_appeal_1", "internal_appeal_2", "external_review"]
    assert climb.tasks() == ["consider_court:3"]


@pytest.mark.parametrize("answers", [INSURED | {"levels": "1"}, INDIVIDUAL])
def test_insured_plans_of_oregon(climb, answers):
    climb.answer(answers)
    climb.ask()
    assert climb.date("decision") == ("2026-04-01", "2026-04-01", "running")
    climb.refuse()
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    climb.file(1, "2026-04-10")
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "running")
    climb.decide(1, "2026-04-24", "2026-04-27")
    # Oregon gives 180 days after receipt: a Saturday; counted from the notice it is Wednesday, October 21.
    assert climb.date("filing", 2) == ("2026-10-21", "2026-10-24", "running")
    climb.file(2, "2026-05-08")
    assert climb.date("decision", 2) == ("2026-06-22", "2026-06-22", "running")
    climb.decide(2, "2026-06-19", "2026-06-22")
    assert climb.positions == [(1, "internal_appeal_1", "decided"), (2, "external_review", "decided")]
    assert climb.tasks() == ["consider_court:2"]


def test_medicare_advantage(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    # 42 CFR 422.568(b)(1): 7 days for what needs prior authorization, from 2026.
    assert climb.date("decision") == ("2026-03-24", "2026-03-24", "running")
    climb.refuse()
    assert climb.date("decision") == ("2026-03-24", "2026-03-24", "met")
    # 422.582(b): 60 days after receipt (proven, earlier than presumed); from the notice it is Saturday, May 23.
    assert climb.date("filing", 1) == ("2026-05-22", "2026-05-26", "running")
    climb.file(1, "2026-04-10")
    # 422.590(a): 30 days.
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "running")
    climb.decide(1, "2026-04-24", "2026-04-27")
    # 422.590: an affirmed denial goes to the independent entity by the plan's own deadline; nobody has to file.
    assert climb.positions[1] == (2, "ire_reconsideration", "open")
    assert climb.date("forwarding", 2) == ("2026-05-10", "2026-05-10", "running")
    climb.forward(2, "2026-04-28")
    assert climb.date("forwarding", 2) == ("2026-05-10", "2026-05-10", "met")
    # When it arrived is not known yet: nobody is called late on a guess.
    assert climb.tasks() == ["no_arrival:2"]
    climb.receive(2, "2026-04-30")
    assert climb.tasks() == []
    assert climb.date("decision", 2) == ("2026-05-30", "2026-05-30", "running")
    climb.decide(2, "2026-05-20", "2026-05-22")
    # 422.602: 60 days after receipt; from the notice it is Sunday, July 19: the Friday before.
    assert climb.date("filing", 3) == ("2026-07-17", "2026-07-21", "running")
    climb.stake()
    climb.file(3, "2026-06-15", channel="mail")
    assert climb.tasks() == ["no_arrival:3"]
    climb.receive(3, "2026-06-18")
    assert climb.date("decision", 3) == ("2026-09-16", "2026-09-16", "running")
    climb.decide(3, "2026-08-20", "2026-08-24")
    assert climb.date("filing", 4) == ("2026-10-19", "2026-10-23", "running")
    climb.file(4, "2026-09-10", channel="portal")
    assert climb.date("decision", 4) == ("2026-12-09", "2026-12-09", "running")
    climb.decide(4, "2026-11-02", "2026-11-05")
    assert [p[1:] for p in climb.positions] == [
        ("plan_reconsideration", "decided"),
        ("ire_reconsideration", "decided"),
        ("alj_hearing", "decided"),
        ("council_review", "decided"),
    ]
    assert climb.tasks() == ["consider_court:4"]
    # 422.612: 60 days after receipt; from the notice it is New Year's Day: the last business day before.
    assert climb.date("court", 4) == ("2026-12-31", "2027-01-04", "running")


def test_medicare_advantage_by_the_presumption(climb):
    """Without proof a later day of receipt does not move the date: notice and five days, and 60."""
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse(received="2026-04-02", received_evidence="patient", confirmed="2026-04-03")
    assert climb.date("filing", 1) == ("2026-05-22", "2026-05-28", "running")
    assert "receipt_not_proven" in climb.row("filing", 1).flags


def test_medicaid_managed_care(climb):
    climb.answer(MEDICAID)
    climb.ask()
    # 42 CFR 438.210(d)(1): 7 days for rating periods from 2026, 14 before: the later is defensible for the plan.
    assert climb.date("decision") == ("2026-03-31", "2026-03-24", "running")
    climb.refuse(sent_on=date(2026, 3, 24), effective_on=date(2026, 4, 15))
    # 438.402(c)(2)(ii): 60 days from the date on the notice, a Saturday: the business day before.
    assert climb.date("filing", 1) == ("2026-05-22", "2026-05-23", "running")
    # 438.420(a): the later of ten days after sending and the effective date; the safe day is the earlier one.
    assert climb.date("continuation", 1) == ("2026-04-03", "2026-04-15", "running")
    climb.file(1, "2026-04-10")
    assert climb.date("continuation", 1) == ("2026-04-03", "2026-04-15", "met")
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "running")
    climb.decide(1, "2026-04-24", "2026-04-27", sent_on=date(2026, 4, 24))
    # 438.408(f)(2): 90 to 120 days from the date of the notice of resolution; unknown, so the shortest.
    assert climb.date("filing", 2) == ("2026-07-23", "2026-07-23", "running")
    assert climb.date("continuation", 2) == ("2026-05-04", "2026-05-04", "running")
    climb.file(2, "2026-05-08")
    assert climb.date("continuation", 2) == ("2026-05-04", "2026-05-04", "missed")
    # 431.244(f)(1): 90 days from the plan appeal, without the 14 days taken to ask for the hearing.
    assert climb.date("decision", 2) == ("2026-07-23", "2026-07-23", "running")
    climb.decide(2, "2026-07-10", "2026-07-13")
    assert [p[1:] for p in climb.positions] == [("plan_appeal", "decided"), ("state_fair_hearing", "decided")]
    assert climb.tasks() == ["consider_court:2"]


def test_fehb_is_climbed_by_data_alone(climb):
    climb.answer(FEHB)
    climb.ask()
    assert climb.date("decision") == ("2026-04-01", "2026-04-01", "running")
    climb.refuse()
    # 5 CFR 890.105(b)(1): six months from the date of the notice.
    assert climb.date("filing", 1) == ("2026-09-24", "2026-09-24", "running")
    climb.file(1, "2026-04-10")
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "running")
    climb.decide(1, "2026-04-24", "2026-04-27")
    # 890.105(e)(1): 90 days after the date of the carrier's decision.
    assert climb.date("filing", 2) == ("2026-07-23", "2026-07-23", "running")
    climb.file(2, "2026-05-08")
    assert climb.date("decision", 2) == ("2026-08-06", "2026-08-06", "running")
    climb.decide(2, "2026-08-01", "2026-08-03")
    assert [p[1:] for p in climb.positions] == [
        ("carrier_reconsideration", "decided"),
        ("opm_review", "decided"),
    ]
    assert climb.tasks() == ["consider_court:2"]


def test_unknown_funding_shows_both_paths(climb):
    climb.answer({k: v for k, v in ERISA.items() if k != "funding"})
    climb.ask()
    climb.refuse()
    assert climb.level(1).regime == "unknown"
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    assert climb.tasks() == ["ask_funding"]
    climb.file(1, "2026-04-10")
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "running")
    climb.decide(1, "2026-04-24", "2026-04-27")
    # Self-funded: four months (August 24 at the latest to be safe). Insured in Oregon: 180 days. The earlier stands.
    assert climb.date("filing", 2) == ("2026-08-24", "2026-08-27", "running")
    row = climb.row("filing", 2)
    assert (row.regime, row.side) == ("unknown", "claimant")
    assert [line.split(":")[0] for line in row.arithmetic] == [
        "Self-funded group plan under ERISA",
        "Fully insured group plan",
        "It is not known which of these applies; the earliest of these is the date to work to",
    ]
    level = ladder_of(climb.fresh()).levels[1]
    assert [(p.regime, p.due.isoformat()) for p in level.filing.paths] == [
        ("erisa_self_funded", "2026-08-24"),
        ("fully_insured_group", "2026-10-21"),
    ]
    climb.file(2, "2026-05-08")
    assert climb.date("decision", 2) == ("2026-06-22", "2026-06-22", "running")
    climb.decide(2, "2026-06-19", "2026-06-22")
    assert [p[1:] for p in climb.positions] == [("level_1", "decided"), ("level_2", "decided")]
    assert climb.tasks() == ["ask_funding", "consider_court:2"]


def test_nothing_known_takes_the_earliest_of_all_and_the_latest_of_all(climb):
    climb.ask()
    # Original Medicare's 30 days for a clean claim, and 45 for another, are the latest.
    assert climb.date("decision") == ("2026-05-01", "2026-04-16", "running")
    climb.refuse()
    # Medicaid's 60 days from the notice are the earliest.
    assert climb.date("filing", 1) == ("2026-05-22", "2026-05-23", "running")
    assert climb.tasks() == ["ask_regime"]
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    # 32 CFR 199.10(c): 60 days from the date on the decision are the earliest.
    assert climb.date("filing", 2) == ("2026-06-23", "2026-06-23", "running")
    climb.file(2, "2026-05-08")
    # OPM's 90 days, and those of a formal review, are the latest.
    assert climb.date("decision", 2) == ("2026-08-06", "2026-08-06", "running")


def test_an_answer_moves_the_levels_that_have_not_ended(climb):
    climb.answer({k: v for k, v in ERISA.items() if k != "funding"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    climb.answer({"funding": "insured"}, source="plan_document", on="2026-04-28")
    assert [(climb.level(n).regime, climb.level(n).level) for n in (1, 2)] == [
        ("unknown", "level_1"),
        ("fully_insured_group", "external_review"),
    ]
    assert climb.date("filing", 2) == ("2026-10-21", "2026-10-24", "running")
    assert climb.tasks() == []
    old = climb.case.deadlines.get(clock="filing", appeal__position=2, status="superseded")
    assert (old.due_on.isoformat(), old.regime) == ("2026-08-24", "unknown")


def test_a_contradiction_takes_both_paths_until_it_is_settled(climb):
    climb.answer(ERISA)
    climb.ask()
    climb.refuse()
    assert climb.level(1).regime == "erisa_self_funded"
    climb.answer({"funding": "insured"}, source="letter", on="2026-03-31")
    assert climb.level(1).regime == "unknown"
    assert climb.tasks() == ["resolve_contradiction"]
    wrong = next(a for a in answers_of(climb.case) if a.source == "letter")
    withdraw_answer(actor=climb.who, answer=wrong, at=moment("2026-04-01"))
    assert climb.level(1).regime == "erisa_self_funded"
    assert climb.tasks() == []


def test_the_card_and_the_coverage_speak_for_each_other(climb):
    """Funding on the coverage was read from the card; the letter's regulator speaks for an insured policy."""
    coverage = climb.case.coverage
    coverage.funding = "self_funded"
    coverage.save(update_fields=["funding"])
    climb.answer({"program": "commercial", "sponsor": "private_employer", "plan_kind": "ordinary"})
    climb.answer({"regulator": "state_insurance"}, source="letter")
    found = ladder_of(climb.fresh()).classification
    assert (found.regime, found.candidates) == (None, ("erisa_self_funded", "fully_insured_group"))
    assert [t.code for t in found.tasks] == ["resolve_contradiction"]
    climb.answer({"funding": "unknown"}, source="card", on="2026-03-17")
    assert ladder_of(climb.fresh()).classification.regime == "fully_insured_group"


def test_a_recognized_program_that_is_not_complete_works_to_the_letter(climb):
    climb.answer({"program": "va_champva"})
    climb.ask()
    climb.refuse(stated_deadline_on=date(2026, 6, 22))
    assert climb.date("filing", 1) == ("2026-06-22", None, "running")
    assert climb.row("filing", 1).rule == "letter"
    assert climb.tasks() == ["work_to_letter"]
    assert (climb.level(1).regime, climb.level(1).level) == ("va_champva", "level_1")
    assert not climb.case.deadlines.exclude(side="claimant").exists()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", stated_deadline_on=date(2026, 7, 1))
    assert climb.positions == [(1, "level_1", "decided"), (2, "level_2", "open")]
    assert climb.date("filing", 2) == ("2026-07-01", None, "running")


def test_a_program_without_a_stated_date_has_a_task_and_no_date(climb):
    climb.answer({"program": "va_champva"})
    climb.ask()
    climb.refuse()
    assert climb.tasks() == ["no_window:1", "work_to_letter"]
    assert climb.fresh().next_deadline_on is None


@pytest.mark.parametrize(
    ("stated", "front"),
    [(date(2026, 8, 10), "2026-08-10"), (date(2026, 10, 21), "2026-08-21"), (None, "2026-08-21")],
)
def test_a_state_whose_window_is_not_certain_counts_both_and_takes_the_earliest(climb, stated, front):
    """120 days after April 27 are August 25, four months August 27; from the notice August 22 is a Saturday. The letter may
    say less, never more.
    """
    coverage = climb.case.coverage
    coverage.state_of_issue = "KS"
    coverage.save(update_fields=["state_of_issue"])
    climb.answer(INSURED | {"levels": "1"})
    climb.ask()
    climb.refuse()
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27", stated_deadline_on=stated)
    assert climb.date("filing", 2) == (front, "2026-08-25", "running")
    assert {"window_not_certain", "confirm_with_letter"} <= set(climb.row("filing", 2).flags)
    assert climb.tasks() == ["confirm_state_window"]


def test_a_case_that_came_with_a_finished_level_enters_above_it(climb):
    climb.answer(ERISA | {"levels": "1", "level_completed": "first"})
    climb.ask()
    climb.refuse()
    assert climb.positions == [(2, "external_review", "open")]
    assert climb.date("filing", 2) == ("2026-07-24", "2026-07-27", "running")


def test_urgent_care_counts_hours(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(is_urgent=True)
    row = climb.row("decision")
    assert (row.due_at, row.due_on.isoformat()) == (moment("2026-03-20", 10), "2026-03-20")
    climb.refuse()
    assert climb.date("decision")[2] == "missed"
    climb.file(1, "2026-04-10")
    assert climb.row("decision", 1).due_at == moment("2026-04-13")


def test_a_part_b_drug_has_its_own_time(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask(benefit="part_b_drug")
    assert climb.row("decision").due_at == moment("2026-03-20", 10)


def test_silence_of_the_plan_opens_the_hearing(climb):
    climb.answer(MEDICAID)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    deem_decided(actor=climb.who, appeal=climb.level(1), at=moment("2026-05-12"))
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "missed")
    assert climb.positions == [(1, "plan_appeal", "decided"), (2, "state_fair_hearing", "open")]
    # 438.408(c)(3), (f)(1)(i): exhausted from May 11; 90 days from then.
    assert climb.date("filing", 2) == ("2026-08-07", "2026-08-09", "running")


def test_silence_exhausts_all_internal_steps(climb):
    climb.answer(ERISA | {"levels": "2"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    deem_decided(actor=climb.who, appeal=climb.level(1), at=moment("2026-04-27"))
    assert climb.positions == [(1, "internal_appeal_1", "decided"), (3, "external_review", "open")]
    # No notice started the window: no date is made up.
    assert climb.tasks() == ["no_window:3"]


def test_the_ladder_shows_levels_that_are_not_opened(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    levels = ladder_of(climb.fresh()).levels
    assert [(s.rung.position, s.rung.key, s.appeal is not None, s.rung.is_court) for s in levels] == [
        (1, "plan_reconsideration", True, False),
        (2, "ire_reconsideration", False, False),
        (3, "alj_hearing", False, False),
        (4, "council_review", False, False),
        (5, "court", False, True),
    ]


def test_a_changed_coverage_moves_the_rules_at_once(climb):
    climb.answer({k: v for k, v in INSURED.items() if k != "funding"})
    climb.ask()
    climb.refuse()
    assert climb.level(1).regime == "unknown"
    coverage = climb.case.coverage
    change_coverage(
        actor=climb.who,
        coverage=coverage,
        payer=coverage.payer,
        member_id=coverage.member_id,
        funding="insured",
        state_of_issue="OR",
        at=moment("2026-04-02"),
    )
    assert climb.level(1).regime == "fully_insured_group"
    assert climb.tasks() == []


def test_a_case_is_found_by_the_numbers_of_the_payer(climb):
    climb.ask(reference_number="PA-2026/118")
    climb.refuse(reference_number="D 55-1")
    assert CaseSearch.objects.get(case=climb.case).numbers == [
        "bv2231",
        "d551",
        "pa2026118",
        "tmk77304158201",
    ]
