"""What was decided, item by item."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class Decision(TenantModel):
    """The decision of one level. Dates of the notice are kept as for a denial: the next window counts from them."""

    case = tenant_key("cases.Case", related_name="decisions")
    appeal = tenant_key("appeals.Appeal", related_name="decisions")
    letter = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    notice_on = models.DateField(null=True, blank=True)
    sent_on = models.DateField(null=True, blank=True)
    received_on = models.DateField(null=True, blank=True)
    received_evidence = models.CharField(max_length=10, blank=True)
    stated_deadline_on = models.DateField(null=True, blank=True)
    continuation_stated_on = models.DateField(
        null=True, blank=True, help_text="The day the letter names to ask by, so that care goes on meanwhile."
    )
    plan_received_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the plan had the notice that reverses its decision: its time to carry it out runs from here.",
    )
    is_deemed = models.BooleanField(
        default=False, help_text="The decision maker missed its time; nothing was decided."
    )
    summary = SealedTextField(blank=True)
    reasons_quoted = SealedTextField(
        blank=True, help_text="Why it stayed refused, in the words of the notice, one reason to a line."
    )
    decided_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("appeal"),
            SameOrganization("letter"),
            models.UniqueConstraint(fields=["organization", "appeal"], name="appeals_decision_once"),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class ItemOutcome(TenantModel):
    """The outcome of one item: by a level's decision, or by a peer-to-peer."""

    class Outcome(models.TextChoices):
        OVERTURNED = "overturned", "Overturned (now covered)"
        PARTLY = "partly", "Partly overturned"
        UPHELD = "upheld", "Upheld (still refused)"
        REMANDED = "remanded", "Sent back for a new decision"
        WITHDRAWN = "withdrawn", "Withdrawn"
        MOOT = "moot", "Moot"

    case = tenant_key("cases.Case", related_name="item_outcomes")
    item = tenant_key("appeals.RequestItem", related_name="outcomes")
    decision = tenant_key("appeals.Decision", null=True, blank=True, related_name="outcomes")
    peer_to_peer = tenant_key("appeals.PeerToPeer", null=True, blank=True, related_name="outcomes")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    decided_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("item"),
            SameOrganization("decision"),
            SameOrganization("peer_to_peer"),
            models.CheckConstraint(
                condition=Q(decision__isnull=False, peer_to_peer=None)
                | Q(decision=None, peer_to_peer__isnull=False),
                name="appeals_itemoutcome_one_source",
            ),
            models.UniqueConstraint(
                fields=["organization", "decision", "item"], name="appeals_itemoutcome_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.pk}"
