"""An organization keeps its own letter blocks: added, changed, retired, never deleted. Letters begun before keep theirs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from appeals.models import OwnLetterBlock
from appeals.queries.letter_blocks import block_known

KEY = 40
LONGEST = 4000


def save_letter_block(
    *, actor: Actor, key: str = "", title: str, place: str, text: str, at: datetime
) -> OwnLetterBlock:
    """Add a block (no key), or put the organization's own version in place of the one with this key.

    Raises NotAllowed, NotFound for an unknown key, Refused.
    """
    require(actor, Permission.MANAGE_LOOKUPS)
    if key and block_known(key) is None:
        raise NotFound("block")
    reasons = []
    if not title.strip():
        reasons.append(Reason("title_missing", "Fill in the title.", "title"))
    if not text.strip():
        reasons.append(Reason("text_missing", "Write the paragraph.", "text"))
    if len(text) > LONGEST:
        reasons.append(Reason("text_long", f"A block has at most {LONGEST} characters.", "text"))
    if place not in OwnLetterBlock.Place.values:
        reasons.append(Reason("place_unknown", "Choose where the block stands.", "place"))
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        row = OwnLetterBlock.objects.select_for_update().filter(key=key).first() if key else None
        row = row or OwnLetterBlock(key=key or _free_key(title))
        row.title, row.place, row.text = title.strip(), place, text.strip()
        row.save(update_fields=["title", "place", "text"] if row.pk else None)
        record("template_recorded", subject=row, detail={"key": row.key})
    return row


def retire_letter_block(*, actor: Actor, key: str, at: datetime) -> OwnLetterBlock:
    """New drafts come without this block, packaged or own. Raises NotAllowed, NotFound, WrongState."""
    require(actor, Permission.MANAGE_LOOKUPS)
    known = block_known(key)
    if known is None:
        raise NotFound("block")
    with transaction.atomic():
        row = OwnLetterBlock.objects.select_for_update().filter(key=key).first()
        if row is None:
            row = OwnLetterBlock(key=key, title=known.title, place=known.place, text=known.text)
        elif row.retired_at is not None:
            raise WrongState("retire", "retired", "This block is retired already.")
        row.retired_at = at
        row.save(update_fields=["retired_at"] if row.pk else None)
        record("template_recorded", subject=row, detail={"key": key, "retired": True})
    return row


def return_letter_block(*, actor: Actor, key: str, at: datetime) -> OwnLetterBlock:
    """Put a retired block back. Raises NotAllowed, NotFound, WrongState."""
    require(actor, Permission.MANAGE_LOOKUPS)
    with transaction.atomic():
        row = OwnLetterBlock.objects.select_for_update().filter(key=key).first()
        if row is None and block_known(key) is None:
            raise NotFound("block")
        if row is None or row.retired_at is None:
            raise WrongState("return", "in use", "This block is in use already.")
        row.retired_at = None
        row.save(update_fields=["retired_at"])
        record("template_recorded", subject=row, detail={"key": key, "retired": False})
    return row


def _free_key(title: str) -> str:
    stem = slugify(title).replace("-", "_")[: KEY - 4] or "block"
    key, number = f"own_{stem}"[:KEY], 2
    while block_known(key) is not None:
        key, number = f"own_{stem}"[: KEY - 4] + f"_{number}", number + 1
    return key
