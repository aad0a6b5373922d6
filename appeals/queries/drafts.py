"""The draft of a level and its exhibits, as a page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from advocacy.errors import Reason
from appeals.blocks import Block, blocks_as_text, blocks_from_data
from appeals.models import Appeal, Exhibit, Filing
from cases.models import Document


def draft_text(appeal: Appeal) -> str:
    """The draft as a person edits it; empty when none was begun."""
    return blocks_as_text(blocks_from_data(appeal.draft["blocks"])) if appeal.draft else ""


@dataclass(frozen=True)
class LetterBefore:
    """The letter of the level before: whose level it is, its date and what it says."""

    level: UUID
    dated: date
    body: tuple[Block, ...]


def letter_before(appeal: Appeal) -> LetterBefore | None:
    """Of a level opened at once, the one beside it. None for a first level, and where the one before had no letter. At most
    one statement."""
    source = appeal.previous_id or appeal.beside_id
    before = Appeal.objects.filter(pk=source).first() if source else None
    if before is None or not before.draft:
        return None
    body = blocks_from_data(before.draft["blocks"])
    return LetterBefore(before.public_id, date.fromisoformat(before.draft["dated"]), body)


def exhibits_of(appeal: Appeal) -> list[Exhibit]:
    """The exhibits in their order, each with its version and document."""
    return list(
        Exhibit.objects.filter(appeal=appeal)
        .select_related("document_version__document", "document_version__blob")
        .order_by("position")
    )


def exhibit_label(position: int) -> str:
    """Exhibit A to Z, then AA, AB ...: as a reader of the letter names them. `position` counts from 1."""
    letters = ""
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"Exhibit {letters}"


def exhibit_set_aside(position: int, field: str = "exhibits") -> Reason:
    """An exhibit is the letter of a denial that was set aside: it may be somebody else's."""
    text = f"{exhibit_label(position)} is the letter of a denial that was set aside. Take it out."
    return Reason("exhibit_set_aside", text, field)


def packets_with(document: Document) -> list[Document]:
    """The filed packets that hold a version of this document among their exhibits. One statement."""
    filings = Filing.objects.filter(appeal__exhibits__document_version__document=document)
    return list(Document.objects.filter(pk__in=filings.values("document_version__document")))


def special_among(exhibits: Iterable[Exhibit]) -> frozenset[str]:
    """Which specially protected records are among these exhibits, as `exhibits_of` gives them. No statement."""
    return frozenset(code for one in exhibits for code in one.document_version.document.special)
