"""Medicare Advantage (42 CFR 422), Part D (423), Original Medicare (405)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time

from tests.appeals.walker import days
from tests.appeals.walker.law_groups import CHANGED, RECORDS, Stages, patient, payer, reviewer, stated
from tests.appeals.walker.walk import LATE, PAYER, Law, Moment, Refused, Told, day_of, last

# "60 calendar days after receipt"; the date of receipt "presumed to be 5 calendar days after the date of the notice"
HEARINGS: Stages = {
    "alj_hearing_filing": patient("42 CFR 422.602(b); 405.1014(c)", days=60, presumed=5),
    "alj_hearing_decision": reviewer("42 CFR 405.1016(a)", days=90),
    # "the remanded appeal will be subject to the adjudication time frame ... beginning on the date that OMHA receives the remand"
    "alj_hearing_decision_remanded": reviewer("42 CFR 405.1016(b)(2)", days=90),
    "council_review_filing": patient("42 CFR 405.1102(a)", days=60, presumed=5),
    "council_review_decision": reviewer("42 CFR 405.1100(c)", days=90),
    "federal_court_filing": patient("42 CFR 405.1130; 422.612", days=60, presumed=5),
}
# "within 1 year from the date of the initial determination or redetermination for any reason"; "within 4 years ... for good
# cause"; of what was decided above, "within 180 calendar days"
REOPENINGS: Stages = {
    "reopening_request": patient("42 CFR 405.980(c)(1)", "notice_date", months=12),
    "reopening_request_good_cause": patient("42 CFR 405.980(c)(2)", "notice_date", months=48),
    "reopening_request_higher_level": patient("42 CFR 405.980(e)", "notice_date", days=180),
}
FAST: Stages = {"fast_appeal_request": stated("the day and hour on the notice")}
BY_THEN = (("if_missed_forward_to_ire_by", "same", 0),)
A_DAY_ON = (("if_missed_forward_to_ire_by", "hours", 24),)
FOURTEEN_DAYS = payer("42 CFR 422.568(b)(1)", days=14, extension=14)
SIXTY_FROM_NOTICE = patient("42 CFR 422.582(b), before 2025", "notice_date", days=60)


def authorized_or_provided(told: Told, reading: str) -> Moment:
    """422.618(b)(1): "authorize ... within 72 hours ..., or provide ... no later than 14 calendar days from that date"."""
    notice = told.need("reversal_received")
    if not isinstance(notice, datetime):
        raise Refused("no time of day")
    return days.after(day_of(notice), 14) if reading == LATE else days.hours_after(notice, 72)


ADVANTAGE: Stages = {
    **HEARINGS,
    **REOPENINGS,
    **RECORDS,
    **FAST,
    # items and services that need prior authorization: 7 calendar days from 2026, 14 before; extended by up to 14
    "org_determination_pa_standard": payer(
        "42 CFR 422.568(b)(1)", days=7, extension=14, since=CHANGED, before=FOURTEEN_DAYS
    ),
    "org_determination_standard": FOURTEEN_DAYS,
    "org_determination_expedited": payer("42 CFR 422.572(a)", hours=72, extension=14, ahead=True),
    # "may not be extended"
    "org_determination_part_b_drug_standard": payer("42 CFR 422.568(b)(3)", hours=72),
    "org_determination_part_b_drug_expedited": payer("42 CFR 422.572(a)(2)", hours=24, ahead=True),
    "payment_determination": payer("42 CFR 422.520(a)(3)", days=60),
    "payment_determination_clean_claim": payer("42 CFR 422.520(a)(1)", days=30),
    "reconsideration_filing": patient(
        "42 CFR 422.582(b)",
        days=60,
        presumed=5,
        since=date(2025, 1, 1),
        by=("notice_date", "receipt", "sent"),
        before=SIXTY_FROM_NOTICE,
    ),
    "reconsideration_decision_standard": payer("42 CFR 422.590(a)", days=30, extension=14, then=BY_THEN),
    "reconsideration_decision_expedited": payer(
        "42 CFR 422.590(e)", hours=72, extension=14, then=A_DAY_ON, ahead=True
    ),
    "reconsideration_decision_part_b_drug": payer("42 CFR 422.590(c)", days=7, then=BY_THEN),
    "reconsideration_decision_part_b_drug_expedited": payer(
        "42 CFR 422.590(e)", hours=72, then=A_DAY_ON, ahead=True
    ),
    "reconsideration_decision_payment": payer("42 CFR 422.590(b)", days=60, then=BY_THEN),
    "ire_forward_standard": payer("42 CFR 422.590(a)", days=30, extension=14, then=BY_THEN),
    "ire_forward_expedited": payer("42 CFR 422.590(e)", "plan_affirmed", hours=24),
    "ire_decision_standard": reviewer("the entity's contract", days=30),
    "ire_decision_expedited": reviewer("the entity's contract", hours=72, ahead=True),
    "ire_decision_part_b_drug": reviewer("the entity's contract", days=7),
    "ire_decision_payment": reviewer("the entity's contract", days=60),
    # "no later than 30 calendar days after the date the MA organization receives the request", or the end of an extension
    "effectuation_own_decision": payer("42 CFR 422.618(a)(1)", days=30, extension=14),
    "effectuation_own_decision_payment": payer("42 CFR 422.618(a)(2)", days=60),
    "effectuation_own_decision_part_b_drug": payer("42 CFR 422.618(a)(3)", days=7),
    "effectuation_own_decision_expedited": payer("42 CFR 422.619(a)", hours=72, extension=14),
    "effectuation": Law("42 CFR 422.618(b)(1)", PAYER, authorized_or_provided, takes=("reversal_received",)),
    "effectuation_payment": payer("42 CFR 422.618(b)(2)", "reversal_received", days=30),
    "effectuation_after_hearing": payer("42 CFR 422.618(c)(1)", "reversal_received", days=60),
    "effectuation_expedited": payer("42 CFR 422.619(b)", "reversal_received", hours=72),
    "effectuation_part_b_drug": payer("42 CFR 422.618(b)(3)", "reversal_received", hours=72),
    "effectuation_part_b_drug_expedited": payer("42 CFR 422.619(c)", "reversal_received", hours=24),
}


def fourteen_days(told: Told, reading: str) -> datetime:
    """ "the end of 14 calendar days from receipt of the exceptions request" """
    asked = told.need("received")
    if not isinstance(asked, datetime):
        raise Refused("no time of day")
    if reading == LATE:
        # It can be argued that the fourteenth day is over at midnight.
        midnight = datetime.combine(asked.date(), time.min, asked.tzinfo)
        return days.same_wall_time(midnight, 15, told.zone("received"))
    return days.same_wall_time(asked, 14, told.zone("received"))


def without_statement(hours: int) -> Law:
    """423.568(b), 423.572(a): 72 (24) hours from the end of 14 calendar days, where no statement came."""

    def walk(told: Told, reading: str) -> Moment:
        return days.hours_after(fourteen_days(told, reading), hours)

    return Law(
        "42 CFR 423.568(b), 423.572(a)",
        PAYER,
        walk,
        takes=("received",),
        then=A_DAY_ON,
        without="supporting_statement",
        only=EXCEPTION,
        ahead=hours == 24,
    )


def with_statement(cite: str, hours: int) -> Law:
    """72 (24) hours from the statement, and not before there is a request; one "not received by the end of 14 calendar days"
    moves nothing any more."""

    def walk(told: Told, reading: str) -> Moment:
        came, asked = told.need("supporting_statement"), told.moment("received")
        came = came if asked is None else last(came, asked)
        over = fourteen_days(told, reading) if told.moment("received") is not None else None
        if over is not None and not isinstance(came, datetime) and came >= day_of(over):
            # At whatever hour of that day it came: not before the fourteen days were over, or in doubt, which goes late.
            return days.hours_after(over, hours)
        if not isinstance(came, datetime):
            raise Refused("no time of day")
        return days.hours_after(came if over is None or came <= over else over, hours)

    return Law(
        cite,
        PAYER,
        walk,
        takes=("supporting_statement", "received"),
        then=A_DAY_ON,
        only=EXCEPTION,
        ahead=hours == 24,
    )


EXCEPTION = ("exception", True)
NONE_ASKED = ("exception", False)


PART_D: Stages = {
    **HEARINGS,
    **REOPENINGS,
    **RECORDS,
    "exception_decision_no_statement": without_statement(72),
    "exception_decision_no_statement_expedited": without_statement(24),
    "exception_decision_with_statement": with_statement("42 CFR 423.568(b)", 72),
    "exception_decision_with_statement_expedited": with_statement("42 CFR 423.572(a)", 24),
    # until it is known that no exception is asked for, the plan may have the fourteen days
    "coverage_determination_standard": payer(
        "42 CFR 423.568(b)", hours=72, then=A_DAY_ON, only=NONE_ASKED, perhaps=without_statement(72)
    ),
    "coverage_determination_expedited": payer(
        "42 CFR 423.572(a)",
        hours=24,
        then=A_DAY_ON,
        only=NONE_ASKED,
        ahead=True,
        perhaps=without_statement(24),
    ),
    "coverage_determination_payment": payer("42 CFR 423.568(c)", days=14, then=A_DAY_ON),
    "redetermination_filing": patient("42 CFR 423.582(b)", days=60, presumed=5),
    "redetermination_decision": payer("42 CFR 423.590(a)", days=7, then=A_DAY_ON),
    "redetermination_decision_expedited": payer("42 CFR 423.590(d)", hours=72, then=A_DAY_ON, ahead=True),
    "redetermination_decision_payment": payer("42 CFR 423.590(b)", days=14, then=A_DAY_ON),
    "ire_reconsideration_filing": patient("42 CFR 423.600(a)", days=60, presumed=5),
    "ire_decision_standard": reviewer("42 CFR 423.600(d)", days=7),
    "ire_decision_expedited": reviewer("42 CFR 423.600(d)", hours=72, ahead=True),
    "ire_decision_payment": reviewer("42 CFR 423.600(d)", days=14),
    # a standard hearing by receipt; an expedited one "within 60 calendar days of the date of the written notice"
    "alj_hearing_filing_standard": patient("42 CFR 423.2002(a)", days=60, presumed=5),
    "alj_hearing_filing_expedited": patient("42 CFR 423.2002(c)", "notice_date", days=60),
    "alj_hearing_decision": reviewer("42 CFR 423.2016(a)", days=90),
    "alj_hearing_decision_expedited": reviewer("42 CFR 423.2016(b)", days=10),
    "alj_hearing_decision_remanded": reviewer("42 CFR 423.2016", days=90),
    "council_review_decision": reviewer("42 CFR 423.2108(a)", days=90),
    "council_review_decision_expedited": reviewer("42 CFR 423.2108(d)", days=10),
    "effectuation_own_decision": payer("42 CFR 423.636(a)(1)", days=7),
    # "make payment no later than 30 calendar days after the date the plan sponsor receives the request"
    "effectuation_own_decision_payment": payer("42 CFR 423.636(a)(2)", days=30),
    "effectuation_own_decision_expedited": payer("42 CFR 423.638(a)(1)", hours=72),
    "effectuation": payer("42 CFR 423.636(b)(1)", "reversal_received", hours=72),
    "effectuation_expedited": payer("42 CFR 423.638(b)", "reversal_received", hours=24),
    "effectuation_payment": payer("42 CFR 423.636(b)(2)", "reversal_received", days=30),
}
ORIGINAL: Stages = {
    **HEARINGS,
    **REOPENINGS,
    **RECORDS,
    **FAST,
    "claim_filing": patient("42 CFR 424.44(a)", "care_date", months=12),
    # clean claims within 30 days; other claims are argued to have 45
    "initial_determination": payer("42 CFR 405.922", days=30, longest=45),
    "redetermination_filing": patient("42 CFR 405.942(a)", days=120, presumed=5),
    "redetermination_decision": payer("42 CFR 405.950", days=60, extension=14),
    "reconsideration_qic_filing": patient("42 CFR 405.962(a)", days=180, presumed=5),
    "reconsideration_qic_decision": reviewer("42 CFR 405.970", days=60, extension=14),
    "reconsideration_qic_escalation_response": reviewer("42 CFR 405.970(e)(2)", days=5),
    "alj_hearing_decision": reviewer("42 CFR 405.1016(a)", days=90),
    "alj_hearing_decision_escalated": reviewer("42 CFR 405.1016(c)", days=180),
    "alj_hearing_decision_remanded": reviewer("42 CFR 405.1016(b)(2)", days=90),
    "council_review_decision": reviewer("42 CFR 405.1100(c)", days=90),
    "council_review_decision_escalated": reviewer("42 CFR 405.1100(d)", days=180),
}
REGIMES: Mapping[str, Stages] = {
    "medicare_advantage": ADVANTAGE,
    "medicare_part_d": {k: v for k, v in PART_D.items() if k != "alj_hearing_filing"},
    "original_medicare": ORIGINAL,
}
