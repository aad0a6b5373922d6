"""What a mutant is: one small change to one file of the code, or to one place of the rule data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DROPPED = "(dropped)"


@dataclass(frozen=True)
class CodeMutant:
    """In the source of `path`, from the character `at` on, `inserted` stands in place of `removed`."""

    path: str
    operator: str
    line: int
    at: int
    removed: str
    inserted: str

    @property
    def part(self) -> str:
        return self.path

    @property
    def id(self) -> str:
        return f"{self.path}:{self.line} {self.operator} @{self.at}: {self.removed!r} -> {self.inserted!r}"

    def source(self, text: str) -> str:
        """The file with the mutant in it. Raises ValueError where the file is not the one it was made of."""
        if text[self.at : self.at + len(self.removed)] != self.removed:
            raise ValueError(f"{self.path} has changed since its mutants were made.")
        return text[: self.at] + self.inserted + text[self.at + len(self.removed) :]

    def lines(self, text: str) -> tuple[str, str]:
        """The changed lines before and after, without what surrounds them."""
        after = self.source(text)
        start = text.rfind("\n", 0, self.at + len(self.removed) - len(self.removed.lstrip())) + 1
        ends = [
            len(whole) if (end := whole.find("\n", self.at + len(part))) < 0 else end
            for whole, part in ((text, self.removed), (after, self.inserted))
        ]
        return text[start : ends[0]].strip(), after[min(start, self.at) : ends[1]].strip()


@dataclass(frozen=True)
class RuleMutant:
    """In one file of the rule data, what stands at `place` becomes `after`, or is dropped."""

    file: str
    kind: str
    what: str
    place: tuple[str | int, ...]
    before: Any
    after: Any

    @property
    def part(self) -> str:
        return f"rules: {self.kind}"

    @property
    def id(self) -> str:
        where = ".".join(str(p) for p in self.place[2:])
        return f"{self.what} ({self.kind}) {where}: {_short(self.before)} -> {_short(self.after)}"

    def of(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The parsed files with the mutant in them; the file itself is left as it is."""
        found = {**raw, self.file: deepcopy(raw[self.file])}
        node: Any = found[self.file]
        for step in self.place[:-1]:
            node = node[step]
        if self.after == DROPPED:
            del node[self.place[-1]]
        else:
            node[self.place[-1]] = self.after
        return found


Mutant = CodeMutant | RuleMutant


def _short(value: Any) -> str:
    text = value if value == DROPPED else json.dumps(value, sort_keys=True)
    return text if len(text) <= 120 else f"{text[:117]}..."


def written(mutants: list[CodeMutant], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(m) for m in mutants]), encoding="utf-8")


def read(path: Path) -> list[CodeMutant]:
    return [CodeMutant(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
