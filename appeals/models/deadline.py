"""The projection of clocks for lists and reminders. The pure function in `appeals.clock` is the source.

A nightly job compares.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class Deadline(TenantModel):
    """One clock as computed last. Superseded rows stay: no deadline is ever deleted or edited.

    `due_on` is the headline day (patient's side: the earlier of safe and stated; payer's side: the latest defensible day);
    `due_at` the moment where the rule counts hours. `arithmetic` says step by step how the date was found.
    """

    class Side(models.TextChoices):
        CLAIMANT = "claimant", "Patient's side"
        PAYER = "payer", "Payer"
        REVIEWER = "reviewer", "Reviewer"

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        MET = "met", "Met"
        MISSED = "missed", "Missed"
        ENDED = "ended", "Ended with the stage"
        SUPERSEDED = "superseded", "Superseded"

    case = tenant_key("cases.Case", related_name="deadlines")
    request = tenant_key("appeals.AuthorizationRequest", null=True, blank=True, related_name="deadlines")
    denial = tenant_key("appeals.Denial", null=True, blank=True, related_name="deadlines")
    appeal = tenant_key("appeals.Appeal", null=True, blank=True, related_name="deadlines")
    peer_to_peer = tenant_key("appeals.PeerToPeer", null=True, blank=True, related_name="deadlines")
    document_request = tenant_key("appeals.DocumentRequest", null=True, blank=True, related_name="deadlines")
    clock = models.CharField(
        max_length=60, help_text="Which clock of its subject: filing, decision, continuation ..."
    )
    title = models.CharField(max_length=160)
    side = models.CharField(max_length=10, choices=Side.choices)
    due_on = models.DateField()
    due_at = models.DateTimeField(null=True, blank=True)
    statutory_on = models.DateField(null=True, blank=True)
    safe_on = models.DateField(null=True, blank=True)
    stated_on = models.DateField(null=True, blank=True)
    permissive_on = models.DateField(null=True, blank=True)
    own_on = models.DateField(
        null=True, blank=True, help_text="The organization's own, earlier day, when it is in front."
    )
    law_on = models.DateField(
        null=True, blank=True, help_text="What is in front without the organization's own day."
    )
    own_reason = models.CharField(max_length=200, blank=True)
    regime = models.CharField(max_length=50)
    rule = models.CharField(max_length=120)
    rule_version = models.CharField(max_length=20)
    citation = models.TextField()
    confidence = models.CharField(max_length=20)
    arithmetic = ArrayField(models.TextField(), default=list)
    flags = ArrayField(models.CharField(max_length=60), default=list)
    if_missed = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    computed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_known_at = models.DateTimeField(
        null=True, blank=True, help_text="When the ending was recorded, whenever it took place."
    )
    reminded = ArrayField(
        models.SmallIntegerField(), default=list, help_text="Days before due already reminded."
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("request"),
            SameOrganization("denial"),
            SameOrganization("appeal"),
            SameOrganization("peer_to_peer"),
            SameOrganization("document_request"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_known_at=None)
                | Q(ended_at__isnull=False, ended_known_at__isnull=False),
                name="appeals_deadline_ended_known",
            ),
        ]
        indexes = [
            models.Index(
                F("organization"),
                F("side"),
                F("due_on"),
                F("id"),
                name="appeals_deadline_due",
                condition=Q(status="running"),
                include=["case", "peer_to_peer", "due_at"],
            ),
            models.Index(fields=["organization", "case", "status"], name="appeals_deadline_case"),
        ]

    def __str__(self) -> str:
        return f"{self.clock} {self.due_on}"

    @property
    def is_courtesy(self) -> bool:
        """The window of a peer-to-peer is the plan's offer: no law sets it, and nothing is lost by law when it closes."""
        return self.peer_to_peer_id is not None
