"""Notices to patients as they stand: what is due, and what became of those of a case."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from advocacy.access.policy import Actor, visible
from cases.models import Case, PatientNotice


def due_notices(actor: Actor, at: datetime) -> list[int]:
    """Primary keys of the notices that wait and whose hour has come, one for each patient: one mail says it all."""
    rows = PatientNotice.objects.filter(
        visible(actor, PatientNotice), status=PatientNotice.Status.WAITING, due_at__lte=at
    )
    firsts = rows.order_by("patient_id", "pk").distinct("patient_id")
    return list(firsts.values_list("pk", flat=True))


def notices_of(actor: Actor, case: Case) -> QuerySet[PatientNotice]:
    """What the patient of a case was told, or was to be told, newest first."""
    rows = PatientNotice.objects.filter(visible(actor, PatientNotice), case=case)
    return rows.select_related("contact", "task").order_by("-asked_at", "-pk")
