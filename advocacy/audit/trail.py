"""Writing to the trail and reading it back. Row changes are caught by triggers; here are acts and reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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


def about(*, cases: Iterable[int] = (), patients: Iterable[int] = ()) -> models.Q:
    """Events about one of these (primary keys), whatever they are. Row-level security lets no array condition use its index,
    so the keys come from a definer function, and the rows are read by key.
    """
    keys = RawSQL("SELECT audit.keys_of(%s::bigint[], %s::bigint[])", [list(cases), list(patients)])
    return models.Q(pk__in=keys)


def history_of(*, case_id: int, patient_id: int) -> models.QuerySet[Event]:
    """Everything the trail holds about one case and its patient, newest first."""
    return Event.objects.filter(about(cases=[case_id], patients=[patient_id])).order_by("-id")
