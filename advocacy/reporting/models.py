"""Determinations that others published, never cases of ours; and the kept counts of our own figures."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
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


class Counted(TenantModel):
    """By what a case or a decision is counted. Written by the functions of `counted.sql` only; nobody reads a row by its name.

    `population` is a key of `populations`, `code` what became of the row; `month` is "2026-03" where the patient lives. What
    a grain is not parted by is blank.
    """

    public_id = None  # type: ignore[assignment]  # no address, no payload: a third of the cost of writing one

    population = models.CharField(max_length=20)
    is_restricted = models.BooleanField(help_text="Whether the case is restricted.")
    month = models.CharField(max_length=7, blank=True)
    regime = models.CharField(max_length=50, blank=True)
    treatment = models.CharField(max_length=20, blank=True)
    stage = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=16)

    class Meta(TenantModel.Meta):
        abstract = True


class CountedRow(Counted):
    """A closed case or a decision as it was counted last: what tells a change of it from what the cells hold already."""

    source_id = models.BigIntegerField(help_text="The case's or the decision's own key.")
    case = tenant_key("cases.Case", related_name="+", on_delete=models.CASCADE)
    payer = tenant_key("cases.Payer", related_name="+")

    class Meta(Counted.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("payer"),
            models.UniqueConstraint(
                fields=["organization", "population", "source_id"], name="reporting_countedrow_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.population} {self.source_id}"


class CountedCell(Counted):
    """How many of one sort. The rows of a cell are added up: a change appends one, a nightly job makes them one again.

    `grain` names the dimensions it is parted by, such as "year,payer"; beside another dimension `month` holds a year.
    """

    grain = models.CharField(max_length=40)
    payer = tenant_key("cases.Payer", null=True, blank=True, related_name="+")
    n = models.IntegerField()

    class Meta(Counted.Meta):
        constraints = [SameOrganization("payer")]
        indexes = [
            models.Index(
                fields=["organization", "population", "grain"],
                include=["id"],
                name="reporting_countedcell_by",
            )
        ]

    def __str__(self) -> str:
        return f"{self.population} by {self.grain}: {self.n}"
