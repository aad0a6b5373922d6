"""What of a case can be offered to another organization, part by part, and how it is packed, shown and unpacked.

A package holds the facts as they stood when they were offered: what changes afterward is not shared. No database here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_noop as mark

PERSON, CONTACTS, COVERAGE, TREATMENT, HISTORY = "person", "contacts", "coverage", "treatment", "history"
PARTS: Final[dict[str, str]] = {
    PERSON: mark("Who the patient is"),
    CONTACTS: mark("How the patient is reached"),
    COVERAGE: mark("The plan and the member id"),
    TREATMENT: mark("The treatment, its codes and the clinician"),
    HISTORY: mark("What was tried before"),
}
NEEDED: Final = (PERSON, COVERAGE, TREATMENT)
"""Without these nobody can make a case of it."""
DAYS: Final = (7, 14, 30)

_PERSON = (
    "given_name", "family_name", "preferred_name", "pronouns", "birth_date", "language", "language_note",
    "interpreter_needed", "state", "time_zone",
)  # fmt: skip
_WAY = (
    "kind",
    "value",
    "is_safe",
    "may_leave_message",
    "is_preferred",
    "from_time",
    "until_time",
    "at_any_hour",
)
_COVERAGE = (
    "plan_name", "member_id", "group_number", "funding", "state_of_issue", "starts_on", "ends_on", "is_primary",
)  # fmt: skip
_PROVIDER = ("name", "npi", "credentials", "specialty", "facility", "phone", "fax")
_TREATMENT = ("treatment", "treatment_note", "purpose", "purpose_words", "is_urgent")
_TRIED = (
    "modality", "name", "drug_class", "dose", "dose_unit", "started_on", "stopped_on", "weeks_adequate", "adequacy", "response",
    "reason_stopped", "reason_detail", "scale", "score_before", "score_after", "in_current_episode",
)  # fmt: skip
_DAYS_IN = {"birth_date", "starts_on", "ends_on", "started_on", "stopped_on"}
_TIMES_IN = {"from_time", "until_time"}
_NUMBERS_IN = {"dose", "score_before", "score_after"}


@dataclass(frozen=True)
class Shown:
    """One part of a package in words: a title, and label and value of each line that has one."""

    title: str
    lines: tuple[tuple[str, str], ...]


def packed(case: Any, parts: Collection[str], versions: Iterable[Any]) -> dict[str, Any]:
    """The chosen parts of a case and what is known of the chosen versions, ready to be sealed.

    The case comes with patient, coverage and payer, provider; contacts and treatments are read here.
    """
    patient = case.patient
    package: dict[str, Any] = {"reference": case.reference}
    if PERSON in parts:
        package[PERSON] = _of(patient, _PERSON)
    if CONTACTS in parts:
        ways = patient.contacts.filter(ended_at=None).order_by("-is_preferred", "id")
        package[CONTACTS] = {
            "ways": [_of(way, _WAY) for way in ways],
            "safe_contact_note": patient.safe_contact_note,
        }
    if COVERAGE in parts:
        payer = case.coverage.payer
        package[COVERAGE] = _of(case.coverage, _COVERAGE) | {"payer": _of(payer, ("name", "phone", "fax"))}
    if TREATMENT in parts:
        package[TREATMENT] = _of(case, _TREATMENT) | {
            "diagnosis_codes": list(case.diagnosis_codes),
            "procedure_codes": list(case.procedure_codes),
            "provider": _of(case.provider, _PROVIDER),
        }
    if HISTORY in parts:
        package[HISTORY] = [_of(row, _TRIED) for row in case.failed_treatments.order_by("id")]
    package["papers"] = [
        {
            "version": str(version.public_id),
            "title": version.document.title,
            "kind": version.document.kind,
            "special": version.document.special,
            "number": version.number,
            "filename": version.filename,
            "content_type": version.content_type,
            "pages": version.page_count,
        }
        for version in versions
    ]
    return package


def parts_in(package: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts that a package holds, in their order."""
    return tuple(part for part in PARTS if part in package)


def missing_in(package: Mapping[str, Any]) -> tuple[str, ...]:
    """Titles of the parts without which no case can be made of it."""
    return tuple(PARTS[part] for part in NEEDED if part not in package)


def person_in(package: Mapping[str, Any]) -> dict[str, Any]:
    """What `register_patient` takes, the ways to reach the patient apart."""
    note = package[CONTACTS]["safe_contact_note"] if CONTACTS in package else ""
    return _typed(package[PERSON]) | {"safe_contact_note": note}


