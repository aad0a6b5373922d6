"""A case offered to another organization: what was shared, on which consent, and how it was answered. No key crosses over.

The offer is the sender's row, sealed with the sender's keys. The receiver reads it through `search.offered` (cases/search.sql)
only, which asks at each read whether it still may; what the receiver keeps is a row of its own.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField, SealedTextField


class Answer(models.TextChoices):
    ACCEPTED = "accepted", "Taken over"
    DECLINED = "declined", "Declined"


class CaseOffer(TenantModel):
    """`package` is what was shared, as it stood then (`cases.offering`). It opens nothing while the case is closed, after
    `expires_at`, once it is revoked or declined, or while `consent` does not stand.
    """

    TASK: ClassVar = "offer:"
    """Before its key, the code of the task that tells the case's owner what became of it."""

    case = tenant_key("cases.Case", related_name="offers")
    consent = tenant_key("people.Consent", related_name="+")
    to_organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    package = SealedJSONField("what is shared")
    offered_at = models.DateTimeField()
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True)
    answer_words = SealedTextField("why it was declined", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("consent"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("offered_at")), name="cases_caseoffer_ends"),
            models.CheckConstraint(
                condition=~Q(to_organization=F("organization")), name="cases_caseoffer_to_another"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | ~Q(answer="") & Q(answered_at__isnull=False),
                name="cases_caseoffer_answered",
            ),
        ]
        indexes = [models.Index(fields=["to_organization", "public_id"], name="cases_caseoffer_to")]

    def __str__(self) -> str:
        return f"offer {self.pk}"


class OfferedDocument(TenantModel):
    """One version of a document that an offer shares, and no other version of it."""

    case = tenant_key("cases.Case", related_name="+")
    offer = tenant_key("cases.CaseOffer", related_name="papers")
    version = tenant_key("cases.DocumentVersion", related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("offer"),
            SameOrganization("version"),
            models.UniqueConstraint(
                fields=["organization", "offer", "version"], name="cases_offereddocument_once"
            ),
        ]

    def __str__(self) -> str:
        return f"offered document {self.pk}"


class ReceivedOffer(TenantModel):
    """How this organization answered an offer: `offer` is the public id of a row that belongs to `from_organization`.

    What was taken over is `case`, and stays when the offer ends.
    """

    offer = models.UUIDField()
    from_organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    answer = models.CharField(max_length=8, choices=Answer.choices)
    words = SealedTextField("why it was declined", blank=True)
    answered_at = models.DateTimeField()
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    case = tenant_key("cases.Case", null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            models.UniqueConstraint(fields=["organization", "offer"], name="cases_receivedoffer_once"),
            models.CheckConstraint(
                condition=~Q(answer="accepted") | Q(case__isnull=False), name="cases_receivedoffer_has_case"
            ),
        ]

    def __str__(self) -> str:
        return f"received offer {self.pk}"
