"""What was said: one log for calls, mail, fax and meetings in both directions, and notes that stay inside by default."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedTextField


class Communication(TenantModel):
    class Channel(models.TextChoices):
        CALL = "call", "Phone call"
        MAIL = "mail", "Letter"
        FAX = "fax", "Fax"
        EMAIL = "email", "E-mail"
        PORTAL = "portal", "Payer portal"
        MEETING = "meeting", "Meeting"

    class Direction(models.TextChoices):
        OUT = "out", "We contacted them"
        IN = "in", "They contacted us"

    class With(models.TextChoices):
        PAYER = "payer", "Payer"
        PROVIDER = "provider", "Provider"
        PATIENT = "patient", "Patient"
        REVIEWER = "reviewer", "External reviewer or agency"
        OTHER = "other", "Someone else"

    case = tenant_key("cases.Case", related_name="communications")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    party = models.CharField(max_length=8, choices=With.choices)
    person = SealedTextField("who", blank=True)
    happened_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    reference_number = SealedTextField(blank=True)
    reference_number_index = BlindIndexField(of="reference_number")
    summary = SealedTextField()
    promise = SealedTextField(blank=True)
    promised_by = models.DateField(null=True, blank=True)
    promise_kept = models.BooleanField(null=True, blank=True)
    logged_at = models.DateTimeField()
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [SameOrganization("case")]
        indexes = [
            models.Index(fields=["organization", "reference_number_index"], name="cases_communication_ref"),
            models.Index(fields=["organization", "case", "happened_at"], name="cases_communication_when"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"


class Note(TenantModel):
    """Internal unless marked for the patient."""

    case = tenant_key("cases.Case", related_name="notes")
    body = SealedTextField()
    for_patient = models.BooleanField(default=False)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [SameOrganization("case")]
        indexes = [models.Index(fields=["organization", "case", "written_at"], name="cases_note_when")]

    def __str__(self) -> str:
        return f"note {self.pk}"
