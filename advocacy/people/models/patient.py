"""The patient. Everything that identifies a person is sealed; a row's `__str__` is its reference, never a name."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from advocacy.people.rules import INSTRUMENTS, LACKS, SPECIAL, is_in_the_form_it_needs
from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField, SealedDateField, SealedTextField


class Patient(TenantModel):
    """`time_zone` is where letters reach the patient: the day a notice was received is a day there."""

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        SPANISH = "es", "Spanish"
        OTHER = "other", "Another language"

    reference = models.CharField(max_length=24, help_text="Shown instead of a name: HB-P-0042.")
    given_name = SealedTextField()
    family_name = SealedTextField()
    preferred_name = SealedTextField(blank=True, help_text="What the patient wants to be called.")
    pronouns = SealedTextField(blank=True)
    birth_date = SealedDateField()
    birth_date_index = BlindIndexField(of="birth_date")
    language = models.CharField(max_length=8, choices=Language.choices, default=Language.ENGLISH)
    language_note = SealedTextField(blank=True, help_text="Which other language, dialect, or large print.")
    interpreter_needed = models.BooleanField(default=False)
    state = models.CharField(
        max_length=2, blank=True, help_text="Where the patient lives (postal code of the state)."
    )
    time_zone = models.CharField(max_length=40, default="America/New_York")
    safe_contact_note = SealedTextField(
        blank=True, help_text="Rules for reaching the patient safely, in the patient's words."
    )
    is_restricted = models.BooleanField(
        default=False, help_text="A case of this patient is open to named people only."
    )
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "reference"], name="people_patient_reference")
        ]
        indexes = [
            models.Index(fields=["organization", "birth_date_index"], name="people_patient_born"),
            models.Index(
                fields=["organization", "id"],
                name="people_patient_restricted",
                condition=Q(is_restricted=True),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def called(self) -> str:
        """How to speak of the patient on a page: the preferred name where there is one."""
        return f"{self.preferred_name or self.given_name} {self.family_name}".strip()


class Contact(TenantModel):
    """One way to reach the patient, with its rules. What is not marked safe is never used by the program."""

    class Kind(models.TextChoices):
        PHONE = "phone", "Phone"
        TEXT = "text", "Text message"
        EMAIL = "email", "E-mail"
        POST = "post", "Post"

    patient = tenant_key("people.Patient", related_name="contacts")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = SealedTextField()
    value_index = BlindIndexField(of="value")
    is_safe = models.BooleanField(default=False, help_text="The patient said this way is safe.")
    may_leave_message = models.BooleanField(default=False)
    is_preferred = models.BooleanField(default=False)
    from_time = models.TimeField(null=True, blank=True, help_text="Not before, in the patient's time zone.")
    until_time = models.TimeField(null=True, blank=True, help_text="Not after, in the patient's time zone.")
    at_any_hour = models.BooleanField(
        default=False, help_text="The patient asked for it: no quiet hours at night. Hours above still count."
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [SameOrganization("patient")]
        indexes = [models.Index(fields=["organization", "value_index"], name="people_contact_value")]

    def __str__(self) -> str:
        return f"contact {self.pk}"

    @property
    def is_called(self) -> bool:
        """Whether it is a number: only there can a message be left, or must not be."""
        return self.kind in (self.Kind.PHONE, self.Kind.TEXT)


class Consent(TenantModel):
    """What the patient allowed, in which scope, from when until when. Expiry and withdrawal are evaluated, not pushed."""

    class Kind(models.TextChoices):
        RELEASE = "release", "Release of health information (HIPAA authorization)"
        SHARING = "sharing", "Sharing the case with another organization (HIPAA authorization)"
        REPRESENTATION = "representation", "Appointment of representative"
        CONTACT = "contact", "Agreement to be contacted"

    patient = tenant_key("people.Patient", related_name="consents")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    scope = SealedTextField(blank=True, help_text="What may be shared, with whom, and why.")
    method = models.CharField(
        max_length=16,
        choices=[
            ("paper", "Signed on paper"),
            ("electronic", "Signed electronically"),
            ("oral", "Given orally"),
        ],
    )
    form = models.CharField(
        max_length=8,
        choices=[("own", "Our own form, or the words of the portal"), ("other", "Another form")],
        default="own",
        help_text="Our own says all that 45 CFR 164.508(c) asks for; another is checked.",
    )
    instrument = models.CharField(
        max_length=16,
        choices=list(INSTRUMENTS.items()),
        blank=True,
        default="",
        help_text="Of an appointment: on which paper. Not every paper appoints somebody under every kind of coverage.",
    )
    information = SealedTextField(blank=True, help_text="What may be disclosed.")
    discloser = SealedTextField(blank=True, help_text="Who may disclose it.")
    recipients = SealedTextField(blank=True, help_text="Who may receive it.")
    purpose = SealedTextField(blank=True, help_text="What it is for.")
    statements = ArrayField(
        models.CharField(max_length=16), default=list, help_text="What it tells whoever signs it."
    )
    special = ArrayField(
        models.CharField(max_length=16), default=list, help_text="Specially protected records that it names."
    )
    by_representative = models.BooleanField(default=False, help_text="A personal representative signed it.")
    authority = SealedTextField(blank=True, help_text="What lets the representative sign.")
    copy_given = models.BooleanField(default=False, help_text="Whoever signed has a copy.")
    lacks = ArrayField(
        models.CharField(max_length=16),
        default=list,
        help_text="What it lacks of 45 CFR 164.508; one that lacks anything stands on no day.",
    )
    signed_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("patient"),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gte=F("signed_on")),
                name="people_consent_expires_after",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} consent"

    @property
    def is_only_oral(self) -> bool:
        """Said and not signed, where it has to be signed: it stands on no day."""
        return not is_in_the_form_it_needs(self.kind, self.method)

    @property
    def lacking(self) -> list[str]:
        """What the law asks for and this one does not say, in sentences with their citation."""
        return [LACKS[code] for code in self.lacks]

    @property
    def special_words(self) -> list[str]:
        """Which specially protected records it names."""
        return [SPECIAL[code] for code in self.special]

    def stands_on(self, day: date) -> bool:
        """Whether it stands on `day` (a day where the patient lives). `policies.standing_on` asks the same of the table."""
        ended = self.revoked_at is not None or (self.expires_on is not None and self.expires_on < day)
        return self.signed_on <= day and not ended and not self.is_only_oral and not self.lacks
