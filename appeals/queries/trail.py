"""Who saw and changed what on a case and its patient: acts, reads and row changes, newest first, a page at a time by key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from advocacy.access.disclosures import VERB as DISCLOSED
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, reachable, visible
from advocacy.audit.models import Event
from advocacy.audit.trail import history_of, reason_of, sealed_until
from advocacy.audit.verbs import VERBS
from advocacy.people.models import Membership
from advocacy.tenancy.scope import TenantModel
from advocacy.tenancy.sealing import CannotOpen, unseal_bytes
from advocacy.tenancy.together import fetched
from cases.models import Case, CaseGrant
from cases.queries.accounting import CORRECTED
from cases.suspensions import HELD

__all__ = ["CASES", "audited_cases", "sealed_until", "trail"]

SIZE = 50
KINDS = {"": "Everything", "verb": "Acts", "row": "Changes, field by field", "read": "Who looked"}
SEALED = "changed (encrypted)"
_PLUMBING = frozenset(
    {"id", "organization_id", "public_id", "version", "workflow_version", "case_id", "patient_id"}
)
_IN_PARTS = frozenset({DISCLOSED, CORRECTED, HELD})
"""Acts whose sealed reason is several texts."""
_OF_TASKS = frozenset({"task_raised", "task_settled", "task_opened"})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BY_NUMBER = re.compile(r":\d+$")
"""What a code of ours is about, by primary key: it means nothing to a reader."""
_DONE = {"insert": "added", "update": "changed", "delete": "deleted"}

_PAGES = {
    "communications": "log of contacts",
    "communication": "one entry of the log",
    "communication_new": "new entry of the log",
    "call_new": "call note",
    "costs": "money",
    "cost_new": "new amount of money",
    "note_new": "new note",
    "denial_new": "new denial",
    "request_new": "new request",
    "request_sent": "sending of the request",
    "level": "level of appeal",
    "level_draft": "letter of the level",
    "level_file": "filing of the level",
    "level_decide": "decision of the level",
    "document_file": "file of a document",
}


@dataclass(frozen=True)
class Change:
    """One field: `before` is "" for a new row, `after` "" for a deleted one. `opened` is False where it stays encrypted."""

    field: str
    before: str
    after: str
    opened: bool = True


@dataclass(frozen=True)
class Line:
    """One event as a sentence: who did what, when, why; with the fields of a row change or the page of a read."""

    key: int
    at: datetime
    recorded_at: datetime | None
    kind: str
    who: str
    sentence: str
    reason: str
    detail: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class TrailPage:
    lines: tuple[Line, ...]
    after: str
    is_first: bool
    people: tuple[tuple[str, str], ...]


RESTRICTED, GIVEN = "restricted", "given"
CASES = {"": "Every case", RESTRICTED: "Restricted, and open to me", GIVEN: "With access given to others"}
"""What a list of trails may be narrowed to."""


def audited_cases(actor: Actor, show: str = "", at: datetime | None = None) -> QuerySet[Case]:
    """The cases whose trail this actor may read, by reference; `show` is a key of CASES.

    Access given to others is what stands at `at` (aware) by a colleague's word and for a time, beside what roles give.
    """
    found = Case.objects.filter(reachable(actor, Permission.SEE_TRAIL, Case)).select_related("owner__user")
    if show == RESTRICTED:
        return found.filter(is_restricted=True)
    if show == GIVEN:
        given = CaseGrant.objects.filter(content_object=OuterRef("pk"), ended_at=None, expires_at__gt=at)
        return found.filter(Exists(given))
    return found


def trail(
    actor: Actor, case: Case, *, kind: str = "", person: str = "", after: int | None = None, size: int = SIZE
) -> TrailPage:
    """The trail of a case the actor may audit (the door asks for SEE_TRAIL on it). Three statements.

    `person` is a member's public id, or "program" for what the program did by itself.
    """
    members = list(Membership.objects.select_related("user").order_by("user__name", "id"))
    events = history_of(case_id=case.pk, patient_id=case.patient_id).exclude(_of_hidden_cases(actor, case))
    if kind in KINDS and kind:
        events = events.filter(kind=kind)
    if person == "program":
        events = events.filter(actor__startswith="system:")
    elif person:
        chosen = next((m for m in members if str(m.public_id) == person), None)
        events = events.filter(actor=f"user:{chosen.user_id}") if chosen else events.none()
    if after is not None:
        events = events.filter(id__lt=after)
    found = list(events[: size + 1])
    more, found = len(found) > size, found[:size]
    names = _Names.of(members)
    ids = _public_ids(found)
    return TrailPage(
        tuple(_line(event, names, ids, actor.organization_id) for event in found),
        str(found[-1].pk) if more else "",
        after is None,
        (*((str(m.public_id), str(m.user)) for m in members), ("program", "Recourse itself")),
    )


def _of_hidden_cases(actor: Actor, case: Case) -> Q:
    """What is about the same patient because of a case that the actor may not open (restricted to others), and not of this."""
    others = Case.objects.filter(patient_id=case.patient_id).exclude(visible(actor, Case))
    return Q(case_ids__overlap=ArraySubquery(others.values("pk"))) & ~Q(case_ids__contains=[case.pk])


@dataclass(frozen=True)
class _Names:
    members: Mapping[int, str]
    users: Mapping[int, str]

    @classmethod
    def of(cls, members: Iterable[Membership]) -> _Names:
        rows = list(members)
        return cls({m.pk: str(m.user) for m in rows}, {m.user_id: str(m.user) for m in rows})


def _models() -> dict[str, type[models.Model]]:
    return {m._meta.db_table: m for m in apps.get_models() if issubclass(m, TenantModel)}


def _public_ids(events: Iterable[Event]) -> dict[tuple[str, int], UUID]:
    """The public ids of changed rows, without which their sealed values do not open. One statement for all tables."""
    wanted: dict[str, set[int]] = {}
    known = _models()
    for event in events:
        if (
            event.kind == Event.Kind.ROW
            and event.verb == "update"
            and event.subject_id
            and event.subject_table in known
        ):
            wanted.setdefault(event.subject_table, set()).add(event.subject_id)
    rows = fetched(
        {t: known[t]._default_manager.filter(pk__in=pks).only("pk", "public_id") for t, pks in wanted.items()}
    )
    return {(table, row.pk): row.public_id for table, found in rows.items() for row in found}


def _line(event: Event, names: _Names, ids: Mapping[tuple[str, int], UUID], organization_id: int) -> Line:
    changes: tuple[Change, ...] = ()
    detail = ""
    if event.kind == Event.Kind.ROW:
        model = _models().get(event.subject_table)
        noun = str(model._meta.verbose_name) if model else event.subject_table.replace("_", " ")
        sentence = f"{_DONE.get(event.verb, event.verb)} {noun}"
        if model is not None:
            changes = _changes(event, model, names, ids, organization_id)
    else:
        sentence = VERBS.get(event.verb, event.verb.replace("_", " "))
        detail = _detail(event)
    other_day = event.recorded_at.date() != event.at.date()
    return Line(
        event.pk,
        event.at,
        event.recorded_at if other_day else None,
        event.kind,
        event.actor_label or event.actor or "Unknown",
        sentence,
        _reason(event),
        detail,
        changes,
    )


def _reason(event: Event) -> str:
    """What was said of it; of what left, who got it, where, and what it was."""
    said = reason_of(event)
    return "; ".join(filter(None, json.loads(said))) if event.verb in _IN_PARTS and said[:1] == "[" else said


def _detail(event: Event) -> str:
    """What a read or an act says about itself: the page, or codes and states; primary keys mean nothing to a reader."""
    data: dict[str, Any] = event.data if isinstance(event.data, dict) else {}
    if event.kind == Event.Kind.READ:
        page = str(data.get("page", ""))
        several = len(event.case_ids) - 1
        among = f", among {several} other case{'' if several == 1 else 's'}" if several > 0 else ""
        return f"{_page_words(page.split(':')[-1])}{among}"
    said = {
        k: v
        for k, v in data.items()
        if isinstance(v, str | bool) and v != "" and not (event.verb in _OF_TASKS and k == "by")
    }
    return "; ".join(f"{k.replace('_', ' ').capitalize()}: {_in_words(v)}" for k, v in said.items())


def _page_words(name: str) -> str:
    """ "cost_new" -> "Page: new amount of money"; a page without words of its own by its name."""
    return f"Page: {_PAGES.get(name) or name.removesuffix('_page').replace('_', ' ')}"


def _in_words(value: str | bool) -> str:
    """A code of ours as words; anything else as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _DAY.fullmatch(value):
        return _day_words(date.fromisoformat(value))
    if value.isascii() and value.islower():
        return _BY_NUMBER.sub("", value).replace("_", " ")
    return value


