"""Loads and validates the legal reference data and hands out frozen rules with their citations.

Everything that differs between one regime and another stands in `appeals/data`: rules, stages, ladders,
states, overrides and the intake questions. A regime is added by data alone; no regime is named in code. No
Django here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any

from appeals.regimes.checks import problems_of
from appeals.regimes.shapes import (
    STATE_PICKED_BY,
    AtOnce,
    Book,
    Choice,
    Level,
    Override,
    OwedLaw,
    Question,
    Regime,
    Rule,
    Stage,
    State,
    StateStage,
    Way,
)

PARTS = ("regimes", "states", "overrides")
DATA = Path(__file__).resolve().parent.parent / "data"


class BadData(ValueError):
    """The reference data contradicts itself; the program must not compute a date from it."""


def frozen(value: Any) -> Any:
    """Make parsed JSON unchangeable: objects become read-only mappings, arrays tuples."""
    if isinstance(value, dict):
        return MappingProxyType({k: frozen(v) for k, v in value.items()})
    return tuple(frozen(v) for v in value) if isinstance(value, list) else value


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _rule(row: Mapping[str, Any]) -> Rule:
    start = _day(row["in_force_from"])
    if start is None:
        raise BadData(f"Rule {row['id']} has no date from which it is in force.")
    optional = {
        k: frozen(row[k])
        for k in ("extension", "requires", "lenient", "process", "confirm", "if_missed", "published")
        if k in row
    }
    return Rule(
        id=row["id"],
        version=row["version"],
        actor=row["actor"],
        in_force_from=start,
        in_force_to=_day(row["in_force_to"]),
        picked_by=tuple(row["picked_by"]),
        calculation=frozen(row["calculation"]),
        text=row["text"],
        citation=row["citation"],
        confidence=row["confidence"],
        checked_on=_day(row["checked_on"]),
        then=frozen(row.get("then", [])),
        known_from=_day(row.get("known_from")),
        **optional,
    )


def _choices(rows: Sequence[Mapping[str, Any]]) -> tuple[Choice, ...]:
    return tuple(Choice(frozen(r["when"]), r["stage"] or "") for r in rows)


def _stage(row: Mapping[str, Any]) -> Stage:
    return Stage(
        row["key"],
        tuple(row.get("aliases", [])),
        row.get("rule"),
        _choices(row.get("choose", [])),
        row.get("state_layer"),
        tuple(row.get("reopens", [])),
    )


def _regime(row: Mapping[str, Any], sets: Mapping[str, Any]) -> Regime:
    rows = [s for name in row["stage_sets"] for s in sets[name]] if row.get("stage_sets") else []
    stages = {s["key"]: _stage(s) for s in [*rows, *row.get("stages", [])]}
    levels = []
    for position, level in enumerate(row["ladder"]):
        known = {k: v for k, v in level.items() if k != "decisions"}
        known["effectuation"] = _choices(known.get("effectuation", []))
        known["only_when"] = frozen(known.get("only_when", {}))
        levels.append(
            Level(regime=row["key"], position=position, decisions=_choices(level["decisions"]), **known)
        )
    return Regime(
        key=row["key"],
        title=row["title"],
        complete=row["complete"],
        cues=row["cues"],
        fits=tuple(Way(frozen(w["answers"]), tuple(w["ask_first"])) for w in row["fits"]),
        stages=MappingProxyType(stages),
        levels=tuple(levels),
        requests=_choices(row["requests"]),
        continuation=_choices(row["continuation"]),
        max_levels=row["max_levels"],
        notes=tuple(row["notes"]),
        citations=frozen(row.get("citations", {})),
        uses_state_layer=row.get("uses_state_layer", False),
        combines="combines" in row,
        not_complete_because=row.get("not_complete_because", ""),
        confidence=row.get("confidence", ""),
        documents=_choices(row.get("documents", [])),
    )


def _state_rule(row: Mapping[str, Any], slug: str) -> Rule:
    return _rule(
        {
            "id": f"state.{slug}.external_review.filing",
            "version": 1,
            "actor": "claimant",
            "in_force_to": None,
            "picked_by": [*STATE_PICKED_BY],
            **{
                k: row[k]
                for k in ("in_force_from", "calculation", "text", "citation", "confidence", "checked_on")
            },
            **{k: row[k] for k in ("known_from", "published") if k in row},
        }
    )


def _state_stage(row: Mapping[str, Any], slug: str) -> StateStage:
    known = {k: v for k, v in row.items() if k not in ("key", "beside", "when", "aliases")}
    rule = _rule({"id": f"state.{slug}.{row['key']}", "version": 1, "in_force_to": None, **known})
    when, aliases = frozen(row.get("when", {})), tuple(row.get("aliases", []))
    return StateStage(row["key"], rule, tuple(row.get("beside", [])), when, aliases)


def _state(row: Mapping[str, Any]) -> State:
    return State(
        code=row["code"],
        name=row["name"],
        slug=row["slug"],
        process=row["process"],
        agency=row["agency"],
        window=frozen(row["window"]),
        complete=row["window"]["certain"],
        filing=_state_rule(row, row["slug"]) if row["calculation"] else None,
        filing_stages=frozen(row["filing_stages"]),
        decision_stage=row["decision_stage"],
        citation=row["citation"],
        confidence=row["confidence"],
        note=row["note"],
        aliases=tuple(row["aliases"]),
        stages=MappingProxyType({s["key"]: _state_stage(s, row["slug"]) for s in row.get("stages", [])}),
        checked_on=_day(row["checked_on"]),
        decision_stage_expedited=row.get("decision_stage_expedited", ""),
        at_once=MappingProxyType({r["basis"]: _said_at_once(r) for r in row.get("at_once", [])}),
        in_force_from=date.fromisoformat(row["in_force_from"]),
    )


def _said_at_once(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a row says of levels opened at once, in the types of `AtOnce`; a state's row says only what it has of its own."""
    days = {k: _day(row[k]) for k in ("in_force_from", "in_force_to", "checked_on") if k in row}
    return MappingProxyType({k: tuple(v) if isinstance(v, list) else v for k, v in row.items()} | days)


