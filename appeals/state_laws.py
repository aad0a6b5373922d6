"""What the laws of the states add for insured policies: cards for a case, by the state of issue. They move no date.

The laws stand in `appeals/data/state_laws.json`, each with its citation and how sure we are. They reach policies that an
insurer issues, and no self-funded plan: 29 U.S.C. 1144(b)(2)(B). No Django.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from appeals.regimes import DATA, BadData, book
from appeals.regimes.classifier import UNKNOWN, Classification

LAW, NONE_FOUND, NOT_CONFIRMED = "law", "none_found", "not_confirmed"
YES, PERHAPS, NO = "yes", "perhaps", "no"
FUNDING = "funding"
"""The intake question that decides where the kind of coverage alone does not."""
SELF_FUNDED = "erisa_self_funded"
NOT_SETTLED = (
    "These laws reach the policy only if an insurer issued it. That is not settled here: ask whether the plan is"
    " self-funded."
)
NO_STATE = "In which state the policy was issued is not known; that state's laws govern, not those of where the patient lives."


@dataclass(frozen=True)
class Subject:
    """What laws are about, and what a card of it is used for."""

    key: str
    title: str
    use: str


@dataclass(frozen=True)
class StateLaw:
    """One card. `standing` is "law", "none_found" or "not_confirmed"; `citation` is empty where it is not known."""

    state: str
    subject: Subject
    standing: str
    text: str
    citation: str
    confidence: str
    checked_on: date | None
    in_force_from: date | None
    in_force_to: date | None

    @property
    def is_weak(self) -> bool:
        """Whether it has to be confirmed, with the letter and in the law itself, before anybody relies on it."""
        return self.confidence != "verified" or self.standing != LAW or not self.citation

    @property
    def state_name(self) -> str:
        return book().states[self.state].name

    @property
    def may_be_cited(self) -> bool:
        return self.standing == LAW and bool(self.citation)


@dataclass(frozen=True)
class Said:
    """Why these laws do not reach a kind of coverage, or perhaps not."""

    regime: str
    text: str
    citation: str
    confidence: str


@dataclass(frozen=True)
class StateLaws:
    """`reach` says whether the laws of the state of issue reach this coverage ("no" leaves `laws` empty); `said` is why."""

    reach: str
    state: str
    said: tuple[Said, ...]
    laws: tuple[StateLaw, ...]

    def law(self, subject: str) -> StateLaw | None:
        """The law about a subject that a letter may cite; only one that certainly reaches this policy."""
        found = (law for law in self.laws if law.subject.key == subject and law.may_be_cited)
        return next(found, None) if self.reach == YES else None

    @property
    def to_cite(self) -> tuple[StateLaw, ...]:
        return tuple(law for law in self.laws if law.may_be_cited) if self.reach == YES else ()


@cache
def subjects() -> Mapping[str, Subject]:
    """By key, in the order of the file. Raises BadData."""
    return {row["key"]: Subject(**row) for row in _read()["subjects"]}


@cache
def laws_by_state() -> Mapping[str, tuple[StateLaw, ...]]:
    """The cards of each state, in the order of the subjects. Raises BadData."""
    order = list(subjects())
    found: dict[str, list[StateLaw]] = {}
    for row in sorted(_read()["laws"], key=lambda r: order.index(r["about"])):
        found.setdefault(row["state"], []).append(_law(row))
    return {state: tuple(found[state]) for state in sorted(found)}


def problems() -> Iterator[str]:
    """What a schema cannot say, as sentences."""
    raw = _read()
    reach = raw["reach"]
    named = [
        *reach["insured"],
        *reach["by_funding"],
        *(r["regime"] for r in (*reach["perhaps"], *reach["outside"])),
    ]
    if sorted(named) != sorted(set(book().regimes) - {UNKNOWN}):
        yield "Each kind of coverage stands once in what these laws reach, and no other name."
    if set(laws_by_state()) != set(book().states):
        yield "Each state has its cards, and no other place."
    pairs = [(row["state"], row["about"]) for row in raw["laws"]]
    if len(set(pairs)) < len(pairs):
        yield "A state has two cards about one subject."
    for law in (law for rows in laws_by_state().values() for law in rows):
        name = f"{law.state} {law.subject.key}"
        if (law.confidence == "verified") != (law.checked_on is not None):
            yield f"{name} is verified without a day, or was seen on a day and is not verified."
        if law.standing == NONE_FOUND and law.citation:
            yield f"{name} cites a law that was not found."
        if law.in_force_from and law.in_force_to and law.in_force_to < law.in_force_from:
            yield f"{name} ends before it begins."


def state_laws_for(found: Classification, funding: str | None) -> StateLaws:
    """The cards of a case. `funding` is what all sources that know it say ("insured", "self_funded"), else None."""
    reached = {key: _reach(key, funding) for key in found.candidates}
    name = book().states[found.state].name if found.state else ""
    said = tuple({s.text: s for s in map(_said, found.candidates) if s is not None}.values())
    if set(reached.values()) == {NO}:
        return StateLaws(NO, name, _of_funding(found, funding) or said, ())
    reach = YES if set(reached.values()) == {YES} else PERHAPS
    if reach == PERHAPS and NO in reached.values():
        said = tuple(s for s in said if s.regime == SELF_FUNDED)
    return StateLaws(reach, name, said, laws_by_state()[found.state] if found.state else ())


def printed() -> Iterator[str]:
    """The paragraphs of `docs/states.md`."""
    yield "# Laws of the states about insured policies"
    yield "*Printed by `manage.py print_docs`; edit `appeals/data/state_laws.json` and print again.*"
    yield (
        f"{_read()['note']} As of {_read()['as_of']}. None of them moves a date; the windows of each state are in"
        " [rules.md](rules.md)."
    )
    every = [law for rows in laws_by_state().values() for law in rows]
    for confidence in ("uncertain", "knowledge", "verified"):
        rows = [law for law in every if law.confidence == confidence]
        yield f"## Sources: {confidence} ({len(rows)})"
        head = [
            "| State | Subject | What it says | Citation | In force from | Seen on |",
            "|---|---|---|---|---|---|",
        ]
        yield "\n".join([*head, *map(_row, rows)])
    yield "## What a card is for"
    yield "\n".join(
        ["| Subject | Use |", "|---|---|", *(f"| {s.title} | {s.use} |" for s in subjects().values())]
    )
    yield "## Which coverage these laws reach"
    yield "\n".join(
        ["| Coverage | Reached | Why | Citation | Confidence |", "|---|---|---|---|---|", *_reach_rows()]
    )


def _row(law: StateLaw) -> str:
    return (
        f"| {law.state} | {law.subject.title} | {law.text} | {law.citation or 'not known'} |"
        f" {law.in_force_from or '-'} | {law.checked_on or '-'} |"
    )


def _reach_rows() -> Iterator[str]:
    reach, regimes = _read()["reach"], book().regimes
    funding = "29 U.S.C. 1144(b)(2) where ERISA governs | knowledge"
    for key in reach["insured"]:
        yield f"| {regimes[key].title} | yes | An insurer issues the policy | {funding} |"
    for key in reach["by_funding"]:
        yield f"| {regimes[key].title} | if insured | By who pays the claims | {funding} |"
    for word, kind in (("perhaps", "perhaps"), ("no", "outside")):
        for row in reach[kind]:
            yield f"| {regimes[row['regime']].title} | {word} | {row['text']} | {row['citation']} | {row['confidence']} |"


def _law(row: Mapping[str, Any]) -> StateLaw:
    days: dict[str, Any] = {n: _day(row.get(n)) for n in ("checked_on", "in_force_from", "in_force_to")}
    words = {name: row[name] for name in ("state", "standing", "text", "citation", "confidence")}
    return StateLaw(subject=subjects()[row["about"]], **words, **days)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _reach(regime: str, funding: str | None) -> str:
    reach = _read()["reach"]
    if regime in reach["insured"]:
        return YES
    if regime in reach["by_funding"]:
        return {"insured": YES, "self_funded": NO}.get(funding or "", PERHAPS)
    return PERHAPS if regime in {row["regime"] for row in reach["perhaps"]} else NO


def _said(regime: str) -> Said | None:
    rows = (*_read()["reach"]["perhaps"], *_read()["reach"]["outside"])
    return next((Said(**row) for row in rows if row["regime"] == regime), None)


def _of_funding(found: Classification, funding: str | None) -> tuple[Said, ...]:
    """A grandfathered plan that is self-funded is outside for the reason every self-funded plan is."""
    if funding != "self_funded" or not set(found.candidates) & set(_read()["reach"]["by_funding"]):
        return ()
    own = _said(SELF_FUNDED if "grandfathered" in found.candidates else "nonfederal_governmental_self_funded")
    return (own,) if own else ()


@cache
def _read() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((DATA / "state_laws.json").read_text(encoding="utf-8"))
    schema = json.loads((DATA / "state_laws_schema.json").read_text(encoding="utf-8"))
    wrong = sorted(error.message for error in Draft202012Validator(schema).iter_errors(raw))
    if wrong:
        raise BadData(f"state_laws.json: {'; '.join(wrong)}")
    return raw
