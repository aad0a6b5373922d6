"""Mutants that no test can kill, or that harm nobody, each with its reason (`explained.json`); docs/mutation.md tells them.

An entry about code names the file, the changed line as it stands and, where only some of its mutants are meant, the line as they
make it; an entry about rules is a pattern that the whole of a mutant's name fits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.mutation.mutants import ROOT, CodeMutant, Mutant

FILE = Path(__file__).parent / "explained.json"
Entry = Mapping[str, str | list[str]]


def entries() -> list[Entry]:
    found: list[Entry] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def reason(mutant: Mutant, among: Sequence[Entry], texts: dict[str, str]) -> str:
    """Why this mutant may live, or ""."""
    if not isinstance(mutant, CodeMutant):
        return next(
            (str(e["why"]) for e in among if "rule" in e and re.fullmatch(str(e["rule"]), mutant.id)), ""
        )
    if mutant.path not in texts:
        texts[mutant.path] = (ROOT / mutant.path).read_text(encoding="utf-8")
    line, after = mutant.lines(texts[mutant.path])
    for entry in among:
        meant = entry.get("becomes", [after])
        first, _, _ = line.partition("\n")
        if (entry.get("path"), entry.get("line")) == (mutant.path, first) and after in meant:
            return str(entry["why"])
    return ""


def stale(among: Sequence[Entry]) -> list[Entry]:
    """Entries about lines that no longer stand in their file."""
    return [
        e
        for e in among
        if "path" in e
        and str(e["line"]) not in {x.strip() for x in (ROOT / str(e["path"])).read_text("utf-8").splitlines()}
    ]
