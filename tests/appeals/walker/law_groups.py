"""Group and individual plans: 29 CFR 2560.503-1, 45 CFR 147.136, 29 CFR 2590.715-2719, FEHB, records and documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tests.appeals.walker import days
from tests.appeals.walker.walk import (
    EARLY,
    LATE,
    PATIENT,
    PAYER,
    REVIEWER,
    Count,
    Law,
    Moment,
    Refused,
    Told,
    day_of,
    first,
    last,
)

Stages = dict[str, Law]


def payer(cite: str, anchor: str = "received", **span: Any) -> Law:
    own = {k: span.pop(k) for k in list(span) if k not in Count.__dataclass_fields__}
    return Law(cite, PAYER, Count(anchor, **span), **own)


def reviewer(cite: str, anchor: str = "received", **span: Any) -> Law:
    own = {k: span.pop(k) for k in list(span) if k not in Count.__dataclass_fields__}
    return Law(cite, REVIEWER, Count(anchor, **span), **own)


def patient(cite: str, anchor: str = "receipt", **span: Any) -> Law:
    own = {k: span.pop(k) for k in list(span) if k not in Count.__dataclass_fields__}
    return Law(cite, PATIENT, Count(anchor, **span), **own)


def only_stated(told: Told, reading: str) -> Moment:
    """No law gives this date: the letter's own, or none."""
    return told.need("stated")


def stated(cite: str) -> Law:
    return Law(cite, PATIENT, only_stated, takes=("stated",))


def plans_own_window(told: Told, reading: str) -> Moment:
    """2560.503-1(c)(2): the plan sets it. Its number of days from receipt, else the day the letter states."""
    n = told.get("plan_window_days")
    return days.after(told.reached(reading, 0), n) if n is not None else told.need("stated")


def earlier_of_answer_and_time(told: Told, reading: str) -> Moment:
    """(f)(2)(i): 48 hours after the earlier of the information and the end of the time given to supply it, "not less than 48
    hours" after the notice of what is missing, which is owed "not later than 24 hours after receipt of the claim"."""
    ends = [m for m in (told.moment("information_received"), told.moment("claimant_period_end")) if m]
    asked = told.moment("information_requested")
    start, more = (first(*ends), 0) if ends else (asked, 48) if asked else (told.need("received"), 24 + 48)
    if not isinstance(start, datetime):
        raise Refused("no time of day")
    return days.hours_after(start, more + 48)


FOUR_MONTHS = Count("receipt", months=4, missing="first", roll="federal")


def perfected(told: Told, reading: str) -> Moment:
    """(d)(2)(ii): inside the four months, or 48 hours after the notice of what is missing, whichever is later."""
    told_of = told.need("incomplete_notice")
    if not isinstance(told_of, datetime):
        raise Refused("no time of day")
    both = (FOUR_MONTHS(told, reading), days.hours_after(told_of, 48))
    return first(*both) if reading == EARLY else last(*both)


