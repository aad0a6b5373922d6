"""What the plan said about this treatment before anything is asked of it: benefits, network, referral. Days are the patient's."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedTextField


class BenefitSource(models.TextChoices):
    CALL = "call", "Call with the plan"
    PORTAL = "portal", "Plan's portal"
    DOCUMENT = "document", "Plan document or letter"


class BenefitCheck(TenantModel):
    """One occasion on which the plan answered: who said it, when, under which number. `asked_at` is when it was said.

    A call stands in the log too, as one entry (`communication`) for all its answers.
    """

    case = tenant_key("cases.Case", related_name="benefit_checks")
    coverage = tenant_key("cases.Coverage", related_name="+")
    source = models.CharField(max_length=10, choices=BenefitSource.choices)
    representative = SealedTextField("name of the representative", blank=True)
    reference_number = SealedTextField(blank=True)
    reference_number_index = BlindIndexField(of="reference_number")
    document = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    communication = tenant_key("cases.Communication", null=True, blank=True, related_name="benefit_checks")
    asked_at = models.DateTimeField()
    follow_up_on = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("coverage"),
            SameOrganization("document"),
            SameOrganization("communication"),
        ]
        indexes = [
            models.Index(fields=["organization", "reference_number_index"], name="cases_benefitcheck_ref")
        ]

    def __str__(self) -> str:
        return f"benefit check {self.pk}"


class BenefitAnswer(TenantModel):
    """One answer of a check. `question` and `value` are keys of data/benefit_questions.json; what is typed is sealed.

    Of one question about one coverage the answer said last stands; the others are kept with the moment they gave way.
    """

    case = tenant_key("cases.Case", related_name="benefit_answers")
    coverage = tenant_key("cases.Coverage", related_name="+")
    check_made = tenant_key("cases.BenefitCheck", related_name="answers")
    question = models.CharField(max_length=40)
    value = models.CharField(max_length=40)
    words = SealedTextField(blank=True)
    amount = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("coverage"),
            SameOrganization("check_made"),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0), name="cases_benefitanswer_not_negative"
            ),
            models.UniqueConstraint(
                fields=["organization", "case", "coverage", "question"],
                condition=Q(superseded_at=None),
                name="cases_benefitanswer_one_stands",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question} {self.pk}"


class NetworkCheck(TenantModel):
    """Whether the provider was in the plan's network on a day: who said so, and from when it holds. The latest one counts."""

    class Status(models.TextChoices):
        IN = "in", "In network"
        OUT = "out", "Out of network"
        UNKNOWN = "unknown", "Not clear"

    class Source(models.TextChoices):
        CALL = "call", "Call with the plan"
        DIRECTORY = "directory", "Plan's provider directory"
        PORTAL = "portal", "Plan's portal"
        CLINIC = "clinic", "The clinic"
        DOCUMENT = "document", "Plan document or letter"

    case = tenant_key("cases.Case", related_name="network_checks")
    provider = tenant_key("cases.Provider", related_name="+")
    coverage = tenant_key("cases.Coverage", related_name="+")
    network_name = SealedTextField("plan or network", blank=True)
    status = models.CharField(max_length=8, choices=Status.choices)
    source = models.CharField(max_length=10, choices=Source.choices)
    said_by = SealedTextField("who said so", blank=True)
    reference_number = SealedTextField(blank=True)
    reference_number_index = BlindIndexField(of="reference_number")
    checked_on = models.DateField()
    effective_on = models.DateField(null=True, blank=True)
    document = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("provider"),
            SameOrganization("coverage"),
            SameOrganization("document"),
        ]
        indexes = [
            models.Index(fields=["organization", "reference_number_index"], name="cases_networkcheck_ref")
        ]

    def __str__(self) -> str:
        return f"network check {self.pk}"


class Referral(TenantModel):
    """A referral from one clinician to the one who treats, for a time (days included). `from_name` where no look-up row fits."""

    case = tenant_key("cases.Case", related_name="referrals")
    from_provider = tenant_key("cases.Provider", null=True, blank=True, related_name="+")
    from_name = SealedTextField("who refers", blank=True)
    to_provider = tenant_key("cases.Provider", related_name="+")
    number = SealedTextField("number of the referral", blank=True)
    number_index = BlindIndexField(of="number")
    valid_from = models.DateField()
    valid_until = models.DateField()
    visits = models.PositiveSmallIntegerField("visits allowed", null=True, blank=True)
    document = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = SealedTextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("from_provider"),
            SameOrganization("to_provider"),
            SameOrganization("document"),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="cases_referral_valid_range"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "number_index"], name="cases_referral_number"),
            models.Index(
                fields=["organization", "valid_until"],
                name="cases_referral_ends",
                condition=Q(ended_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"referral {self.pk}"
