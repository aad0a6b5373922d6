"""Medicaid and CHIP (42 CFR 431, 438, 457), TRICARE (32 CFR 199), VA and CHAMPVA (38 CFR), workers' compensation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tests.appeals.walker import days
from tests.appeals.walker.law_groups import CHANGED, RECORDS, Stages, patient, payer, reviewer, stated
from tests.appeals.walker.walk import (
    EARLY,
    LATE,
    PATIENT,
    REVIEWER,
    Law,
    Moment,
    Refused,
    Told,
    day_of,
    first,
    last,
)

FOURTEEN_DAYS = payer("42 CFR 438.210(d)(1), before 2026", days=14, extension=14)
# "may not exceed 7 calendar days" for rating periods that start on or after January 1, 2026
SEVEN_DAYS = payer(
    "42 CFR 438.210(d)(1)",
    days=7,
    extension=14,
    since=CHANGED,
    by=("rating_period_start", "received"),
    before=FOURTEEN_DAYS,
    gentle=("rating_period_start", date(2026, 12, 31)),
    takes=("rating_period_start",),
)


def window(told: Told, reading: str) -> int:
    """438.408(f)(2): "no less than 90 calendar days" and no more than 120: the state's number, else the least."""
    n = told.get("window_days")
    if n is None:
        return 120 if reading == LATE else 90
    if not 90 <= n <= 120:
        raise Refused("no such window")
    return int(n)


def hearing_after_notice(told: Told, reading: str) -> Moment:
    start = told.moment("mco_resolution_notice") or told.need("notice_date")
    return days.after(day_of(start), window(told, reading))


def hearing_after_silence(told: Told, reading: str) -> Moment:
    return days.after(day_of(told.need("deemed_exhausted_on")), window(told, reading))


def keep_going(told: Told, reading: str) -> Moment:
    """438.420(a): "the later of" 10 calendar days of the plan sending the notice and the intended effective date; the ten days
    alone where a notice does not say that date."""
    ten = days.after(sending(told, reading), 10)
    if told.get("change_undated"):
        return ten
    effective = told.need("effective_date")
    return first(ten, effective) if reading == EARLY else last(ten, effective)


def sending(told: Told, reading: str, *instead: str) -> date:
    """The day of sending; the day the notice bears, which is none later, where that is not known."""
    if told.moment("sent"):
        return told.went_out(reading)
    known = next((name for name in (*instead, "notice_date") if told.moment(name)), "sent")
    return day_of(told.need(known))


def keep_going_at_hearing(told: Told, reading: str) -> Moment:
    """438.420(c)(2): 10 calendar days of the plan sending its notice of resolution."""
    return days.after(sending(told, reading, "mco_resolution_notice"), 10)


def hearing_decided(told: Told, reading: str) -> Moment:
    """431.244(f)(1)(i): 90 days from the plan appeal, the days it took to ask for the hearing not counted."""
    here, idle = day_of(told.need("mco_appeal_filed")), asking(told)
    left = 90
    while left or idle:
        here = days.after(here, 1)
        if idle:
            idle -= 1
        else:
            left -= 1
    return here


def asking(told: Told) -> int:
    start = told.moment("mco_resolution_notice") or told.need("deemed_exhausted_on")
    here, asked, n = day_of(start), day_of(told.need("sfh_requested")), 0
    if here > asked:
        raise Refused("asked before the notice")
    while here < asked:
        here, n = days.after(here, 1), n + 1
    return n


def excluded(told: Told) -> Mapping[str, Any]:
    return {"excluded_days": asking(told)}


def states_own_window(told: Told, reading: str) -> Moment:
    """431.221(d): a reasonable time, not over 90 days from the day the notice is mailed; the state sets it."""
    n = told.get("window_days")
    if n is None:
        return told.need("stated")
    if not 1 <= n <= 90:
        raise Refused("no such window")
    if told.moment("sent"):
        return days.after(told.went_out(reading), n)
    return days.after(day_of(told.need("notice_date")), n)


def review_decided(told: Told, reading: str) -> Moment:
    """457.1160(b)(1): 90 calendar days of the request, the plan's appeal included."""
    start = told.moment("mco_appeal_filed") or told.need("received")
    return days.after(day_of(start), 90)


def served(n: int) -> Law:
    """Cal. Labor Code 4610.5(h)(1): after the service of the decision; the day it bears where that is not known."""

    def walk(told: Told, reading: str) -> Moment:
        if told.moment("sent"):
            return days.after(told.went_out(reading), n)
        return days.after(day_of(told.need("notice_date")), n)

    return Law("Cal. Labor Code 4610.5(h)(1)", PATIENT, walk, takes=("sent", "notice_date"), state="CA")


