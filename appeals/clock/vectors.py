"""Computes a file of deadline vectors: rows of regime, stage and inputs in, dates out. What the file expects
is not read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from advocacy.errors import Reason
from appeals.clock import Clock, stage_clock
from appeals.clock.combined import Combined, combined_stage_clock
from appeals.clock.facts import Unclear, parse_facts, unclear
from appeals.clock.in_place import in_place
from appeals.clock.input_names import FUNDING, FUNDING_NAMES, REQUEST_NAMES, REQUESTS
from appeals.clock.stages import asked_stage
from appeals.regimes import book

CANDIDATES = ("candidates", "candidate_regimes", "regimes", "possible_regimes")


class BadFile(ValueError):
    """The file cannot be read as vectors; the message says why."""


def read_vectors(path: Path) -> list[Any]:
    """The rows under `vectors` of a JSON file. Raises BadFile with a plain sentence."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_told_once)
    except OSError as problem:
        raise BadFile(f"{path} cannot be read: {problem.strerror}.") from problem
    except ValueError as problem:
        raise BadFile(f"{path} is not JSON: {problem}.") from problem
    except RecursionError as problem:
        raise BadFile(f"{path} is nested too deeply to be a file of vectors.") from problem
    if not isinstance(found, dict) or not isinstance(found.get("vectors"), list):
        raise BadFile(f"{path} has no list named 'vectors'.")
    if "vectors" in found.get(TWICE, ()):
        raise BadFile(f"{path} has two lists named 'vectors'.")
    rows: list[Any] = found["vectors"]
    return rows


TWICE = "names given twice"


