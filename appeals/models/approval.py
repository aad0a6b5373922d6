"""That a patient says yes to a letter before it goes out in the patient's name: what was asked, and the answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField, SealedTextField


class LetterApproval(TenantModel):
    """One letter as it stood when it was asked about: of a level (`appeal`), or one that holds the other side to the law
    (`demand`). `digest` is the SHA-256 of all it says; `version` is its frozen PDF.

    A letter that was changed afterward is another letter: the ask is then superseded, and its answer counts for nothing.
    """

    class Answer(models.TextChoices):
        APPROVED = "approved", "Yes, send it"
        CHANGE = "change", "No, change it"

    class Method(models.TextChoices):
        PORTAL = "portal", "In the portal"
        PHONE = "phone", "By phone"
        PAPER = "paper", "On paper"

    case = tenant_key("cases.Case", related_name="+")
    appeal = tenant_key("appeals.Appeal", null=True, blank=True, related_name="approvals")
    demand = tenant_key("appeals.Demand", null=True, blank=True, related_name="approvals")
    version = tenant_key("cases.DocumentVersion", related_name="+")
    digest = models.CharField(max_length=64)
    letter = SealedJSONField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True)
    method = models.CharField(max_length=6, choices=Method.choices, blank=True)
    words = SealedTextField("what the patient said", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("appeal"),
            SameOrganization("demand"),
            SameOrganization("version"),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="appeals_approval_digest_form"
            ),
            models.CheckConstraint(
                condition=Q(answer="", method="", answered_at=None)
                | ~Q(answer="") & ~Q(method="") & Q(answered_at__isnull=False),
                name="appeals_approval_answer_whole",
            ),
            models.CheckConstraint(
                condition=Q(appeal__isnull=False, demand=None) | Q(appeal=None, demand__isnull=False),
                name="appeals_approval_one_letter",
            ),
            models.UniqueConstraint(
                fields=["organization", "appeal"],
                condition=Q(superseded_at=None),
                name="appeals_approval_one_stands",
            ),
            models.UniqueConstraint(
                fields=["organization", "demand"],
                condition=Q(superseded_at=None),
                name="appeals_approval_one_of_demand",
            ),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk}"
