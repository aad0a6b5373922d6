"""Everything about one patient, gathered for the patient: each app names its rows, and says what they are in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advocacy import registries
from advocacy.people.models import Consent, Contact, Patient, PortalAccess
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import BlindIndexField

PLUMBING = frozenset({"id", "organization", "version", "workflow_version", "pages"})
"""Columns that say nothing of a person; the text of a document goes along as the document itself."""

FIELD_WORDS: dict[str, Any] = {
    "reference": gettext_lazy("Number"),
    "given_name": gettext_lazy("First name"),
    "family_name": gettext_lazy("Last name"),
    "preferred_name": gettext_lazy("Called"),
    "pronouns": gettext_lazy("Pronouns"),
    "birth_date": gettext_lazy("Born on"),
    "language": gettext_lazy("Language"),
    "state": gettext_lazy("State"),
    "safe_contact_note": gettext_lazy("How to reach you"),
    "kind": gettext_lazy("Kind"),
    "value": gettext_lazy("What it says"),
    "is_safe": gettext_lazy("Safe"),
    "from_time": gettext_lazy("Not before"),
    "until_time": gettext_lazy("Not after"),
    "scope": gettext_lazy("What"),
    "method": gettext_lazy("How"),
    "signed_on": gettext_lazy("Signed on"),
    "expires_on": gettext_lazy("Until"),
    "expires_at": gettext_lazy("Until"),
    "revoked_at": gettext_lazy("Taken back"),
    "ended_at": gettext_lazy("Ended"),
    "name": gettext_lazy("Name"),
    "relation": gettext_lazy("Who this is to you"),
    "plan_name": gettext_lazy("Plan"),
    "member_id": gettext_lazy("Member number"),
    "group_number": gettext_lazy("Group number"),
    "starts_on": gettext_lazy("From"),
    "ends_on": gettext_lazy("Until"),
    "treatment": gettext_lazy("Treatment"),
    "treatment_note": gettext_lazy("About the treatment"),
    "purpose_words": gettext_lazy("What it is for"),
    "diagnosis_codes": gettext_lazy("Diagnosis codes"),
    "procedure_codes": gettext_lazy("Treatment codes"),
    "status": gettext_lazy("State of it"),
    "opened_at": gettext_lazy("Opened"),
    "closed_at": gettext_lazy("Closed"),
    "outcome": gettext_lazy("How it ended"),
    "outcome_note": gettext_lazy("About how it ended"),
    "dose": gettext_lazy("Dose"),
    "dose_unit": gettext_lazy("Unit"),
    "started_on": gettext_lazy("From"),
    "stopped_on": gettext_lazy("Until"),
    "response": gettext_lazy("How it helped"),
    "reason_detail": gettext_lazy("Why it stopped"),
    "title": gettext_lazy("Title"),
    "channel": gettext_lazy("By"),
    "direction": gettext_lazy("Who wrote or called"),
    "person": gettext_lazy("With"),
    "happened_at": gettext_lazy("When"),
    "summary": gettext_lazy("What was said"),
    "reasons_quoted": gettext_lazy("Why it said no"),
    "promise": gettext_lazy("What was promised"),
    "body": gettext_lazy("Words"),
    "amount": gettext_lazy("Amount in dollars"),
    "basis": gettext_lazy("How we know"),
    "asked_of_patient": gettext_lazy("What we asked you for"),
    "reference_number": gettext_lazy("Number of the plan"),
    "submitted_at": gettext_lazy("Sent"),
    "received_at": gettext_lazy("Came in"),
    "decided_at": gettext_lazy("Decided"),
    "code": gettext_lazy("Code"),
    "units": gettext_lazy("Units"),
    "sessions": gettext_lazy("Sessions"),
    "frequency": gettext_lazy("How often"),
    "number": gettext_lazy("Number"),
    "valid_from": gettext_lazy("From"),
    "valid_until": gettext_lazy("Until"),
    "notice_on": gettext_lazy("Day on the letter"),
    "received_on": gettext_lazy("Came to you"),
    "silent_from": gettext_lazy("No answer came by this day"),
    "stated_deadline_on": gettext_lazy("Last day the letter names"),
    "continuation_stated_on": gettext_lazy("Ask by this day to keep your care"),
    "criteria": gettext_lazy("Rules the plan used"),
    "reviewer": gettext_lazy("Who decided"),
    "reason": gettext_lazy("Reason"),
    "words": gettext_lazy("In its own words"),
    "level": gettext_lazy("Step"),
    "filed_at": gettext_lazy("Sent"),
    "address": gettext_lazy("Sent to"),
    "sha256": gettext_lazy("Seal of the file"),
    "held_at": gettext_lazy("Held"),
    "held_on": gettext_lazy("Day"),
    "minutes": gettext_lazy("Minutes"),
    "due_on": gettext_lazy("Day"),
    "citation": gettext_lazy("The rule it rests on"),
    "question": gettext_lazy("Question"),
    "why": gettext_lazy("Why"),
    "advised_by": gettext_lazy("Who advised"),
    "answer": gettext_lazy("What you said"),
    "answered_at": gettext_lazy("When you said it"),
    "digest": gettext_lazy("Seal of the letter"),
    "filename": gettext_lazy("File"),
    "asked_at": gettext_lazy("Asked"),
}
"""Field -> how the patient reads it. A field that is not here stands in the data only."""


@dataclass(frozen=True)
class Section:
    """Rows of one kind under a title the patient reads. Every field goes into the data; what FIELD_WORDS names is shown."""

    key: str
    title: str
    model: type[models.Model]
    rows: Sequence[models.Model]


@dataclass(frozen=True)
class Enclosed:
    """A file that goes along: its name inside the archive, and its bytes in pieces."""

    name: str
    pieces: Iterable[bytes]


@dataclass(frozen=True)
class Record:
    sections: tuple[Section, ...]
    files: tuple[Enclosed, ...]


def everything_about(patient: Patient) -> Record:
    """Of every app, in the current language and scope. Who may ask is the door's question."""
    found = [*_of_people(patient)]
    for gather in registries.export:
        found += gather(patient)
    sections = tuple(part for part in found if isinstance(part, Section) and part.rows)
    return Record(sections, tuple(part for part in found if isinstance(part, Enclosed)))


