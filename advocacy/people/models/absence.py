"""A member is away for some days, and a colleague covers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class Absence(TenantModel):
    """Days where the organization works, both inclusive. It ends by itself; `ended_at` is an earlier end. No reason is kept."""

    member = tenant_key("people.Membership", related_name="absences")
    cover = tenant_key("people.Membership", related_name="covers")
    from_on = models.DateField()
    until_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("member"),
            SameOrganization("cover"),
            models.CheckConstraint(
                condition=Q(until_on__gte=F("from_on")), name="people_absence_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(cover_id=F("member_id")), name="people_absence_covered_by_another"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "until_on"], name="people_absence_runs"),
        ]

    def __str__(self) -> str:
        return f"absence {self.pk}"
