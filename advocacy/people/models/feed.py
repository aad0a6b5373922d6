"""What a member wants to be told by mail each day, and the secret address at which their calendar reads their dates."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class CalendarFeed(TenantModel):
    """A secret address of one member's dates, until `expires_at` or until it is revoked; one stands at a time.

    Only the SHA-256 of its token is kept. `last_read_at` is noted at most once a day.
    """

    member = tenant_key("people.Membership", related_name="+")
    token_hash = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_read_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("member"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="people_calendarfeed_ends"),
            models.UniqueConstraint(
                fields=["organization", "member"],
                condition=Q(revoked_at=None),
                name="people_calendarfeed_one_stands",
            ),
        ]
        indexes = [models.Index(fields=["organization", "token_hash"], name="people_calendarfeed_token")]

    def __str__(self) -> str:
        return f"calendar feed {self.pk}"


class DailyDigest(TenantModel):
    """Whether a member wants the daily mail, and from which hour on where the organization works. Without a row: yes, at seven.

    `told_on` is the last day that was dealt with, mail or none.
    """

    member = tenant_key("people.Membership", related_name="+")
    is_wanted = models.BooleanField(default=True)
    hour = models.PositiveSmallIntegerField(default=7)
    told_on = models.DateField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("member"),
            models.UniqueConstraint(fields=["organization", "member"], name="people_dailydigest_once"),
            models.CheckConstraint(condition=Q(hour__lte=23), name="people_dailydigest_hour"),
        ]

    def __str__(self) -> str:
        return f"daily digest {self.pk}"
