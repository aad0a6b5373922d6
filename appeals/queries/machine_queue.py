"""The queue as the API gives it: one prepared statement that lists, renders as JSON and writes the read event.

The condition of who sees what is compiled from the policy itself (access.compiled); a test compares ids and JSON with the ORM
and the serializer. Status is written into the text, so that the partial index on open cases is found by every plan.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from advocacy.access.compiled import rows_of
from advocacy.access.policy import Actor
from advocacy.hot import one_row

NO_OWNER = "none"

# Whether the next date is the organization's own, earlier one and no legal date ends that day. Who has no such rule pays nothing.
OWN = """
  coalesce(c.next_deadline_on IS NOT NULL
           AND EXISTS (SELECT FROM appeals_owndaterule y WHERE y.organization_id = %(organization)s)
           AND (SELECT bool_and(d.own_on IS NOT NULL) FROM appeals_deadline d
                 WHERE d.organization_id = %(organization)s AND d.case_id = c.id AND d.status = 'running'
                   AND d.side = 'claimant' AND d.peer_to_peer_id IS NULL AND d.due_on = c.next_deadline_on), false)
"""
ITEM = f"""
  c.public_id AS id, c.reference, c.status, c.stage, c.treatment, c.urgency, c.is_urgent,
  c.next_deadline_on AS next_date, {OWN} AS next_date_is_own, c.opened_at, c.closed_at, nullif(c.outcome, '') AS outcome,
  c.last_touched_at AS updated_at, c.diagnosis_codes, c.procedure_codes, c.version,
  json_build_object('id', p.public_id, 'name', p.name) AS payer,
  json_build_object('funding', v.funding, 'state_of_issue', v.state_of_issue) AS coverage,
  json_build_object('id', i.public_id, 'reference', i.reference, 'state', i.state) AS patient,
  CASE WHEN m.id IS NOT NULL
       THEN json_build_object('id', m.public_id, 'name', coalesce(nullif(u.name, ''), u.email)) END AS owner,
  CASE WHEN t.id IS NOT NULL THEN json_build_object('id', t.public_id, 'name', t.name) END AS team
"""
# Looked up row by row (OFFSET 0): a plan for any organization would rather read all coverages of this one, and hash them.
BESIDE = """
  CROSS JOIN LATERAL (
    SELECT * FROM cases_coverage x WHERE x.organization_id = %(organization)s AND x.id = c.coverage_id OFFSET 0) v
  JOIN cases_payer p ON p.organization_id = %(organization)s AND p.id = v.payer_id
  CROSS JOIN LATERAL (
    SELECT * FROM people_patient x WHERE x.organization_id = %(organization)s AND x.id = c.patient_id OFFSET 0) i
  LEFT JOIN people_membership m ON m.organization_id = %(organization)s AND m.id = c.owner_id
  LEFT JOIN people_user u ON u.id = m.user_id
  LEFT JOIN people_team t ON t.organization_id = %(organization)s AND t.id = c.team_id
"""
COLUMNS = """
  cases_case.id, cases_case.public_id, cases_case.reference, cases_case.status, cases_case.stage, cases_case.treatment,
  cases_case.urgency, cases_case.is_urgent, cases_case.next_deadline_on, cases_case.opened_at, cases_case.closed_at,
  cases_case.outcome, cases_case.last_touched_at, cases_case.diagnosis_codes, cases_case.procedure_codes, cases_case.version,
  cases_case.coverage_id, cases_case.patient_id, cases_case.owner_id, cases_case.team_id
