"""Documents as they are shown: the list of a case, one document with its versions, the text of one version."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from cases.models import Case, Document, DocumentVersion


@dataclass(frozen=True)
class Listed:
    """A document and its newest version, whose text is not loaded."""

    document: Document
    version: DocumentVersion


def documents_of(actor: Actor, case: Case) -> QuerySet[Document]:
    """The documents of a case, newest first."""
    return Document.objects.filter(visible(actor, Document), case=case).order_by("-created_at", "-pk")


def documents_listed(actor: Actor, case: Case) -> list[Listed]:
    """The documents of a case with their newest versions, newest document first. One query."""
    newest = DocumentVersion.objects.filter(document=OuterRef("document")).order_by("-number")
    rows = (
        DocumentVersion.objects.filter(
            visible(actor, DocumentVersion), case=case, pk=Subquery(newest.values("pk")[:1])
        )
        .select_related("document", "blob", "uploaded_by")
        .defer("pages")
        .order_by("-document__created_at", "-document__pk")
    )
    return [Listed(version.document, version) for version in rows]


def newest_versions(documents: Iterable[Document]) -> list[DocumentVersion]:
    """The newest version of each of these documents, without its text, in their order. One query; none without documents."""
    order = list(dict.fromkeys(document.pk for document in documents))
    if not order:
        return []
    rows = (
        DocumentVersion.objects.filter(document_id__in=order)
        .order_by("document_id", "-number")
        .distinct("document_id")
        .defer("pages")
    )
    found = {row.document_id: row for row in rows}
    return [found[pk] for pk in order if pk in found]


def documents_by_public_id(actor: Actor, case: Case, public_ids: Collection[UUID]) -> list[Document]:
    """Documents of this case, in the order given. Raises NotFound when one is absent or invisible."""
    if not public_ids:
        return []
    found = {row.public_id: row for row in documents_of(actor, case).filter(public_id__in=public_ids)}
    if len(found) != len(set(public_ids)):
        raise NotFound("document")
    return [found[key] for key in dict.fromkeys(public_ids)]


def get_document(actor: Actor, case: Case, public_id: UUID) -> Document:
    """A document of this case with its case and patient. Raises NotFound when absent or invisible."""
    document = (
        Document.objects.filter(visible(actor, Document), case=case, public_id=public_id)
        .select_related("case__patient")
        .first()
    )
    if document is None:
        raise NotFound("document")
    return document


def versions_of(document: Document) -> list[DocumentVersion]:
    """All versions of a document the actor was already shown, newest first, without their text."""
    return list(
        DocumentVersion.objects.filter(document=document)
        .select_related("blob", "uploaded_by")
        .defer("pages")
        .order_by("-number")
    )


def get_version(actor: Actor, case: Case, public_id: UUID) -> DocumentVersion:
    """A version of a document of this case, with document, blob and case. Raises NotFound when absent or invisible."""
    version = (
        DocumentVersion.objects.filter(visible(actor, DocumentVersion), case=case, public_id=public_id)
        .select_related("document", "blob", "case")
        .defer("pages")
        .first()
    )
    if version is None:
        raise NotFound("version")
    return version


def version_by_key(actor: Actor, key: int) -> DocumentVersion:
    """A version by primary key, for jobs. Raises NotFound."""
    version = (
        DocumentVersion.objects.filter(visible(actor, DocumentVersion), pk=key)
        .select_related("document", "blob", "case")
        .first()
    )
    if version is None:
        raise NotFound("version")
    return version


def same_bytes_in(case: Case, version: DocumentVersion) -> DocumentVersion | None:
    """An older version in the same case with the same bytes, if there is one (its document joined)."""
    return (
        DocumentVersion.objects.filter(case=case, blob_id=version.blob_id, pk__lt=version.pk)
        .select_related("document")
        .defer("pages")
        .order_by("pk")
        .first()
    )
