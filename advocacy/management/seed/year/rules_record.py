"""What must hold of the record: what went out lies frozen, the trail tells all, money adds up, nobody else sees any of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet, Sum

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
    rule,
)
from advocacy.people.models import Consent
from advocacy.tenancy.scope import scoped_to, tenant_models
from appeals.models import Filing
from appeals.queries.ladder import filing_of
from cases.commands.documents import open_version
from cases.models import Case, Cost
from cases.vault import VaultError


def _frozen(evening: Evening, filings: list[Filing]) -> Iterator[str]:
    for filing in filings:
        version, name = filing.document_version, filing.case.reference
        if not version.document.is_frozen:
            yield f"{name}: what was filed may still change"
        if filing.sha256 != version.blob.sha256 or filing.appeal.frozen_version_id != version.pk:
            yield f"{name}: what is kept is not what was filed"
        try:
            open_version(evening.supervisor, version).verify()
        except (VaultError, OSError):
            yield f"{name}: the bytes that were filed cannot be read"


def _with_papers(filings: Any) -> list[Filing]:
    return list(
        filings.select_related("case", "appeal", "document_version__document", "document_version__blob")
    )


@rule("No level is filed without the very bytes that went out, frozen and readable.")
def filed_is_frozen(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from evening.found_by("filed_is_frozen")
    new = _with_papers(Filing.objects.filter(pk__gt=watch.filings_until).order_by("pk"))
    yield from _frozen(evening, new)
    watch.filings_until = max((f.pk for f in new), default=watch.filings_until)


ASKED["filed_is_frozen"] = Asked(
    """
    SELECT c.reference || ': ' || a.level || ' was filed, and nothing of it is kept'
      FROM appeals_appeal a JOIN cases_case c ON c.id = a.case_id
     WHERE a.case_id = ANY (%(cases)s) AND a.filed_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM appeals_filing f WHERE f.appeal_id = a.id)
    """,
    OF_THE_WORKED,
)


@rule("The bytes of everything that was ever filed are still there.", when=AT_THE_END)
def filed_stays_readable(watch: Watch, evening: Evening) -> Iterator[str]:
    yield from _frozen(evening, _with_papers(Filing.objects.order_by("pk")))


@rule("What was filed went out while a release of the patient's stood.")
def a_release_stood(watch: Watch, evening: Evening) -> Iterator[str]:
    for filing in evening.filed:
        on = filing.filed_at.astimezone(ZoneInfo(filing.case.patient.time_zone)).date()
        signed = Consent.objects.filter(
            patient=filing.case.patient, kind="release", signed_on__lte=on, lacks=[]
        )
        standing = signed.filter(Q(expires_on=None) | Q(expires_on__gte=on))
        if not standing.filter(Q(revoked_at=None) | Q(revoked_at__gt=filing.filed_at)).exists():
            yield f"{filing.case.reference}: a level was filed on {on}, and no release stood"


@rule("What was filed after the last arguable day says why it is late.")
def late_says_why(watch: Watch, evening: Evening) -> Iterator[str]:
    for filing in evening.filed:
        if filing.good_cause:
            continue
        case = next(c for c in evening.cases if c.pk == filing.case_id)
        last = filing_of(evening.histories[case.pk], filing.appeal).last_day
        on = filing.filed_at.astimezone(ZoneInfo(case.patient.time_zone)).date()
        if last is not None and on > last:
            yield f"{case.reference}: a level was filed on {on}, after {last}, without a reason"


@rule("Every act is in the trail, under the name of whoever did it and at its moment.", when=EVERY_EVENING)
def every_act_is_told(watch: Watch, evening: Evening) -> Iterator[str]:
    if not evening.acts:
        return
    new = Event.objects.filter(id__gt=watch.read_until, kind="verb").order_by()
    told = set(new.values_list("actor", "at"))
    for actor, at, command in evening.acts:
        if (actor, at) not in told:
            yield f"{command} by {actor} at {at:%Y-%m-%d %H:%M} left nothing in the trail"


@rule("Nothing is recorded as done at a moment that has not come.", when=EVERY_EVENING)
def nothing_lies_ahead(watch: Watch, evening: Evening) -> Iterator[str]:
    if evening.newest <= watch.read_until:
        return
    for event in Event.objects.filter(id__gt=watch.read_until, at__gt=evening.at)[:10]:
        yield f"{event.verb} of {event.subject_table} lies ahead, at {event.at:%Y-%m-%d %H:%M}"


# -- the trail, played back ---------------------------------------------------------------------------------
def _watched_tables() -> list[str]:
    """Tables of a case that the trail watches row by row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'case_id' WHERE t.tgname = 'audit_insert' ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]


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


@rule("To another organization nothing of a case is there, whatever it asks.")
def others_see_nothing(watch: Watch, evening: Evening) -> Iterator[str]:
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
    with (
        scoped_to(evening.other.organization.pk, actor="system:watch", actor_label="Recourse"),
        connection.cursor() as cursor,
    ):
        cursor.execute(" UNION ALL ".join(parts), {"cases": evening.worked})
        for table, count in cursor.fetchall():
            yield f"{count} rows of {table} are there for {evening.other.organization.slug}"
