"""Money, in US dollars as Decimal. Patient savings and plan dollars are two kinds and are never added together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class Cost(TenantModel):
    class Kind(models.TextChoices):
        AT_STAKE = "at_stake", "Money at stake (price of what was refused)"
        PATIENT_SAVINGS = "patient_savings", "Patient savings"
        PLAN_DOLLARS = "plan_dollars", "Plan dollars obtained"

    class Certainty(models.TextChoices):
        ESTIMATE = "estimate", "Estimate"
        ACTUAL = "actual", "Actual"

    case = tenant_key("cases.Case", related_name="costs")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    certainty = models.CharField(max_length=8, choices=Certainty.choices)
    basis = SealedTextField(help_text="How the figure was found.")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="cases_cost_not_negative"),
            models.UniqueConstraint(
                fields=["organization", "case", "kind"],
                condition=Q(superseded_at=None),
                name="cases_cost_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
