"""What was asked of the payer, item by item, and what the payer granted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedTextField
from appeals.workflow import REQUEST, RequestStatus


class Channel(models.TextChoices):
    FAX = "fax", "Fax"
    MAIL = "mail", "Post"
    PORTAL = "portal", "Payer portal"
    PHONE = "phone", "Phone"
    EMAIL = "email", "E-mail"


class AuthorizationRequest(TenantModel):
    """The prior-authorization request (or the claim, after service). Moments are aware.

    The payer's clock runs from `received_at`. `exception` is asked of drug plans ("" while nobody knows whether one is).
    `follows` is the request it corrects or continues, `renews` the authorization it asks to go on with.
    """

    class Timing(models.TextChoices):
        PRE_SERVICE = "pre_service", "Before the service"
        CONCURRENT = "concurrent", "While treatment is running"
        POST_SERVICE = "post_service", "After the service"

    class Benefit(models.TextChoices):
        MEDICAL = "medical", "Medical item or service"
        PART_B_DRUG = "part_b_drug", "Medicare Part B drug"
        PHARMACY = "pharmacy", "Pharmacy benefit"

    class ExceptionAsked(models.TextChoices):
        """What a Part D plan is asked to make an exception from: 42 CFR 423.578(a), (b)."""

        NONE = "none", "None: an ordinary coverage decision"
        FORMULARY = "formulary", "From the formulary: a drug that is not on its list"
        TIERING = "tiering", "From a tier: a lower cost share"
        UTILIZATION = "utilization", "From a limit on use: prior authorization, step therapy, quantity"

    class Sender(models.TextChoices):
        US = "us", "We, for the patient"
        PROVIDER = "provider", "The provider, as its own request"

    case = tenant_key("cases.Case", related_name="requests")
    coverage = tenant_key("cases.Coverage", related_name="+")
    follows = tenant_key("appeals.AuthorizationRequest", null=True, blank=True, related_name="followed_by")
    renews = tenant_key("appeals.GrantedAuthorization", null=True, blank=True, related_name="renewals")
    timing = models.CharField(max_length=12, choices=Timing.choices, default=Timing.PRE_SERVICE)
    benefit = models.CharField(max_length=12, choices=Benefit.choices, default=Benefit.MEDICAL)
    place_of_service = models.CharField(max_length=2, blank=True)
    exception = models.CharField(max_length=12, choices=ExceptionAsked.choices, blank=True)
    is_urgent = models.BooleanField(default=False)
    urgency_certified_by = SealedTextField(blank=True)
    unready_reason = SealedTextField("why it went out with open answers", blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    sent_to = SealedTextField(blank=True, help_text="The number, address or portal it goes to.")
    sent_by = models.CharField(max_length=8, choices=Sender.choices, default=Sender.US)
    reference_number = SealedTextField(blank=True)
    reference_number_index = BlindIndexField(of="reference_number")
    submitted_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    receipt_evidence = SealedTextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    end_reason = SealedTextField(blank=True)
    status = models.CharField(max_length=12, choices=RequestStatus.choices, default=RequestStatus.DRAFTING)
    workflow_version = models.PositiveSmallIntegerField(default=REQUEST.current)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("coverage"),
            SameOrganization("follows"),
            SameOrganization("renews"),
            models.CheckConstraint(
                condition=~Q(status="received") | Q(received_at__isnull=False),
                name="appeals_request_received_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | Q(received_at=None) | Q(received_at__gte=F("submitted_at")),
                name="appeals_request_received_after_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "reference_number_index"], name="appeals_request_ref"),
            models.Index(
                fields=["organization", "-decided_at"],
                name="appeals_request_decided",
                condition=Q(decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"


class RequestItem(TenantModel):
    """One line of the request: what, how much, when."""

    case = tenant_key("cases.Case", related_name="+")
    request = tenant_key("appeals.AuthorizationRequest", related_name="items")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=8)
    units = models.DecimalField(max_digits=9, decimal_places=2)
    sessions = models.PositiveSmallIntegerField(null=True, blank=True)
    frequency = SealedTextField(blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("request"),
            models.CheckConstraint(condition=Q(units__gt=0), name="appeals_item_units_positive"),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="appeals_item_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["organization", "request", "position"], name="appeals_item_position"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class GrantedAuthorization(TenantModel):
    """What the payer allows: how many sessions or units, from when until when (days, inclusive)."""

    case = tenant_key("cases.Case", related_name="authorizations")
    request = tenant_key("appeals.AuthorizationRequest", related_name="grants")
    number = SealedTextField()
    number_index = BlindIndexField(of="number")
    sessions = models.PositiveSmallIntegerField(null=True, blank=True)
    units = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField()
    granted_at = models.DateTimeField()
    document = tenant_key("cases.Document", null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("request"),
            SameOrganization("document"),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="appeals_granted_valid_range"
            ),
            models.CheckConstraint(
                condition=Q(sessions__isnull=False) | Q(units__isnull=False),
                name="appeals_granted_has_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"authorization {self.pk}"
