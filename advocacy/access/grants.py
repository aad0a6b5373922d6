"""The one door to django-guardian: dated, per-row exceptions to the role matrix.

guardian's own `has_perm`, `assign_perm` and list shortcuts are not used: they know neither expiry nor standing consent.
A grant's end is evaluated at each read, never pushed.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from guardian.models import UserObjectPermissionBase

from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class Grant(TenantModel, UserObjectPermissionBase):  # type: ignore[misc]  # our scoped manager is the one wanted
    """One person, one row, one permission, from `granted_at` until `expires_at` (aware; exclusive)."""

    reason = SealedTextField(help_text="Why an exception is needed.")
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        abstract = True
