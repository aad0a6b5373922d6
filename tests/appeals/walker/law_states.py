"""Insured policies by the state of issue: the window for external review, and the clocks that a state's law adds.

Four months is the least that 45 CFR 147.136(c)(2)(vi) leaves to a state. Where sources disagree about a state, the earlier of
four months and 120 days; where a month has no such day, its last; no roll but California's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tests.appeals.walker import days
from tests.appeals.walker.law_groups import EXTERNAL, Stages, payer, reviewer
from tests.appeals.walker.walk import EARLY, PATIENT, Count, Law, Moment, Told, day_of

FEDERAL = {"AL", "FL", "GA", "TX", "WI"}
"""The process that HHS administers, or reviewers the issuer contracts: the federal rule."""
DOUBTFUL = {"KS", "KY", "MS", "MO", "ND", "SC", "VT", "WY"}
FOUR_MONTHS = {
    "AZ", "AR", "CO", "DE", "DC", "ID", "IL", "IA", "LA", "MD", "MA", "MT", "NE", "NV", "NJ", "NM", "OK", "PA", "RI", "SD",
    "WV",
}  # fmt: skip
OF_RECEIPT = {
    "CT": 120,
    "IN": 120,
    "MI": 120,
    "NC": 120,
    "VA": 120,
    "HI": 130,
    "NH": 180,
    "OR": 180,
    "UT": 180,
    "WA": 180,
}
OF_NOTICE = {"AK": 180, "OH": 180}
MONTHS = {"ME": ("receipt", 12), "MN": ("determination", 6), "NY": ("determination", 4), "TN": ("receipt", 6)}
THIRTY_DAYS = {"CA", "ME", "NY"}
"""These aim at 30 days for the decision; the federal rule leaves 45."""
SLUGS = {
    "AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california", "CO": "colorado",
    "CT": "connecticut", "DE": "delaware", "DC": "district_of_columbia", "FL": "florida", "GA": "georgia", "HI": "hawaii",
    "ID": "idaho", "IL": "illinois", "IN": "indiana", "IA": "iowa", "KS": "kansas", "KY": "kentucky", "LA": "louisiana",
    "ME": "maine", "MD": "maryland", "MA": "massachusetts", "MI": "michigan", "MN": "minnesota", "MS": "mississippi",
    "MO": "missouri", "MT": "montana", "NE": "nebraska", "NV": "nevada", "NH": "new_hampshire", "NJ": "new_jersey",
    "NM": "new_mexico", "NY": "new_york", "NC": "north_carolina", "ND": "north_dakota", "OH": "ohio", "OK": "oklahoma",
    "OR": "oregon", "PA": "pennsylvania", "RI": "rhode_island", "SC": "south_carolina", "SD": "south_dakota",
    "TN": "tennessee", "TX": "texas", "UT": "utah", "VT": "vermont", "VA": "virginia", "WA": "washington",
    "WV": "west_virginia", "WI": "wisconsin", "WY": "wyoming",
}  # fmt: skip


def doubtful(told: Told, reading: str) -> Moment:
    """Four months and 120 days are both counted; the earlier stands, whoever argues."""
    months, by_days = Count("receipt", months=4), Count("receipt", days=120)
    return min(day_of(months(told, reading)), day_of(by_days(told, reading)))


def qualifying(told: Told) -> date:
    """Cal. Health & Safety Code 1374.30(j)(3), (k): the plan upheld its decision, or 30 days of the grievance passed (3 when
    it is urgent), whichever is first.
    """
    known = [told.moment("plan_decision")]
    wait = 3 if told.get("urgent") else 30
    known.append(days.after(day_of(told.need("grievance_filed")), wait))
    return min(day_of(m) for m in known if m)


def california(told: Told, reading: str) -> Moment:
    """Six months; Cal. Civ. Code 7, 10: a last day that is a holiday is left out, and every Sunday is one."""
    six = days.months_after(qualifying(told), 6, missing="last")
    return six if reading == EARLY else days.rolled(six, days.california_holiday)


def own(code: str) -> Law:
    """The state's own window to ask for external review."""
    cite = f"external review law of {SLUGS[code]}"
    takes: tuple[str, ...] = ("receipt",)
    if code == "CA":
        return Law(
            cite,
            PATIENT,
            california,
            takes=("grievance_filed", "plan_decision", "urgent"),
            rough=True,
            named=lambda told: {"qualifying_event": qualifying(told).isoformat()},
        )
    if code in DOUBTFUL:
        return Law(cite, PATIENT, doubtful, takes=takes)
    if code in FOUR_MONTHS:
        # Pennsylvania left the federal process on January 1, 2024 (Act 146 of 2022).
        since = date(2024, 1, 1) if code == "PA" else None
        by = ("notice_date", "receipt")
        return Law(cite, PATIENT, Count("receipt", months=4), since=since, by=by)
    if code in MONTHS:
        anchor, n = MONTHS[code]
        return Law(cite, PATIENT, Count(anchor, months=n))
    if code in OF_NOTICE:
        return Law(cite, PATIENT, Count("determination", days=OF_NOTICE[code]))
    # Michigan's department counts 127 days in its papers, its statute 120: the longer can only be argued.
    longest = 127 if code == "MI" else 0
    return Law(cite, PATIENT, Count("receipt", days=OF_RECEIPT[code], longest=longest))


