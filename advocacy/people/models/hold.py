"""A legal hold: while it stands, nothing of a patient's record (or of the whole organization) is deleted by any way."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.access.duties import two_people
from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class LegalHold(TenantModel):
    """Stands from the moment it is placed until it is lifted or its last day (where the organization works) is over.

    Without a patient it is about everything the organization holds. The database keeps it (`search.refuse_held`).
    """

    patient = tenant_key("people.Patient", null=True, blank=True, related_name="+")
    reason = SealedTextField(help_text="Which matter, and who asked for it.")
    until = models.DateField(null=True, blank=True, help_text="Its last day; none: until it is lifted.")
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lift_reason = SealedTextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("patient"),
            models.CheckConstraint(
                condition=Q(lifted_at=None) | Q(lifted_at__gte=F("placed_at")),
                name="people_hold_lifted_after_placed",
            ),
            two_people("lifted_by", "placed_by", name="people_hold_two_people"),
        ]

    def __str__(self) -> str:
        return f"legal hold {self.pk}"
