"""Documents as the API gives them: with their case and newest version, and no text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from cases.models import Document, DocumentVersion
from cases.queries.documents import versions_of


def documents_of_machine(
    actor: Actor, *, case: UUID | None = None, kind: str = "", after: int = 0, size: int | None = None
) -> list[Any]:
    """Documents behind the key `after`, in the order in which they came; each with `newest`. Two statements."""
    rows = Document.objects.filter(visible(actor, Document), pk__gt=after).select_related("case")
    if case is not None:
        rows = rows.filter(case__public_id=case)
    if kind:
        rows = rows.filter(kind=kind)
    return with_newest(rows.order_by("pk")[:size])


def with_newest(documents: Iterable[Any]) -> list[Any]:
    """The documents, each with its newest version and the facts of its bytes as `newest`. One statement; none for none."""
    rows = list(documents)
    if not rows:
        return []
    newest = (
        DocumentVersion.objects.filter(document_id__in=[row.pk for row in rows])
        .select_related("blob")
        .order_by("document_id", "-number")
        .distinct("document_id")
        .defer("pages", "filename")
    )
    found = {version.document_id: version for version in newest}
    for row in rows:
        row.newest = found[row.pk]
    return rows


def document_of_machine(actor: Actor, public_id: UUID) -> Any:
    """One document with `versions_told` (newest first) and `newest`. Raises NotFound when absent or invisible."""
    row: Any = (
        Document.objects.filter(visible(actor, Document), public_id=public_id).select_related("case").first()
    )
    if row is None:
        raise NotFound("document")
    row.versions_told = versions_of(row)
    row.newest = row.versions_told[0]
    return row


def version_of_machine(actor: Actor, document: UUID, number: int | None) -> DocumentVersion:
    """A version (the newest without a number) with document, blob and case. Raises NotFound when absent or invisible."""
    rows = DocumentVersion.objects.filter(visible(actor, DocumentVersion), document__public_id=document)
    if number is not None:
        rows = rows.filter(number=number)
    found = rows.select_related("document", "blob", "case").defer("pages").order_by("-number").first()
    if found is None:
        raise NotFound("document")
    return found
