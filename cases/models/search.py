"""Search text of a case: plain, tenant-bound, outside the trail and backups, rebuilt when lost."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class CaseSearch(TenantModel):
    """`name` is the patient's, `numbers` are member ids and reference numbers with everything but letters and digits dropped."""

    case = tenant_key("cases.Case", related_name="+", on_delete=models.CASCADE)
    name = models.TextField()
    reference = models.TextField()
    numbers = ArrayField(models.TextField(), default=list)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            models.UniqueConstraint(fields=["organization", "case"], name="cases_search_one"),
        ]

    def __str__(self) -> str:
        return f"search text {self.pk}"
