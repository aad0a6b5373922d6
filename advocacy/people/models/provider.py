"""An organization's own way to sign in: whom it asks, and which of its people is whom there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedTextField


class SignInProvider(TenantModel):
    """An OpenID provider of one organization. One is in use at a time; one that is retired lets nobody in any more, and
    ends the sessions that began with it.
    """

    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=300)
    client_secret = SealedTextField()
    domains = ArrayField(models.CharField(max_length=253))
    trusts_second_factor = models.BooleanField(default=False)
    strong_acr = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    is_only_way = models.BooleanField(default=False)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "retired_at"],
                condition=Q(retired_at=None),
                nulls_distinct=False,
                name="people_provider_one_in_use",
            ),
        ]

    def __str__(self) -> str:
        return f"sign-in provider {self.pk}"


class ExternalIdentity(TenantModel):
    """A colleague as their organization's provider knows them, from the first sign-in on. The subject is what counts: an
    address there may be given to somebody else one day.
    """

    provider = tenant_key("people.SignInProvider", related_name="identities")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    subject = SealedTextField()
    subject_index = BlindIndexField(of="exact_subject")
    bound_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("provider"),
            models.UniqueConstraint(
                fields=["organization", "provider", "subject_index"], name="people_identity_one_subject"
            ),
            models.UniqueConstraint(
                fields=["organization", "provider", "user"], name="people_identity_one_user"
            ),
        ]

    def __str__(self) -> str:
        return f"identity {self.pk}"

    @property
    def exact_subject(self) -> str:
        """As it is indexed: two subjects that differ in a sign or in capitals are two."""
        return exactly(self.subject)


def exactly(subject: Any) -> str:
    return str(subject).encode().hex()
