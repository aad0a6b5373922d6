"""What a person decided about one check of a denial notice: a defect, or none."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class NoticeCheck(TenantModel):
    """`rule` is the key of a check (`appeals/data/notice_rules.json`), `found` what the program had answered when it was
    decided. A later answer supersedes it. What a check finds is never stored: it is computed from the letter.
    """

    class Answer(models.TextChoices):
        DEFECT = "defect", "It is missing: a defect of the notice"
        NONE = "none", "No defect"

    class Found(models.TextChoices):
        FOUND = "found", "Found in the letter"
        NOT_FOUND = "not_found", "Not found in the letter; check"
        CANNOT_TELL = "cannot_tell", "Cannot tell from the letter"

    case = tenant_key("cases.Case", related_name="+")
    denial = tenant_key("appeals.Denial", related_name="notice_checks")
    rule = models.CharField(max_length=40)
    answer = models.CharField(max_length=8, choices=Answer.choices)
    found = models.CharField(max_length=12, choices=Found.choices)
    reason = SealedTextField(blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("denial"),
            models.UniqueConstraint(
                fields=["organization", "denial", "rule"],
                condition=Q(superseded_at=None),
                name="appeals_noticecheck_stands",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.answer}"
