"""A refusal as the letter tells it, and the facts proposed from the letter. Nothing starts a clock unconfirmed."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedTextField

STANDS: Final = Q(set_aside_at=None)
"""Denials that count: those taken in by mistake stay in their table and nowhere else."""


class Denial(TenantModel):
    """Printed, sent and received dates are three facts with their own evidence; the rule says which one it counts from.

    `received_on` is a day in the patient's zone. `stated_deadline_on` is what the letter says, never what we compute.
    A row with `silent_from` stands for a letter that never came.
    """

    class Evidence(models.TextChoices):
        NONE = "none", "No evidence"
        POSTMARK = "postmark", "Postmark or envelope"
        PORTAL = "portal", "Portal time stamp"
        FAX = "fax", "Fax header"
        CERTIFIED = "certified", "Certified mail"
        PATIENT = "patient", "What the patient says"

    class SetAside(models.TextChoices):
        ANOTHER_PERSON = "another_person", "The letter is another person's"
        ANOTHER_CASE = "another_case", "The letter belongs to another case of this patient"
        NO_DENIAL = "no_denial", "The letter refuses nothing"
        TWICE = "twice", "It was recorded twice"
        OTHER = "other", "Another reason"

    case = tenant_key("cases.Case", related_name="denials")
    request = tenant_key("appeals.AuthorizationRequest", related_name="denials")
    letter = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    reference_number = SealedTextField(blank=True)
    reference_number_index = BlindIndexField(of="reference_number")
    notice_on = models.DateField("date on the notice", null=True, blank=True)
    sent_on = models.DateField(null=True, blank=True)
    sent_evidence = models.CharField(max_length=10, choices=Evidence.choices, default=Evidence.NONE)
    received_on = models.DateField(null=True, blank=True)
    received_evidence = models.CharField(max_length=10, choices=Evidence.choices, default=Evidence.NONE)
    effective_on = models.DateField(
        null=True, blank=True, help_text="When a reduction or ending takes effect."
    )
    silent_from = models.DateField(
        null=True,
        blank=True,
        help_text="No letter came: the plan's silence counts, by the rule, from this day on.",
    )
    stated_deadline_on = models.DateField(null=True, blank=True)
    continuation_stated_on = models.DateField(
        null=True, blank=True, help_text="The day the letter names to ask by, so that care goes on meanwhile."
    )
    stated_deadline_words = SealedTextField(blank=True)
    criteria = SealedTextField(blank=True)
    reviewer = SealedTextField(blank=True)
    send_to_address = SealedTextField(blank=True)
    send_to_fax = SealedTextField(blank=True)
    send_to_portal = SealedTextField(blank=True)
    appeal_phone = SealedTextField(blank=True)
    expedited_offered = models.BooleanField(null=True, blank=True)
    expedited_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    peer_to_peer_until = models.DateField(null=True, blank=True)
    peer_to_peer_phone = SealedTextField(blank=True)
    refuses = models.ManyToManyField(
        "appeals.RequestItem", through="appeals.DenialItem", related_name="denials"
    )
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    set_aside_at = models.DateTimeField(
        null=True, blank=True, help_text="Taken in by mistake: it stays and counts for nothing."
    )
    set_aside_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    set_aside_why = models.CharField(max_length=16, choices=SetAside.choices, blank=True)
    set_aside_note = SealedTextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("request"),
            SameOrganization("letter"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="appeals_denial_confirmed_pair",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None)
                | Q(notice_on__isnull=False)
                | Q(received_on__isnull=False)
                | Q(silent_from__isnull=False),
                name="appeals_denial_confirmed_has_date",
            ),
            models.CheckConstraint(
                condition=Q(silent_from=None)
                | Q(letter=None, notice_on=None, sent_on=None, received_on=None),
                name="appeals_denial_silence_has_no_notice",
            ),
            models.UniqueConstraint(
                fields=["organization", "request"],
                condition=Q(silent_from__isnull=False),
                name="appeals_denial_silence_once",
            ),
            models.CheckConstraint(
                condition=Q(set_aside_at=None, set_aside_by=None, set_aside_why="")
                | Q(set_aside_at__isnull=False, set_aside_by__isnull=False, confirmed_at=None)
                & ~Q(set_aside_why=""),
                name="appeals_denial_set_aside_whole",
            ),
        ]
        indexes = [models.Index(fields=["organization", "reference_number_index"], name="appeals_denial_ref")]

    @property
    def told_on(self) -> date | None:
        """The earliest day the notice proves: that on it, or of its sending where it is dated ahead; else that of its receipt."""
        days = [day for day in (self.notice_on, self.sent_on) if day is not None]
        return min(days) if days else self.received_on

    def __str__(self) -> str:
        return f"denial {self.pk}"


class DenialItem(TenantModel):
    """Which item of the request a denial refuses."""

    case = tenant_key("cases.Case", related_name="+")
    denial = tenant_key("appeals.Denial", related_name="denial_items")
    item = tenant_key("appeals.RequestItem", related_name="denial_items")

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("denial"),
            SameOrganization("item"),
            models.UniqueConstraint(
                fields=["organization", "denial", "item"], name="appeals_denialitem_once"
            ),
        ]

    def __str__(self) -> str:
        return f"denied item {self.pk}"


class DenialReason(TenantModel):
    """One reason, by its key in the taxonomy; `words` are the letter's own."""

    case = tenant_key("cases.Case", related_name="+")
    denial = tenant_key("appeals.Denial", related_name="reasons")
    reason = models.CharField(max_length=40)
    is_primary = models.BooleanField(default=False)
    words = SealedTextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("denial"),
            models.UniqueConstraint(fields=["organization", "denial", "reason"], name="appeals_reason_once"),
            models.UniqueConstraint(
                fields=["organization", "denial"],
                condition=Q(is_primary=True),
                name="appeals_reason_one_primary",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class Proposal(TenantModel):
    """One fact read from a letter, with the words that prove it and where they stand. A person decides about each."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        CORRECTED = "corrected", "Corrected"
        REJECTED = "rejected", "Rejected"

    case = tenant_key("cases.Case", related_name="+")
    document_version = tenant_key("cases.DocumentVersion", related_name="proposals")
    fact = models.CharField(max_length=40)
    value = SealedTextField()
    words = SealedTextField()
    page = models.PositiveSmallIntegerField()
    span = ArrayField(
        models.PositiveIntegerField(), size=2, help_text="Start and end offset in the page's text."
    )
    confidence = models.CharField(max_length=8)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [SameOrganization("case"), SameOrganization("document_version")]

    def __str__(self) -> str:
        return f"{self.fact} proposal {self.pk}"