def _told_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the file. Of a name that stands in it twice JSON would keep the last value: it is marked instead."""
    twice = sorted(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)
    return dict(pairs) | ({TWICE: twice} if twice else {})


def results_of(vectors: Sequence[Any]) -> list[dict[str, Any]]:
    """One result a vector, in order: {"id", "deadline", "safe_date", ...} or {"id", "error"}. Never raises
    for a bad row."""
    return [_result(row) for row in vectors]


def _result(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        return {"id": None, "error": "This vector is not an object."}
    key, stage, inputs = row.get("regime"), row.get("stage"), row.get("inputs")
    identity = {"id": row.get("id")}
    if not isinstance(identity["id"], str | int | None):
        return {"id": None, "error": "The id is neither a text nor a whole number."}
    if not isinstance(key, str) or key not in book().regimes:
        return identity | {"error": f"{key!r} is not a regime of the reference data."}
    if not isinstance(stage, str):
        return identity | {"error": "The stage is missing."}
    if not isinstance(inputs, Mapping):
        return identity | {"error": "The inputs are missing."}
    for part in (row, inputs):
        if twice := part.get(TWICE):
            return identity | {"error": f"Two values are given for {' and '.join(twice)}."}
    named = next((inputs[n] for n in CANDIDATES if inputs.get(n)), None)
    try:
        facts, ignored = parse_facts({k: v for k, v in inputs.items() if k not in CANDIDATES})
    except Unclear as problem:
        return identity | {"error": _named(problem.reason)}
    try:
        both = _both_fundings(key, inputs)
    except Unclear as problem:
        return identity | {"error": _named(problem.reason)}
    if both:
        known = {k: v for k, v in inputs.items() if k not in (*FUNDING_NAMES, *CANDIDATES)}
        return _result(
            {
                **row,
                "regime": next(k for k, r in book().regimes.items() if r.combines),
                "inputs": {**known, "candidates": both},
            }
        )
    ignored = tuple(n for n in ignored if n not in FUNDING_NAMES or _funding(inputs[n]) is None)
    if book().regimes[key].combines:
        combined = _combined(named, stage, facts)
        return identity | (combined if isinstance(combined, dict) else _of_combined(combined))
    stage = asked_stage(book().regimes[key], stage, facts)
    clock = stage_clock(key, stage, facts)
    if clock.error and (told := in_place(clock.error.field, facts)):
        again = stage_clock(key, stage, told)
        clock = clock if again.error else again
    if clock.error:
        asked = next((n for n in REQUEST_NAMES if inputs.get(n) is not None), None)
        if asked is None or clock.error.field not in REQUESTS:
            return identity | {"error": _named(clock.error)}
        # The stage lacks the day of one request, and a day of a request is given.
        rest = {name: value for name, value in inputs.items() if name != asked}
        return _result({**row, "inputs": rest | {clock.error.field: inputs[asked]}})
    return identity | of_clock(clock) | ({"ignored_inputs": list(ignored)} if ignored else {})


def _funding(value: Any) -> str | None:
    """Who bears the cost, by a word of the row; None where the word says nothing known."""
    return (
        FUNDING.get(value.strip().lower().replace("-", "_").replace(" ", "_"))
        if isinstance(value, str)
        else None
    )


def _both_fundings(key: str, inputs: Mapping[str, Any]) -> list[str]:
    """The kinds of coverage of one sponsor, where the row says that nobody knows who bears the cost; else none. Raises Unclear
    where it says another funding than the kind of coverage has."""
    own = _funded(key)
    for name in (n for n in FUNDING_NAMES if own and n in inputs):
        told = _funding(inputs[name])
        beside = [k for k in book().regimes if _sponsors(k) & _sponsors(key) and _funded(k) not in ("", own)]
        if told == "unknown" and beside:
            return [k for k in book().regimes if k in (key, *beside)]
        if told not in (None, "unknown", own):
            raise unclear("two_fundings", f"{book().regimes[key].title}: the row says another funding.", name)
    return []


def _funded(key: str) -> str:
    return "".join(one for way in book().regimes[key].fits for one in way.answers.get("funding", ()))


def _sponsors(key: str) -> set[str]:
    return {one for way in book().regimes[key].fits for one in way.answers.get("sponsor", ())}


def _combined(named: Any, stage: str, facts: Any) -> Combined | dict[str, Any]:
    if named is None:
        named = [r.key for r in book().regimes.values() if r.complete and not r.combines]
    if not isinstance(named, list | tuple) or not all(
        isinstance(n, str) and n in book().regimes for n in named
    ):
        return {"error": f"{named!r} is not a list of regimes of the reference data."}
    found = combined_stage_clock(tuple(named), stage, facts)
    return {"error": _named(found.error)} if found.error else found


def _named(reason: Reason) -> str:
    """The sentence with the name of the input it is about, as `inputs` takes it."""
    name = reason.field or ""
    if reason.code == "missing_receipt":
        name = "receipt` or `notice_date"
    return f"{reason.message} Input: `{name}`." if name else reason.message


def plain(value: Any) -> Any:
    """A date or instant as ISO 8601 text (with offset and seconds); anything else unchanged."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def of_clock(clock: Clock) -> dict[str, Any]:
    """A Clock as plain JSON values; dates that do not exist are left out, except `safe_date` and `stated`."""
    out: dict[str, Any] = {
        "deadline": plain(clock.deadline),
        "safe_date": plain(clock.safe_date),
        "stated": plain(clock.stated),
    }
    if clock.deadline_utc:
        out["deadline_utc"] = (
            clock.deadline_utc.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        )
    for name in (
        "permissive_deadline",
        "original_deadline",
        "headline",
        "overdue_after",
        "untimely_from",
        "deemed_exhausted_from",
    ):
        if (value := getattr(clock, name)) is not None:
            out[name] = plain(value)
    out |= {name: plain(value) for name, value in clock.extras.items()}
    for name in (
        "regime",
        "stage",
        "actor",
        "rule_id",
        "version",
        "citation",
        "confidence",
        "if_missed",
        "presumption",
        "override",
    ):
        out[name] = getattr(clock, name)
    if clock.overdue_after is not None:
        out["untimely_after"] = plain(clock.overdue_after)
    out["rule"] = clock.rule_id
    out["inputs"] = dict(clock.inputs)
    out["arithmetic"] = out["steps"] = list(clock.arithmetic)
    out["flags"] = [{"code": f.code, "text": f.text} for f in clock.flags]
    return out


def _of_combined(found: Combined) -> dict[str, Any]:
    assert found.governing is not None
    out = of_clock(found.governing)
    out |= {
        "deadline": plain(found.deadline),
        "safe_date": plain(found.safe_date),
        "headline": plain(found.headline),
    }
    flags = {f.code: f.text for path in found.paths for f in path.clock.flags}
    out["flags"] = [{"code": code, "text": text} for code, text in flags.items()]
    out["paths"] = [
        {"regime": p.regime, "deadline": plain(p.clock.deadline), "safe_date": plain(p.clock.safe_date)}
        for p in found.paths
    ]
    return out
