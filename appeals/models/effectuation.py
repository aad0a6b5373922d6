"""What the plan delivered of what was decided against it, at a level or in a call."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class Effectuation(TenantModel):
    """One item of a decision, or of what was won in a call, that the plan carried out, and when it did. A row that was recorded
    wrongly is kept and does not count. `authorization` is the one by which it did, where there is one.
    """

    class Kind(models.TextChoices):
        AUTHORIZED = "authorized", "Authorized"
        PAID = "paid", "Paid"
        PROVIDED = "provided", "Provided"

    case = tenant_key("cases.Case", related_name="effectuations")
    appeal = tenant_key("appeals.Appeal", null=True, blank=True, related_name="effectuations")
    peer_to_peer = tenant_key("appeals.PeerToPeer", null=True, blank=True, related_name="effectuations")
    item = tenant_key("appeals.RequestItem", related_name="effectuations")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    done_at = models.DateTimeField()
    authorization = tenant_key("appeals.GrantedAuthorization", null=True, blank=True, related_name="+")
    document = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    note = SealedTextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    void_reason = SealedTextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("appeal"),
            SameOrganization("peer_to_peer"),
            SameOrganization("item"),
            SameOrganization("authorization"),
            SameOrganization("document"),
            models.UniqueConstraint(
                fields=["organization", "appeal", "item"],
                condition=Q(voided_at=None),
                name="appeals_effectuation_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "peer_to_peer", "item"],
                condition=Q(voided_at=None),
                name="appeals_effectuation_once_of_call",
            ),
            models.CheckConstraint(
                condition=Q(appeal__isnull=False, peer_to_peer=None)
                | Q(appeal=None, peer_to_peer__isnull=False),
                name="appeals_effectuation_one_source",
            ),
        ]
        indexes = [models.Index(fields=["organization", "case"], name="appeals_effectuation_case")]

    def __str__(self) -> str:
        return f"effectuation {self.pk}"
