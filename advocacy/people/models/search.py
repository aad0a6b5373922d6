"""Search text in tables of its own: plain, tenant-bound, outside the trail, not for backups, rebuilt when lost."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import SealedJSONField


class PatientSearch(TenantModel):
    """One row per patient: what the duplicate check and the name search compare."""

    patient = tenant_key("people.Patient", related_name="+", on_delete=models.CASCADE)
    name = models.TextField(help_text="Given, preferred and family name, lower case, accents dropped.")
    sorted_name = models.TextField(
        help_text="The words of the name in alphabetical order: swapped names meet."
    )
    birth_date = models.CharField(max_length=10, help_text="ISO date.")
    phones = ArrayField(models.CharField(max_length=20), default=list, help_text="Digits only.")
    numbers = ArrayField(
        models.TextField(),
        default=list,
        help_text="Member ids and the patient's reference, letters and digits only.",
    )

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("patient"),
            models.UniqueConstraint(fields=["organization", "patient"], name="people_search_one"),
        ]
        indexes = [models.Index(fields=["organization", "birth_date"], name="people_search_born")]

    def __str__(self) -> str:
        return f"search text {self.pk}"


class SavedSearch(TenantModel):
    """A search somebody ran, kept under an opaque id so that no URL holds a name or a member id."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    query = SealedJSONField()
    made_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "user", "id"], name="people_saved_search")]

    def __str__(self) -> str:
        return f"search {self.pk}"
