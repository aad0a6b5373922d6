"""Which agency takes a complaint about whoever is late, by the kind of coverage and the state. Pure: no Django."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from appeals.regimes import DATA


@dataclass(frozen=True)
class Agency:
    """`key` is "ebsa", or a kind and a state ("insurance:CO"). `address` is empty where none is kept: it is then taken from the
    agency's own site, never made up. `confidence` says how sure the address is, `citation` why this agency is the one.
    """

    key: str
    name: str
    address: tuple[str, ...]
    phone: str
    web: str
    why: str
    citation: str
    confidence: str

    @property
    def is_sure(self) -> bool:
        """Whether the address was seen at its source. Any other has to be held against the agency's own site."""
        return self.confidence == "verified" and bool(self.address)

    @property
    def lines(self) -> tuple[str, ...]:
        """Name and address as they stand over a letter."""
        return (self.name, *self.address)


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads((DATA / "regulators.json").read_text(encoding="utf-8"))
    return read


@lru_cache(maxsize=1)
def agencies() -> Mapping[str, Agency]:
    """Every agency by its key."""
    read = _data()
    found = {
        row["key"]: Agency(**{name: row[name] for name in Agency.__annotations__} | _tuple(row))
        for row in read["federal"]
    }
    for row in read["states"]:
        for kind, because in read["kinds"].items():
            if kind in row:
                key = f"{kind}:{row['state']}"
                found[key] = Agency(key=key, **because, **row[kind] | _tuple(row[kind]))
    return found


def _tuple(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"address": tuple(row["address"])}


def agencies_for(regimes: Iterable[str], state: str | None) -> tuple[Agency, ...]:
    """The agencies that oversee plans under these sets of rules, the first to be tried first.

    Several sets of rules may apply while the coverage is not settled: then all of them are named. `state` is the state whose law
    governs; without it no state's agency is known.
    """
    wanted = {row["regime"]: row["agencies"] for row in _data()["regimes"]}
    known = agencies()
    found: dict[str, Agency] = {}
    for regime in regimes:
        for name in wanted.get(regime, ()):
            key = name if name in known else f"{name}:{state}"
            if key in known:
                found[key] = known[key]
    return tuple(found.values())
