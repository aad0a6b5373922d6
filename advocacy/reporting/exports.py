"""Rows for an analyst's own tools: COPY to CSV, streamed, under row-level security and the policy of the list of cases.

What identifies a person is sealed, and no statement here names a sealed column: no name, contact, member id or typed word can
be in a file. Cells that somebody of the organization typed (a payer's name, a reference's prefix) never begin as a formula of
a spreadsheet does (OWASP, CSV injection).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction

from advocacy.access.compiled import rows_of
from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.policy import Actor
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from advocacy.people.models import MachineClient
from advocacy.tenancy.scope import Scope, current_scope, scoped_to

PIECE: Final = 64 * 1024
LONGEST_PURPOSE: Final = 300


def harmless(column: str) -> str:
    """The column as a spreadsheet shows it: what begins as a formula begins with an apostrophe."""
    return f"CASE WHEN {column} ~ '^[=+@\\t\\r-]' THEN '''' || {column} ELSE {column} END"


PAYERS: Final = f"""
  JOIN (SELECT id, {harmless("name")} AS name FROM cases_payer WHERE organization_id = %(organization)s) p
"""  # noqa: S608  our own text; values are bound


@dataclass(frozen=True)
class Export:
    """One file. `columns` are headings and what stands under them; `conditions` what a filter adds, by its name."""

    key: str
    columns: Mapping[str, str]
    source: str
    conditions: Mapping[str, str] = field(default_factory=dict)

    def sql(self, policy: str, used: frozenset[str]) -> str:
        listed = ", ".join(f"{column} AS {heading}" for heading, column in self.columns.items())
        where = " AND ".join([policy, *(self.conditions[name] for name in sorted(used))])
        return f"COPY (SELECT {listed} {self.source} WHERE {where}) TO STDOUT (FORMAT csv, HEADER)"


CASES: Final = Export(
    "cases",
    {
        "id": "cases_case.public_id",
        "reference": harmless("cases_case.reference"),
        "status": "cases_case.status",
        "stage": "cases_case.stage",
        "treatment": "cases_case.treatment",
        "urgency": "cases_case.urgency",
        "diagnosis": "cases_case.diagnosis_codes[1]",
        "opened_at": "cases_case.opened_at",
        "closed_at": "cases_case.closed_at",
        "outcome": "cases_case.outcome",
        "next_date": "cases_case.next_deadline_on",
        "payer": "p.name",
        "funding": "v.funding",
        "state_of_issue": "v.state_of_issue",
        "updated_at": "cases_case.last_touched_at",
    },
    f"""FROM cases_case
  JOIN cases_coverage v ON v.organization_id = %(organization)s AND v.id = cases_case.coverage_id
  {PAYERS} ON p.id = v.payer_id""",
    {
        "status": "cases_case.status = %(status)s",
        "updated": "cases_case.last_touched_at >= %(updated)s",
    },
)
OUTCOMES: Final = Export(
    "outcomes",
    {
        "case_id": "cases_case.public_id",
        "reference": harmless("cases_case.reference"),
        "stage": "r.stage",
        "regime": "r.regime",
        "is_expedited": "a.is_expedited",
        "filed_at": "a.filed_at",
        "decided_at": "d.decided_at",
        "notice_on": "d.notice_on",
        "outcome": "r.code",
        "reason": "r.reason",
        "treatment": "r.treatment",
        "payer": "p.name",
        "case_outcome": "cases_case.outcome",
    },
    f"""FROM reporting_countedrow r
  JOIN appeals_decision d ON d.organization_id = %(organization)s AND d.id = r.source_id
  JOIN appeals_appeal a ON a.organization_id = %(organization)s AND a.id = d.appeal_id
  JOIN cases_case ON cases_case.organization_id = %(organization)s AND cases_case.id = r.case_id
  {PAYERS} ON p.id = r.payer_id""",
    {"decided": "coalesce(d.notice_on, d.decided_at::date) >= %(decided)s"},
)
DECISIONS_ONLY: Final = "r.organization_id = %(organization)s AND r.population = 'decisions'"


def begun(*, actor: Actor, export: Export, purpose: str, given: Mapping[str, Any]) -> Iterator[bytes]:
    """The pieces of the file, the heading first. The trail keeps the purpose before anything leaves, and at the end, or where
    the reader went away, how many rows left. `given` are the filters that are used, as the export names them.

    Only machines ask, and whoever calls has required the permission. Raises Refused without a purpose.
    """
    said_whole, purpose = purpose, " ".join(purpose.split())
    if len(purpose) < 3 or len(said_whole) > LONGEST_PURPOSE:
        said = f"Say in 3 to {LONGEST_PURPOSE} characters what the rows are for."
        raise Refused([Reason("purpose_missing", said, "purpose")])
    disclose(actor=actor, door=Door.EXPORT, purpose=Purpose.SERVICE, to=whoever_asks(actor))
    machine = MachineClient.objects.get(pk=int(actor.key.removeprefix("machine:")))
    detail = {"export": export.key, "filters": {name: str(value) for name, value in given.items()}}
    record("export_begun", subject=machine, detail=detail, reason=purpose)
    policy = rows_of(actor, "cases.Case")
    if export is OUTCOMES:
        policy = f"{DECISIONS_ONLY} AND {policy}"
    sql = export.sql(policy, frozenset(given))
    values = {"organization": actor.organization_id, **given}
    scope = current_scope()
    assert scope is not None, "a machine asks in its organization's scope"
    return _pieces(scope, sql, values, machine, detail)


@contextmanager
def _in_scope(scope: Scope) -> Iterator[None]:
    """A transaction of its own in the scope of the request, whose id the trail keeps."""
    with (
        scoped_to(
            scope.organization_id,
            actor=scope.actor,
            actor_label=scope.actor_label,
            request_id=scope.request_id,
        ),
        transaction.atomic(),
    ):
        yield


def _pieces(
    scope: Scope, sql: str, values: Mapping[str, Any], machine: MachineClient, detail: Mapping[str, Any]
) -> Iterator[bytes]:
    """Begun when the answer's own transaction is over: the file has one of its own, and is of one moment."""
    sent, whole = 0, False
    try:
        with _in_scope(scope):
            for lines, piece in copied(sql, values):
                sent += lines
                yield piece
        whole = True
    finally:
        with _in_scope(scope):
            # The heading is a line too.
            told = {**detail, "rows": max(sent - 1, 0), "whole": whole}
            record("rows_exported", subject=machine, detail=told)


def copied(sql: str, values: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
    """What COPY gives, in pieces of about PIECE bytes, with the number of lines in each. The server sends a line at a time and
    no faster than it is read, so no more than a piece is held here.
    """
    with connection.cursor() as cursor, cursor.cursor.copy(sql, values) as copy:
        lines: list[Any] = []
        size = 0
        for line in copy:
            lines.append(line)
            size += len(line)
            if size >= PIECE:
                yield len(lines), b"".join(lines)
                lines, size = [], 0
        if lines:
            yield len(lines), b"".join(lines)
