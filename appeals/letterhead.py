"""The head of everything an organization prints: letters and records. No Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "es"]
"""The languages a printed page has words of its own for (months, page numbers, labels)."""


@dataclass(frozen=True)
class Letterhead:
    """Who writes: the organization's name and how to reach it."""

    name: str
    address_lines: tuple[str, ...] = ()
    phone: str = ""
    fax: str = ""
    email: str = ""


def letterhead_data(head: Letterhead, language: Language = "en") -> dict[str, Any]:
    """The letterhead as its template wants it: the name, and the lines beside it."""
    phone = {"en": "Phone", "es": "Teléfono"}[language]
    numbers = [f"{word} {number}" for word, number in ((phone, head.phone), ("Fax", head.fax)) if number]
    lines = [*head.address_lines, " · ".join(numbers), head.email]
    return {"name": head.name, "lines": [line for line in lines if line]}
