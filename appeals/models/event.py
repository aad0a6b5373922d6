"""Things that move a clock after it began: extensions, requests for information, answers to them, pauses."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class ClockEvent(TenantModel):
    """When it occurred, was sent and was received are kept apart; when it was typed in moves no deadline."""

    class Kind(models.TextChoices):
        EXTENSION = "extension", "The decision maker gave notice of an extension"
        INFORMATION_REQUESTED = "information_requested", "Missing information was asked for"
        INFORMATION_SENT = "information_sent", "The missing information was received"
        FILE_ASSIGNED = "file_assigned", "The external reviewer was assigned"
        HEARING_HELD = "hearing_held", "The hearing was held"
        INCOMPLETE_NOTICE = "incomplete_notice", "Notice came that the request for review is incomplete"
        SUPPORTING_STATEMENT = "supporting_statement", "The prescriber's supporting statement was received"
        CASE_FILE_RECEIVED = "case_file_received", "The hearing agency received the case file"

    case = tenant_key("cases.Case", related_name="clock_events")
    request = tenant_key("appeals.AuthorizationRequest", null=True, blank=True, related_name="clock_events")
    appeal = tenant_key("appeals.Appeal", null=True, blank=True, related_name="clock_events")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    occurred_at = models.DateTimeField()
    sent_on = models.DateField(null=True, blank=True)
    received_on = models.DateField(null=True, blank=True)
    respond_by = models.DateTimeField(null=True, blank=True)
    days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days of an announced extension."
    )
    note = SealedTextField(blank=True)
    document = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("request"),
            SameOrganization("appeal"),
            SameOrganization("document"),
            models.CheckConstraint(
                condition=Q(request__isnull=False, appeal=None) | Q(request=None, appeal__isnull=False),
                name="appeals_clockevent_one_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
