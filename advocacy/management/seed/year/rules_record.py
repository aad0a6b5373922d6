"""What must hold of the record: what went out lies frozen, the trail tells all, money adds up, nobody else sees any of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet, Sum

from advocacy.access.compiled import statement_for
from advocacy.access.policy import Actor, visible
from advocacy.audit.models import Event
from advocacy.audit.trail import about
from advocacy.management.seed.year.watch import (
    ASKED,
    AT_CLOSING,
    AT_THE_END,
    EVERY_EVENING,
    OF_THE_WORKED,
    Asked,
    Evening,
    Watch,
    asked,
    rule,
)
from advocacy.tenancy.scope import scoped_to, tenant_models
from appeals.queries.ladder import filing_of
from cases.commands.documents import open_in_folder
from cases.models import Case, Cost, DocumentVersion
from cases.vault import VaultError

# -- what went out ------------------------------------------------------------------------------------------
_PAPERS = """
    FROM appeals_filing f JOIN cases_case c ON c.id = f.case_id JOIN appeals_appeal a ON a.id = f.appeal_id
    JOIN cases_documentversion v ON v.id = f.document_version_id JOIN cases_document d ON d.id = v.document_id
    JOIN cases_blob b ON b.id = v.blob_id
   WHERE f.organization_id = %(house)s AND f.id > {after}"""
_CHANGED = f"""
    SELECT c.reference || ': what was filed may still change' {_PAPERS} AND NOT d.is_frozen
     UNION ALL
    SELECT c.reference || ': what is kept is not what was filed' {_PAPERS}
       AND (f.sha256 <> b.sha256 OR a.frozen_version_id IS DISTINCT FROM v.id)
