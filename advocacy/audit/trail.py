"""Writing to the trail and reading it back. Row changes are caught by triggers; here are acts and reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models.expressions import RawSQL

from advocacy.audit.models import Event
from advocacy.audit.verbs import sentence
from advocacy.tenancy.scope import current_organization_id
from advocacy.tenancy.sealing import seal_bytes, unseal_bytes

SEALED = "sealed:"


def _belongs(subject: models.Model, table: str, column: str) -> list[int]:
    """The case (or patient) a row belongs to: itself, or the one it names."""
    if subject._meta.db_table == table:
        return [subject.pk]
    value = getattr(subject, column, None)
    return [value] if value is not None else []


def _context(table: str, subject_id: int | None) -> str:
    return f"{table}:{subject_id}|audit.event.reason"


def _sealed(reason: str, subject: models.Model) -> str:
    """A reason is typed freely and may name somebody: the trail holds it as ciphertext, bound to its subject."""
    organization_id = current_organization_id()
    if not reason or organization_id is None:
        return ""
    context = _context(subject._meta.db_table, subject.pk)
    return SEALED + seal_bytes(reason.encode(), organization_id=organization_id, context=context).hex()


def reason_of(event: Event) -> str:
    """The reason as it was typed. Raises CannotOpen when it was altered or moved from another event."""
    if not event.reason.startswith(SEALED):
        return event.reason
    return unseal_bytes(
        bytes.fromhex(event.reason.removeprefix(SEALED)),
        organization_id=event.organization_id,
        context=_context(event.subject_table, event.subject_id),
    ).decode()


def record(
    verb: str, *, subject: models.Model, detail: Mapping[str, Any] | None = None, reason: str = ""
) -> None:
    """Write one act into the trail, in the transaction of the act. An audit failure is a failure.

    `detail` is stored in plain: it holds ids, codes, dates and counts, never names, contacts or free text. `reason` may
    be free text and is sealed.
    Raises KeyError for an unknown verb.
    """
    sentence(verb)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit.record('verb', %s, %s, %s, %s::bigint[], %s::bigint[], %s::jsonb, %s)",
            [
                verb,
                subject._meta.db_table,
                subject.pk,
                _belongs(subject, "cases_case", "case_id"),
                _belongs(subject, "people_patient", "patient_id"),
                json.dumps(dict(detail or {}), cls=DjangoJSONEncoder),
                _sealed(reason, subject),
            ],
        )


def record_many(verb: str, acts: Iterable[tuple[models.Model, Mapping[str, Any]]]) -> None:
    """The same act on many subjects of cases, each with its own detail as in `record`, in one statement. Raises KeyError."""
    sentence(verb)
    listed = [
        [
            subject._meta.db_table,
            subject.pk,
            *_belongs(subject, "cases_case", "case_id"),
            json.dumps(dict(detail), cls=DjangoJSONEncoder),
        ]
        for subject, detail in acts
    ]
    if not listed:
        return
    tables, subjects, cases, details = zip(*listed, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT audit.record('verb', %s, s.name, s.key, ARRAY[s.of], '{}', s.detail, '')"
            " FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::jsonb[]) AS s(name, key, of, detail)) told",
            [verb, list(tables), list(subjects), list(cases), list(details)],
        )


def record_read(
    verb: str,
    *,
    cases: Iterable[int] = (),
    patients: Iterable[int] = (),
    detail: Mapping[str, Any] | None = None,
) -> None:
    """One read event for one answer, however many rows it showed. `cases` and `patients` are primary keys."""
    sentence(verb)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit.record('read', %s, '', NULL, %s::bigint[], %s::bigint[], %s::jsonb, '')",
            [verb, sorted(set(cases)), sorted(set(patients)), json.dumps(dict(detail or {}))],
        )


@dataclass(frozen=True)
class SealedUntil:
    """Up to when the trail of the current organization is sealed (None: nothing is), and since when newer events have waited
    too long for their seal (None: they have not). Aware moments.
    """

    until: datetime | None
    late_since: datetime | None


LATE = timedelta(minutes=15)
"""A seal comes within a minute or two; after this somebody has to look (ADR 13)."""


def sealed_until(at: datetime) -> SealedUntil:
    """How far the current organization's trail is sealed at the moment `at`. One statement."""
    organization_id = current_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT s.sealed_at FROM audit.seal s WHERE s.organization_id = %s ORDER BY s.seq DESC LIMIT 1),"
            " (SELECT e.recorded_at FROM audit.batch b JOIN audit.event e ON e.id = b.ids[1]"
            "   WHERE b.organization_id = %s ORDER BY b.id LIMIT 1)",
            [organization_id, organization_id],
        )
        sealed, oldest = cursor.fetchone()
    until = min(sealed, oldest) if sealed and oldest else sealed
    return SealedUntil(until, oldest if oldest is not None and at - oldest > LATE else None)


def about(*, cases: Iterable[int] = (), patients: Iterable[int] = ()) -> models.Q:
    """Events about one of these (primary keys), whatever they are. Row-level security lets no array condition use its index,
    so the keys come from a definer function, and the rows are read by key.
    """
    keys = RawSQL("SELECT audit.keys_of(%s::bigint[], %s::bigint[])", [list(cases), list(patients)])
    return models.Q(pk__in=keys)


def history_of(*, case_id: int, patient_id: int) -> models.QuerySet[Event]:
    """Everything the trail holds about one case and its patient, newest first."""
    return Event.objects.filter(about(cases=[case_id], patients=[patient_id])).order_by("-id")
