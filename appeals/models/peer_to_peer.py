"""The call between the treating clinician and the payer's reviewer. It has no legal clock and never stops the appeal's."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField
from appeals.workflow import PEER_TO_PEER, PeerToPeerStatus


class PeerToPeer(TenantModel):
    class Outcome(models.TextChoices):
        OVERTURNED = "overturned", "Denial overturned"
        PARTLY = "partly", "Partly overturned"
        UPHELD = "upheld", "Denial upheld"
        MORE_INFORMATION = "more_information", "Reviewer asked for more information"

    case = tenant_key("cases.Case", related_name="peer_to_peers")
    denial = tenant_key("appeals.Denial", related_name="peer_to_peers")
    window_ends_on = models.DateField(
        null=True, blank=True, help_text="From the letter or the contract, not from law."
    )
    phone = SealedTextField(blank=True)
    clinician = tenant_key("cases.Provider", null=True, blank=True, related_name="+")
    scheduled_at = models.DateTimeField(null=True, blank=True)
    arranged_at = models.DateTimeField(null=True, blank=True, help_text="When a time was first recorded.")
    held_at = models.DateTimeField(null=True, blank=True)
    reviewer = SealedTextField(blank=True)
    reviewer_specialty = SealedTextField(blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    summary = SealedTextField(blank=True)
    status = models.CharField(
        max_length=10, choices=PeerToPeerStatus.choices, default=PeerToPeerStatus.OFFERED
    )
    workflow_version = models.PositiveSmallIntegerField(default=PEER_TO_PEER.current)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("denial"),
            SameOrganization("clinician"),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(held_at__isnull=False) & ~Q(outcome=""),
                name="appeals_peertopeer_held_has_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"peer-to-peer {self.pk}"