"""  # noqa: S608  no value in it
_KEPT = f"SELECT jsonb_build_array(f.id, c.reference, v.id, b.location)::text {_PAPERS}"


def _versions_seen(actor: Actor) -> QuerySet[Any, Any]:
    return DocumentVersion.objects.filter(visible(actor, DocumentVersion)).values("pk")


def _readable(evening: Evening, kept: list[tuple[int, str, int, str]]) -> Iterator[str]:
    """What whoever supervises cannot read of these: filing, reference, version of the paper, and where its bytes lie."""
    if not kept:
        return
    seen = statement_for("year.versions", evening.supervisor, _versions_seen)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pk FROM ({seen.sql}) AS seen (pk) WHERE pk = ANY (%s::bigint[])",  # noqa: S608  made by the ORM
            [*seen.of(evening.supervisor), [version for _, _, version, _ in kept]],
        )
        known = {pk for (pk,) in cursor.fetchall()}
    folder = evening.house.standing.organization.public_id
    for _, reference, version, location in kept:
        if version not in known:
            yield f"{reference}: what was filed is not there for whoever supervises"
        try:
            open_in_folder(folder, location).verify()
        except (VaultError, OSError):
            yield f"{reference}: the bytes that were filed cannot be read"


@rule("No level is filed without the very bytes that went out, frozen and readable.")
def filed_is_frozen(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from evening.found_by("filed_is_frozen", watch)
    kept = [tuple(json.loads(words)) for words in evening.found_by("newly_filed", watch)]
    yield from _readable(evening, kept)
    watch.filings_until = max((filing for filing, *_ in kept), default=watch.filings_until)


ASKED["filed_is_frozen"] = Asked(
    """
    SELECT c.reference || ': ' || a.level || ' was filed, and nothing of it is kept'
      FROM appeals_appeal a JOIN cases_case c ON c.id = a.case_id
     WHERE a.case_id = ANY (%(cases)s) AND a.filed_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM appeals_filing f WHERE f.appeal_id = a.id)
     UNION ALL
    """  # noqa: S608  no value in it
    + _CHANGED.format(after="%(filings_until)s"),
    OF_THE_WORKED,
)
ASKED["newly_filed"] = Asked(_KEPT.format(after="%(filings_until)s"), OF_THE_WORKED)


@rule("The bytes of everything that was ever filed are still there.", when=AT_THE_END)
def filed_stays_readable(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from evening.found_by("filed_stays_readable", watch)
    yield from _readable(evening, [tuple(json.loads(w)) for w in evening.found_by("ever_filed", watch)])


ASKED["filed_stays_readable"] = Asked(_CHANGED.format(after="0"), AT_THE_END)
ASKED["ever_filed"] = Asked(_KEPT.format(after="0"), AT_THE_END)


asked(
    "a_release_stood",
    "What was filed went out while a release of the patient's stood.",
    """
    SELECT f.reference || ': a level was filed on ' || f.filed_on || ', and no release stood'
      FROM (SELECT c.reference, c.patient_id, f.filed_at, (f.filed_at AT TIME ZONE p.time_zone)::date AS filed_on
              FROM appeals_filing f JOIN cases_case c ON c.id = f.case_id JOIN people_patient p ON p.id = c.patient_id
             WHERE f.case_id = ANY (%(cases)s) AND f.filed_at > %(lately)s) f
     WHERE NOT EXISTS (
       SELECT FROM people_consent r
        WHERE r.patient_id = f.patient_id AND r.kind = 'release' AND r.signed_on <= f.filed_on AND r.lacks = '{}'
          AND (r.expires_on IS NULL OR r.expires_on >= f.filed_on) AND (r.revoked_at IS NULL OR r.revoked_at > f.filed_at))
    """,
)


@rule("What was filed after the last arguable day says why it is late.")
def late_says_why(watch: Watch, evening: Evening) -> Iterator[str]:
    for filing in evening.filed:
        if filing.good_cause:
            continue
        case = next(c for c in evening.cases if c.pk == filing.case_id)
        history = evening.histories[case.pk]
        appeal = next(a for a in history.appeals if a.pk == filing.appeal_id)
        last = filing_of(history, appeal).last_day
        on = filing.filed_at.astimezone(ZoneInfo(case.patient.time_zone)).date()
        if last is not None and on > last:
            yield f"{case.reference}: a level was filed on {on}, after {last}, without a reason"


asked(
    "every_act_is_told",
    "Every act is in the trail, under the name of whoever did it and at its moment.",
    """
    WITH told AS MATERIALIZED (
      SELECT DISTINCT e.actor, e.at FROM audit.event e
       WHERE e.organization_id = %(house)s AND e.kind = 'verb' AND e.id > %(read_until)s)
    SELECT act ->> 2 || ' by ' || (act ->> 0) || ' at ' || translate(left(act ->> 1, 16), 'T', ' ')
           || ' left nothing in the trail'
      FROM jsonb_array_elements(%(acts)s::jsonb) AS acts (act)
     WHERE NOT EXISTS (SELECT FROM told WHERE told.actor = act ->> 0 AND told.at = (act ->> 1)::timestamptz)
    """,
    when=EVERY_EVENING,
)
asked(
    "nothing_lies_ahead",
    "Nothing is recorded as done at a moment that has not come.",
    """
    SELECT verb || ' of ' || subject_table || ' lies ahead, at ' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
      FROM audit.event WHERE organization_id = %(house)s AND id > %(read_until)s AND at > %(now)s
     ORDER BY id DESC LIMIT 10
    """,
    when=EVERY_EVENING,
)


# -- the trail, played back ---------------------------------------------------------------------------------
@cache
def _watched_tables() -> tuple[str, ...]:
    """Tables of a case that the trail watches row by row, as the schema has them when it is asked first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'case_id' WHERE t.tgname = 'audit_insert' ORDER BY 1"
        )
        return tuple(row[0] for row in cursor.fetchall())


def _rows_now(cases: list[int]) -> dict[tuple[str, int], dict[str, Any]]:
    parts = [
        f'SELECT {table!r}, t.id, to_jsonb(t)::text FROM "{table}" t WHERE t.case_id = ANY (%(cases)s)'  # noqa: S608
        for table in _watched_tables()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), {"cases": cases})
        return {(table, pk): json.loads(row) for table, pk, row in cursor.fetchall()}


