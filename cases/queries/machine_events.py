"""What was done on cases, as the API gives it: the acts of the trail on cases the machine sees, oldest first, by key."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from advocacy.access.compiled import rows_of
from advocacy.access.policy import Actor
from advocacy.audit.verbs import VERBS
from advocacy.hot import one_row

TOLD = ("from", "to", "kind", "level", "outcome", "stage")
"""What of an act's detail goes out: codes. Ids of ours stay here."""

DETAIL = "jsonb_strip_nulls(jsonb_build_object({}))".format(
    ", ".join(
        f"'{k}', CASE WHEN jsonb_typeof(e.data -> '{k}') <> 'number' THEN e.data -> '{k}' END" for k in TOLD
    )
)


def verbs() -> tuple[str, ...]:
    """Every verb an act can have."""
    return tuple(verb for verb in VERBS if not verb.startswith("read_"))


@dataclass(frozen=True)
class Acts:
    """The inside of a JSON array; the key of its last row, and whether more follow now."""

    body: bytes
    last: int | None
    more: bool


def machine_events(
    actor: Actor,
    *,
    case: UUID | None = None,
    verb: str = "",
    since: datetime | None = None,
    after: int = 0,
    size: int,
    page: str,
) -> Acts:
    """A page of acts behind the key `after`. An act on several cases is told where all of them may be seen.

    One statement, the read event with it.
    """
    used = frozenset(k for k, v in (("case", case), ("verb", verb), ("since", since)) if v)
    values = {
        "organization": actor.organization_id,
        "case": case,
        "verb": verb,
        "since": since,
        "after": after,
        "size": size,
        "page": page,
    }
    sql = _statement(rows_of(actor, "cases.Case"), used)
    found = one_row(sql, {k: v for k, v in values.items() if f"%({k})s" in sql})
    assert found is not None, "an aggregate has one row"
    body, last, more, _written = found
    return Acts(bytes(body), last, more)


@functools.lru_cache(maxsize=256)
def _statement(policy: str, used: frozenset[str]) -> str:
    if "case" in used:
        only = (
            f"SELECT cases_case.id FROM cases_case WHERE {policy} AND cases_case.public_id = %(case)s::uuid"  # noqa: S608
        )
        rows = f"""(SELECT a.*, ARRAY[o.id] AS case_ids FROM ({only}) o CROSS JOIN LATERAL audit.acts_of_case(o.id) a) e
          WHERE true"""  # noqa: S608  as below
    else:
        rows = f"""audit.event e
          WHERE e.organization_id = %(organization)s AND e.kind = 'verb' AND cardinality(e.case_ids) > 0
            AND NOT EXISTS (SELECT FROM unnest(e.case_ids) x(id) WHERE NOT EXISTS (
                  SELECT FROM cases_case WHERE {policy} AND cases_case.id = x.id))"""  # noqa: S608  as below
    asked = {"verb": "AND e.verb = %(verb)s::text", "since": "AND e.at >= %(since)s::timestamptz"}
    return f"""
WITH page AS MATERIALIZED (
  SELECT e.id, e.at, e.recorded_at, e.verb, e.actor_label, {DETAIL} AS detail, e.case_ids FROM {rows}
     AND e.id > %(after)s::bigint {" ".join(text for name, text in asked.items() if name in used)}
   ORDER BY e.id LIMIT %(size)s::int + 1
), shown AS (SELECT * FROM page ORDER BY id LIMIT %(size)s::int),
told AS (
  SELECT s.id, c.id AS case_id, c.patient_id, row_to_json(r) AS line
    FROM shown s JOIN cases_case c ON c.organization_id = %(organization)s AND c.id = s.case_ids[1]
   CROSS JOIN LATERAL (SELECT c.public_id AS case, s.at, s.recorded_at, s.verb, s.actor_label AS by, s.detail) r
), whole AS (
  SELECT coalesce(string_agg(line::text, ',' ORDER BY id), '') AS body, max(id) AS last,
         coalesce(array_agg(DISTINCT patient_id), '{{}}') AS patients FROM told
), touched AS (SELECT coalesce(array_agg(DISTINCT x), '{{}}') AS cases FROM shown CROSS JOIN LATERAL unnest(case_ids) x)
SELECT convert_to(body, 'UTF8'), last, EXISTS (SELECT FROM page OFFSET %(size)s::int),
       audit.record('read', 'read_list', '', NULL, cases, patients, jsonb_build_object('page', %(page)s::text), '')::text
  FROM whole CROSS JOIN touched
"""  # noqa: S608  our own text; values are bound