C = "29 CFR 2560.503-1"
R = "29 CFR 2590.715-2719"
CLAIMS: Stages = {
    # "not later than 15 days after receipt of the claim by the plan", once "for up to 15 days", told before the first 15 end
    "preservice_claim_decision": payer(f"{C}(f)(2)(iii)(A)", days=15, extension=15, stops=True),
    # "not later than 30 days after receipt of the claim", once "for up to 15 days"
    "postservice_claim_decision": payer(f"{C}(f)(2)(iii)(B)", days=30, extension=15, stops=True),
    # "not later than 72 hours after receipt of the claim"; "not later than 24 hours" to say what is missing
    "urgent_claim_decision": payer(f"{C}(f)(2)(i)", hours=72, ahead=True),
    "urgent_claim_incomplete_notice": payer(f"{C}(f)(2)(i)", hours=24, ahead=True),
    "urgent_claim_incomplete": Law(
        f"{C}(f)(2)(i)",
        PAYER,
        earlier_of_answer_and_time,
        takes=("information_received", "claimant_period_end", "information_requested", "received"),
        ahead=True,
    ),
    # "within 24 hours after receipt of the claim by the plan"
    "concurrent_extension_decision": payer(f"{C}(f)(2)(ii)(B)", hours=24, ahead=True),
    # "at least 180 days following receipt of a notification"
    "internal_appeal_1": patient(f"{C}(h)(3)(i)", days=180),
    # one appeal: 30 and 60 days; two appeals: half of it at each
    "preservice_appeal_decision_one_level": payer(f"{C}(i)(2)(ii)", days=30, levels=1),
    "postservice_appeal_decision_one_level": payer(f"{C}(i)(2)(iii)(A)", days=60, levels=1),
    "urgent_appeal_decision": payer(f"{C}(i)(2)(i)", hours=72, ahead=True),
}
TWO_LEVELS: Stages = {
    "internal_appeal_2": Law(
        f"{C}(c)(2)", PATIENT, plans_own_window, takes=("receipt", "plan_window_days", "stated")
    ),
    "preservice_appeal_decision_level_1_of_2": payer(f"{C}(i)(2)(ii)", days=15, levels=2),
    "preservice_appeal_decision_level_2_of_2": payer(f"{C}(i)(2)(ii)", days=15, levels=2),
    "postservice_appeal_decision_level_1_of_2": payer(f"{C}(i)(2)(iii)(A)", days=30, levels=2),
    "postservice_appeal_decision_level_2_of_2": payer(f"{C}(i)(2)(iii)(A)", days=30, levels=2),
}
EXTERNAL: Stages = {
    # "within four months after the date of receipt"; "the first day of the fifth month"; "the next day which is not a
    # Saturday, Sunday, or Federal holiday"
    "external_review_filing_federal_rule": Law(
        "45 CFR 147.136(d)(2)(i)", PATIENT, FOUR_MONTHS, acts=("hhs",), takes=("process",)
    ),
    "external_review_filing_hhs_administered": Law(
        "45 CFR 147.136(d)(2)(i)",
        PATIENT,
        FOUR_MONTHS,
        process="hhs_administered",
        acts=("hhs",),
        takes=("process",),
    ),
    "external_review_perfection": Law(
        "45 CFR 147.136(d)(2)(ii)", PATIENT, perfected, takes=("receipt", "incomplete_notice")
    ),
    # "Within five business days following the date of receipt"; "Within one business day after completion"
    "external_review_preliminary_review": payer(
        f"{R}(d)(2)(ii)", working=5, then=(("next_notice_deadline_latest", "working", 1),)
    ),
    "external_review_file_to_iro": payer(f"{R}(d)(2)(iii)(B)(3)", "assigned", working=5),
    "external_review_additional_information": patient(f"{R}(d)(2)(iii)(B)(2)", working=10, patient=True),
    # "within 45 days after the IRO receives the request"; expedited "72 hours", in writing "within 48 hours"
    "external_review_decision_standard": reviewer(f"{R}(d)(2)(iii)(B)(6)", days=45),
    "external_review_decision_expedited": reviewer(
        f"{R}(d)(3)(iv)", hours=72, then=(("written_confirmation_by_if_oral", "hours", 48),)
    ),
}
RECORDS: Stages = {
    # "no later than 30 days after receipt of the request", once by "no more than 30 days"
    "records_access_response": payer("45 CFR 164.524(b)(2)", "documents_requested", days=30, extension=30),
    "peer_to_peer_request": stated("the letter or the contract"),
}
PLAN_DOCUMENTS: Stages = {
    "plan_documents_response": payer("29 U.S.C. 1132(c)(1)", "documents_requested", days=30)
}
EXPLANATION: Stages = {
    "exhaustion_explanation": payer(f"{R}(b)(2)(ii)(F)(2)", "documents_requested", days=10)
}
D = "45 CFR 156.122(c)"
DRUGS: Stages = {
    "drug_exception_decision": payer(f"{D}(1)", hours=72),
    "drug_exception_decision_exigent": payer(f"{D}(2)", hours=24, ahead=True),
    "drug_exception_external_review_decision": reviewer(f"{D}(3)", hours=72),
    "drug_exception_external_review_decision_exigent": reviewer(f"{D}(3)", hours=24, ahead=True),
}
CIVIL: Stages = {"civil_action": stated("29 U.S.C. 1132(a)(1)(B); state law")}