def _override(row: Mapping[str, Any]) -> Override:
    dates = ("original_from", "original_to", "new_deadline", "disregard_from", "disregard_to")
    values: dict[str, Any] = {k: _day(row[k]) for k in dates if k in row}
    if "at_most_days" in row:
        values["at_most_days"] = row["at_most_days"]
    announced = _day(row["announced"])
    if announced is None:
        raise BadData(f"Override {row['id']} has no date of announcement.")
    return Override(
        row["id"],
        row["title"],
        row["kind"],
        row["source"],
        row["confidence"],
        announced,
        frozen(row["scope"]),
        MappingProxyType(values),
    )


def raw_of(folder: Path = DATA) -> dict[str, Any]:
    """What the files of a folder hold, as parsed JSON, by the names of `PARTS`."""
    return {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in PARTS}


def load(folder: Path = DATA) -> Book:
    """Read `regimes.json`, `states.json` and `overrides.json` of a folder. Raises BadData when they do not
    hold together."""
    return book_of(raw_of(folder))


def book_of(raw: Mapping[str, Any]) -> Book:
    """The book that three parsed files make. Raises BadData when they do not hold together."""
    law, states = raw["regimes"], raw["states"]
    rules: dict[str, tuple[Rule, ...]] = {}
    for row in law["rules"]:
        rules[row["id"]] = (*rules.get(row["id"], ()), _rule(row))
    loaded = Book(
        rules=MappingProxyType(rules),
        regimes=MappingProxyType({r["key"]: _regime(r, law["stage_sets"]) for r in law["regimes"]}),
        states=MappingProxyType({s["code"]: _state(s) for s in states["states"]}),
        state_default=_state_rule(states["default"], states["default"]["slug"]),
        state_default_decision=states["default"]["decision_stage"],
        overrides=tuple(_override(o) for o in raw["overrides"]["overrides"]),
        questions=tuple(
            Question(q["key"], q["text"], frozen(q["choices"]), q["why"], q["settles"])
            for q in law["intake_questions"]
        ),
        implications=frozen(law["implications"]),
        tasks=frozen(law["tasks"]),
        amounts=frozen(law["amount_in_controversy"]),
        chronology=frozen(law["chronology"]),
        if_missed=frozen(law["if_missed"]),
        as_of=law["as_of"],
        at_once=tuple(AtOnce(**_said_at_once(row)) for row in law.get("at_once", [])),
        owed=tuple(OwedLaw(**_said_at_once(row)) for row in law.get("owed", [])),
    )
    problems = list(problems_of(loaded))
    if problems:
        raise BadData(" ".join(problems))
    return loaded


@lru_cache(maxsize=1)
def shipped() -> Book:
    """The reference data that comes with the program, read once."""
    return load()


_installed: list[Book] = []
_open: ContextVar[Book | None] = ContextVar("rules", default=None)


