"""Who pays, under which plan, and who treats. Payers and providers are look-ups: retired, never deleted."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedTextField
from cases.rules import masked


class Payer(TenantModel):
    """An insurer, plan administrator or program, as this organization knows it."""

    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=40, blank=True)
    fax = models.CharField(max_length=40, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="cases_payer_name")]

    def __str__(self) -> str:
        return self.name


class Provider(TenantModel):
    """A clinician or facility. The NPI's check digit is verified by `cases.codes`; its form by the database."""

    name = models.CharField(max_length=120)
    credentials = models.CharField(max_length=40, blank=True)
    specialty = models.CharField(max_length=80, blank=True)
    facility = models.CharField(max_length=120, blank=True)
    npi = models.CharField("NPI", max_length=10)
    phone = models.CharField(max_length=40, blank=True)
    fax = models.CharField(max_length=40, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "npi"], name="cases_provider_npi"),
            models.CheckConstraint(condition=Q(npi__regex=r"^[12][0-9]{9}$"), name="cases_provider_npi_form"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.credentials}" if self.credentials else self.name


class Coverage(TenantModel):
    """One plan that covers a patient for a time. `state_of_issue` is where the policy was issued, not where one lives."""

    class Funding(models.TextChoices):
        UNKNOWN = "unknown", "Not known yet"
        SELF_FUNDED = "self_funded", "Self-funded by the employer"
        INSURED = "insured", "Insured by the payer"
        GOVERNMENT = "government", "Government program"

    patient = tenant_key("people.Patient", related_name="coverages")
    payer = tenant_key("cases.Payer", related_name="coverages")
    plan_name = SealedTextField(blank=True)
    member_id = SealedTextField()
    member_id_index = BlindIndexField(of="member_id")
    group_number = SealedTextField(blank=True)
    funding = models.CharField(max_length=12, choices=Funding.choices, default=Funding.UNKNOWN)
    state_of_issue = models.CharField(max_length=2, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    is_primary = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("patient"),
            SameOrganization("payer"),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="cases_coverage_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["organization", "member_id_index"], name="cases_coverage_member")]

    def __str__(self) -> str:
        return f"coverage {self.pk}"

    @property
    def masked_member_id(self) -> str:
        """What of the member id is shown to whoever does not work the case."""
        return masked(self.member_id)

    @property
    def masked_group_number(self) -> str:
        """The same of its group number; empty where there is none."""
        return masked(self.group_number) if self.group_number else ""
