"""An inquiry: somebody asks for help. Kept step by step until a case is open, or declined with where they were sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField, SealedTextField
from cases.workflow import INQUIRY, InquiryStatus


class Inquiry(TenantModel):
    """`answers` holds what was typed, by step and field name, sealed; nothing of it is a record before the case opens.

    `reached` is the furthest step that was answered, so that whoever comes back goes on there. `owner` takes it in: whoever
    began it, until it is handed over; nobody, when whoever had it left.
    """

    class Declined(models.TextChoices):
        TREATMENT = "treatment", "We do not help with this treatment"
        PURPOSE = "purpose", "It is not for a medical purpose"
        AREA = "area", "Outside the area or the people we serve"
        CAPACITY = "capacity", "We have no room for another case now"
        OTHER = "other", "Another reason"

    reference = models.CharField(max_length=24)
    status = models.CharField(max_length=10, choices=InquiryStatus.choices, default=InquiryStatus.OPEN)
    workflow_version = models.PositiveSmallIntegerField(default=INQUIRY.current)
    version = models.PositiveIntegerField(default=1)
    reached = models.CharField(max_length=12, blank=True)
    answers = SealedJSONField(default=dict)
    patient = tenant_key("people.Patient", null=True, blank=True, related_name="inquiries")
    case = tenant_key("cases.Case", null=True, blank=True, related_name="inquiries")
    declined_because = models.CharField(max_length=10, choices=Declined.choices, blank=True)
    declined_words = SealedTextField("the reason in words", blank=True)
    referred_to = SealedTextField("referred to", blank=True)
    owner = tenant_key("people.Membership", null=True, blank=True, related_name="inquiries")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    saved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("patient"),
            SameOrganization("case"),
            SameOrganization("owner"),
            models.UniqueConstraint(fields=["organization", "reference"], name="cases_inquiry_reference"),
            models.CheckConstraint(
                condition=~Q(status="declined") | ~Q(declined_because=""),
                name="cases_inquiry_declined_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="opened") | Q(case__isnull=False), name="cases_inquiry_opened_has_case"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "id"], name="cases_inquiry_status"),
            models.Index(fields=["organization", "owner", "status", "id"], name="cases_inquiry_owner"),
        ]

    def __str__(self) -> str:
        return self.reference