def book() -> Book:
    """The reference data to compute with: what `using` opened here, else the pack this installation was given, else what
    comes with the program.
    """
    return _open.get() or (_installed[0] if _installed else shipped())


def install(found: Book | None) -> None:
    """From now on this process computes with these rules; None for those that come with the program."""
    _installed[:] = [found] if found else []


@contextmanager
def using(found: Book) -> Iterator[Book]:
    """Compute with other rules inside: an older pack, or what was known on a day."""
    token = _open.set(found)
    try:
        yield found
    finally:
        _open.reset(token)


def known_on(day: date, among: Book | None = None) -> Book:
    """The rules as they could be known at the end of a day: nothing published or announced later.

    The version before one that was not yet published has no end yet. A rule that nobody could know is not there.
    """
    whole = among or book()
    rules: dict[str, tuple[Rule, ...]] = {}
    for name, versions in whole.rules.items():
        kept = [r for r in versions if r.known_from is None or r.known_from <= day]
        if kept:
            rules[name] = tuple(
                _without(r, versions, later) for r, later in zip_longest(kept, kept[1:]) if r is not None
            )
    return replace(
        whole,
        rules=MappingProxyType(rules),
        overrides=tuple(o for o in whole.overrides if o.announced <= day),
        amounts=tuple(
            a for a in whole.amounts if date.fromisoformat(a.get("known_from", "0001-01-01")) <= day
        ),
    )


def _without(rule: Rule, versions: Sequence[Rule], later: Rule | None) -> Rule:
    """A version as it ends where its successor is left out: with the day before `later`, the next one kept, or never."""
    after = next((r for r in versions if r.in_force_from > rule.in_force_from), None)
    if after is later:
        return rule
    return replace(rule, in_force_to=None if later is None else later.in_force_from - timedelta(days=1))


def rule_in_force(rule_id: str, on: date | None, among: Book | None = None) -> Rule | None:
    """The version of a rule in force on a day (the newest when no day is known), or None when none was."""
    versions = (among or book()).rules.get(rule_id, ())
    if on is None:
        return versions[-1] if versions else None
    return next(
        (r for r in versions if r.in_force_from <= on and (r.in_force_to is None or on <= r.in_force_to)),
        None,
    )


def versions_of(rule_id: str) -> tuple[Rule, ...]:
    """Every version of a rule that a clock may name, oldest first: federal, of a program, or of one state; () when unknown."""
    found = book()
    kept = found.memo.get("versions_of")
    if kept is None:
        kept = dict(found.rules) | {rule.id: (rule,) for rule in _state_rules(found)}
        found.memo["versions_of"] = kept
    rules: tuple[Rule, ...] = kept.get(rule_id, ())
    return rules


def _state_rules(found: Book) -> Iterator[Rule]:
    yield found.state_default
    for state in found.states.values():
        if state.filing is not None:
            yield state.filing
        yield from (stage.rule for stage in state.stages.values())


def ladder(regime_key: str, state: str | None = None, levels: int | None = None) -> tuple[Level, ...]:
    """The levels of a regime from the first appeal to court, for a policy issued in `state` (two letters).

    `levels` is the number of internal levels of this plan; a second internal level appears only when it is
    2. A regime that is recognized and not complete has no ladder. Raises KeyError for an unknown regime or
    state.
    """
    kept_ladders = book().memo.setdefault("ladders", {})
    found: tuple[Level, ...] | None = kept_ladders.get((regime_key, state, levels))
    if found is None:
        found = kept_ladders[(regime_key, state, levels)] = _ladder(regime_key, state, levels)
    return found


def _ladder(regime_key: str, state: str | None, levels: int | None) -> tuple[Level, ...]:
    regime = book().regimes[regime_key]
    if state is not None and state not in book().states:
        raise KeyError(state)
    kept = [
        lvl for lvl in regime.levels if all({"levels": levels}.get(k) == v for k, v in lvl.only_when.items())
    ]
    last = max((n for n, lvl in enumerate(kept) if lvl.last_before_court), default=None)
    return tuple(
        replace(lvl, position=n, state=state, last_before_court=n == last) for n, lvl in enumerate(kept)
    )


def amount_in_controversy(column: str, year: int) -> Mapping[str, Any] | None:
    """The row (amounts in dollars by column, citation, confidence) of a calendar year, or None when not
    published. A row without a year holds amounts that a regulation fixes for all years."""
    return next(
        (row for row in book().amounts if row.get("year", year) == year and column in row),
        None,
    )
