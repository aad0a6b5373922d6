"""How codes of figures read: stages, rules, reasons, outcomes, periods."""

from __future__ import annotations

from datetime import date
from typing import Final

from appeals.queries.standing import stage_label
from appeals.refusals import label_of_refusal
from appeals.regimes import book
from cases.models import Case

CODES: Final = {
    "overturned": "Overturned",
    "partly": "Partly overturned",
    "upheld": "Upheld",
    "no_merits": "Ended without a decision on the merits",
    "silence": "Ended by silence",
    "more_information": "More information asked for",
    "timely": "In time",
    "late": "Late",
    "overdue": "Overdue, no decision yet",
    "filed": "Filed in time",
    "missed": "Missed",
    "declined": "Not pursued by choice",
    "safe": "Filed by the safe date",
    "later": "Filed in time, after the safe date",
    "approved": "Approved",
    "denied": "Denied in whole or part",
    "asked": "Asked for more information",
    "not_asked": "Nothing more was asked",
    "denial": "Denied",
    "decided": "Decided",
    "open": "Still open, or ended by silence",
    "covered": "Covered",
    "partly_covered": "Partly covered",
    "not_covered": "Not covered",
    "other_payment": "Paid another way",
    "withdrawn": "Withdrawn by the patient",
    "moot": "No longer needed",
    "unreachable": "Patient could not be reached",
    "duplicate": "Duplicate of another case",
    "patient_savings_actual": "Patient savings, actual",
    "patient_savings_estimate": "Patient savings, estimated",
    "plan_dollars_actual": "Plan dollars, actual",
    "plan_dollars_estimate": "Plan dollars, estimated",
}


def words_for(dimension: str, value: str | int) -> str:
    """A value of a dimension as a person reads it; a blank one says that it is not known."""
    text = str(value)
    if dimension == "stage":
        return stage_label(text)
    if dimension == "regime":
        regime = book().regimes.get(text)
        return regime.title if regime else "Not known"
    if dimension == "reason":
        return label_of_refusal(text) if text else "No reason given"
    if dimension == "treatment":
        return dict(Case.Treatment.choices).get(text, text) or "Not known"
    if dimension in ("year", "quarter", "month"):
        return period_words(text)
    return text or "Not known"


def period_words(period: str) -> str:
    """A year, "Q1 2026" for a quarter, "March 2026" for a month."""
    if "Q" in period:
        return f"{period[5:]} {period[:4]}"
    return period if len(period) == 4 else f"{date.fromisoformat(f'{period}-01'):%B %Y}"
