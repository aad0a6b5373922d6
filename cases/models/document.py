"""Documents: a title and a type, versions of it, and the encrypted bytes each version pins by their SHA-256."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from advocacy.people.rules import SPECIAL
from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField, SealedTextField


class Blob(TenantModel):
    """Bytes in the vault, named by what they are. One row per organization and content; never changed, never replaced."""

    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    location = models.CharField(max_length=200)
    wrapped_key = models.BinaryField()
    key_id = models.CharField(max_length=20)
    stored_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "sha256"], name="cases_blob_content"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="cases_blob_sha256_form"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="cases_blob_not_empty"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class Document(TenantModel):
    class Kind(models.TextChoices):
        DENIAL_LETTER = "denial_letter", "Denial letter"
        APPROVAL_LETTER = "approval_letter", "Approval letter"
        DECISION_LETTER = "decision_letter", "Decision letter"
        PLAN_LETTER = "plan_letter", "Letter from the plan"
        PLAN_DOCUMENT = "plan_document", "Plan document"
        MEMBER_CARD = "member_card", "Member card"
        CLINICAL_NOTE = "clinical_note", "Clinical note"
        RATING_SCALE = "rating_scale", "Rating scale"
        MEDICATION_HISTORY = "medication_history", "Medication history"
        MEDICAL_NECESSITY = "medical_necessity", "Letter of medical necessity"
        ATTESTATION = "attestation", "Statement signed by a clinic"
        LITERATURE = "literature", "Published study or guideline"
        CONSENT = "consent", "Consent or appointment of representative"
        APPEAL_LETTER = "appeal_letter", "Appeal letter"
        FILING = "filing", "Filed packet"
        PROOF = "proof", "Proof of sending or receipt"
        OTHER = "other", "Other"

    case = tenant_key("cases.Case", related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = SealedTextField()
    is_frozen = models.BooleanField(default=False, help_text="A filed packet takes no further version.")
    for_patient = models.BooleanField(default=False, help_text="The patient sees this in the portal.")
    special = ArrayField(
        models.CharField(max_length=16, choices=list(SPECIAL.items())),
        blank=True,
        default=list,
        help_text="Every kind of record in it that the law protects further: it leaves only by a release that names them all.",
    )
    sent_key = models.CharField(
        max_length=64, blank=True, help_text="The form it was sent by: sent twice it is one document."
    )
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            models.UniqueConstraint(
                fields=["organization", "case", "sent_key"],
                condition=~Q(sent_key=""),
                name="cases_document_sent_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "case", "id"],
                condition=Q(for_patient=True),
                name="cases_document_for_patient",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def special_words(self) -> str:
        """The specially protected records in it; empty without any."""
        return "; ".join(SPECIAL[code] for code in self.special)

    @property
    def has_psychotherapy_notes(self) -> bool:
        return "psychotherapy" in self.special


FOR_PATIENT_KINDS = frozenset(
    {
        Document.Kind.APPROVAL_LETTER,
        Document.Kind.PLAN_LETTER,
        Document.Kind.MEMBER_CARD,
        Document.Kind.CONSENT,
        Document.Kind.FILING,
    }
)
"""What the patient sees in the portal unless a colleague says otherwise: what plans write, what was filed, what was signed. The
letter of a denial or a decision is shown once a person has confirmed what it says: until then it may be somebody else's."""


class DocumentVersion(TenantModel):
    class TextStatus(models.TextChoices):
        PENDING = "pending", "Being read"
        READ = "read", "Text read"
        NONE = "none", "No text to read"
        FAILED = "failed", "Could not be read"

    case = tenant_key("cases.Case", related_name="+")
    document = tenant_key("cases.Document", related_name="versions")
    number = models.PositiveIntegerField()
    blob = tenant_key("cases.Blob", related_name="versions")
    filename = SealedTextField()
    content_type = models.CharField(max_length=80)
    page_count = models.PositiveIntegerField(null=True, blank=True)
    pages = SealedJSONField(null=True, blank=True)
    text_status = models.CharField(max_length=8, choices=TextStatus.choices, default=TextStatus.PENDING)
    text_note = models.CharField(
        max_length=300, blank=True, help_text="Why there is no text, in our own words; no patient data."
    )
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            SameOrganization("document"),
            SameOrganization("blob"),
            models.UniqueConstraint(
                fields=["organization", "document", "number"], name="cases_documentversion_number"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def has_text(self) -> bool:
        return self.text_status == self.TextStatus.READ


class ConsentPaper(TenantModel):
    """The scan that proves a consent: the very version, so that a later one does not change what was signed.

    Its keys keep the document from being removed. A wrong one is taken back, and stays as what was once linked.
    """

    consent = tenant_key("people.Consent", related_name="papers")
    version = tenant_key("cases.DocumentVersion", related_name="proves")
    linked_at = models.DateTimeField()
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("consent"),
            SameOrganization("version"),
            models.UniqueConstraint(
                fields=["organization", "consent", "version"],
                condition=Q(taken_back_at=None),
                name="cases_consentpaper_once",
            ),
        ]

    def __str__(self) -> str:
        return f"paper of a consent {self.pk}"