def played_back(cases: list[int]) -> dict[tuple[str, int | None], dict[str, Any]]:
    """The rows of these cases as the trail alone tells them."""
    return _played(Event.objects.filter(about(cases=cases)))


def _played(events: QuerySet[Event]) -> dict[tuple[str, int | None], dict[str, Any]]:
    rows: dict[tuple[str, int | None], dict[str, Any]] = defaultdict(dict)
    events = events.filter(kind="row").order_by("id")
    for table, pk, verb, data in events.values_list("subject_table", "subject_id", "verb", "data"):
        if verb == "insert":
            rows[table, pk] = data
        elif verb == "update":
            rows[table, pk] |= {column: new for column, (_, new) in data.items()}
        else:
            rows.pop((table, pk), None)
    return rows


def untold(cases: list[int]) -> Iterator[str]:
    """Where the tables and the trail played back differ."""
    told, now = played_back(cases), _rows_now(cases)
    for key in [key for key in now if "id" not in told.get(key, {})]:
        # It came to be before it came to the case, as an inquiry does: the case's own events begin in the middle.
        told |= _played(Event.objects.filter(subject_table=key[0], subject_id=key[1]))
    for key, row in now.items():
        if told.get(key) != row:
            columns = sorted(c for c in row if told.get(key, {}).get(c) != row[c])
            yield f"{key[0]} {key[1]}: the trail does not tell {', '.join(columns)}"
    tables = {table for table, _ in now}
    for table, pk in told.keys() - now.keys():
        if table in tables:
            yield f"{table} {pk}: the trail tells of a row that is not there"


@rule("Played back, the trail gives the rows as they stand: no write without an event.", when=AT_CLOSING)
def the_trail_tells_every_write(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from untold(evening.closed)


@rule("The same of every case that was never closed.", when=AT_THE_END)
def the_trail_tells_open_cases(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from untold(sorted(Case.objects.filter(status="open").values_list("pk", flat=True)))


# -- money, and other organizations -------------------------------------------------------------------------
@rule(
    "Each kind of money adds up to what was last said of each case, and a case has one figure of a kind.",
    when=AT_CLOSING,
)
def money_adds_up(watch: Watch, evening: Evening) -> Iterator[str]:
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for (_, kind), amount in evening.house.money.items():
        wanted[kind] += amount
    rows = Cost.objects.filter(superseded_at=None).values_list("kind").annotate(total=Sum("amount"))
    found = dict(rows.order_by("kind"))
    for kind in sorted({*wanted, *found}):
        if wanted.get(kind, Decimal(0)) != found.get(kind, Decimal(0)):
            yield f"{kind} is {found.get(kind, 0)} in all, and {wanted.get(kind, 0)} was said"


@cache
def _counted() -> str:
    """How many rows of the worked cases each table has, as one statement."""
    tables = [
        m._meta.db_table for m in tenant_models() if any(f.column == "case_id" for f in m._meta.local_fields)
    ]
    parts = [
        f'SELECT {table!r}, count(*) FROM "{table}" WHERE case_id = ANY (%(cases)s) HAVING count(*) > 0'  # noqa: S608
        for table in tables
    ]
    parts.append(
        "SELECT 'cases_case', count(*) FROM cases_case WHERE id = ANY (%(cases)s) HAVING count(*) > 0"
    )
    return " UNION ALL ".join(parts)


@rule("To another organization nothing of a case is there, whatever it asks.")
def others_see_nothing(watch: Watch, evening: Evening) -> Iterator[str]:
    with (
        scoped_to(evening.other.organization.pk, actor="system:watch", actor_label="Recourse"),
        connection.cursor() as cursor,
    ):
        cursor.execute(_counted(), {"cases": evening.worked})
        for table, count in cursor.fetchall():
            yield f"{count} rows of {table} are there for {evening.other.organization.slug}"
