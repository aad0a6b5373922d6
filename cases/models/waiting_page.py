"""Pages that arrived from a phone and wait to be sent as one document: a lost connection loses none of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class WaitingPage(TenantModel):
    """One picture, or one PDF with its pages, of the person who sends it. Its bytes are in the vault; only they see it.

    `key` names the page for its sender, so that one that is sent again is the same page. When the row goes, the nightly
    upkeep removes the file.
    """

    class Warning(models.TextChoices):
        SMALL = "small", "Too small to read"
        DARK = "dark", "Too dark"
        BLURRED = "blurred", "Blurred"

    case = tenant_key("cases.Case", related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    position = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=80)
    location = models.CharField(max_length=200)
    size = models.BigIntegerField()
    page_count = models.PositiveIntegerField()
    warning = models.CharField(max_length=8, choices=Warning.choices, blank=True)
    added_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            models.UniqueConstraint(
                fields=["organization", "case", "user", "key"], name="cases_waitingpage_once"
            ),
        ]
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"page {self.position}"
