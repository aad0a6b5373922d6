"""Answers to the intake questions that decide which rules apply, each kept with its source."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField


class Answer(TenantModel):
    """`question` and `value` are keys of the classifier's question table, or a fact of the plan (`appeals.plan_facts`) with
    its number, day or key. Two sources may disagree: both stay.
    """

    class Source(models.TextChoices):
        CARD = "card", "Member card"
        LETTER = "letter", "Denial letter"
        PLAN_DOCUMENT = "plan_document", "Plan document"
        EMPLOYER = "employer", "Employer"
        PAYER_CALL = "payer_call", "Call with the payer"
        PATIENT = "patient", "Patient"

    case = tenant_key("cases.Case", related_name="answers")
    question = models.CharField(max_length=40)
    value = models.CharField(max_length=60)
    source = models.CharField(max_length=16, choices=Source.choices)
    note = SealedTextField(blank=True)
    page = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Where it stands in the letter or document."
    )
    quote = SealedTextField(blank=True, help_text="The words that say it, as they stand there.")
    answered_at = models.DateTimeField()
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            models.UniqueConstraint(
                fields=["organization", "case", "question", "source"],
                condition=models.Q(superseded_at=None),
                name="appeals_answer_one_per_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question}={self.value} ({self.source})"
