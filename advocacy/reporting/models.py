"""Determinations that others published: reference for how often something was overturned. Never cases of ours."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from advocacy.tenancy.scope import TenantModel

FIRST_YEAR, LAST_YEAR = 1990, 2100


class ReferenceDetermination(TenantModel):
    """One published determination of an independent review, in the words of whoever published it; no person in it.

    It enters no queue, no clock and no figure of timeliness: only indicators that name it read it.
    """

    class Source(models.TextChoices):
        CA_IMR = "ca_imr", "California, Independent Medical Review (Department of Managed Health Care)"

    source = models.CharField(max_length=12, choices=Source.choices)
    reference = models.CharField(max_length=40, help_text="The publisher's own number, once in each source.")
    year = models.PositiveSmallIntegerField(help_text="The year of the report.")
    diagnosis = models.CharField(max_length=120, blank=True)
    diagnosis_detail = models.CharField(max_length=120, blank=True)
    treatment = models.CharField(max_length=120, blank=True)
    treatment_detail = models.CharField(max_length=120, blank=True)
    type = models.CharField(max_length=60, help_text="What was in dispute, such as Medical Necessity.")
    age = models.CharField(max_length=20, blank=True, help_text="A band of years, such as 11-20.")
    gender = models.CharField(max_length=20, blank=True)
    is_overturned = models.BooleanField(help_text="Whether the plan's decision was overturned.")
    loaded_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "source", "reference"], name="reporting_determination_once"
            ),
            models.CheckConstraint(
                condition=Q(year__gte=FIRST_YEAR, year__lte=LAST_YEAR), name="reporting_determination_year"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "source", "year"], name="reporting_determination_by"),
            models.Index(
                fields=["organization", "source", "treatment", "diagnosis"],
                name="reporting_determination_what",
            ),
        ]
        ordering = ["year", "reference"]

    def __str__(self) -> str:
        return self.reference