def _day_words(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _changes(
    event: Event,
    model: type[models.Model],
    names: _Names,
    ids: Mapping[tuple[str, int], UUID],
    organization_id: int,
) -> tuple[Change, ...]:
    data: dict[str, Any] = event.data
    row = (
        data.get("public_id")
        if event.verb != "update"
        else ids.get((event.subject_table, event.subject_id or 0))
    )
    columns = {f.column: f for f in model._meta.concrete_fields}
    found = []
    for column, value in data.items():
        field = columns.get(column)
        if field is None or column in _PLUMBING or getattr(field, "of", None):
            continue
        before, after = value if event.verb == "update" else (None, value)
        if event.verb == "delete":
            before, after = after, None
        if before in (None, "", "\\x", []) and after in (None, "", "\\x", []):
            continue
        if isinstance(field, models.BinaryField):
            found.append(_sealed(field, before, after, row, organization_id))
        else:
            label = str(field.verbose_name)
            found.append(Change(label, _shown(field, before, names), _shown(field, after, names)))
    return tuple(found)


def _sealed(field: Any, before: Any, after: Any, row: Any, organization_id: int) -> Change:
    """A sealed value is opened for this page only; one that does not open is said to have changed."""
    label = str(field.verbose_name)
    if not hasattr(field, "opened") or row is None:
        return Change(label, "", SEALED, opened=False)
    context = f"{row}|{field.model._meta.db_table}.{field.column}"
    try:
        texts = [_opened(field, value, context, organization_id) for value in (before, after)]
    except (CannotOpen, ValueError, IndexError):
        return Change(label, "", SEALED, opened=False)
    return Change(label, texts[0], texts[1])


def _opened(field: Any, value: Any, context: str, organization_id: int) -> str:
    if value in (None, "", "\\x"):
        return ""
    plain = unseal_bytes(bytes.fromhex(value[2:]), organization_id=organization_id, context=context)
    found = field.from_text(plain.decode())
    text = _day_words(found) if type(found) is date else str(found)
    return text if len(text) <= 600 else f"{text[:600]}…"


def _shown(field: Any, value: Any, names: _Names) -> str:
    if value is None or value == "":
        return ""
    if isinstance(field, models.ForeignKey):
        label = field.related_model._meta.label
        known = {"people.Membership": names.members, "people.User": names.users}.get(label)
        if known is not None:
            return known.get(value, "somebody else")
        return f"another {field.related_model._meta.verbose_name}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateTimeField):
        return f"{timezone.localtime(datetime.fromisoformat(value)):%b %-d, %Y, %H:%M %Z}"
    if isinstance(field, models.DateField):
        return _day_words(date.fromisoformat(value))
    return str(value)
