"""Documents as the API gives them: with their case and newest version, and no text."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from advocacy.access.compiled import rows_of
from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.hot import one_row
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


@dataclass(frozen=True)
class File:
    """A version of a document as its bytes go out: where they lie, and what the neutral name is made of."""

    location: str
    content_type: str
    reference: str
    kind: str
    number: int


def file_of_machine(actor: Actor, document: UUID, number: int | None, *, page: str) -> File:
    """A version (the newest without a number). One statement, its read event with it. Raises NotFound when absent or
    invisible, and where the law protects it further: such records go to no machine.
    """
    found = one_row(
        _file(rows_of(actor, "cases.Case")),
        {"organization": actor.organization_id, "document": document, "number": number, "page": page},
    )
    if found is None:
        raise NotFound("document")
    return File(*found[:5])


@functools.lru_cache(maxsize=256)
def _file(policy: str) -> str:
    return f"""
WITH v AS MATERIALIZED (
  SELECT b.location, v.content_type, cases_case.reference, d.kind, v.number, v.public_id, v.case_id, cases_case.patient_id
    FROM cases_document d
    JOIN cases_case ON cases_case.organization_id = %(organization)s AND cases_case.id = d.case_id
    JOIN cases_documentversion v ON v.organization_id = %(organization)s AND v.document_id = d.id
    JOIN cases_blob b ON b.organization_id = %(organization)s AND b.id = v.blob_id
   WHERE d.organization_id = %(organization)s AND d.public_id = %(document)s::uuid AND {policy}
     AND cardinality(d.special) = 0
     AND v.number = coalesce(%(number)s::int, v.number)
   ORDER BY v.number DESC LIMIT 1
)
SELECT v.location, v.content_type, v.reference, v.kind, v.number,
       audit.record('read', 'read_document', '', NULL, ARRAY[v.case_id], ARRAY[v.patient_id],
                    jsonb_build_object('page', %(page)s::text, 'version', v.public_id), '')::text
  FROM v
"""  # noqa: S608  our own text; values are bound