def relieved(stages: Stages) -> Stages:
    """Plans under ERISA had the relief of the outbreak period for appeals and external review."""
    names = {
        "internal_appeal_1",
        "external_review_filing_federal_rule",
        "external_review_filing_hhs_administered",
        "external_review_perfection",
    }
    return {
        k: Law(**{**vars(v), "acts": (*v.acts, "outbreak")}) if k in names else v for k, v in stages.items()
    }


# -- Federal employees: 5 CFR 890.105 ------------------------------------------------------------------------------------
def carrier_decides(told: Told, reading: str) -> Moment:
    """(b)(2), (d): 30 days after the request; after the information; after the 60 days given to supply it."""
    for known in ("information_received", "claimant_period_end"):
        if told.moment(known):
            return days.after(day_of(told.need(known)), 30)
    if asked := told.moment("information_requested"):
        return days.after(days.after(day_of(asked), 60), 30)
    return days.after(day_of(told.need("received")), 30)


def opm_asked(told: Told, reading: str) -> Moment:
    """(e)(1): 90 days after the date of the carrier's decision; else 120 days after it asked, or was asked."""
    if told.moment("notice_date"):
        return days.after(day_of(told.need("notice_date")), 90)
    if told.moment("information_requested"):
        return days.after(day_of(told.need("information_requested")), 120)
    return days.after(day_of(told.need("reconsideration_requested")), 120)


def third_year_after(told: Told, reading: str) -> Moment:
    """890.107(d): December 31 of the third year after the year of the care."""
    here = given = day_of(told.need("care_date"))
    while (here.year - given.year, here.month, here.day) != (3, 12, 31):
        here = days.after(here, 1)
    return here


F = "5 CFR 890.105"
FEHB: Stages = {
    "prior_approval_decision": payer(f"brochure, section 3; {C}(f)", days=15, extension=15, stops=True),
    "prior_approval_decision_urgent": payer(f"brochure, section 3; {C}(f)", hours=72, ahead=True),
    "concurrent_extension_decision": payer(f"brochure, section 3; {C}(f)", hours=24, ahead=True),
    "claim_decision": payer(f"brochure, section 7; {C}(f)", days=30, extension=15, stops=True),
    # "within 6 months from the date of the notice to the covered individual that a claim was denied"
    "carrier_reconsideration_filing": patient(f"{F}(b)(1)", "notice_date", months=6),
    "carrier_reconsideration_decision": Law(
        f"{F}(b)(2), (d)",
        PAYER,
        carrier_decides,
        takes=("received", "information_requested", "information_received", "claimant_period_end"),
    ),
    "opm_review_filing": Law(
        f"{F}(e)(1)",
        PATIENT,
        opm_asked,
        takes=("notice_date", "information_requested", "reconsideration_requested"),
    ),
    "opm_review_decision": reviewer(f"{F}(e)(2)", days=90),
    "court_filing": Law("5 CFR 890.107(d)", PATIENT, third_year_after, takes=("care_date",)),
    **RECORDS,
}
CONTINUED: Stages = {
    # "continued coverage pending the outcome of an appeal", of what is cut "before the end of such period"
    "continuation_pending_appeal": patient("45 CFR 147.136(b)(2)(iii)", "effective_date", days=-1),
}
SELF_FUNDED = {**CLAIMS, **TWO_LEVELS, **CONTINUED, **EXTERNAL, **RECORDS, **EXPLANATION, **CIVIL}
REGIMES: Mapping[str, Stages] = {
    "erisa_self_funded": relieved({**SELF_FUNDED, **PLAN_DOCUMENTS}),
    "fully_insured_group": relieved({**SELF_FUNDED, **PLAN_DOCUMENTS, **DRUGS}),
    "individual_aca": {**CLAIMS, **CONTINUED, **EXTERNAL, **RECORDS, **EXPLANATION, **DRUGS, **CIVIL},
    "nonfederal_governmental_self_funded": SELF_FUNDED,
    "church_self_funded": SELF_FUNDED,
    "grandfathered": {**CLAIMS, **TWO_LEVELS, **EXTERNAL, **RECORDS, **PLAN_DOCUMENTS, **CIVIL},
    "fehb": FEHB,
}
CHANGED = date(2026, 1, 1)
"""From here the shorter times of CMS-0057-F bind."""
__all__ = ["CHANGED", "LATE", "REGIMES", "Stages", "only_stated", "patient", "payer", "reviewer", "stated"]
