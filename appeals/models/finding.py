"""Something that a nightly check found wrong with an open case, until it is put right."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class Finding(TenantModel):
    """`kind` is one of the checks (`appeals.queries.integrity`), `step` which step is stuck. Of the matter it says nothing.

    It stands until the check finds it no more; `resolved_by` is who put it right, and nobody where it went away by itself.
    """

    class Kind(models.TextChoices):
        NO_NEXT = "no_next", "Nobody has anything to do next, and nothing wakes"
        DATES = "dates", "Stored dates were not what their clocks compute"
        CASE_LEAVER = "case_leaver", "The owner of the case has left"
        TASK_LEAVER = "task_leaver", "A task is with somebody who has left"
        STUCK = "stuck", "A step is stuck"
        HOLD_OVER = "hold_over", "A hold is over, and its task still sleeps"

    case = tenant_key("cases.Case", related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    step = models.CharField(max_length=20, blank=True)
    task = tenant_key("cases.Task", null=True, blank=True, related_name="+")
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("task"),
            models.UniqueConstraint(
                fields=["organization", "case", "kind", "step", "task"],
                condition=Q(resolved_at=None),
                nulls_distinct=False,
                name="appeals_finding_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by=None) | Q(resolved_at__isnull=False),
                name="appeals_finding_resolved_by_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
