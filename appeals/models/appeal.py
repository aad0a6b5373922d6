"""A level of the contest, the exhibits gathered for it, and the one file that went out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField, SealedTextField
from appeals.models.authorization import Channel
from appeals.workflow import APPEAL, AppealStatus


class Appeal(TenantModel):
    """One level. `regime` and `level` are keys of the rule data; `regime` is "unknown" while several sets may apply.

    The trigger of its window is the denial (first level) or the decision of the level before (`previous`). A decided level that
    is opened again (a remand, a reopening) stays as it was decided: a row of a later `turn` stands for it, with `reopens`. It is
    not filed; the levels that open after it have its turn.

    A level opened at once stands `beside` one that is still open (`appeals.at_once`), and answers what that one answers.
    `settled_by` is the level beside it whose decision left nothing to decide here; a person ends it.
    """

    class Returned(models.TextChoices):
        REMAND = "remand", "The level above sent it back for a new decision"
        COURT = "court", "A court sent it back for a new decision"
        REOPENING = "reopening", "The decision maker took its own decision up again"

    class Basis(models.TextChoices):
        URGENT = "urgent", "Too urgent for the decision below"
        WAIVED = "waived", "The decision below is not waited for: waived"
        AGREED = "agreed", "No rule known here says so: two people agreed"

    case = tenant_key("cases.Case", related_name="appeals")
    denial = tenant_key("appeals.Denial", related_name="appeals")
    previous = tenant_key("appeals.Appeal", null=True, blank=True, related_name="following")
    regime = models.CharField(max_length=50)
    level = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(help_text="1 for the first level after the denial.")
    turn = models.PositiveSmallIntegerField(default=1, help_text="2 and on after a level was opened again.")
    reopens = tenant_key("appeals.Appeal", null=True, blank=True, related_name="again")
    returned_why = models.CharField(max_length=9, choices=Returned.choices, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_note = SealedTextField("what it was opened again for", blank=True)
    beside = tenant_key("appeals.Appeal", null=True, blank=True, related_name="at_once")
    beside_basis = models.CharField(max_length=6, choices=Basis.choices, blank=True)
    beside_by = SealedTextField("who certified or waived", blank=True)
    beside_on = models.DateField(null=True, blank=True)
    beside_note = SealedTextField("what was certified or waived", blank=True)
    settled_by = tenant_key("appeals.Appeal", null=True, blank=True, related_name="settles")
    is_expedited = models.BooleanField(default=False)
    expedited_reason = SealedTextField(blank=True)
    status = models.CharField(max_length=10, choices=AppealStatus.choices, default=AppealStatus.OPEN)
    workflow_version = models.PositiveSmallIntegerField(default=APPEAL.current)
    version = models.PositiveIntegerField(default=1)
    draft = SealedJSONField(null=True, blank=True)
    opened_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True, blank=True)
    forwarded_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    frozen_version = tenant_key("cases.DocumentVersion", null=True, blank=True, related_name="+")
    end_reason = SealedTextField(blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("denial"),
            SameOrganization("previous"),
            SameOrganization("reopens"),
            SameOrganization("beside"),
            SameOrganization("settled_by"),
            SameOrganization("frozen_version"),
            models.UniqueConstraint(
                fields=["organization", "denial", "position", "turn"],
                condition=Q(beside=None) | ~Q(status__in=["withdrawn", "lapsed", "declined"]),
                name="appeals_appeal_position",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["filed", "forwarded", "received", "decided"])
                | Q(frozen_version__isnull=False, filed_at__isnull=False)
                | Q(forwarded_at__isnull=False)
                | Q(returned_at__isnull=False),
                name="appeals_appeal_filed_has_file",
            ),
            models.CheckConstraint(
                condition=Q(returned_at=None, returned_why="") & ~Q(status="returned")
                | Q(returned_at__isnull=False, filed_at=None, forwarded_at=None) & ~Q(returned_why=""),
                name="appeals_appeal_returned_whole",
            ),
            models.CheckConstraint(
                condition=Q(beside=None, beside_basis="", beside_on=None)
                | Q(beside__isnull=False, beside_on__isnull=False) & ~Q(beside_basis=""),
                name="appeals_appeal_beside_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None) | Q(filed_at=None) | Q(decided_at__gte=F("filed_at")),
                name="appeals_appeal_decided_after_filed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "-decided_at"],
                name="appeals_appeal_decided",
                condition=Q(decided_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"appeal {self.pk}"

    @property
    def stands_at_once(self) -> bool:
        """Whether it still rests on a level below that nobody has decided: then its window counts from what that one answers."""
        return self.beside_id is not None and self.previous_id != self.beside_id


class Exhibit(TenantModel):
    """A document version in its place behind the letter. The version is pinned: a later one does not slip in."""

    case = tenant_key("cases.Case", related_name="+")
    appeal = tenant_key("appeals.Appeal", related_name="exhibits")
    position = models.PositiveSmallIntegerField()
    title = SealedTextField()
    document_version = tenant_key("cases.DocumentVersion", related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("appeal"),
            SameOrganization("document_version"),
            models.UniqueConstraint(
                fields=["organization", "appeal", "position"],
                name="appeals_exhibit_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"exhibit {self.position}"


class Filing(TenantModel):
    """How a level went out: the frozen bytes, where to, by which channel, when, and the proof."""

    case = tenant_key("cases.Case", related_name="+")
    appeal = tenant_key("appeals.Appeal", related_name="filings")
    document_version = tenant_key("cases.DocumentVersion", related_name="+")
    sha256 = models.CharField(max_length=64)
    page_count = models.PositiveIntegerField()
    manifest = SealedJSONField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = SealedTextField()
    is_oral = models.BooleanField(default=False)
    communication = tenant_key("cases.Communication", null=True, blank=True, related_name="+")
    proof = tenant_key("cases.Document", null=True, blank=True, related_name="+")
    proof_note = SealedTextField(blank=True)
    good_cause = SealedTextField(blank=True)
    amount_reason = SealedTextField("why the amount in dispute is met", blank=True)
    unapproved_reason = SealedTextField("why it went without the patient's approval", blank=True)
    filed_as = models.CharField(
        max_length=16,
        choices=[
            ("representative", "The patient's representative: this team"),
            ("physician", "The treating physician or prescriber, without appointment"),
        ],
        default="representative",
        help_text="Who files: not everybody needs to be appointed, and not everywhere.",
    )
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("appeal"),
            SameOrganization("document_version"),
            SameOrganization("communication"),
            SameOrganization("proof"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="appeals_filing_sha256"
            ),
            models.CheckConstraint(
                condition=Q(is_oral=False) | Q(communication__isnull=False),
                name="appeals_filing_oral_has_call",
            ),
            models.UniqueConstraint(fields=["organization", "appeal"], name="appeals_filing_once"),
        ]

    def __str__(self) -> str:
        return f"filing {self.sha256[:12]}"
