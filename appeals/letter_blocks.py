"""Letter blocks: paragraphs that every new draft of an appeal brings, kept as data. No Django."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "letter_blocks.json"


@dataclass(frozen=True)
class LetterBlock:
    """`place` is "opening" (after the first sentence) or "closing" (under what we ask)."""

    key: str
    title: str
    place: str
    text: str


@cache
def letter_blocks() -> dict[str, LetterBlock]:
    """The packaged blocks by key, in the order of the file."""
    read = json.loads(_FILE.read_text(encoding="utf-8"))
    return {raw["key"]: LetterBlock(**raw) for raw in read["blocks"]}
