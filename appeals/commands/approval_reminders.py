"""Every night: letters that wait for a patient's yes while the time to send them runs out."""

from __future__ import annotations

from datetime import datetime

from advocacy.access.policy import Actor
from appeals.models import LetterApproval
from appeals.queries.approvals import NOT_OUT, send_by
from appeals.queries.ladder import BEFORE_FILING
from cases.commands.patient_reminders import days_left, rung_of, tell_once
from cases.models import PatientNotice
from cases.workflow import CaseStatus

LETTER_DAYS = (7, 3, 1)


def remind_of_letters(actor: Actor, at: datetime) -> int:
    """Ask for the notices about letters that wait for an answer and have to be sent in 7, 3 or 1 days; how many are new.

    Whoever was asked that late was told then: the rung on which the ask itself stood is not told again.
    """
    waiting = LetterApproval.objects.filter(
        superseded_at=None, answer="", appeal__status__in=BEFORE_FILING, case__status=CaseStatus.OPEN
    ).select_related("case__patient", "case__coverage__payer", "appeal__denial")
    new = 0
    for asked in waiting.order_by("pk"):
        zone, by = asked.case.patient.time_zone, send_by(asked)
        rung = rung_of(days_left(by, zone, at), LETTER_DAYS)
        if rung is not None and rung != rung_of(days_left(by, zone, asked.asked_at), LETTER_DAYS):
            about = f"letter:{asked.pk}:{rung}"
            new += tell_once(actor, asked.case, PatientNotice.Kind.LETTER, about, at)
    return new


def letter_is_over(pk: int) -> bool:
    """Whether an ask waits for the patient no more: it was answered, the letter was changed, or it went out."""
    return not LetterApproval.objects.filter(
        NOT_OUT, pk=pk, superseded_at=None, answer="", case__status=CaseStatus.OPEN
    ).exists()
