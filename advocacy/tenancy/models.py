"""The tenant itself. A global table: it holds how an organization presents itself, and no patient data."""

from __future__ import annotations

from django.db import models
from uuid_utils.compat import uuid7


class Organization(models.Model):
    public_id = models.UUIDField(default=uuid7, editable=False, unique=True)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    reference_prefix = models.CharField(
        max_length=6, help_text="In front of case references, as in HB-2026-0001."
    )
    time_zone = models.CharField(max_length=40, default="America/New_York")
    address = models.TextField(blank=True, help_text="Letterhead, one line per row.")
    phone = models.CharField(max_length=40, blank=True)
    fax = models.CharField(max_length=40, blank=True)
    reply_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
