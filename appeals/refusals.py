"""Why payers refuse: the kinds of refusal by their keys, read from the reference data in one place. Pure: no Django."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from appeals.regimes import DATA


@dataclass(frozen=True)
class Refusal:
    """One kind of refusal: its key, its label in our own words, and the evidence that answers it."""

    key: str
    label: str
    evidence: tuple[str, ...]


@lru_cache(maxsize=1)
def refusals() -> Mapping[str, Refusal]:
    """Every kind of refusal by its key, in the order of the taxonomy (`appeals/data/denial_reasons.json`)."""
    rows = json.loads((DATA / "denial_reasons.json").read_text(encoding="utf-8"))["reasons"]
    return MappingProxyType(
        {row["key"]: Refusal(row["key"], row["label"], tuple(row["evidence"])) for row in rows}
    )


def label_of_refusal(key: str) -> str:
    """The label of a kind of refusal; the key itself where the taxonomy does not know it (any more)."""
    found = refusals().get(key)
    return found.label if found else key
