"""What somebody is typing, kept on the server every few seconds, so that an expired session loses nothing."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField


class Draft(TenantModel):
    """`key` names the form and the row it is about ("note:<uuid>"); only its author ever reads it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    fields = SealedJSONField()
    saved_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "user", "key"], name="people_draft_one")
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"
