"""What the patient chose after a decision: who advised, who agreed, and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class Choice(TenantModel):
    """After a confirmed denial (`decision` is empty) or after the decision of a level. A later choice supersedes it."""

    class Kind(models.TextChoices):
        APPEAL = "appeal", "Appeal"
        PEER_TO_PEER = "peer_to_peer", "Peer-to-peer call first"
        RESUBMIT = "resubmit", "Send a corrected request"
        OTHER_TREATMENT = "other_treatment", "Another treatment"
        OTHER_PAYMENT = "other_payment", "Another way to pay"
        NOT_TO_APPEAL = "not_to_appeal", "Not to appeal"

    class AgreedBy(models.TextChoices):
        PATIENT = "patient", "The patient"
        REPRESENTATIVE = "representative", "The patient's representative"
        GUARDIAN = "guardian", "A parent or guardian"

    class Way(models.TextChoices):
        CALL = "call", "By phone"
        IN_PERSON = "in_person", "In person"
        MESSAGE = "message", "By message"
        SIGNED = "signed", "In writing, signed"

    case = tenant_key("cases.Case", related_name="choices")
    denial = tenant_key("appeals.Denial", related_name="choices")
    decision = tenant_key("appeals.Decision", null=True, blank=True, related_name="choices")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    advised_by = SealedTextField(help_text="Who advised, and in which role.")
    agreed_by = models.CharField(max_length=16, choices=AgreedBy.choices)
    agreed_name = SealedTextField(blank=True)
    agreed_way = models.CharField(max_length=10, choices=Way.choices)
    agreed_on = models.DateField()
    why = SealedTextField()
    request = tenant_key("appeals.AuthorizationRequest", null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("denial"),
            SameOrganization("decision"),
            SameOrganization("request"),
            models.UniqueConstraint(
                fields=["organization", "denial"],
                condition=Q(decision=None, superseded_at=None),
                name="appeals_choice_after_denial",
            ),
            models.UniqueConstraint(
                fields=["organization", "decision"],
                condition=Q(decision__isnull=False, superseded_at=None),
                name="appeals_choice_after_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
