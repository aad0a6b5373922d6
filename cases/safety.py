"""What somebody at the desk reads when a person's safety may be in question, kept as data. Pure Python, no Django."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "safety.json"


@cache
def _sentences() -> dict[str, str]:
    read: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))["sentences"]
    return read


def what_to_do(urgency: str, safety_concern: str) -> tuple[str, ...]:
    """The sentences for a triage, the most pressing first; the 988 line stands among them unless nothing is in question."""
    known = _sentences()
    found = [known["emergency"]] if urgency == "emergency" else []
    if safety_concern in ("yes", "unknown"):
        found.append(known[safety_concern])
    return (*found, known["line"]) if found else ()


def line() -> str:
    """The sentence about the 988 line alone."""
    return _sentences()["line"]