def ways_in(package: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each `ContactInput` takes."""
    return [_typed(way) for way in package.get(CONTACTS, {"ways": []})["ways"]]


def coverage_in(package: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `record_coverage` takes besides its payer, and what `record_payer` takes."""
    held = _typed(package[COVERAGE])
    payer = held.pop("payer")
    return held, payer


def treatment_in(package: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `open_case` takes of it, and what `record_provider` takes."""
    held = _typed(package[TREATMENT])
    provider = held.pop("provider")
    return held, provider


def tried_in(package: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `record_failed_treatment` takes, row by row."""
    return [_typed(row) for row in package.get(HISTORY, ())]


def names(recipients: str, organization: str) -> bool:
    """Whether a release names the organization among those who may receive it (45 CFR 164.508(c)(1)(iii)): its name stands
    there, whatever the case of its letters and its spaces.
    """
    return f" {_plain(organization)} " in f" {_plain(recipients)} "


def same_name(one: str, other: str) -> bool:
    return _plain(one) == _plain(other) != ""


def shown(package: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]) -> Iterator[Shown]:
    """The facts of a package in words. `labels` are the words of codes by the name of their field."""
    for part in parts_in(package):
        held = package[part]
        if part == HISTORY:
            lines = [(row["name"], _tried_in_words(row, labels)) for row in held]
        elif part == CONTACTS:
            lines = [(labels["kind"].get(way["kind"], ""), _way_in_words(way)) for way in held["ways"]]
            lines.append(("How to reach them safely", held["safe_contact_note"]))
        else:
            lines = list(_lines(held, labels))
        yield Shown(PARTS[part], tuple((label, value) for label, value in lines if value))


_LABELS: Final = {
    "given_name": "Given name",
    "family_name": "Family name",
    "preferred_name": "Wants to be called",
    "pronouns": "Pronouns",
    "birth_date": "Birth date",
    "language": "Language",
    "language_note": "About the language",
    "interpreter_needed": "Interpreter",
    "state": "State",
    "time_zone": "Time zone",
    "payer": "Payer",
    "plan_name": "Plan",
    "member_id": "Member id",
    "group_number": "Group number",
    "funding": "Who pays",
    "state_of_issue": "Issued in",
    "starts_on": "From",
    "ends_on": "Until",
    "treatment": "Treatment",
    "treatment_note": "About the treatment",
    "purpose": "Medical purpose",
    "purpose_words": "The purpose in words",
    "is_urgent": "Urgency",
    "diagnosis_codes": "Diagnoses",
    "procedure_codes": "Procedures",
    "provider": "Clinician",
}
_YES: Final = {"interpreter_needed": "Needed", "is_urgent": "Urgent"}


def _lines(held: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for name, label in _LABELS.items():
        value = held.get(name)
        if isinstance(value, bool):
            value = _YES[name] if value else ""
        elif isinstance(value, dict):
            value = ", ".join(str(value[key]) for key in ("name", "credentials", "phone") if value.get(key))
        elif isinstance(value, list):
            value = ", ".join(value)
        elif name in labels:
            value = labels[name].get(str(value), value)
        yield label, str(value or "")


def _tried_in_words(row: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]]) -> str:
    dose = " ".join(str(part) for part in (row["dose"], row["dose_unit"]) if part)
    span = " to ".join(str(day) for day in (row["started_on"], row["stopped_on"]) if day)
    weeks = f"{row['weeks_adequate']} weeks at an adequate dose" if row["weeks_adequate"] else ""
    why = labels["reason_stopped"].get(row["reason_stopped"], "")
    return "; ".join(part for part in (dose, span, weeks, why, row["reason_detail"]) if part)


def _way_in_words(way: Mapping[str, Any]) -> str:
    safe = "the patient said this way is safe" if way["is_safe"] else "not known to be safe: do not use it"
    return f"{way['value']} ({safe})"


def _of(row: Any, fields: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields}


def _typed(held: Mapping[str, Any]) -> dict[str, Any]:
    """What was made text to be sealed, as it was before."""
    return {name: _value(name, value) for name, value in held.items()}


def _value(name: str, value: Any) -> Any:
    if value is None or not isinstance(value, str):
        return value
    if name in _DAYS_IN:
        return date.fromisoformat(value)
    if name in _TIMES_IN:
        return time.fromisoformat(value)
    return Decimal(value) if name in _NUMBERS_IN else value


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()