PLAN_APPEALS: Stages = {
    "service_authorization_standard": SEVEN_DAYS,
    "service_authorization_expedited": payer("42 CFR 438.210(d)(2)", hours=72, extension=14, ahead=True),
    # "60 calendar days from the date on the adverse benefit determination notice"
    "plan_appeal_filing": patient("42 CFR 438.402(c)(2)(ii)", "notice_date", days=60),
    "plan_appeal_decision_standard": payer("42 CFR 438.408(b)(2)", days=30, extension=14),
    "plan_appeal_decision_expedited": payer("42 CFR 438.408(b)(3)", hours=72, extension=14),
    **RECORDS,
}
COURT: Stages = {"state_court": stated("state law")}
HEARING_FACTS = ("mco_resolution_notice", "notice_date", "window_days")
MANAGED: Stages = {
    **PLAN_APPEALS,
    **COURT,
    "outpatient_drug_authorization": payer("42 CFR 438.3(s)(6)", hours=24),
    "continuation_of_benefits_request": Law(
        "42 CFR 438.420(a)", PATIENT, keep_going, takes=("sent", "notice_date", "effective_date")
    ),
    "continuation_of_benefits_pending_hearing": Law(
        "42 CFR 438.420(c)(2)",
        PATIENT,
        keep_going_at_hearing,
        takes=("sent", "mco_resolution_notice", "notice_date"),
    ),
    "state_fair_hearing_filing_after_decision": Law(
        "42 CFR 438.408(f)(2)",
        PATIENT,
        hearing_after_notice,
        takes=HEARING_FACTS,
        since=date(2020, 12, 14),
        by=("mco_resolution_notice", "notice_date"),
    ),
    "state_fair_hearing_filing_deemed": Law(
        "42 CFR 438.408(f)(1)(i)",
        PATIENT,
        hearing_after_silence,
        takes=("deemed_exhausted_on", "window_days"),
    ),
    "state_fair_hearing_decision": Law(
        "42 CFR 431.244(f)(1)(i)",
        REVIEWER,
        hearing_decided,
        takes=("mco_appeal_filed", "mco_resolution_notice", "deemed_exhausted_on", "sfh_requested"),
        named=excluded,
    ),
    # "no later than 3 working days after the agency receives" the case file
    "state_fair_hearing_decision_expedited": reviewer(
        "42 CFR 431.244(f)(2)", "case_file_received", working=3
    ),
    "effectuation": payer("42 CFR 438.424(a)", "reversal_received", hours=72),
    "external_medical_review_request": stated("42 CFR 438.402(c)(1)(i)(B)"),
}
CHIP: Stages = {
    **PLAN_APPEALS,
    **COURT,
    "state_review_filing_after_decision": Law(
        "42 CFR 457.1260", PATIENT, hearing_after_notice, takes=HEARING_FACTS
    ),
    "state_review_filing_deemed": Law(
        "42 CFR 457.1260", PATIENT, hearing_after_silence, takes=("deemed_exhausted_on", "window_days")
    ),
    "state_review_decision": Law(
        "42 CFR 457.1160(b)(1)", REVIEWER, review_decided, takes=("mco_appeal_filed", "received")
    ),
    "state_review_decision_expedited": reviewer("42 CFR 457.1160(b)(2)", hours=72, extension=14),
    # as in Medicaid: "no later than 72 hours from the date it receives notice reversing the determination"
    "effectuation": payer("42 CFR 457.1260 applying 438.424(a)", "reversal_received", hours=72),
}
FEE_FOR_SERVICE: Stages = {
    **RECORDS,
    **COURT,
    "prior_authorization_standard": payer("42 CFR 440.230(e)(1)", days=7, extension=14, since=CHANGED),
    "prior_authorization_expedited": payer("42 CFR 440.230(e)(1)", hours=72, since=CHANGED, ahead=True),
    "outpatient_drug_authorization": payer("42 U.S.C. 1396r-8(d)(5)(A)", hours=24),
    "fair_hearing_request": Law(
        "42 CFR 431.221(d)",
        PATIENT,
        states_own_window,
        takes=("sent", "notice_date", "window_days", "stated"),
    ),
    "fair_hearing_decision": reviewer("42 CFR 431.244(f)(1)(ii)", days=90),
    "fair_hearing_decision_expedited": reviewer("42 CFR 431.244(f)(3)", working=3),
    # "before the date of action"; "not more than 10 days after the date of action"
    "continuation_of_benefits_request": patient("42 CFR 431.230(a)", "effective_date", days=-1),
    "reinstatement_request": patient("42 CFR 431.231(a)", "effective_date", days=10),
    # received "5 days after the date on the notice, unless the beneficiary shows" otherwise
    "reinstatement_request_without_advance_notice": patient("42 CFR 431.231(c)", days=10, presumed=5),
}
TRICARE: Stages = {
    **RECORDS,
    "preauthorization_decision": payer("TRICARE Operations Manual, chapter 1, section 3", working=5),
    "reconsideration_filing_standard": patient("32 CFR 199.10(b)", "notice_date", days=90),
    "reconsideration_filing_expedited": patient("32 CFR 199.10(b)", days=3, presumed=5),
    "reconsideration_decision": payer("TRICARE Operations Manual, chapter 12", days=60),
    "reconsideration_decision_expedited": payer("TRICARE Operations Manual, chapter 12", working=3),
    "formal_review_filing": patient("32 CFR 199.10(c)", "notice_date", days=60),
    "formal_review_decision": reviewer("32 CFR 199.10(c)", days=90),
    "hearing_filing": patient("32 CFR 199.10(d)", "notice_date", days=60),
    "federal_court_filing": stated("28 U.S.C. 2401(a)"),
}
VETERANS: Stages = {
    "clinical_dispute": stated("the facility"),
    "champva_reconsideration_filing": patient("38 CFR 17.276", "notice_date", months=12),
    "champva_director_review_filing": patient("38 CFR 17.276", "notice_date", days=90),
    "va_decision_review_filing": patient("38 CFR 20.203", "notice_date", months=12),
    "veterans_court_filing": patient("38 U.S.C. 7266(a)", "notice_date", days=120),
}
WORKERS: Stages = {
    "dispute_filing": stated("state law"),
    "california_imr_filing": served(30),
    "california_imr_filing_formulary": served(10),
}
CONTRACT: Stages = {"contract_appeal_filing": stated("the contract")}
REGIMES: Mapping[str, Stages] = {
    "medicaid_managed_care": MANAGED,
    "medicaid_ffs": FEE_FOR_SERVICE,
    "chip": CHIP,
    "tricare": TRICARE,
    "va_champva": VETERANS,
    "workers_comp": WORKERS,
    "grandfathered_outside_erisa": CONTRACT,
    "short_term_non_aca": CONTRACT,
}
