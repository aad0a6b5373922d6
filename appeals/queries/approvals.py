"""What was asked about letters: at the desk for a level, in the portal for whoever reads letters."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from appeals.models import Appeal, Demand, Filing, LetterApproval
from appeals.queries.history import load_history
from appeals.queries.ladder import BEFORE_FILING, filing_of

NOT_OUT = Q(appeal__status__in=BEFORE_FILING) | Q(demand__isnull=False, demand__sent_at=None)
"""Asks whose letter has not gone out."""


def approvals_of(actor: Actor, appeal: Appeal | Demand) -> list[LetterApproval]:
    """Every ask about the letters of a level, or about a letter to whoever is late, newest first."""
    of = {"demand": appeal} if isinstance(appeal, Demand) else {"appeal": appeal}
    rows = LetterApproval.objects.filter(visible(actor, LetterApproval), **of)
    return list(rows.select_related("asked_by", "answered_by").order_by("-id"))


def get_approval(actor: Actor, public_id: UUID) -> LetterApproval:
    """One ask, with its level or letter, case and pages. Raises NotFound."""
    found = (
        LetterApproval.objects.filter(visible(actor, LetterApproval), public_id=public_id)
        .select_related("appeal__denial", "demand", "case__patient", "case__coverage", "version__blob")
        .defer("version__pages")
        .first()
    )
    if found is None:
        raise NotFound("approval")
    return found


def send_by(approval: LetterApproval) -> date | None:
    """The day, where the patient lives, by which the letter has to be sent; None where there is no date yet, and for a letter
    to whoever is late.

    One statement when the case is loaded with its patient and coverage.
    """
    if approval.appeal is None:
        return None
    found = filing_of(load_history(approval.case), approval.appeal)
    due = found.law or found.due or found.last_day
    if isinstance(due, datetime):
        return due.astimezone(ZoneInfo(approval.case.patient.time_zone)).date()
    return due


def waits(approval: LetterApproval) -> bool:
    """Whether an ask still waits for its answer. It comes with its level or letter."""
    if approval.answer or approval.superseded_at:
        return False
    if approval.demand is not None:
        return approval.demand.sent_at is None
    return approval.appeal is not None and approval.appeal.status in BEFORE_FILING


def open_asks(actor: Actor) -> QuerySet[LetterApproval]:
    """Letters that wait for the patient's answer, newest first."""
    rows = LetterApproval.objects.filter(
        NOT_OUT, visible(actor, LetterApproval), superseded_at=None, answer=""
    )
    return rows.select_related("case").order_by("-id")


def sent_letters(actor: Actor) -> QuerySet[Filing]:
    """What went out for the patient; unordered, so that a list can page it by key."""
    return Filing.objects.filter(visible(actor, Filing)).select_related("case")


def sent_letter(actor: Actor, public_id: UUID) -> Filing:
    """One of them with its bytes. Raises NotFound."""
    found = (
        Filing.objects.filter(visible(actor, Filing), public_id=public_id)
        .select_related("case", "document_version__blob")
        .defer("document_version__pages")
        .first()
    )
    if found is None:
        raise NotFound("filing")
    return found
