"""A step that is refused, done all the same: asked for by one person with a reason, answered by another."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.access.duties import two_people
from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class StepOverride(TenantModel):
    """`step` is a key of `appeals.overriding.OVERRIDABLE`. What was allowed is good for one taking of the step (`used_at`)."""

    class Answer(models.TextChoices):
        ALLOWED = "allowed", "Allowed, once"
        REFUSED = "refused", "Not allowed"

    case = tenant_key("cases.Case", related_name="+")
    request = tenant_key("appeals.AuthorizationRequest", null=True, blank=True, related_name="overrides")
    appeal = tenant_key("appeals.Appeal", null=True, blank=True, related_name="overrides")
    step = models.CharField(max_length=30)
    reason = SealedTextField("why it is done all the same")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answer = models.CharField(max_length=7, choices=Answer.choices, blank=True)
    note = SealedTextField("what the second person says", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("request"),
            SameOrganization("appeal"),
            models.CheckConstraint(
                condition=Q(request__isnull=False, appeal=None) | Q(request=None, appeal__isnull=False),
                name="appeals_override_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(answer="", decided_at=None) | ~Q(answer="") & Q(decided_at__isnull=False),
                name="appeals_override_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(answer="allowed"), name="appeals_override_used_when_allowed"
            ),
            two_people("decided_by", "asked_by", name="appeals_override_two_people"),
            models.UniqueConstraint(
                fields=["organization", "appeal", "step"],
                condition=Q(used_at=None) & ~Q(answer="refused"),
                name="appeals_override_one_of_level",
            ),
            models.UniqueConstraint(
                fields=["organization", "request", "step"],
                condition=Q(used_at=None) & ~Q(answer="refused"),
                name="appeals_override_one_of_request",
            ),
        ]

    def __str__(self) -> str:
        return f"override {self.pk}: {self.step}"

    @property
    def state(self) -> str:
        """How far it is, in words."""
        if self.used_at is not None:
            return "Allowed, and done"
        return self.get_answer_display() if self.answer else "Waits for a second person"
