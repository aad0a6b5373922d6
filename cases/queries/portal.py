"""Documents of the patient's side."""

from __future__ import annotations

from django.db.models import QuerySet

from advocacy.access.policy import Actor, visible
from advocacy.people.models import Patient
from cases.models import Document


def proofs_of(actor: Actor, patient: Patient) -> QuerySet[Document]:
    """Documents of the patient's cases that can show who may act for them: consents and appointments, newest first."""
    return (
        Document.objects.filter(visible(actor, Document), case__patient=patient, kind=Document.Kind.CONSENT)
        .select_related("case")
        .order_by("-created_at", "-pk")
    )
