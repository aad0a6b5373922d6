"""What changed between two rule packs, field by field, in words for a person and in data for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appeals.regimes.packs import Pack

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
WORDS = frozenset(
    {
        "text", "citation", "citations", "confidence", "process_confidence", "checked_on", "published", "title", "agency", "note",
        "notes", "not_complete_because", "name", "source", "confirm", "cues", "sentence",
    }
)  # fmt: skip
"""Fields that only say something about a date; every other may move one."""
SAID = frozenset({"consequence", "chronology", "task"})
"""Tables whose rows are sentences."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same. `before` or `after` is None where it was added or removed; `moves_dates` says whether a
    date can follow from it.
    """

    kind: str
    what: str
    name: str
    field: str = ""
    before: Any = None
    after: Any = None
    moves_dates: bool = True

    @property
    def sentence(self) -> str:
        """The difference as one line."""
        if not self.field:
            return f"{self.what} {self.name}: {self.kind}."
        return f"{self.what} {self.name}: {self.field} was {_short(self.before)}, is {_short(self.after)}."


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= 240 else f"{text[:237]}..."


def differences(old: Pack, new: Pack) -> tuple[Difference, ...]:
    """Everything that differs, rules first, in the order of the newer pack."""
    found: list[Difference] = []
    for what, pick in _TABLES.items():
        found += _of_table(what, pick(old), pick(new))
    return tuple(found)


def _of_table(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name, row in new.items():
        if name not in old:
            yield Difference(ADDED, what, name, after=row)
        elif isinstance(row, dict) and isinstance(old[name], dict):
            for field in sorted({*row, *old[name]}):
                before, after = old[name].get(field), row.get(field)
                if before != after:
                    yield Difference(CHANGED, what, name, field, before, after, field not in WORDS)
        elif row != old[name]:
            yield Difference(CHANGED, what, name, "value", old[name], row, what not in SAID)
    yield from (Difference(REMOVED, what, name, before=row) for name, row in old.items() if name not in new)


def _stages(pack: Pack) -> dict[str, Any]:
    law = pack["regimes"]
    found = {f"{name}/{s['key']}": s for name, rows in law["stage_sets"].items() for s in rows}
    return found | {f"{r['key']}/{s['key']}": s for r in law["regimes"] for s in r.get("stages", [])}


def _levels(pack: Pack) -> dict[str, Any]:
    return {f"{r['key']}/{level['key']}": level for r in pack["regimes"]["regimes"] for level in r["ladder"]}


_TABLES = {
    "rule": lambda pack: {f"{r['id']} v{r['version']}": r for r in pack["regimes"]["rules"]},
    "state": lambda pack: {s["code"]: s for s in pack["states"]["states"]},
    "state unknown": lambda pack: {"default": pack["states"]["default"]},
    "override": lambda pack: {o["id"]: o for o in pack["overrides"]["overrides"]},
    "stage": _stages,
    "level": _levels,
    "regime": lambda pack: {
        r["key"]: {k: v for k, v in r.items() if k not in ("stages", "ladder")}
        for r in pack["regimes"]["regimes"]
    },
    "amount": lambda pack: {
        str(a.get("year", "every year")): a for a in pack["regimes"]["amount_in_controversy"]
    },
    "at once": lambda pack: {row["key"]: row for row in pack["regimes"].get("at_once", [])},
    "owed": lambda pack: {row["key"]: row for row in pack["regimes"].get("owed", [])},
    "order": lambda pack: {r["key"]: [x["key"] for x in r["ladder"]] for r in pack["regimes"]["regimes"]},
    "question": lambda pack: {q["key"]: q for q in pack["regimes"]["intake_questions"]},
    "implication": lambda pack: {
        f"{i['question']}={i['value']} ({i['implies']})": i for i in pack["regimes"]["implications"]
    },
    "chronology": lambda pack: {
        f"{first} before {then}": said for first, then, said in pack["regimes"]["chronology"]
    },
    "consequence": lambda pack: pack["regimes"]["if_missed"],
    "task": lambda pack: pack["regimes"]["tasks"],
}