"""
STATUS = {
    "open": "cases_case.status = 'open' AND NOT (cases_case.status = 'closed')",
    "closed": "cases_case.status = 'closed'",
}
CONDITIONS = {
    "stage": "cases_case.stage = %(stage)s",
    "treatment": "cases_case.treatment = %(treatment)s",
    "urgent": "cases_case.urgency = 'urgent'",
    "emergency": "cases_case.urgency = 'emergency'",
    "standard": "cases_case.urgency = 'standard'",
    "due": "cases_case.next_deadline_on <= %(due)s",
    "updated": "cases_case.last_touched_at >= %(updated)s",
    "no_owner": "cases_case.owner_id IS NULL",
    "owner": "cases_case.owner_id = (SELECT o.id FROM people_membership o"
    " WHERE o.organization_id = %(organization)s AND o.public_id = %(owner)s)",
    "payer": "cases_case.payer_key = (SELECT x.id FROM cases_payer x"
    " WHERE x.organization_id = %(organization)s AND x.public_id = %(payer)s)",
}


@dataclass(frozen=True)
class Asked:
    """What a request says of the list; empty values ask nothing. `owner` is an id or NO_OWNER, `updated` is aware."""

    status: str = "open"
    stage: str = ""
    payer: UUID | None = None
    owner: UUID | str | None = None
    treatment: str = ""
    urgency: str = ""
    due: date | None = None
    updated: datetime | None = None


@dataclass(frozen=True)
class Rows:
    """The inside of a JSON array, and the key of its last row when there are more."""

    body: bytes
    key: tuple[Any, ...] | None


def machine_queue(
    actor: Actor, asked: Asked, *, after: tuple[date | datetime | None, int] | None, size: int, page: str
) -> Rows:
    """A page of cases by next date, undated last, then by id; closed ones by id; those worked on since a moment by when that
    was, the longest ago first, then by id. `after` is the last one's key. One statement, the read event with it.
    """
    used = {name for name in CONDITIONS if getattr(asked, name, None)} - {"owner"}
    if asked.owner:
        used.add("no_owner" if asked.owner == NO_OWNER else "owner")
    if asked.urgency:
        used.add(asked.urgency)
    if asked.updated:
        place = "touched" if after is None else "touched_behind"
    elif asked.status == "closed":
        place = "closed" if after is None else "closed_behind"
    else:
        place = "first" if after is None else "undated" if after[0] is None else "dated"
    sql = _statement(rows_of(actor, "cases.Case"), asked.status, frozenset(used), place)
    on, pk = after or (None, 0)
    values = {
        "organization": actor.organization_id,
        "size": size,
        "page": page,
        "stage": asked.stage,
        "treatment": asked.treatment,
        "due": asked.due,
        "updated": asked.updated,
        "owner": asked.owner,
        "payer": asked.payer,
        "on": on,
        "pk": pk,
    }
    found = one_row(sql, {k: v for k, v in values.items() if f"%({k})s" in sql})
    assert found is not None, "an aggregate has one row"
    body, last_on, last_pk, _written = found
    return Rows(bytes(body), (last_on.isoformat() if last_on else None, last_pk) if last_pk else None)


@functools.lru_cache(maxsize=512)
def _statement(policy: str, status: str, used: frozenset[str], place: str) -> str:
    conditions = [policy, STATUS[status], *(CONDITIONS[name] for name in sorted(used))]
    # With an empty owner in front the order is that of the index by owner, which IS NULL alone does not tell the planner.
    lead = "cases_case.owner_id, " if "no_owner" in used else ""
    key = "c.last_touched_at" if place.startswith("touched") else "c.next_deadline_on"
    return f"""
WITH page AS MATERIALIZED ({_page(" AND ".join(conditions), place, lead)}),
told AS (
  SELECT c.n, {key} AS key, c.id AS pk, c.patient_id, row_to_json(r) AS line
    FROM (SELECT row_number() OVER ({_order(place, "page.")}) AS n, page.* FROM page) c {BESIDE}
    CROSS JOIN LATERAL (SELECT {ITEM}) r
   WHERE c.n <= %(size)s::int
), whole AS (
  SELECT coalesce(string_agg(line::text, ',' ORDER BY n), '') AS body,
         coalesce(array_agg(pk ORDER BY pk), '{{}}') AS cases,
         coalesce(array_agg(DISTINCT patient_id), '{{}}') AS patients,
         max(key) FILTER (WHERE n = %(size)s::int) AS last_on,
         max(pk) FILTER (WHERE n = %(size)s::int) AS last_pk
    FROM told
), more AS (SELECT EXISTS (SELECT FROM page OFFSET %(size)s::int) AS is_more)
SELECT convert_to(body, 'UTF8'), CASE WHEN is_more THEN last_on END, CASE WHEN is_more THEN last_pk END,
       audit.record('read', 'read_list', '', NULL, cases, patients,
                    jsonb_build_object('page', %(page)s::text), '')::text
  FROM whole CROSS JOIN more
"""  # noqa: S608  our own text; values are bound


def _order(place: str, table: str, lead: str = "") -> str:
    if place.startswith("touched"):
        return f"ORDER BY {table}last_touched_at ASC, {table}id ASC"
    by = "" if place.startswith("closed") else f"{lead}{table}next_deadline_on ASC NULLS LAST, "
    return f"ORDER BY {by}{table}id ASC"


def _page(where: str, place: str, lead: str) -> str:
    columns = f"SELECT {COLUMNS} FROM cases_case"  # noqa: S608  our own text; values are bound
    end = f"{_order(place, 'cases_case.', lead)} LIMIT %(size)s::int + 1"
    if place in ("first", "closed", "touched"):
        return f"{columns} WHERE {where} {end}"
    behind_id = "cases_case.id > %(pk)s::bigint"
    if place == "closed_behind":
        return f"{columns} WHERE {where} AND {behind_id} {end}"
    if place == "touched_behind":
        row = "(cases_case.last_touched_at, cases_case.id) > (%(on)s::timestamptz, %(pk)s::bigint)"
        return f"{columns} WHERE {where} AND {row} {end}"
    if place == "undated":
        return f"{columns} WHERE {where} AND cases_case.next_deadline_on IS NULL AND {behind_id} {end}"
    # Behind a date come later dates, each a range of the index, and only when they run out those without one.
    row = "(cases_case.next_deadline_on, cases_case.id) > (%(on)s::date, %(pk)s::bigint)"
    return f"""
  WITH dated AS MATERIALIZED ({columns} WHERE {where} AND {row} {end})
  SELECT * FROM dated
  UNION ALL
  (SELECT rest.* FROM ({columns} WHERE {where} AND cases_case.next_deadline_on IS NULL {end}) rest
    LIMIT (SELECT greatest(0, %(size)s::int + 1 - coalesce(max(n), 0)) FROM (SELECT row_number() OVER () AS n FROM dated) d))
"""  # noqa: S608  our own text; values are bound
