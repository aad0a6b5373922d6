"""Who works a case beside its owner, each for a time. The owner is the primary and stands on the case alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class CaseTeamMember(TenantModel):
    """A colleague (`member`) or, as interpreter, an outside person (`name`, `phone`). Days where the patient lives, inclusive."""

    class Role(models.TextChoices):
        BACKUP = "backup", "Backup"
        SUPERVISOR = "supervisor", "Supervisor"
        CLINICIAN = "clinician", "Clinician"
        INTERPRETER = "interpreter", "Interpreter"

    case = tenant_key("cases.Case", related_name="team_members")
    role = models.CharField(max_length=12, choices=Role.choices)
    member = tenant_key("people.Membership", null=True, blank=True, related_name="on_case_teams")
    name = SealedTextField(blank=True)
    phone = SealedTextField(blank=True)
    language = SealedTextField(blank=True, help_text="Which language an interpreter speaks.")
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    named_at = models.DateTimeField()
    named_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("member"),
            models.CheckConstraint(
                condition=Q(member__isnull=False) | Q(role="interpreter"),
                name="cases_team_colleague_or_interpreter",
            ),
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("from_on")), name="cases_team_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"
