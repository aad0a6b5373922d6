"""The clinic's door: what a provider is asked for on one case, the expiring link that lets it answer, and the answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class ClinicAsk(TenantModel):
    """One thing asked of one provider on one case. `statement` is the exact text to be signed, and never changes."""

    class Kind(models.TextChoices):
        RECORDS = "records", "Send records"
        SIGNATURE = "signature", "Sign a statement"
        CALL_TIMES = "call_times", "Offer times for a peer-to-peer call"

    case = tenant_key("cases.Case", related_name="clinic_asks")
    provider = tenant_key("cases.Provider", related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    words = SealedTextField("what is asked for", help_text="The clinic reads this.")
    statement = SealedTextField("the statement to sign", blank=True)
    due_on = models.DateField(null=True, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    raised_at = models.DateTimeField(
        null=True, blank=True, help_text="When a task told the owner that the reminder changed nothing."
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("provider"),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(withdrawn_at=None), name="cases_ask_answered_or_withdrawn"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "case", "provider"],
                name="cases_clinicask_silent",
                condition=Q(answered_at=None, withdrawn_at=None, raised_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ClinicLink(TenantModel):
    """A secret address that opens one provider's asks of one case, until `expires_at` or until it is revoked.

    Only the SHA-256 of its token is kept. It opens nothing while the case is closed or the patient's release does not stand.
    `remind_days` says how long a silence lasts before the program writes once more; that mail's link names this one.
    """

    case = tenant_key("cases.Case", related_name="clinic_links")
    provider = tenant_key("cases.Provider", related_name="+")
    email = SealedTextField("sent to")
    token_hash = models.BinaryField()
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    expires_at = models.DateTimeField()
    remind_days = models.PositiveSmallIntegerField(default=5)
    reminder_of = tenant_key("cases.ClinicLink", null=True, blank=True, related_name="reminders")
    opened_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("provider"),
            SameOrganization("reminder_of"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("sent_at")), name="cases_cliniclink_ends"),
        ]
        indexes = [models.Index(fields=["organization", "token_hash"], name="cases_cliniclink_token")]

    def __str__(self) -> str:
        return f"clinic link {self.pk}"


class Attestation(TenantModel):
    """A signature on exactly what was shown: who, when, by which method, and the SHA-256 of the text."""

    case = tenant_key("cases.Case", related_name="attestations")
    ask = tenant_key("cases.ClinicAsk", related_name="attestations")
    link = tenant_key("cases.ClinicLink", related_name="+")
    statement = SealedTextField()
    sha256 = models.CharField(max_length=64)
    signer = SealedTextField()
    signer_role = SealedTextField("as")
    method = models.CharField(
        max_length=12, choices=[("typed_name", "Name typed under the text, box ticked")], default="typed_name"
    )
    signed_at = models.DateTimeField()
    document = tenant_key("cases.Document", null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("ask"),
            SameOrganization("link"),
            SameOrganization("document"),
            models.UniqueConstraint(fields=["organization", "ask"], name="cases_attestation_once"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="cases_attestation_sha256"
            ),
        ]

    def __str__(self) -> str:
        return f"attestation {self.sha256[:12]}"


class CallTime(TenantModel):
    """A time at which the clinician can be reached for a peer-to-peer call."""

    case = tenant_key("cases.Case", related_name="call_times")
    ask = tenant_key("cases.ClinicAsk", related_name="call_times")
    link = tenant_key("cases.ClinicLink", related_name="+")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    phone = SealedTextField()
    offered_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("ask"),
            SameOrganization("link"),
            models.CheckConstraint(
                condition=Q(minutes__gte=5) & Q(minutes__lte=240), name="cases_calltime_minutes"
            ),
        ]

    def __str__(self) -> str:
        return f"call time {self.pk}"
