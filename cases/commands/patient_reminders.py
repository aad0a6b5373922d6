"""Every night: what waits on a patient, and which of their consents ends soon. Each rung is told once, by the one door."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from advocacy.access.policy import Actor
from advocacy.people.models import Consent
from advocacy.people.rules import day_in
from cases.commands.patient_notices import notify_patient
from cases.models import Case, PatientNotice, Task
from cases.workflow import CaseStatus, TaskStatus

CONSENT_DAYS = (30, 14, 7)
TASK_DAYS = (7, 3, 1)
ASKED = "asked"
Kind = PatientNotice.Kind


def rung_of(days_left: int | None, rungs: Iterable[int]) -> int | None:
    """The rung that `days_left` stands on: the smallest that it has reached. None before the first, and once the day is over.

    A rung that was passed while nobody looked is not told later: with 5 days left nobody is told that there are 14.
    """
    if days_left is None or days_left < 0:
        return None
    return min((rung for rung in rungs if days_left <= rung), default=None)


def remind_patients(*, actor: Actor, at: datetime) -> int:
    """Ask for the notices that are due tonight; how many are new. Called by a job; running it again asks for nothing.

    Days are days where the patient lives.
    """
    return _tasks(actor, at) + _consents(actor, at)


def _tasks(actor: Actor, at: datetime) -> int:
    """What the patient is asked to do: once when it is asked, and 7, 3 and 1 days before it is due. A held task sleeps."""
    waiting = Task.objects.filter(
        waits_on_patient=True, status=TaskStatus.OPEN, case__status=CaseStatus.OPEN
    ).select_related("case__patient")
    new = 0
    for task in waiting.order_by("pk"):
        patient = task.case.patient
        left = _days_left(task.due_on, patient.time_zone, at)
        rung = rung_of(left, TASK_DAYS) or ASKED
        new += _tell(actor, task.case, Kind.TASK, f"task:{task.pk}:{rung}", at, detail=task.asked_of_patient)
    return new


def _consents(actor: Actor, at: datetime) -> int:
    """Consents that end in 30, 14 or 7 days and that no other of their kind outlasts, of patients with an open case."""
    cases: dict[int, Case] = {}
    for case in Case.objects.filter(status=CaseStatus.OPEN).select_related("patient").order_by("pk"):
        cases[case.patient_id] = case
    standing: dict[tuple[int, str], list[Consent]] = {}
    for consent in Consent.objects.filter(patient_id__in=cases, revoked_at=None).order_by("pk"):
        standing.setdefault((consent.patient_id, consent.kind), []).append(consent)
    new = 0
    for (patient_id, _kind), consents in standing.items():
        last = max(consents, key=lambda consent: (consent.expires_on or date.max, consent.pk))
        case = cases[patient_id]
        left = _days_left(last.expires_on, case.patient.time_zone, at)
        if rung := rung_of(left, CONSENT_DAYS):
            new += _tell(actor, case, Kind.CONSENT, f"consent:{last.pk}:{rung}", at)
    return new


def _days_left(day: date | None, time_zone: str, at: datetime) -> int | None:
    return (day - day_in(time_zone, at)).days if day else None


def _tell(actor: Actor, case: Case, kind: str, about: str, at: datetime, detail: str = "") -> int:
    if PatientNotice.objects.filter(patient=case.patient, kind=kind, about=about).exists():
        return 0
    notify_patient(actor=actor, patient=case.patient, kind=kind, about=about, case=case, detail=detail, at=at)
    return 1
