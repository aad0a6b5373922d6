"""Documents of the case as choices of a form, and back; an upload on its way to the vault."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from advocacy.access.policy import Actor
from cases.commands.documents import upload_document
from cases.queries.documents import documents_of, get_document


def document_choices(actor: Actor, case: Any, *kinds: str) -> list[tuple[str, str]]:
    """(public id, title and day) of the case's documents, newest first; those of `kinds` in front.

    The day is that of the active zone: on a page of a case, where the patient lives.
    """
    found = list(documents_of(actor, case))
    found.sort(key=lambda d: d.kind not in kinds)
    return [(str(d.public_id), f"{d.title} ({_day(d.created_at)})") for d in found]


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "M j, Y")


def picked_document(actor: Actor, case: Any, public_id: UUID | None) -> Any:
    """The chosen document, or None when none was chosen. Raises NotFound."""
    return get_document(actor, case, public_id) if public_id else None


def given_document(
    actor: Actor, case: Any, *, file: Any, chosen: UUID | None, kind: str, title: str = "", at: datetime
) -> Any:
    """The uploaded file as a new document of `kind`, else the chosen one, else None. Raises Refused for a bad file."""
    if not file:
        return picked_document(actor, case, chosen)
    return upload_document(
        actor=actor, case=case, kind=kind, title=title, filename=file.name, stream=file.file, at=at
    )


def file_url(case: Any, version: Any) -> str:
    """Where the bytes of a version are served, inline."""
    return reverse("cases:document_file", args=[case.public_id, version.public_id])
