"""How an organization grows: people are invited, and what was set up is tried out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedTextField


class Invitation(TenantModel):
    """An expiring link by which one person becomes a member. Of the link only the SHA-256 of its token is kept."""

    email = SealedTextField()
    email_index = BlindIndexField(of="email")
    name = SealedTextField(blank=True)
    token_hash = models.BinaryField(max_length=32)
    roles = ArrayField(models.CharField(max_length=30))
    team = tenant_key("people.Team", null=True, blank=True, related_name="+")
    until = models.DateTimeField(null=True, blank=True, help_text="When the membership will end by itself.")
    invited_at = models.DateTimeField()
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    member = tenant_key("people.Membership", null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("team"),
            SameOrganization("member"),
            models.UniqueConstraint(
                fields=["organization", "email_index"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="people_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="people_invitation_ends_once"
            ),
        ]
        indexes = [models.Index(fields=["organization", "token_hash"], name="people_invitation_token")]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class SetupTest(TenantModel):
    """When a step of setting up was last tried out, and whether it passed. What is set up is computed from facts."""

    step = models.CharField(max_length=20)
    tested_at = models.DateTimeField()
    passed = models.BooleanField(default=False)
    tested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "step"], name="people_setuptest_step")]

    def __str__(self) -> str:
        return f"test of {self.step}"
