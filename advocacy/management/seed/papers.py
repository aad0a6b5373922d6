"""The papers of a case besides the denial: what a clinic writes, and what payers and reviewers answer. Plain text, invented."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from advocacy.management.seed.matters import CLINICS, Matter
from advocacy.management.seed.plans import Plan


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def necessity(patient: str, matter: Matter, on: date) -> str:
    """A short letter of medical necessity."""
    clinic = CLINICS[matter.clinic]
    return f"""{clinic.facility}
{_day(on)}

LETTER OF MEDICAL NECESSITY

Patient:    {patient}
Diagnosis:  {matter.diagnoses[0]} {matter.diagnosis_name}
Requested:  {matter.words}
Codes:      {", ".join(matter.codes)}

I treat this patient and ask for coverage of the service above. The treatments listed in
the medication history were taken at the doses and for the weeks shown there; none of them
gave lasting relief. Scores over time are on the attached sheet.

Plan of treatment: {matter.sessions} sessions, scores before each session, blood pressure
and observation during and after each session. We stop when the scores have not improved
after half of the sessions.

{clinic.signature}
NPI {clinic.npi}
"""


def history(patient: str, tried: list[tuple[str, str, str, str, str]], on: date) -> str:
    """The medication history as a table of name, dose, dates, result, reason."""
    rows = "\n".join(
        f"{name:<24}{dose:<14}{dates:<24}{result:<12}{reason}" for name, dose, dates, result, reason in tried
    )
    return f"""MEDICATION HISTORY
Patient: {patient}
Printed: {_day(on)} from the pharmacy record

{"Medicine":<24}{"Dose":<14}{"From - to":<24}{"Response":<12}Why it ended
{"-" * 92}
{rows}
"""


def scores(patient: str, matter: Matter, on: date) -> str:
    """Rating scale scores of the last months."""
    pain = matter.diagnoses[0].startswith("G90")
    name, values = ("BPI severity", (7, 8, 7, 8)) if pain else ("PHQ-9", (21, 22, 20, 23))
    rows = "\n".join(
        f"{_day(on - timedelta(days=28 * back)):<24}{value}"
        for back, value in zip((3, 2, 1, 0), values, strict=True)
    )
    return f"RATING SCALE\nPatient: {patient}\nScale:   {name}\n\n{'Date':<24}Score\n{'-' * 30}\n{rows}\n"


def visit_note(patient: str, matter: Matter, on: date) -> str:
    """A visit note of the clinic."""
    clinic = CLINICS[matter.clinic]
    return f"""{clinic.facility}
VISIT NOTE {_day(on)}

Patient: {patient}
Diagnosis: {", ".join(matter.diagnoses)}

Seen for follow-up. Sleep is poor, work has been stopped since the spring. Earlier
treatments are in the medication history. We talked about {matter.words},
what it does and does not do, and what is not known about it. The patient wishes to go on
with the request.

{clinic.signature}
"""


def decision(
    plan: Plan, patient: str, reference: str, on: date, outcome: str, level: str, reviewer: str
) -> str:
    """A decision letter of the plan or of a reviewer. `outcome` is upheld, partly or overturned."""
    said = {
        "upheld": "We reviewed the appeal and uphold the denial. The service is not approved.",
        "partly": "We reviewed the appeal and change the denial in part. Part of the sessions is approved.",
        "overturned": "We reviewed the appeal and overturn the denial. The service is approved.",
    }[outcome]
    return f"""{reviewer or plan.payer}
NOTICE OF DECISION

Date of this notice: {_day(on)}
Member: {patient}
Case number: {reference}
About: {level}

{said}

This decision was made by a physician who took no part in the earlier decision.
The records sent with the appeal were read.
"""


def approval(plan: Plan, patient: str, number: str, sessions: int, first: date, last: date, on: date) -> str:
    """An approval letter with what is allowed."""
    return f"""{plan.payer}
NOTICE OF APPROVAL

Date of this notice: {_day(on)}
Member: {patient}
Authorization number: {number}
Approved: {sessions} sessions, from {_day(first)} until {_day(last)}
"""


def fax_report(number: str, pages: int, on: date) -> str:
    """What a fax machine prints after sending."""
    return f"TRANSMISSION REPORT\n{_day(on)}\nTO: {number}\nPAGES: {pages}\nRESULT: OK\n"


def shared_savings(matter: Matter, sessions: int) -> tuple[Decimal, Decimal, str]:
    """Patient savings and plan dollars for sessions that came to be covered, and how the figures were found.

    The patient saves the cash price less the cost share (20 % of the allowed amount); the plan pays the rest of it. The
    two are never added.
    """
    share = (matter.allowed * sessions / 5).quantize(Decimal("0.01"))
    savings = matter.price * sessions - share
    obtained = matter.allowed * sessions - share
    words = (
        f"{sessions} sessions: cash price ${matter.price} each; the plan allows ${matter.allowed} each,"
        f" of which the patient pays 20 % (${share})."
    )
    return savings, obtained, words
