"""Who may file for a patient, and by which paper: the forms of appointment by regime, and how long each opens appeals.

Everything that differs between one regime and another stands in `appeals/data/representative_forms.json`, with its citation.
No Django.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

from jsonschema import Draft202012Validator

from advocacy.errors import Reason
from appeals.clock.calendar import add_months
from appeals.regimes import DATA, BadData, book
from appeals.rungs import UNKNOWN, Rung

REPRESENTATIVE, PHYSICIAN = "representative", "physician"
WHO = {
    "physician": "the treating physician",
    "prescriber": "the prescriber",
    "clinician": "a clinician who knows the patient's condition",
}


class Appointment(Protocol):
    """What the patient signed. `instrument` is the key of a form; "helper" lets somebody into the portal and files nothing."""

    instrument: Any
    signed_on: Any

    def stands_on(self, day: date) -> bool: ...


@dataclass(frozen=True)
class Form:
    """One kind of paper. `months` is how long it opens new appeals, None where no rule says; `appoints` whom it makes what."""

    key: str
    title: str
    number: str
    appoints: str
    signed_by: tuple[str, ...]
    months: int | None
    text: str
    citation: str
    confidence: str

    @property
    def name(self) -> str:
        return f"{self.title} ({self.number})" if self.number else self.title

    def last_day(self, signed_on: date) -> date | None:
        """The last day on which it opens a new appeal; None where no rule sets one. The day of signing is not counted."""
        return add_months(signed_on, self.months, month_rule="clamp") if self.months else None


@dataclass(frozen=True)
class Alone:
    """Somebody who files at these levels without being appointed, where `timing` and `urgent` fit (empty, None: always)."""

    who: str
    levels: tuple[str, ...]
    text: str
    citation: str
    confidence: str
    timing: tuple[str, ...] = ()
    urgent: bool | None = None

    def fits(self, level: str, timing: str, urgent: bool) -> bool:
        return (
            level in self.levels
            and (not self.timing or timing in self.timing)
            and (self.urgent is None or self.urgent == urgent)
        )


@dataclass(frozen=True)
class Asked:
    """What one regime asks of whoever files for a patient: its form, and which others do as well."""

    regime: str
    form: str
    accepts: tuple[str, ...]
    text: str
    citation: str
    confidence: str
    alone: tuple[Alone, ...]


@cache
def forms() -> Mapping[str, Form]:
    """Every form by its key, in the order of the file. Raises BadData."""
    return MappingProxyType({row["key"]: Form(**_tuples(row)) for row in _read()["forms"]})


@cache
def asked_by_regime() -> Mapping[str, Asked]:
    """What each regime asks, by its key. Raises BadData."""
    return MappingProxyType(
        {
            row["regime"]: Asked(**_tuples(row) | {"alone": tuple(Alone(**_tuples(a)) for a in row["alone"])})
            for row in _read()["regimes"]
        }
    )


def problems() -> Iterator[str]:
    """What a schema cannot say, as sentences: regimes left out, forms and levels that are none."""
    known = {key for key, form in forms().items() if form.appoints == REPRESENTATIVE}
    found = asked_by_regime()
    if missing := (set(book().regimes) - {UNKNOWN}) ^ set(found):
        yield f"Regimes without a line, or lines without a regime: {sorted(missing)}."
    for row in found.values():
        if unknown := {row.form, *row.accepts} - known:
            yield f"{row.regime} names forms that appoint nobody: {sorted(unknown)}."
        if row.form not in row.accepts:
            yield f"{row.regime} does not accept its own form."
        levels = book().regimes[row.regime].levels if row.regime in book().regimes else ()
        for alone in row.alone:
            if strangers := set(alone.levels) - {level.key for level in levels}:
                yield f"{row.regime} has no levels {sorted(strangers)}."


def asked_at(rung: Rung) -> tuple[Asked, ...]:
    """What every regime that may apply at a level asks. Where nothing is known yet, all of them."""
    keys = dict.fromkeys(level.regime for level in rung.levels) or dict.fromkeys(rung.candidates)
    rows = asked_by_regime()
    return tuple(rows[key] for key in keys if key in rows) or tuple(rows.values())


def form_at(rung: Rung) -> Form:
    """The form to have signed: the one that all regimes which may apply ask for, else the general designation."""
    keys = {row.form for row in asked_at(rung)}
    return forms()[keys.pop() if len(keys) == 1 else "designation"]


def alone_at(rung: Rung, *, timing: str, urgent: bool) -> Alone | None:
    """Who files this level without being appointed, under every regime that may apply; None where there is nobody.

    `timing` is pre_service, concurrent or post_service.
    """
    found = []
    for row in asked_at(rung):
        keys = [level.key for level in rung.levels if level.regime == row.regime] or [rung.key]
        fitting = next((a for a in row.alone if any(a.fits(key, timing, urgent) for key in keys)), None)
        if fitting is None:
            return None
        found.append(fitting)
    return found[0] if found else None


def appointment_lacks(
    rung: Rung,
    appointments: Iterable[Appointment],
    on: date,
    *,
    earlier: Collection[date] = (),
    alone: Alone | None = None,
    field: str = "consent",
) -> Reason | None:
    """Why nobody may file this level for the patient as a representative on the day `on`; None where somebody may.

    `appointments` are all that were recorded; `earlier` are the days on which earlier levels of the same denial were filed,
    since an appointment holds for the life of an appeal that it opened (42 CFR 405.910(e)); `alone` is who could file instead.
    Days are days where the patient lives.
    """
    rows = asked_at(rung)
    form, where = (
        form_at(rung),
        "; ".join(dict.fromkeys(row.citation for row in rows)) if len(rows) < 4 else "",
    )
    cited = f" ({where})" if where else ""
    instead = f" Or {WHO[alone.who]} files, without one ({alone.citation})." if alone else ""
    standing = [a for a in appointments if a.instrument in forms() and a.stands_on(on)]
    if not standing:
        return Reason(
            "representation_missing",
            f"Whoever files for the patient is appointed in writing first: {form.name}{cited}. Print it, have it signed, and"
            f" record it.{instead}",
            field,
        )
    accepted = {key for row in rows for key in row.accepts}
    fitting = [a for a in standing if a.instrument in accepted]
    if not fitting:
        newest = max(standing, key=lambda a: a.signed_on)
        return Reason(
            "representation_form",
            f"\u201c{forms()[newest.instrument].name}\u201d, signed {_said(newest.signed_on)}, does not appoint anybody here:"
            f" {form.name} does{cited}. Print it, have it signed, and record it.{instead}",
            field,
        )
    if any(_in_force(a, on, earlier) for a in fitting):
        return None
    latest = max(fitting, key=lambda a: a.signed_on)
    paper = forms()[latest.instrument]
    last = paper.last_day(latest.signed_on)
    assert last is not None, "only a form that runs out can be out of force while it stands"
    return Reason(
        "representation_over",
        f"{paper.name}, signed {_said(latest.signed_on)}, opened new appeals until {_said(last)} ({paper.citation}). Have a new"
        f" one signed and record it.{instead}",
        field,
    )


def physician_lacks(rung: Rung, *, timing: str, urgent: bool, field: str = "filed_as") -> Reason | None:
    """Why the treating physician or prescriber may not file this level without being appointed; None where they may."""
    if alone_at(rung, timing=timing, urgent=urgent) is not None:
        return None
    only = [a for row in asked_at(rung) for a in row.alone if any(k in a.levels for k in _keys(rung))]
    why = f"{only[0].text} ({only[0].citation})" if only else "The rules of this level name nobody who may."
    return Reason(
        "physician_not_here",
        f"Nobody files this level here without being appointed. {why} Choose the patient's representative.",
        field,
    )


def printed() -> Iterator[str]:
    """The paragraphs of `docs/representatives.md`."""
    yield "# Who files for a patient, and by which paper"
    yield "*Printed by `manage.py print_docs`; edit `appeals/data/representative_forms.json` and print again.*"
    yield (
        "A release of health information appoints nobody, and an appointment releases nothing: a filing asks for both. The"
        " patient, or the patient's guardian under state law, signs. An appointment is in force from the day it was signed"
        " until it is withdrawn, until the day it names, and for new appeals until the time below has passed."
    )
    yield "## The forms"
    head = "| Form | Makes | Signed by | Opens new appeals for | What it is | Citation | Confidence |"
    yield "\n".join(
        [head, "|---|---|---|---|---|---|---|"]
        + [
            f"| `{f.key}`: {f.name} | a {f.appoints} | {', '.join(f.signed_by)} | {_long(f)} | {f.text} | {f.citation} |"
            f" {f.confidence} |"
            for f in forms().values()
        ]
    )
    yield "## What each kind of coverage asks for"
    head = "| Coverage | Form | Also enough | Rule | Citation | Confidence |"
    yield "\n".join(
        [head, "|---|---|---|---|---|---|"]
        + [
            f"| {book().regimes[row.regime].title} | `{row.form}` |"
            f" {', '.join(f'`{key}`' for key in row.accepts if key != row.form) or '-'} | {row.text} | {row.citation} |"
            f" {row.confidence} |"
            for row in asked_by_regime().values()
        ]
    )
    yield "## Who files without being appointed"
    head = "| Coverage | Who | Levels | Rule | Citation | Confidence |"
    yield "\n".join(
        [head, "|---|---|---|---|---|---|"]
        + [
            f"| {book().regimes[row.regime].title} | {WHO[alone.who]} | {', '.join(alone.levels)} | {alone.text} |"
            f" {alone.citation} | {alone.confidence} |"
            for row in asked_by_regime().values()
            for alone in row.alone
        ]
    )


def _keys(rung: Rung) -> list[str]:
    return [level.key for level in rung.levels] or [rung.key]


def _in_force(appointment: Appointment, on: date, earlier: Collection[date]) -> bool:
    last = forms()[appointment.instrument].last_day(appointment.signed_on)
    return last is None or on <= last or any(appointment.signed_on <= day <= last for day in earlier)


def _said(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _long(form: Form) -> str:
    if form.months is None:
        return "as long as it stands"
    return f"{form.months} months, and the life of an appeal begun in them"


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


@cache
def _read() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((DATA / "representative_forms.json").read_text(encoding="utf-8"))
    schema = json.loads((DATA / "representative_forms_schema.json").read_text(encoding="utf-8"))
    wrong = sorted(error.message for error in Draft202012Validator(schema).iter_errors(raw))
    if wrong:
        raise BadData(f"representative_forms.json: {'; '.join(wrong)}")
    return raw
