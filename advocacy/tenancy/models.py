"""The tenant itself. A global table: it holds how an organization presents itself and works, and no patient data.

The application may read every row and change the presenting columns of its own organization's row only: column privileges
and row-level security in the migration say so. Organizations are made by the owner (`manage.py create_organization`).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid_utils.compat import uuid7


class Organization(models.Model):
    public_id = models.UUIDField(default=uuid7, editable=False, unique=True)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    reference_prefix = models.CharField(
        max_length=6, help_text="In front of case references, as in HB-2026-0001."
    )
    time_zone = models.CharField(max_length=40, default="America/New_York")
    address = models.TextField(blank=True, help_text="Letterhead, one line per row.")
    phone = models.CharField(max_length=40, blank=True)
    fax = models.CharField(max_length=40, blank=True)
    reply_email = models.EmailField(blank=True)
    treatments_in_scope = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text="Codes of cases.Case.Treatment this organization takes on; empty means any.",
    )
    scope_note = models.TextField(
        blank=True, help_text="Whom the organization helps and whom it refers on, in its own words."
    )
    letters_need_patient_approval = models.BooleanField(
        default=False, help_text="A letter in the patient's name is filed after the patient approved it."
    )
    retention_years = models.PositiveSmallIntegerField(
        default=6, help_text="How long the trail is kept: six years (45 CFR 164.316(b)(2)), or longer."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was off-boarded and its keys were destroyed."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(retention_years__gte=6), name="tenancy_organization_retention"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def takes_on(self, treatment: str) -> bool:
        """Whether a treatment (a code of cases.Case.Treatment) is one this organization helps with.

        For intake: a request outside is declined with a reason, and `scope_note` says to the navigator where to refer.
        """
        return not self.treatments_in_scope or treatment in self.treatments_in_scope
