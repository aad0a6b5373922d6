"""A session of treatment that took place, counted against what the payer allowed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class TreatmentSession(TenantModel):
    """`held_on` is a day where the patient lives. A voided session is kept and does not count.

    `beyond` says that it was recorded over what was left, for the reason in `override_reason`.
    """

    case = tenant_key("cases.Case", related_name="sessions")
    authorization = tenant_key("appeals.GrantedAuthorization", related_name="sessions_held")
    held_on = models.DateField()
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    units = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    place_of_service = models.CharField(
        max_length=2, help_text="Code of professional claims: 11 is the office."
    )
    provider = tenant_key("cases.Provider", related_name="+")
    beyond = models.BooleanField(default=False)
    override_reason = SealedTextField(blank=True)
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
            SameOrganization("authorization"),
            SameOrganization("provider"),
            models.CheckConstraint(
                condition=Q(units=None) | Q(units__gt=0), name="appeals_session_units_positive"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "authorization", "held_on"], name="appeals_session_held")
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"
