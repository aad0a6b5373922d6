"""A letter that holds the other side to the law: a demand to decide, a complaint to the agency, a demand to mend a notice."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField, SealedTextField
from appeals.models.authorization import Channel


class Demand(TenantModel):
    """One such letter, a draft until it is sent; what went out is frozen as `document_version`.

    It is about a missed date (`deadline`, the row as it was computed then), or about a notice (`denial`). `agency` is the key of
    `appeals.regulators` for a complaint.
    """

    class Kind(models.TextChoices):
        OVERDUE = "overdue", "Demand to decide"
        COMPLAINT = "complaint", "Complaint to the agency"
        CURE = "cure", "Demand to mend the notice"
        DOCUMENTS = "documents", "Demand for the documents"
        CARRY_OUT = "carry_out", "Demand to carry out the decision"

    case = tenant_key("cases.Case", related_name="demands")
    deadline = tenant_key("appeals.Deadline", null=True, blank=True, related_name="demands")
    denial = tenant_key("appeals.Denial", null=True, blank=True, related_name="demands")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    agency = models.CharField(max_length=40, blank=True)
    draft = SealedJSONField()
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    document_version = tenant_key("cases.DocumentVersion", null=True, blank=True, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    page_count = models.PositiveIntegerField(null=True, blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    address = SealedTextField(blank=True)
    proof_note = SealedTextField(blank=True)
    unapproved_reason = SealedTextField("why it went without the patient's approval", blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("deadline"),
            SameOrganization("denial"),
            SameOrganization("document_version"),
            models.CheckConstraint(
                condition=Q(deadline__isnull=False, denial=None) | Q(deadline=None, denial__isnull=False),
                name="appeals_demand_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None)
                | Q(document_version__isnull=False, sha256__regex=r"^[0-9a-f]{64}$") & ~Q(channel=""),
                name="appeals_demand_sent_is_frozen",
            ),
            models.UniqueConstraint(
                fields=["organization", "deadline", "kind", "agency"],
                condition=Q(sent_at=None),
                name="appeals_demand_one_draft",
            ),
            models.UniqueConstraint(
                fields=["organization", "denial", "kind"],
                condition=Q(sent_at=None),
                name="appeals_demand_one_draft_of_notice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_urgent(self) -> bool:
        """Whether the missed time was one of hours: then it may go without waiting for the patient's yes, with a reason."""
        return self.deadline is not None and self.deadline.due_at is not None
