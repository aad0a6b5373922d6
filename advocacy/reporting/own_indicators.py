"""The figures of our own cases, each with what it counts, of what, and when. Pure: no Django."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from advocacy.reporting.shapes import Dimension, Indicator, Kind

YEAR: Final = Dimension("year", "Year", "f_month")
QUARTER: Final = Dimension("quarter", "Quarter", "f_month")
MONTH: Final = Dimension("month", "Month", "f_month")
STAGE: Final = Dimension("stage", "Stage", "f_stage")
PAYER: Final = Dimension("payer", "Payer", "f_payer")
REGIME: Final = Dimension("regime", "Rules", "f_regime")
REASON: Final = Dimension("reason", "Reason of the denial", "f_reason")
TREATMENT: Final = Dimension("treatment", "Treatment", "f_treatment")
SPEED: Final = Dimension("speed", "Standard or expedited", "f_speed")
PERIODS: Final = (YEAR, QUARTER, MONTH)
SMALLER_PERIODS: Final = frozenset({"quarter", "month"})
ALL_CASES: Final = (*PERIODS, PAYER, REGIME, TREATMENT)

OUR_CASES: Final = "this organization's own cases"


_COUNTED: Final = (
    Indicator(
        key="overturned_by_stage",
        title="Appeals overturned",
        definition="Of the decisions on the merits at a level of appeal, the share in which everything in question was"
        " overturned.",
        numerator="decisions in which every item in question was overturned",
        denominator="decisions on the merits: overturned, partly overturned, upheld",
        clock="the day on the notice of the decision, or the day it was decided where no notice day is recorded",
        exclusions="decisions without merits (everything withdrawn or moot) and levels that ended by silence are left out and"
        " counted apart; partly overturned is told apart; peer-to-peer calls are a figure of their own",
        source=OUR_CASES,
        reads=(
            "appeals.Decision",
            "appeals.ItemOutcome",
            "appeals.Appeal",
            "appeals.DenialReason",
            "appeal_decided",
        ),
        dimensions=(*PERIODS, STAGE, PAYER, REASON, REGIME, TREATMENT),
        population="decisions",
        counted=frozenset({"overturned"}),
        of=frozenset({"overturned", "partly", "upheld"}),
        apart=(
            ("partly", "partly overturned"),
            ("no_merits", "ended without a decision on the merits"),
            ("silence", "ended by silence"),
        ),
    ),
    Indicator(
        key="peer_to_peer_overturned",
        title="Peer-to-peer calls that overturned a denial",
        definition="Of the peer-to-peer calls that were held and ended with a decision, the share that overturned the denial.",
        numerator="calls after which the denial was overturned in full",
        denominator="calls held: overturned, partly overturned, upheld",
        clock="the day of the call where the patient lives",
        exclusions="calls after which more information was asked for, told apart; calls that did not take place",
        source=OUR_CASES,
        reads=("appeals.PeerToPeer", "peer_to_peer_held"),
        dimensions=(*PERIODS, PAYER, REASON, TREATMENT),
        population="calls",
        counted=frozenset({"overturned"}),
        of=frozenset({"overturned", "partly", "upheld"}),
        apart=(("partly", "partly overturned"), ("more_information", "more information asked for")),
    ),
    Indicator(
        key="payer_timeliness",
        title="Plan decisions within the legal time",
        definition="Of the plan's decisions whose legal time is known, the share made by the latest defensible day.",
        numerator="decisions made on or before the latest defensible day",
        denominator="decisions made, and decisions that were overdue at the end of the period",
        clock="the day of the decision, or the day after the last defensible day where nothing was decided by then; each"
        " decision once, so a late one stands where it first was overdue",
        exclusions="requests and levels whose time cannot be computed (the day it began is not recorded), and those"
        " withdrawn; doubt about the day is resolved for the plan; the version of each rule is kept with its date",
        source=OUR_CASES,
        reads=("appeals.Deadline", "request_approved", "request_denied", "appeal_decided"),
        dimensions=(*PERIODS, PAYER, REGIME, STAGE),
        population="payer_clocks",
        counted=frozenset({"timely"}),
        of=frozenset({"timely", "late", "overdue"}),
        apart=(("overdue", "still without a decision"),),
    ),
    Indicator(
        key="deadlines_met",
        title="Our deadlines met",
        definition="Of the filing deadlines that have passed, the share in which the filing went out in time.",
        numerator="levels filed by the last day the law, or the letter where it gives longer, allows",
        denominator="levels whose last day has passed and that were filed or missed",
        clock="the last day to file; only days that have passed are counted",
        exclusions="levels the patient chose not to pursue, told apart; levels the plan forwards itself; deadlines that ended"
        " otherwise (withdrawn, closed)",
        source=OUR_CASES,
        reads=("appeals.Deadline", "appeals.Appeal", "appeal_filed", "appeal_lapsed"),
        dimensions=(*PERIODS, STAGE, PAYER, REGIME),
        population="filings",
        counted=frozenset({"filed"}),
        of=frozenset({"filed", "missed"}),
        apart=(("declined", "not pursued by choice"),),
        family="filings",
    ),
    Indicator(
        key="met_by_safe_date",
        title="Our deadlines met by the safe date",
        definition="Of the same filing deadlines, the share in which the filing went out by the safe date.",
        numerator="levels filed on or before the safe date",
        denominator="levels whose last day has passed and that were filed or missed",
        clock="the last day to file; only days that have passed are counted",
        exclusions="as for deadlines met",
        source=OUR_CASES,
        reads=("appeals.Deadline", "appeals.Appeal", "appeal_filed", "appeal_lapsed"),
        dimensions=(*PERIODS, STAGE, PAYER, REGIME),
        population="filings",
        code="f_safe",
        counted=frozenset({"safe"}),
        of=frozenset({"safe", "later", "missed"}),
        family="filings",
    ),
    Indicator(
        key="appeal_uptake",
        title="Denials that were appealed",
        definition="Of the confirmed denials whose time to appeal has passed, the share that was appealed in time.",
        numerator="first levels filed in time",
        denominator="first levels whose last day has passed: filed, missed, or not pursued by choice",
        clock="the last day to file; only denials whose time has passed are counted, so that none is counted too early",
        exclusions="denials overturned before an appeal, and those whose time cannot be computed",
        source=OUR_CASES,
        reads=("appeals.Deadline", "appeals.Appeal", "denial_confirmed", "appeal_filed"),
        dimensions=(*PERIODS, PAYER, REASON, REGIME),
        population="filings",
        code="f_first",
        counted=frozenset({"filed"}),
        of=frozenset({"filed", "missed", "declined"}),
        apart=(("declined", "not pursued by choice"),),
    ),
    Indicator(
        key="external_uptake",
        title="External reviews asked for",
        definition="Of the external reviews that were open to the patient and whose time has passed, the share asked for in"
        " time.",
        numerator="external levels filed in time",
        denominator="external levels opened whose last day has passed: filed, missed, or not pursued by choice",
        clock="the last day to file; only those whose time has passed are counted",
        exclusions="levels the plan forwards itself",
        source=OUR_CASES,
        reads=("appeals.Deadline", "appeals.Appeal", "appeal_filed"),
        dimensions=(*PERIODS, PAYER, REGIME),
        population="filings",
        code="f_external",
        counted=frozenset({"filed"}),
        of=frozenset({"filed", "missed", "declined"}),
        apart=(("declined", "not pursued by choice"),),
    ),
    Indicator(
        key="ultimate_approval",
        title="Cases that ended covered",
        definition="Of the cases closed, the share in which the treatment was covered in full in the end.",
        numerator="cases closed as covered, at whatever stage; one whose record shows no authorization, no approved request,"
        " nothing overturned and no money counts too, by the reason stated when it was closed, such as that the care needed no"
        " authorization",
        denominator="cases closed as covered, partly covered, not covered, paid another way, or with a patient who could not"
        " be reached",
        clock="the day the case was closed where the patient lives",
        exclusions="withdrawn, moot and duplicate cases, told apart; a case that was opened again counts when it is closed"
        " again",
        source=OUR_CASES,
        reads=("cases.Case", "case_closed"),
        dimensions=ALL_CASES,
        population="closed_cases",
        counted=frozenset({"covered"}),
        of=frozenset({"covered", "partly_covered", "not_covered", "other_payment", "unreachable"}),
        apart=(
            ("partly_covered", "partly covered"),
            ("withdrawn", "withdrawn"),
            ("moot", "moot"),
            ("duplicate", "duplicate"),
        ),
    ),
    Indicator(
        key="first_pass_approval",
        title="Requests approved without a denial",
        definition="Of the first requests for authorization that were decided, the share approved without a denial.",
        numerator="requests approved",
        denominator="requests decided: approved, or denied in whole or part",
        clock="the day of the decision where the patient lives",
        exclusions="corrected or continued requests, requests after the service, withdrawn ones",
        source=OUR_CASES,
        reads=("appeals.AuthorizationRequest", "request_approved", "request_denied"),
        dimensions=ALL_CASES,
        population="requests",
        counted=frozenset({"approved"}),
        of=frozenset({"approved", "denied"}),
        family="requests",
    ),
    Indicator(
        key="pended_for_information",
        title="Requests held up by a question",
        definition="Of the same requests, the share about which the plan asked for more information before it decided.",
        numerator="requests with a request for information recorded",
        denominator="requests decided: approved, or denied in whole or part",
        clock="the day of the decision where the patient lives",
        exclusions="as for requests approved without a denial",
        source=OUR_CASES,
        reads=("appeals.AuthorizationRequest", "appeals.ClockEvent", "extension_recorded"),
        dimensions=ALL_CASES,
        population="requests",
        code="f_asked",
        counted=frozenset({"asked"}),
        of=frozenset({"asked", "not_asked"}),
        family="requests",
    ),
    Indicator(
        key="denial_reasons",
        title="Why plans refuse",
        definition="The confirmed denials by their primary reason.",
        numerator="denials with this primary reason",
        denominator="denials confirmed (beside another dimension: of that part)",
        clock="the day the denial was received, or the day on the notice where receipt is not recorded",
        exclusions="denials that are not confirmed; further reasons of a denial are kept and not counted here",
        source=OUR_CASES,
        reads=("appeals.Denial", "appeals.DenialReason", "denial_confirmed"),
        dimensions=(*PERIODS, REASON, PAYER, REGIME, TREATMENT),
        kind=Kind.MIX,
        population="denials",
        counted=frozenset({"denial"}),
        of=frozenset({"denial"}),
    ),
    Indicator(
        key="days_to_decision",
        title="Days until a decision",
        definition="The number of days within which half of what reached the decision maker was decided.",
        numerator="median days from receipt to decision (Kaplan and Meier 1958: what is still open is not left out)",
        denominator="decisions made on what was received",
        clock="the day the decision maker received the request or the filing",
        exclusions="what has no day of receipt: a letter by post whose arrival nobody recorded; withdrawn requests. What ended"
        " by silence counts as open until then",
        source=OUR_CASES,
        reads=(
            "appeals.AuthorizationRequest",
            "appeals.Appeal",
            "appeals.Decision",
            "request_received",
            "appeal_received",
            "appeal_decided",
        ),
        dimensions=(*PERIODS, STAGE, PAYER, REGIME, SPEED),
        kind=Kind.DAYS,
        population="waits",
        counted=frozenset({"decided"}),
        of=frozenset({"decided"}),
        apart=(("open", "still open, or ended by silence"),),
    ),
    *(
        Indicator(
            key=f"{kind}_{word}",
            title=f"{title}, {word}",
            definition=definition,
            numerator=f"sum of the current {word} figure of each case, in US dollars",
            denominator=f"cases with a current {word} figure",
            clock="the day the figure was recorded where the patient lives",
            exclusions="figures that a later one replaced. Estimates and actual figures are two figures, and patient savings and"
            " plan dollars are never added to each other",
            source=OUR_CASES,
            reads=("cases.Cost", "cost_recorded"),
            dimensions=ALL_CASES,
            kind=Kind.SUM,
            population="costs",
            counted=frozenset({f"{kind}_{certainty}"}),
            of=frozenset({f"{kind}_{certainty}"}),
        )
        for kind, title, definition in (
            (
                "patient_savings",
                "Patient savings",
                "What patients pay less than they would have paid, as recorded for their cases.",
            ),
            (
                "plan_dollars",
                "Plan dollars obtained",
                "What plans pay, or allow, because a denial was reversed, as recorded for the cases.",
            ),
        )
        for certainty, word in (("actual", "actual"), ("estimate", "estimated"))
    ),
)

OWN: Final = tuple(
    replace(one, exclusions=f"{one.exclusions}. Restricted cases are in no figure to publish")
    for one in _COUNTED
)
"""Restricted cases stand in figures to work with only, for those who are named on them: else what a machine or a colleague may
list, subtracted from what is published, would tell of them.
"""
