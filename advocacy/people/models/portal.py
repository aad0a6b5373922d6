"""Who of the patient's side may sign in to the portal: the patient, and people the patient named to help."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from advocacy.access.duties import two_people
from advocacy.access.roles import PortalScope
from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class PortalAccess(TenantModel):
    """One person, one patient: live from `starts_at` until `ended_at` or `expires_at` (aware; exclusive).

    A representative's access also ends with the consent it rests on: expiry and withdrawal are evaluated at each request
    (`search.portal_accesses_of`), never pushed. The account it belongs to is found by the address and holds no name.
    A backup holds that address as it lies here, sealed, and not in the account (deploy/archive.py).
    """

    class Kind(models.TextChoices):
        PATIENT = "patient", "Patient"
        REPRESENTATIVE = "representative", "Representative"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    patient = tenant_key("people.Patient", related_name="portal_accesses")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    scope = ArrayField(
        models.CharField(max_length=12, choices=PortalScope.choices()),
        help_text="Which parts of the patient's portal this person sees.",
    )
    sign_in_address = SealedTextField(help_text="The account's address once more: no backup has it in plain.")
    name = SealedTextField(blank=True, help_text="How the representative is called. The patient needs none.")
    relation = SealedTextField(blank=True, help_text="What the representative is to the patient.")
    proof_note = SealedTextField(blank=True, help_text="What shows that they may act, and where it is kept.")
    proof = models.UUIDField(
        null=True, blank=True, help_text="Public id of the document that shows that they may act."
    )
    consent = tenant_key("people.Consent", null=True, blank=True, related_name="+")
    language = models.CharField(max_length=2, choices=[("en", "English"), ("es", "Spanish")], default="en")
    starts_at = models.DateTimeField()
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    invitation_sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    first_used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("patient"),
            SameOrganization("consent"),
            models.UniqueConstraint(
                fields=["organization", "user", "patient"],
                condition=Q(ended_at=None),
                name="people_portal_one_live",
            ),
            models.CheckConstraint(
                condition=Q(kind="patient") | Q(expires_at__isnull=False),
                name="people_portal_representative_expires",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("starts_at")),
                name="people_portal_ends_after_start",
            ),
            two_people("invited_by", "user", name="people_portal_two_people"),
        ]

    def __str__(self) -> str:
        return f"portal access {self.pk}"