def _of_people(patient: Patient) -> Iterator[Section]:
    yield Section("patient", _("You"), Patient, [patient])
    for key, title, model in (
        ("contacts", _("Ways to reach you"), Contact),
        ("consents", _("What you allowed"), Consent),
        ("people_who_enter", _("Who may come in here"), PortalAccess),
    ):
        yield Section(key, title, model, list(model._default_manager.filter(patient=patient).order_by("id")))


def data_of(row: models.Model, named: Mapping[tuple[str, int], UUID]) -> dict[str, Any]:
    """Every field of a row, opened, ready for JSON. A reference is the public id of the row it names, if that goes along."""
    found: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.name in PLUMBING or isinstance(field, BlindIndexField):
            continue
        value = getattr(row, field.attname)
        if field.is_relation:
            value = named.get((field.related_model._meta.label, value))  # type: ignore[union-attr]
        if value not in (None, ""):
            found[field.name] = value
    return found


def names_of(record: Record) -> dict[tuple[str, int], UUID]:
    """The public id of every row that goes along, by table and key."""
    rows = (row for section in record.sections for row in section.rows)
    return {(row._meta.label, row.pk): row.public_id for row in rows if isinstance(row, TenantModel)}


def shown(row: models.Model, zone: ZoneInfo) -> list[tuple[str, str]]:
    """The fields that hold something, as words: days and moments where the patient lives, choices by their labels."""
    lines = []
    for field in row._meta.concrete_fields:
        label = FIELD_WORDS.get(field.name)
        value = getattr(row, field.attname)
        if label is None or value in (None, "", [], ()):
            continue
        display = getattr(row, f"get_{field.name}_display", None)
        lines.append((str(label), in_words(display() if display else value, zone)))
    return lines


def in_words(value: Any, zone: ZoneInfo) -> str:
    """One value as a person reads it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, Decimal):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(in_words(v, zone) for v in value)
    if isinstance(value, dict):
        return "; ".join(f"{k}: {in_words(v, zone)}" for k, v in value.items())
    return str(value)


def of_cases(model: type[models.Model], patient: Patient, **more: Any) -> list[models.Model]:
    """The rows of a table that hangs on cases, of this patient's cases, oldest first."""
    return list(model._default_manager.filter(Q(case__patient=patient), **more).order_by("id"))
