"""What was asked of the plan or its administrator in writing: the claim file, the plan documents, the patient's records."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField
from appeals.models.authorization import Channel


class DocumentRequest(TenantModel):
    """One request, from when it was sent until the documents came or it was taken back. When it was sent, when it arrived and
    when it was typed in are kept apart.
    """

    class Asked(models.TextChoices):
        CLAIM_FILE = "claim_file", "The claim file and the criteria"
        PLAN_DOCUMENTS = "plan_documents", "The plan documents"
        RECORDS = "records", "The patient's own records"
        EXPLANATION = "explanation", "Why a procedural fault does not count"

    case = tenant_key("cases.Case", related_name="document_requests")
    denial = tenant_key("appeals.Denial", null=True, blank=True, related_name="document_requests")
    asked = models.CharField(max_length=14, choices=Asked.choices)
    details = SealedTextField("what exactly", blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = SealedTextField()
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, blank=True)
    proof_note = SealedTextField(blank=True)
    letter = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    extended_on = models.DateField(
        null=True, blank=True, help_text="The day of the plan's notice that it takes longer."
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    answer_note = SealedTextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = SealedTextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("denial"),
            SameOrganization("letter"),
            SameOrganization("answer"),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(withdrawn_at=None), name="appeals_documents_end_once"
            ),
            models.CheckConstraint(
                condition=Q(received_at=None) | Q(received_at__gte=F("sent_at")),
                name="appeals_documents_sent_first",
            ),
        ]
        indexes = [models.Index(fields=["organization", "case"], name="appeals_documents_case")]

    def __str__(self) -> str:
        return f"{self.asked} {self.pk}"

    @property
    def arrival(self) -> str:
        """What is recorded of how it arrived, as one text: a form that corrects it says what it saw."""
        return f"{self.received_at or ''}|{self.extended_on or ''}"

    @property
    def is_open(self) -> bool:
        """Whether the documents are awaited."""
        return self.answered_at is None and self.withdrawn_at is None
