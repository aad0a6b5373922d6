"""Loads the rules on notices (`appeals/data/notice_rules.json`) and refuses them when they do not hold together. No Django."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from appeals.notice_checks.shapes import CANNOT_TELL, Check, Effect, Law, NoticeRules, When
from appeals.regimes import DATA, BadData, shipped

RULES, SCHEMA = "notice_rules.json", "notice_schema.json"
NO_EVIDENCE = frozenset({"window_length", "address", "advance_notice"})
"""Ways that look at facts or at the shape of an address; every other way needs patterns."""
COUNTED = frozenset({"window_length", "advance_notice"})
"""Ways whose laws say how much is enough."""


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as problem:
        raise BadData(f"A pattern of the rules on notices is none: {text[:60]} ({problem}).") from problem


def _when(row: Mapping[str, Any] | None) -> When:
    row = row or {}
    return When(
        timing=frozenset(row.get("timing", ())),
        reasons=frozenset(row.get("reasons", ())),
        reduction=bool(row.get("reduction")),
        urgent=bool(row.get("urgent")),
        mentions=_pattern(row["mentions"]) if "mentions" in row else None,
    )


def _regimes(names: list[str], sets: Mapping[str, list[str]]) -> Iterator[str]:
    for name in names:
        if name.startswith("@") and name[1:] not in sets:
            raise BadData(f"A rule on notices names an unknown set of regimes {name}.")
        yield from sets[name[1:]] if name.startswith("@") else [name]


def _law(row: Mapping[str, Any], sets: Mapping[str, list[str]], effects: Mapping[str, Effect]) -> Law:
    if row["effect"] not in effects:
        raise BadData(f"A rule on notices names an unknown effect {row['effect']}.")
    return Law(
        regimes=frozenset(_regimes(row["regimes"], sets)),
        states=frozenset(row.get("states", ())),
        citation=row["citation"],
        confidence=row["confidence"],
        checked_on=date.fromisoformat(row["checked_on"]) if "checked_on" in row else None,
        in_force_from=date.fromisoformat(row["in_force_from"]),
        in_force_to=date.fromisoformat(row["in_force_to"]) if row["in_force_to"] else None,
        effect=effects[row["effect"]],
        absent=row["absent"],
        because=row.get("because", ""),
        when=_when(row.get("when")),
        at_least=dict(row.get("at_least", {})),
    )


def rules_of(raw: Any) -> NoticeRules:
    """The rules that a parsed document holds. Raises BadData when it does not fit its schema or contradicts itself."""
    schema = json.loads((DATA / SCHEMA).read_text(encoding="utf-8"))
    errors = sorted(
        Draft202012Validator(schema).iter_errors(raw), key=lambda e: [str(p) for p in e.absolute_path]
    )
    if errors:
        place = "/".join(str(p) for p in errors[0].absolute_path)
        raise BadData(f"The rules on notices do not fit their schema at {place}: {errors[0].message[:200]}")
    effects = {
        key: Effect(key, row["text"], row["letter"], row["citation"], row["clock"])
        for key, row in raw["effects"].items()
    }
    checks = tuple(
        Check(
            key=row["key"],
            title=row["title"],
            asks=row["asks"],
            sentence=row["sentence"],
            way=row["way"],
            enclosed=row["enclosed"],
            when=_when(row.get("when")),
            evidence=tuple(_pattern(p) for p in row["evidence"]),
            doubts=tuple((_pattern(d["pattern"]), d["because"]) for d in row.get("doubts", ())),
            laws=tuple(_law(law, raw["regime_sets"], effects) for law in row["laws"]),
        )
        for row in raw["checks"]
    )
    rules = NoticeRules(
        raw["as_of"],
        raw["note"],
        checks,
        tuple(effects.values()),
        tuple(_pattern(p) for p in raw["elsewhere"]),
    )
    problems = list(problems_of(rules))
    if problems:
        raise BadData(" ".join(problems))
    return rules


def problems_of(rules: NoticeRules) -> Iterator[str]:
    """Every contradiction in the rules, as sentences."""
    known = set(shipped().regimes)
    if unknown := sorted(rules.regimes - known):
        yield f"The rules on notices name unknown kinds of coverage {unknown}."
    if silent := sorted(e.key for e in rules.effects if (e.clock == "none") == bool(e.letter)):
        yield f"A letter says what has no effect, or is silent about what has one {silent}."
    keys = [check.key for check in rules.checks]
    if len(set(keys)) < len(keys):
        yield "Two rules on notices have one key."
    for check in rules.checks:
        if (check.way in NO_EVIDENCE) == bool(check.evidence):
            yield f"Check {check.key} has patterns that its way does not use, or needs some."
        for law in check.laws:
            name = f"{check.key} ({law.citation})"
            if (law.confidence == "verified") != (law.checked_on is not None):
                yield f"{name} is verified without a day, or was seen on a day and is not verified."
            if law.confidence == "uncertain" and law.absent != CANNOT_TELL:
                yield f"{name} is uncertain and would call something a defect."
            if (check.way in COUNTED) != bool(law.at_least):
                yield f"{name} says how much is enough where nothing is counted, or does not say it."
            if law.in_force_to and law.in_force_to < law.in_force_from:
                yield f"{name} ends before it begins."


@lru_cache(maxsize=1)
def notice_rules(path: Path = DATA / RULES) -> NoticeRules:
    """The rules that come with the program, read once."""
    return rules_of(json.loads(path.read_text(encoding="utf-8")))
