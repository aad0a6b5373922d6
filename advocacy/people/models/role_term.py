"""A single role that ends before the membership does."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.access.roles import ROLES
from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class RoleTerm(TenantModel):
    """From `until` on (aware; exclusive) the member's role opens nothing, whether or not the nightly check has taken it away.

    `ended_at` says that it counts no more: another end was set, or the role was taken away.
    """

    member = tenant_key("people.Membership", related_name="role_terms")
    role = models.CharField(max_length=30, choices=[(role.value, said.title) for role, said in ROLES.items()])
    until = models.DateTimeField()
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("member"),
            models.UniqueConstraint(
                fields=["organization", "member", "role"],
                condition=Q(ended_at=None),
                name="people_roleterm_one_counts",
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("given_at")), name="people_roleterm_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"end of a role {self.pk}"
