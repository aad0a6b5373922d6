"""What was said: one log for calls, mail, fax, messages and meetings in both directions; notes stay inside by default."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedTextField


class Communication(TenantModel):
    """One entry of the log. Nothing is overwritten: a correction is an entry of its own, and the old one is superseded.

    `source` names what of the program the entry stands for ("filing:12"): one entry for each such thing. A message of the
    patient's portal is read by the other side (`read_at`) and, coming from the patient's side, answered (`answered_at`).
    """

    class Channel(models.TextChoices):
        CALL = "call", "Phone call"
        MAIL = "mail", "Letter"
        FAX = "fax", "Fax"
        EMAIL = "email", "E-mail"
        TEXT = "text", "Text message"
        MESSAGE = "message", "Message in the patient's portal"
        PORTAL = "portal", "Payer portal"
        MEETING = "meeting", "Meeting"

    class Direction(models.TextChoices):
        OUT = "out", "We contacted them"
        IN = "in", "They contacted us"

    class With(models.TextChoices):
        PAYER = "payer", "Payer"
        PROVIDER = "provider", "Provider"
        PATIENT = "patient", "Patient"
        HELPER = "helper", "Patient's representative"
        REVIEWER = "reviewer", "External reviewer or agency"
        OTHER = "other", "Someone else"

    case = tenant_key("cases.Case", related_name="communications")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    party = models.CharField(max_length=8, choices=With.choices)
    person = SealedTextField("who", blank=True)
    address = SealedTextField(
        blank=True, help_text="The number or address that was used, where it is worth keeping."
    )
    happened_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    reference_number = SealedTextField(blank=True)
    reference_number_index = BlindIndexField(of="reference_number")
    summary = SealedTextField()
    promise = SealedTextField(blank=True)
    promised_by = models.DateField(null=True, blank=True)
    promise_kept = models.BooleanField(null=True, blank=True)
    source = models.CharField(
        max_length=60,
        blank=True,
        help_text="What of the program it stands for; empty when somebody logged it.",
    )
    logged_at = models.DateTimeField()
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    corrects = tenant_key("cases.Communication", null=True, blank=True, related_name="corrections")
    correction_reason = SealedTextField(blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("corrects"),
            models.UniqueConstraint(
                fields=["organization", "source"], condition=~Q(source=""), name="cases_communication_source"
            ),
            models.UniqueConstraint(
                fields=["organization", "corrects"],
                condition=Q(corrects__isnull=False),
                name="cases_communication_corrected_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "reference_number_index"], name="cases_communication_ref"),
            models.Index(fields=["organization", "case", "happened_at"], name="cases_communication_when"),
            models.Index(
                fields=["organization", "case", "happened_at"],
                name="cases_communication_waiting",
                condition=Q(channel="message", direction="in", answered_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"


class Attachment(TenantModel):
    """A document that came or went with an entry of the log, in the very version that did."""

    case = tenant_key("cases.Case", related_name="+")
    communication = tenant_key("cases.Communication", related_name="attachments")
    version = tenant_key("cases.DocumentVersion", related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("communication"),
            SameOrganization("version"),
            models.UniqueConstraint(
                fields=["organization", "communication", "version"], name="cases_attachment_once"
            ),
        ]

    def __str__(self) -> str:
        return f"attachment {self.pk}"


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
