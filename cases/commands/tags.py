"""What a document is called and how it is protected, put right afterward; the bytes stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from cases.commands.documents import known_kind
from cases.commands.touch import touch
from cases.models import Document

taken_in: list[Callable[[Document], Iterable[Document]]] = []
"""Of a document, the frozen ones that hold its pages; the apps above fill it when ready."""


def change_document(
    *,
    actor: Actor,
    document: Document,
    kind: str,
    title: str,
    special: Collection[str] | None = None,
    at: datetime,
) -> Document:
    """Correct the type, the title or the special category (None: as it is); the bytes stay as they are.

    Raises Refused ("kind_unknown", "title_missing", "special_unknown").
    """
    require(actor, Permission.UPLOAD_DOCUMENT, document)
    known_kind(kind, special or ())
    if not title.strip():
        raise Refused([Reason("title_missing", "Give the document a title.", "title")])
    with transaction.atomic():
        locked = Document.objects.select_for_update().get(pk=document.pk)
        before, tagged = locked.kind, locked.special
        locked.kind, locked.title = kind, title.strip()
        locked.special = tagged if special is None else sorted(special)
        locked.save(update_fields=["kind", "title", "special"])
        tags = {"special": [tagged, locked.special]} if tagged != locked.special else {}
        record("document_changed", subject=locked, detail={"from": before, "to": kind} | tags)
        _tag_holders(locked, set(locked.special) - set(tagged))
        touch(locked.case, at)
    return locked


def _tag_holders(document: Document, added: Collection[str]) -> None:
    """A frozen packet whose pages hold this document's is as protected as they are, also where that is known only later."""
    for find in taken_in if added else ():
        for holder in find(document):
            missing = set(added) - set(holder.special)
            if missing:
                before, holder.special = holder.special, sorted({*holder.special, *missing})
                holder.save(update_fields=["special"])
                record("document_changed", subject=holder, detail={"special": [before, holder.special]})
                _tag_holders(holder, missing)
