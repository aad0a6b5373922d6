"""That a patient is told something: what it is about, what became of it, and in which entry of the log it stands."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class PatientNotice(TenantModel):
    """One thing a patient is told of once. It holds no words: what is said is the same for every kind.

    `about` names the thing ("message:12", "consent:7:14"). While it waits, `due_at` is the next moment at which the patient
    may be reached. How the patient is reached is chosen when it is sent, not when it was asked for.
    """

    class Kind(models.TextChoices):
        MESSAGE = "message", "A message"
        DOCUMENT = "document", "A document or letter to read"
        LETTER = "letter", "A letter to approve"
        TASK = "task", "Something to do"
        CONSENT = "consent", "A consent that ends"
        APPOINTMENT = "appointment", "An appointment"
        STATUS = "status", "News of the case"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting for the hour"
        SENT = "sent", "Sent"
        HANDED = "handed", "Handed to a colleague"
        STOPPED = "stopped", "Stopped: no agreement to be contacted"
        FAILED = "failed", "Could not be sent; handed to a colleague"
        OVER = "over", "Not needed any more: it was done before"

    patient = tenant_key("people.Patient", related_name="notices")
    case = tenant_key("cases.Case", related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    about = models.CharField(max_length=60)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    contact = tenant_key("people.Contact", null=True, blank=True, related_name="+")
    communication = tenant_key("cases.Communication", null=True, blank=True, related_name="+")
    task = tenant_key("cases.Task", null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("patient"),
            SameOrganization("case"),
            SameOrganization("contact"),
            SameOrganization("communication"),
            SameOrganization("task"),
            models.UniqueConstraint(
                fields=["organization", "patient", "kind", "about"], name="cases_notice_told_once"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", settled_at=None)
                | ~Q(status="waiting") & Q(settled_at__isnull=False),
                name="cases_notice_settled_or_waiting",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "due_at"], name="cases_notice_due", condition=Q(status="waiting")
            ),
            models.Index(fields=["organization", "case", "asked_at"], name="cases_notice_of_case"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"
