"""A machine that the organization lets in: what for, as what, for how long. Its secret and tokens are allauth's, hashed."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.scope import TenantModel


class MachineClient(TenantModel):
    """A client of the API beside allauth's own row, which holds the hash of its secret. Ends at `expires_at` or revoked.

    `last_used_at` is noted at most once an hour, by the function that checks a token (`machines.sql`).
    """

    client = models.ForeignKey(
        "allauth_idp_oidc.Client", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    purpose = models.CharField(
        max_length=80, help_text="What the machine is for, as the trail will name it. No name of a patient."
    )
    roles = ArrayField(models.CharField(max_length=30))
    scopes = ArrayField(models.CharField(max_length=30))
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["client"], name="people_machine_client"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="people_machine_expires_after_issue"
            ),
        ]

    def __str__(self) -> str:
        return f"machine {self.pk}"
