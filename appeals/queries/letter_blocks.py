"""Letter blocks as an organization has them: the packaged ones, its own versions of them, and its own."""

from __future__ import annotations

from dataclasses import dataclass

from appeals.letter_blocks import LetterBlock, letter_blocks
from appeals.models import OwnLetterBlock


@dataclass(frozen=True)
class ListedBlock:
    """One block on the organization's list. `own` has a row of the organization's; `packaged` came with the program."""

    block: LetterBlock
    own: bool
    packaged: bool
    retired: bool


def blocks_listed() -> list[ListedBlock]:
    """All blocks of the scope's organization: packaged ones in their order, then its own by title. One statement."""
    rows = {row.key: row for row in OwnLetterBlock.objects.order_by("title", "id")}
    found = []
    for key, block in letter_blocks().items():
        row = rows.pop(key, None)
        found.append(
            ListedBlock(_of(row), True, True, row.retired_at is not None)
            if row
            else ListedBlock(block, False, True, False)
        )
    return [
        *found,
        *(ListedBlock(_of(row), True, False, row.retired_at is not None) for row in rows.values()),
    ]


def blocks_in_use() -> tuple[LetterBlock, ...]:
    """What each new draft of a letter brings."""
    return tuple(item.block for item in blocks_listed() if not item.retired)


def block_known(key: str) -> LetterBlock | None:
    """The block of this key, retired or not."""
    row = OwnLetterBlock.objects.filter(key=key).first()
    return _of(row) if row else letter_blocks().get(key)


def _of(row: OwnLetterBlock) -> LetterBlock:
    return LetterBlock(row.key, row.title, row.place, row.text)
