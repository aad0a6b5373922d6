"""One mail about one date to one colleague: claimed before it goes out, marked when the mail server has taken it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class Reminder(TenantModel):
    """`rung` is the code of the reminder (see `appeals.reminders`), `lead` the sentence it begins with.

    The mail's Message-ID is made from the row's public id: sent again after a crash, it is the same mail.
    """

    case = tenant_key("cases.Case", related_name="+")
    deadline = tenant_key("appeals.Deadline", related_name="reminders")
    member = tenant_key("people.Membership", related_name="+")
    rung = models.SmallIntegerField()
    lead = models.CharField(max_length=200)
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(
        null=True, blank=True, help_text="Not sent: the date, the case or the membership had ended by then."
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("deadline"),
            SameOrganization("member"),
            models.UniqueConstraint(
                fields=["organization", "deadline", "rung", "member"], name="appeals_reminder_once"
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(dropped_at=None), name="appeals_reminder_sent_or_dropped"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "claimed_at"],
                name="appeals_reminder_unsent",
                condition=Q(sent_at=None, dropped_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"reminder {self.pk}"
