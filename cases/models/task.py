"""A task is a navigator's to-do. It may wait for another, and may be held until a moment at which it wakes by itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField, SealedTextField
from cases.workflow import TASK, TaskStatus


class Task(TenantModel):
    """`hold_until` belongs to the task, not to its owner: it survives reassignment."""

    class OpenedBy(models.TextChoices):
        HAND = "hand", "By hand"
        STAGE = "stage", "By a stage"
        RULE = "rule", "By a rule"

    case = tenant_key("cases.Case", related_name="tasks")
    code = models.CharField(
        max_length=60, blank=True, help_text="What opened it, so that a rule opens it once."
    )
    circumstances = models.CharField(
        max_length=64,
        blank=True,
        help_text="Fingerprint of what a rule asked in: ended by a person, it opens again only when that changed.",
    )
    template = models.CharField(max_length=40, blank=True)
    title = SealedTextField()
    detail = SealedTextField(blank=True)
    checklist = SealedJSONField(null=True, blank=True)
    opened_by = models.CharField(max_length=6, choices=OpenedBy.choices, default=OpenedBy.HAND)
    owner = tenant_key("people.Membership", null=True, blank=True, related_name="tasks")
    due_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=TaskStatus.choices, default=TaskStatus.OPEN)
    workflow_version = models.PositiveSmallIntegerField(default=TASK.current)
    version = models.PositiveIntegerField(default=1)
    waits_for = tenant_key("cases.Task", null=True, blank=True, related_name="waiting")
    waits_on_patient = models.BooleanField(
        default=False, help_text="The patient has to do something; the patient is reminded of it."
    )
    asked_of_patient = SealedTextField(
        blank=True, help_text="What the patient is asked for, in plain words: the portal shows them."
    )
    hold_until = models.DateTimeField(null=True, blank=True)
    hold_reason = SealedTextField(blank=True)
    woken_reason = SealedTextField(blank=True)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_note = SealedTextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("owner"),
            SameOrganization("waits_for"),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(hold_until__isnull=False), name="cases_task_held_has_wake_up"
            ),
            models.UniqueConstraint(
                fields=["organization", "case", "code"],
                condition=~Q(code="") & ~Q(status__in=["done", "cancelled"]),
                name="cases_task_rule_opens_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "owner", "status", "due_on"],
                name="cases_task_owner_due",
                include=["case", "waits_for"],
            ),
            models.Index(
                fields=["organization", "case"],
                name="cases_task_of_patient",
                condition=Q(waits_on_patient=True, status__in=["open", "held"]),
            ),
            models.Index(
                fields=["organization", "hold_until"], name="cases_task_wakes", condition=Q(status="held")
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"
