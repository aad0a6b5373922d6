"""The draft of a level and its exhibits, as a page shows them."""

from __future__ import annotations

from appeals.blocks import blocks_as_text, blocks_from_data
from appeals.models import Appeal, Exhibit


def draft_text(appeal: Appeal) -> str:
    """The draft as a person edits it; empty when none was begun."""
    return blocks_as_text(blocks_from_data(appeal.draft["blocks"])) if appeal.draft else ""


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
