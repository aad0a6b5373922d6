"""The trail, as tables of their own schema owned by a role nobody signs in as. Append-only, without foreign keys."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from advocacy.tenancy.scope import CurrentOrganization


class TrailManager(models.Manager["Event"]):
    def get_queryset(self) -> models.QuerySet[Event]:
        return super().get_queryset().filter(organization_id=CurrentOrganization())


class Event(models.Model):
    """One thing that happened. `at` is when it happened, `recorded_at` when this row was written (both aware)."""

    class Kind(models.TextChoices):
        ROW = "row", "row change"
        VERB = "verb", "act"
        READ = "read", "read"

    id = models.BigIntegerField(primary_key=True)
    organization_id = models.BigIntegerField()
    kind = models.TextField(choices=Kind.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.TextField()
    actor_label = models.TextField()
    request_id = models.TextField()
    reason = models.TextField()
    verb = models.TextField()
    subject_table = models.TextField()
    subject_id = models.BigIntegerField(null=True)
    case_ids = ArrayField(models.BigIntegerField())
    patient_ids = ArrayField(models.BigIntegerField())
    data = models.JSONField()

    objects = TrailManager()

    class Meta:
        managed = False
        db_table = 'audit"."event'
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_table}"
