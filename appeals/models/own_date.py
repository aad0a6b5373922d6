"""An organization's own, earlier date for a step of a kind of coverage: proposed by one person, confirmed by another."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.access.duties import two_people
from advocacy.tenancy.scope import TenantModel


class OwnDateRule(TenantModel):
    """`regime` and `level` are keys of the rules, `days` as `kind` counts them (`appeals.own_dates`). Only a confirmed one that
    was not ended is computed with. It is never changed: another one is proposed. `reason` is about work, never about a patient.
    """

    class Kind(models.TextChoices):
        BEFORE = "before", "So many calendar days before the law's last day"
        WINDOW = "window", "The window treated as so many calendar days"

    regime = models.CharField(max_length=50)
    level = models.CharField(max_length=60)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    days = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=200)
    in_force_from = models.DateField()
    in_force_to = models.DateField(null=True, blank=True)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(in_force_to=None) | Q(in_force_to__gte=F("in_force_from")),
                name="appeals_owndate_ends_after_start",
            ),
            models.CheckConstraint(condition=Q(days__gte=1), name="appeals_owndate_days"),
            two_people("confirmed_by", "proposed_by", name="appeals_owndate_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.regime} {self.level}: {self.kind} {self.days}"
