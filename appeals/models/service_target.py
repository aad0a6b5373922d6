"""An organization's own service target. It is no legal date, and none is computed from it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.scope import TenantModel
from appeals.service_targets import BEFORE_LAW, FILED_EARLY, KINDS, MOST_SPAN, UNITS


class ServiceTarget(TenantModel):
    """It holds for what starts from `in_force_from` on, until another one of its kind, or before `ended_on`. It is never changed:
    what started under it keeps it. Whether one was met is computed (`appeals.service_targets`) and stored nowhere.
    """

    kind = models.CharField(max_length=14, choices=[(key, kind.title) for key, kind in KINDS.items()])
    span = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=10, choices=list(UNITS.items()))
    in_force_from = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=FILED_EARLY, unit=BEFORE_LAW, span__gte=1)
                | ~Q(kind=FILED_EARLY) & ~Q(unit=BEFORE_LAW),
                name="appeals_servicetarget_unit_fits",
            ),
            models.CheckConstraint(condition=Q(span__lte=MOST_SPAN), name="appeals_servicetarget_span"),
            models.CheckConstraint(
                condition=Q(ended_on=None, ended_at=None) | Q(ended_on__isnull=False, ended_at__isnull=False),
                name="appeals_servicetarget_ended_pair",
            ),
            models.UniqueConstraint(
                fields=["organization", "kind", "in_force_from"],
                condition=Q(ended_on=None),
                name="appeals_servicetarget_one_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.span} {self.unit}"
