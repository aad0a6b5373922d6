"""Every night: what waits on a patient, and which of their consents ends soon. Each rung is told once, by the one door."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from advocacy.access.policy import Actor
from advocacy.people.models import Consent, PortalAccess
from advocacy.people.rules import day_in
from cases.commands.patient_notices import notify_patient
from cases.models import Case, PatientNotice, Task, WaitingPage
from cases.queries.portal_papers import kept_through
from cases.workflow import CaseStatus, TaskStatus

CONSENT_DAYS = (30, 14, 7)
TASK_DAYS = (7, 3, 1)
PAGES_DAYS = (3,)
ASKED = "asked"
Kind = PatientNotice.Kind

also: list[Callable[[Actor, datetime], int]] = []
"""What waits for patients in the apps above: each asks for its notices and returns how many are new. Filled when the apps are
ready.
"""


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
    return (
        _tasks(actor, at)
        + _pages(actor, at)
        + _consents(actor, at)
        + sum(reminders(actor, at) for reminders in also)
    )


def _tasks(actor: Actor, at: datetime) -> int:
    """What the patient is asked to do: once when it is asked, and 7, 3 and 1 days before it is due. A held task sleeps."""
    waiting = Task.objects.filter(
        waits_on_patient=True, status=TaskStatus.OPEN, case__status=CaseStatus.OPEN
    ).select_related("case__patient")
    new = 0
    for task in waiting.order_by("pk"):
        patient = task.case.patient
        left = days_left(task.due_on, patient.time_zone, at)
        rung = rung_of(left, TASK_DAYS) or ASKED
        new += tell_once(
            actor, task.case, Kind.TASK, f"task:{task.pk}:{rung}", at, detail=task.asked_of_patient
        )
    return new


def _consents(actor: Actor, at: datetime) -> int:
    """Consents that end in 30, 14 or 7 days and that no other of their kind outlasts, of patients with an open case."""
    cases: dict[int, Case] = {}
    for case in Case.objects.filter(status=CaseStatus.OPEN).select_related("patient").order_by("pk"):
        cases[case.patient_id] = case
    standing: dict[tuple[int, str], list[Consent]] = {}
    for consent in Consent.objects.filter(patient_id__in=cases, revoked_at=None).order_by("pk"):
        if not consent.is_only_oral:
            standing.setdefault((consent.patient_id, consent.kind), []).append(consent)
    new = 0
    for (patient_id, _kind), consents in standing.items():
        last = max(consents, key=_lasts)
        case = cases[patient_id]
        left = days_left(last.expires_on, case.patient.time_zone, at)
        if rung := rung_of(left, CONSENT_DAYS):
            new += tell_once(actor, case, Kind.CONSENT, f"consent:{last.pk}:{rung}", at)
    return new


def task_is_over(pk: int) -> bool:
    """Whether a task waits for the patient no more: it is done, on hold, or not the patient's."""
    return not Task.objects.filter(
        pk=pk, waits_on_patient=True, status=TaskStatus.OPEN, case__status=CaseStatus.OPEN
    ).exists()


def pages_are_over(pk: int) -> bool:
    """Whether the page was sent on or removed."""
    return not WaitingPage.objects.filter(pk=pk).exists()


def consent_is_over(pk: int) -> bool:
    """Whether a consent was withdrawn, or another of its kind outlasts it."""
    consent = Consent.objects.filter(pk=pk, revoked_at=None).first()
    if consent is None or consent.is_only_oral:
        return True
    others = Consent.objects.filter(patient_id=consent.patient_id, kind=consent.kind, revoked_at=None)
    longest = max((other for other in others if not other.is_only_oral), key=_lasts)
    return longest.pk != consent.pk


def _lasts(consent: Consent) -> tuple[date, int]:
    return consent.expires_on or date.max, consent.pk


def _pages(actor: Actor, at: datetime) -> int:
    """Pages that the patient took and did not send on, before they go."""
    pages: dict[int, list[Any]] = {}
    own = PortalAccess.objects.filter(kind=PortalAccess.Kind.PATIENT, ended_at=None)
    patients = dict(own.values_list("patient_id", "user_id"))
    waiting: Any = WaitingPage.objects.filter(case__status=CaseStatus.OPEN).select_related("case__patient")
    for page in waiting.order_by("pk"):
        if patients.get(page.case.patient_id) == page.user_id:
            pages.setdefault(page.case_id, []).append(page)
    new = 0
    for rows in pages.values():
        case, newest = rows[-1].case, max(rows, key=lambda page: (page.added_at, page.pk))
        left = days_left(kept_through(rows, case.patient.time_zone), case.patient.time_zone, at)
        if rung := rung_of(left, PAGES_DAYS):
            new += tell_once(actor, case, Kind.TASK, f"pages:{newest.pk}:{rung}", at)
    return new


def days_left(day: date | None, time_zone: str, at: datetime) -> int | None:
    """Days from today, where the patient lives, to a day; None without one."""
    return (day - day_in(time_zone, at)).days if day else None


def tell_once(actor: Actor, case: Case, kind: str, about: str, at: datetime, detail: str = "") -> int:
    """Ask for a notice that was not asked for yet; 1 when it is new."""
    if PatientNotice.objects.filter(patient=case.patient, kind=kind, about=about).exists():
        return 0
    notify_patient(actor=actor, patient=case.patient, kind=kind, about=about, case=case, detail=detail, at=at)
    return 1
