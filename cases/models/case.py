"""The case: one patient, one treatment, one coverage. And what was tried before."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedTextField
from cases.workflow import CASE, CaseStatus


class Case(TenantModel):
    """`next_deadline_on` is a projection for lists, written by the deadline command and checked nightly."""

    class Treatment(models.TextChoices):
        IV_KETAMINE = "iv_ketamine", "Ketamine, intravenous infusion"
        IM_KETAMINE = "im_ketamine", "Ketamine, intramuscular injection"
        ESKETAMINE = "esketamine", "Esketamine, nasal spray"
        OTHER = "other", "Another treatment"

    class Outcome(models.TextChoices):
        COVERED = "covered", "Covered"
        PARTLY_COVERED = "partly_covered", "Partly covered"
        NOT_COVERED = "not_covered", "Not covered"
        OTHER_PAYMENT = "other_payment", "Paid another way"
        WITHDRAWN = "withdrawn", "Withdrawn by the patient"
        MOOT = "moot", "No longer needed (coverage ended, treatment changed)"
        UNREACHABLE = "unreachable", "Patient could not be reached"
        DUPLICATE = "duplicate", "Duplicate of another case"

    class Purpose(models.TextChoices):
        CONDITION = "condition", "To treat a diagnosed condition"
        MAINTENANCE = "maintenance", "To keep up what a course of treatment has reached"
        WELLNESS = "wellness", "For well-being, sleep or performance, without a diagnosis"
        RECREATION = "recreation", "For personal or recreational use"

    class Urgency(models.TextChoices):
        STANDARD = "standard", "Standard"
        URGENT = "urgent", "Urgent: waiting could seriously harm the patient"
        EMERGENCY = "emergency", "Emergency: somebody may be in danger now"

    class SafetyConcern(models.TextChoices):
        YES = "yes", "Yes, a safety concern is present"
        NO = "no", "No, asked and none is present"
        UNKNOWN = "unknown", "Not known: nobody has asked yet"

    reference = models.CharField(max_length=24)
    patient = tenant_key("people.Patient", related_name="cases")
    coverage = tenant_key("cases.Coverage", related_name="cases")
    provider = tenant_key("cases.Provider", related_name="cases")
    treatment = models.CharField(max_length=20, choices=Treatment.choices)
    treatment_note = SealedTextField(blank=True)
    purpose = models.CharField("medical purpose", max_length=12, choices=Purpose.choices, blank=True)
    purpose_words = SealedTextField("the purpose in words", blank=True)
    diagnosis_codes = ArrayField(models.CharField(max_length=8), help_text="ICD-10-CM, principal first.")
    procedure_codes = ArrayField(models.CharField(max_length=8), help_text="CPT and HCPCS.")
    status = models.CharField(max_length=12, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    workflow_version = models.PositiveSmallIntegerField(default=CASE.current)
    version = models.PositiveIntegerField(default=1)
    owner = tenant_key("people.Membership", null=True, blank=True, related_name="cases")
    team = tenant_key("people.Team", null=True, blank=True, related_name="cases")
    is_restricted = models.BooleanField(default=False)
    is_urgent = models.BooleanField(default=False)
    # What the latest triage said (rows of Triage hold all of them); `triage_rank` is the order of `rules.triage_rank`.
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.STANDARD)
    safety_concern = models.CharField(
        max_length=8, choices=SafetyConcern.choices, default=SafetyConcern.UNKNOWN
    )
    triage_rank = models.PositiveSmallIntegerField(default=3)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    outcome_note = SealedTextField(blank=True)
    last_touched_at = models.DateTimeField()
    # Projections for lists, never the source of a date.
    next_deadline_on = models.DateField(null=True, blank=True)
    stage = models.CharField(max_length=60, blank=True)
    payer_key = models.BigIntegerField(
        null=True, editable=False, help_text="The payer of its coverage, for lists; the database keeps it."
    )

    class Meta(TenantModel.Meta):
        permissions = [("comment_case", "Can comment on case")]
        constraints = [
            SameOrganization("patient"),
            SameOrganization("coverage"),
            SameOrganization("provider"),
            SameOrganization("owner"),
            SameOrganization("team"),
            models.UniqueConstraint(fields=["organization", "reference"], name="cases_case_reference"),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False) & ~Q(outcome="")
                | ~Q(status="closed") & Q(closed_at=None, outcome=""),
                name="cases_case_closed_has_outcome",
            ),
        ]
        indexes = [
            models.Index(
                F("organization"),
                F("next_deadline_on"),
                F("id"),
                name="cases_case_due",
                condition=~Q(status="closed"),
                include=["owner", "is_restricted", "status"],
            ),
            # What lists ask of a case whose key they have found elsewhere: read from here, its row is left alone.
            models.Index(
                fields=["organization", "id"],
                name="cases_case_listed",
                include=["next_deadline_on", "owner", "is_restricted", "status"],
            ),
            models.Index(
                F("organization"),
                F("owner"),
                F("opened_at"),
                name="cases_case_owner_opened",
                condition=~Q(status="closed"),
            ),
            models.Index(
                F("organization"),
                F("owner"),
                F("next_deadline_on"),
                F("id"),
                name="cases_case_owner_due",
                condition=~Q(status="closed"),
            ),
            models.Index(
                F("organization"),
                F("stage"),
                F("next_deadline_on"),
                F("id"),
                name="cases_case_stage_due",
                condition=~Q(status="closed"),
            ),
            models.Index(
                F("organization"),
                F("treatment"),
                F("next_deadline_on"),
                F("id"),
                name="cases_case_treatment_due",
                condition=~Q(status="closed"),
            ),
            models.Index(
                F("organization"),
                F("urgency"),
                F("next_deadline_on"),
                F("id"),
                name="cases_case_urgency_due",
                condition=~Q(status="closed") & ~Q(urgency="standard"),
            ),
            models.Index(
                F("organization"),
                F("payer_key"),
                F("next_deadline_on"),
                F("id"),
                name="cases_case_payer_due",
                condition=~Q(status="closed"),
            ),
            models.Index(
                fields=["organization", "payer_key", "id"],
                name="cases_case_payer_closed",
                condition=Q(status="closed"),
            ),
            models.Index(
                fields=["organization", "status", "last_touched_at", "id"], name="cases_case_touched"
            ),
            models.Index(fields=["organization", "closed_at", "id"], name="cases_case_closed"),
            models.Index(
                F("organization"),
                F("next_deadline_on"),
                F("id"),
                name="cases_case_closed_due",
                condition=Q(status="closed"),
            ),
            models.Index(
                fields=["organization", "id"], name="cases_case_restricted", condition=Q(is_restricted=True)
            ),
            models.Index(
                F("organization"),
                F("triage_rank"),
                F("next_deadline_on"),
                F("id"),
                name="cases_case_triage",
                condition=~Q(status="closed"),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class FailedTreatment(TenantModel):
    """Something that was tried and did not do enough, in the detail a criterion asks for (dose, weeks, response, why)."""

    class Adequacy(models.TextChoices):
        YES = "yes", "Adequate dose and time"
        NO = "no", "Not adequate"
        UNKNOWN = "unknown", "Not known"

    class Response(models.TextChoices):
        NONE = "none", "None (under 25 %)"
        PARTIAL = "partial", "Partial (25-49 %)"
        RESPONSE = "response", "Response (50 % or more)"
        REMISSION = "remission", "Remission"
        UNKNOWN = "unknown", "Not known"

    class Stopped(models.TextChoices):
        INEFFECTIVE = "ineffective", "It did not work well enough"
        INTOLERABLE = "intolerable", "Side effects"
        CONTRAINDICATED = "contraindicated", "Not safe for this patient"
        INTERACTION = "interaction", "Interaction with another medicine"
        ACCESS = "access", "Could not get it"
        ONGOING = "ongoing", "Still taking it"

    class Modality(models.TextChoices):
        DRUG = "drug", "Medicine"
        PSYCHOTHERAPY = "psychotherapy", "Psychotherapy"
        TMS = "tms", "Transcranial magnetic stimulation"
        ECT = "ect", "Electroconvulsive therapy"
        INTERVENTIONAL = "interventional", "Interventional procedure"
        PHYSICAL = "physical", "Physical or occupational therapy"
        OTHER = "other", "Other"

    case = tenant_key("cases.Case", related_name="failed_treatments")
    modality = models.CharField(max_length=16, choices=Modality.choices, default=Modality.DRUG)
    name = SealedTextField(help_text="Generic name of the medicine, or the therapy.")
    drug_class = SealedTextField(blank=True)
    dose = models.DecimalField("highest dose", max_digits=9, decimal_places=3, null=True, blank=True)
    dose_unit = SealedTextField(blank=True)
    started_on = models.DateField(null=True, blank=True)
    stopped_on = models.DateField(null=True, blank=True)
    weeks_adequate = models.PositiveSmallIntegerField(
        "weeks at an adequate dose", null=True, blank=True, help_text="At or above the lowest effective dose."
    )
    adequacy = models.CharField(max_length=8, choices=Adequacy.choices, default=Adequacy.UNKNOWN)
    response = models.CharField(max_length=10, choices=Response.choices, default=Response.UNKNOWN)
    reason_stopped = models.CharField(max_length=16, choices=Stopped.choices)
    reason_detail = SealedTextField(blank=True)
    scale = models.CharField(max_length=20, blank=True)
    score_before = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    score_after = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    in_current_episode = models.BooleanField(default=True)
    recorded_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("case"),
            models.CheckConstraint(
                condition=Q(started_on=None) | Q(stopped_on=None) | Q(stopped_on__gte=F("started_on")),
                name="cases_failedtreatment_stops_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"failed treatment {self.pk}"
