"""Emergency access: somebody opens a patient's record that is not open to them, says why, and somebody else looks at it after."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.access.duties import two_people
from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField

LONGEST = timedelta(hours=4)


class BreakGlass(TenantModel):
    """One person reads one patient's record and cases from `opened_at` until `expires_at` or `ended_at` (aware; exclusive).

    It rests on no consent and on no role beyond that to break the glass at all: that is why it is short, told at once to
    supervisors and privacy officers, and reviewed by somebody else.
    """

    class Finding(models.TextChoices):
        JUSTIFIED = "justified", "It was needed"
        NOT_JUSTIFIED = "not_justified", "It was not needed"

    patient = tenant_key("people.Patient", related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = SealedTextField(help_text="What the emergency is.")
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When supervisors and privacy officers were told."
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    finding = models.CharField(max_length=14, choices=Finding.choices, blank=True)
    review = SealedTextField("what the review found", blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("patient"),
            two_people("reviewed_by", "user", name="people_breakglass_two_people"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("opened_at")) & Q(expires_at__lte=F("opened_at") + LONGEST),
                name="people_breakglass_is_short",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, reviewed_by=None, finding="")
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(finding=""),
                name="people_breakglass_review_whole",
            ),
        ]
        indexes = [models.Index(fields=["organization", "user", "expires_at"], name="people_breakglass_user")]

    def __str__(self) -> str:
        return f"emergency access {self.pk}"
