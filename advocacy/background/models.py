"""A job as the organization sees it: what was asked, where it stands, why it failed. Ids only, never patient data."""

from __future__ import annotations

from django.db import models

from advocacy.tenancy.scope import TenantModel


class Job(TenantModel):
    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    name = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict, help_text="Ids of rows; no patient data.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True, help_text="Why the last attempt failed, without patient data.")
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["organization", "status", "id"], name="job_status"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.public_id}"
