"""Search text of a case and of an inquiry: plain, tenant-bound, outside the trail, left out of backups, rebuilt when lost."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class CaseSearch(TenantModel):
    """`reference` and `numbers` (member id, reference numbers) hold letters and digits only; names are the patient's row."""

    case = tenant_key("cases.Case", related_name="+", on_delete=models.CASCADE)
    reference = models.TextField()
    numbers = ArrayField(models.TextField(), default=list)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            models.UniqueConstraint(fields=["organization", "case"], name="cases_search_one"),
        ]

    def __str__(self) -> str:
        return f"search text {self.pk}"


class InquirySearch(TenantModel):
    """The name typed into an inquiry whose person is not registered; of a registered one the patient's row is searched."""

    inquiry = tenant_key("cases.Inquiry", related_name="+", on_delete=models.CASCADE)
    reference = models.TextField(help_text="Letters and digits only.")
    name = models.TextField(
        blank=True, help_text="Given, preferred and family name, lower case, accents dropped."
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("inquiry"),
            models.UniqueConstraint(fields=["organization", "inquiry"], name="cases_inquirysearch_one"),
        ]

    def __str__(self) -> str:
        return f"search text {self.pk}"
