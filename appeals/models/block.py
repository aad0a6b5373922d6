"""The organization's own paragraphs of a letter. A look-up: retired, never deleted; letters begun before keep theirs."""

from __future__ import annotations

from django.db import models

from advocacy.tenancy.scope import TenantModel


class OwnLetterBlock(TenantModel):
    """A paragraph that each new draft brings, or the organization's own version of a packaged one (the same `key`)."""

    class Place(models.TextChoices):
        OPENING = "opening", "After the first sentence"
        CLOSING = "closing", "Under what we ask"

    key = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    place = models.CharField(max_length=8, choices=Place.choices, default=Place.CLOSING)
    text = models.TextField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="appeals_ownletterblock_key")
        ]

    def __str__(self) -> str:
        return self.title