STATES: dict[str, Law] = {code: own(code) for code in SLUGS if code not in FEDERAL}
UNKNOWN = Law("45 CFR 147.136(c)(2)", PATIENT, doubtful, takes=("receipt",))
URGENT = "external_review_state_decision_expedited"
DECISION_45 = reviewer("45 CFR 147.136(c)(2)(vi)", days=45)
DECISION_30 = reviewer("45 CFR 147.136(c)(2)(vi)", days=30, longest=45)
DECISIONS: Stages = {
    "external_review_state_decision_45_days": DECISION_45,
    "external_review_state_decision_30_days": DECISION_30,
    URGENT: reviewer("45 CFR 147.136(c)(2)(vi)", hours=72),
}


def new_york_decides(told: Told, reading: str) -> Moment:
    """N.Y. Ins. Law 4904(c): 30 days of having what was needed; of the appeal, where nothing was asked for."""
    start = told.moment("information_received") or told.need("received")
    return days.after(day_of(start), 30)


def new_york_decides_at_once(told: Told, reading: str) -> Moment:
    """N.Y. Ins. Law 4904(b): 2 business days of having what was needed; of the appeal, where nothing was asked for."""
    start = "information_received" if told.moment("information_received") else "received"
    return Count(start, working=2)(told, reading)


CLOCKS: dict[str, dict[str, Law]] = {
    "AZ": {
        "step_therapy_exception_decision_arizona": payer(
            "A.R.S. 20-3651 to 20-3654", hours=72, since=date(2023, 1, 1)
        ),
        "step_therapy_exception_decision_expedited_arizona": payer(
            "A.R.S. 20-3651 to 20-3654", hours=24, since=date(2023, 1, 1)
        ),
    },
    "CA": {
        # the department's own word is 7 days
        "review_decision_expedited_california": reviewer("45 CFR 147.136(c)(2)(vi)", hours=72, longest=168),
        "grievance_decision_california": payer("Cal. Health & Safety Code 1368.01(a)", days=30),
        "grievance_decision_expedited_california": payer("Cal. Health & Safety Code 1368.01(b)", days=3),
    },
    "HI": {"carrier_file_hawaii": payer("Haw. Rev. Stat. 432E-34(g)", "assigned", working=5)},
    "MI": {
        "external_review_filing_expedited_michigan": Law("MCL 550.1913", PATIENT, Count("receipt", days=10))
    },
    "NY": {
        "utilization_review_appeal_decision_new_york": Law(
            "N.Y. Ins. Law 4904(c)", "payer", new_york_decides, takes=("received", "information_received")
        ),
        "utilization_review_appeal_decision_expedited_new_york": Law(
            "N.Y. Ins. Law 4904(b)",
            "payer",
            new_york_decides_at_once,
            takes=("received", "information_received"),
        ),
        "external_appeal_filing_provider_new_york": Law(
            "N.Y. Ins. Law 4914(b)", PATIENT, Count("determination", days=60)
        ),
    },
    "TN": {
        "appeal_decision_tennessee": payer("Tenn. Code 56-61-115", days=30),
        "appeal_decision_post_service_tennessee": payer("Tenn. Code 56-61-115", days=60),
    },
    "TX": {
        "appeal_decision_texas": payer("Tex. Ins. Code 4201.359(a)", days=30),
        "independent_review_decision_texas": reviewer("Tex. Ins. Code 4202.003", days=20),
        "independent_review_decision_life_threatening_texas": reviewer("Tex. Ins. Code 4202.003", days=3),
    },
}


def to_file(code: str, process: str | None, federal: Mapping[str, Law]) -> Law:
    """The law of the request for external review of a policy issued in a state ("unknown" where nobody knows); `federal`
    holds the laws of the federal process for its kind of plan.
    """
    if code == "unknown":
        return UNKNOWN
    if code in FEDERAL:
        chosen = "federal_rule" if process == "private_iro" else "hhs_administered"
        return federal[f"external_review_filing_{chosen}"]
    return STATES[code]


def to_decide(code: str) -> Law:
    if code in FEDERAL:
        return EXTERNAL["external_review_decision_standard"]
    return DECISION_30 if code in THIRTY_DAYS else DECISION_45


def own_process(code: str | None, told: Told) -> bool:
    """Whether a policy issued there is outside the federal process; Pennsylvania's own began on January 1, 2024."""
    first = told.moment("notice_date") or told.moment("receipt") or told.moment("sent")
    if code == "PA" and first and day_of(first) < date(2024, 1, 1):
        return False
    return code in SLUGS and code not in FEDERAL


def to_decide_urgently(code: str | None) -> Law:
    if code in FEDERAL:
        return EXTERNAL["external_review_decision_expedited"]
    if code == "CA":
        return CLOCKS[code]["review_decision_expedited_california"]
    return DECISIONS[URGENT]


__all__ = [
    "CLOCKS",
    "DECISIONS",
    "FEDERAL",
    "SLUGS",
    "STATES",
    "URGENT",
    "own_process",
    "to_decide",
    "to_decide_urgently",
    "to_file",
]
