"""How urgent a case is and whether somebody's safety is in question, each time it was asked; and cases that belong together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField
from cases.models.case import Case


class Triage(TenantModel):
    """One triage. Codes only: what was said about a person's safety is never typed as free text. The latest one stands."""

    case = tenant_key("cases.Case", related_name="triages")
    urgency = models.CharField(max_length=10, choices=Case.Urgency.choices)
    safety_concern = models.CharField(max_length=8, choices=Case.SafetyConcern.choices)
    triaged_at = models.DateTimeField()
    triaged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [SameOrganization("case")]
        indexes = [models.Index(fields=["organization", "case", "triaged_at"], name="cases_triage_when")]

    def __str__(self) -> str:
        return f"triage {self.pk}"


class CaseLink(TenantModel):
    """Two cases that belong together. Links are made and taken back; nothing is ever merged."""

    class Kind(models.TextChoices):
        RELATED = "related", "Related"
        DUPLICATE = "duplicate", "Duplicate"

    case = tenant_key("cases.Case", related_name="links")
    other = tenant_key("cases.Case", related_name="linked_from")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    why = SealedTextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("other"),
            models.CheckConstraint(condition=~Q(case=F("other")), name="cases_caselink_two_cases"),
            models.UniqueConstraint(
                fields=["organization", "case", "other"],
                condition=Q(ended_at=None),
                name="cases_caselink_once",
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"
