"""The same cases as plain tables."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Organization(models.Model):
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Payer(models.Model):
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Patient(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    reference = models.CharField(max_length=24)
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.reference


class Case(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    public_id = models.UUIDField(unique=True)
    reference = models.CharField(max_length=24)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    treatment = models.CharField(max_length=20)
    status = models.CharField(max_length=12)
    stage = models.CharField(max_length=60)
    urgency = models.CharField(max_length=10)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True)
    last_touched_at = models.DateTimeField()
    next_deadline_on = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "status", "next_deadline_on", "id"], name="conventional_due"
            ),
            models.Index(fields=["status", "next_deadline_on", "id"], name="conventional_all_due"),
            models.Index(fields=["owner", "status", "next_deadline_on"], name="conventional_owner"),
        ]

    def __str__(self) -> str:
        return self.reference


class Document(models.Model):
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=20)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.kind


class Event(models.Model):
    """What happened, and notes; the audit record of the conventional way."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    actor = models.CharField(max_length=60)
    verb = models.CharField(max_length=40)
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.verb
