"""How a payer is reached for a purpose, and the organization's own kinds of work. Look-ups: retired, never deleted."""

from __future__ import annotations

from django.db import models

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class PayerChannel(TenantModel):
    """One way to a payer, as somebody found and checked it. The address on the letter in hand always governs."""

    class Purpose(models.TextChoices):
        APPEAL = "appeal", "Appeals"
        REQUEST = "request", "Authorization requests"
        PEER_TO_PEER = "peer_to_peer", "Peer-to-peer calls"
        RECORDS = "records", "Claim files and plan documents"

    class Way(models.TextChoices):
        FAX = "fax", "Fax"
        POST = "post", "Post"
        PORTAL = "portal", "The payer's portal"
        PHONE = "phone", "Phone"
        EMAIL = "email", "E-mail"

    payer = tenant_key("cases.Payer", related_name="channels")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    way = models.CharField(max_length=8, choices=Way.choices)
    address = models.TextField(help_text="Number, address or link, as the payer gives it.")
    line_of_business = models.CharField(
        max_length=60, blank=True, help_text="For which plans only, such as Medicare Advantage; empty: all."
    )
    source = models.CharField(max_length=200, blank=True, help_text="Where this was found.")
    checked_on = models.DateField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [SameOrganization("payer")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.get_way_display()}"


class OwnTaskTemplate(TenantModel):
    """The organization's own kind of work, or its own version of a packaged one (the same `key`).

    Retired with a packaged key: the packaged one is not offered here. Tasks opened before keep what they have.
    """

    key = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    detail = models.TextField(blank=True)
    due_days = models.PositiveSmallIntegerField()
    checklist = models.JSONField(default=list, help_text="Lines with a stable key and a label.")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="cases_owntasktemplate_key")
        ]

    def __str__(self) -> str:
        return self.title
