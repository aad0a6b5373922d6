"""One case as the API gives it: with its dates and their rules, levels, documents, money and acts, in one prepared statement."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from advocacy.access.compiled import rows_of
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor
from advocacy.access.scopes import Scope
from advocacy.errors import NotFound
from advocacy.hot import one_row
from advocacy.people.models import Patient
from appeals.queries.machine_beyond import BEYOND, NOTHING, beyond
from appeals.queries.machine_queue import BESIDE, ITEM
from cases.models import Coverage

ACTS_SHOWN = 50
TOLD_OF_ACTS = ("from", "to", "kind", "level", "outcome", "stage", "basis")
"""What of an act's detail goes out: codes. Ids of ours stay here."""

ACT = "jsonb_strip_nulls(jsonb_build_object({}))".format(
    ", ".join(f"'{k}', e.data -> '{k}'" for k in TOLD_OF_ACTS)
)

PARTS = {
    "dates": """
      SELECT d.public_id AS id, d.clock, d.title, d.side, d.status, d.due_on AS due, d.due_at, d.statutory_on AS deadline,
             d.safe_on AS safe_date, d.stated_on AS stated, d.permissive_on AS permissive_deadline, d.own_on AS own_date,
             d.law_on AS due_by_law, d.own_reason, d.regime, d.rule,
             d.rule_version, d.citation, d.confidence, d.arithmetic, d.flags, d.if_missed, d.computed_at, d.ended_at,
             d.peer_to_peer_id IS NOT NULL AS is_courtesy,
             (SELECT l.public_id FROM appeals_appeal l
               WHERE l.organization_id = d.organization_id AND l.id = d.appeal_id) AS level
        FROM appeals_deadline d
       WHERE d.organization_id = %(organization)s AND d.case_id = c.id AND d.status <> 'superseded'
       ORDER BY d.due_on, d.id""",
    "requests": """
      SELECT q.public_id AS id, q.status, q.timing, q.benefit, q.exception, q.is_urgent,
             q.submitted_at, q.received_at, q.decided_at
        FROM appeals_authorizationrequest q
       WHERE q.organization_id = %(organization)s AND q.case_id = c.id ORDER BY q.id""",
    "denials": """
      SELECT n.public_id AS id, n.notice_on, n.received_on, n.stated_deadline_on, n.continuation_stated_on,
             n.silent_from, n.confirmed_at,
             ARRAY(SELECT r.reason FROM appeals_denialreason r WHERE r.organization_id = n.organization_id
                      AND r.denial_id = n.id ORDER BY r.is_primary DESC, r.id) AS reasons
        FROM appeals_denial n
       WHERE n.organization_id = %(organization)s AND n.case_id = c.id AND n.set_aside_at IS NULL ORDER BY n.id""",
    "levels": """
      SELECT l.public_id AS id, l.position, l.regime, l.level, l.status, l.is_expedited, l.opened_at, l.filed_at,
             l.forwarded_at, l.received_at, l.decided_at, l.beside_basis AS at_once_because,
             (SELECT b.public_id FROM appeals_appeal b
               WHERE b.organization_id = l.organization_id AND b.id = l.beside_id) AS beside,
             (SELECT b.public_id FROM appeals_appeal b
               WHERE b.organization_id = l.organization_id AND b.id = l.settled_by_id) AS settled_by,
             ARRAY(SELECT o.outcome FROM appeals_itemoutcome o JOIN appeals_decision s
                      ON s.organization_id = o.organization_id AND s.id = o.decision_id
                    WHERE s.organization_id = l.organization_id AND s.appeal_id = l.id ORDER BY o.id) AS outcomes,
             (SELECT s.plan_received_at FROM appeals_decision s
               WHERE s.organization_id = l.organization_id AND s.appeal_id = l.id) AS plan_had_decision_at,
             (SELECT coalesce(json_agg(json_build_object('item', i.position, 'kind', f.kind, 'done_at', f.done_at)
                                       ORDER BY i.position), '[]'::json)
                FROM appeals_effectuation f JOIN appeals_requestitem i
                  ON i.organization_id = f.organization_id AND i.id = f.item_id
               WHERE f.organization_id = l.organization_id AND f.appeal_id = l.id AND f.voided_at IS NULL) AS delivered
        FROM appeals_appeal l
       WHERE l.organization_id = %(organization)s AND l.case_id = c.id ORDER BY l.position, l.id""",
    "document_requests": """
      SELECT q.public_id AS id, q.asked, q.channel, q.sent_at, q.received_at, q.extended_on, q.answered_at, q.withdrawn_at
        FROM appeals_documentrequest q
       WHERE q.organization_id = %(organization)s AND q.case_id = c.id ORDER BY q.id""",
    "documents": """
      SELECT f.public_id AS id, f.kind, f.is_frozen, f.for_patient, f.created_at, w.number AS version, w.content_type,
             w.page_count, b.size, b.sha256
        FROM cases_document f
        JOIN LATERAL (SELECT * FROM cases_documentversion x WHERE x.organization_id = f.organization_id
                         AND x.document_id = f.id ORDER BY x.number DESC LIMIT 1) w ON true
        JOIN cases_blob b ON b.organization_id = f.organization_id AND b.id = w.blob_id
       WHERE f.organization_id = %(organization)s AND f.case_id = c.id ORDER BY f.created_at, f.id""",
    "money": """
      SELECT k.kind, k.amount::text AS amount, k.certainty, k.recorded_at
        FROM cases_cost k
       WHERE k.organization_id = %(organization)s AND k.case_id = c.id AND k.superseded_at IS NULL ORDER BY k.id""",
    "events": f"""
      SELECT e.at, e.recorded_at, e.verb, e.actor_label AS by, {ACT} AS detail
        FROM audit.acts_of_case(c.id) e ORDER BY e.id DESC LIMIT {ACTS_SHOWN}""",  # noqa: S608  our own text; values are bound
}
SEALED = (("given_name", Patient), ("family_name", Patient), ("birth_date", Patient), ("member_id", Coverage))


@dataclass(frozen=True)
class Found:
    """The case as JSON, and its version."""

    body: bytes
    version: int


def machine_case(actor: Actor, public_id: UUID, *, page: str, now: datetime) -> Found:
    """The case as it stands at `now`; its read event is written with it. Raises NotFound when absent or invisible. One statement,
    and two more where something may be reopened or is owed without a date.

    With the scope for it, and where the patient's record is open too, names and numbers stand under "identifiers".
    """
    named = Scope.READ_IDENTIFIERS.value in (actor.scopes or ()) and actor.may(Permission.SEE_PATIENTS)
    patients = rows_of(actor, "people.Patient") if named else ""
    found = one_row(
        _statement(rows_of(actor, "cases.Case"), patients),
        {"organization": actor.organization_id, "id": public_id, "page": page},
    )
    if found is None:
        raise NotFound("case")
    more = beyond(found[3], now) if found[4] else NOTHING
    body = bytes(found[0])[:-1] + b"," + json.dumps(more).encode()[1:]
    if named:
        body = body[:-1] + b',"identifiers":' + json.dumps(_opened(actor, found[5:])).encode() + b"}"
    return Found(body, found[1])


@functools.lru_cache(maxsize=256)
def _statement(policy: str, patients: str) -> str:
    parts = ", ".join(
        f"(SELECT coalesce(json_agg(row_to_json(x)), '[]'::json) FROM ({sql}) x) AS {name}"  # noqa: S608  as below
        for name, sql in PARTS.items()
    )
    sealed = ""
    if patients:
        sealed = f""", i.public_id, v.public_id, i.given_name, i.family_name, i.birth_date, v.member_id,
       EXISTS (SELECT FROM people_patient WHERE {patients} AND people_patient.id = c.patient_id)"""
    return f"""
WITH c AS MATERIALIZED (SELECT * FROM cases_case WHERE {policy} AND cases_case.public_id = %(id)s)
SELECT convert_to(row_to_json(r)::text, 'UTF8'), c.version,
       audit.record('read', 'read_page', '', NULL, ARRAY[c.id], ARRAY[c.patient_id],
                    jsonb_build_object('page', %(page)s::text), '')::text, c.id,{BEYOND}{sealed}
  FROM c {BESIDE}
 CROSS JOIN LATERAL (SELECT {ITEM}, nullif(c.purpose, '') AS purpose, {parts}) r
"""  # noqa: S608  our own text; values are bound


def _opened(actor: Actor, row: tuple[Any, ...]) -> dict[str, str] | None:
    """Names and numbers of the patient, opened as the model opens them; None where the record is not open to the machine."""
    patient_id, coverage_id, *sealed, is_open = row
    if not is_open:
        return None
    told = {}
    for (name, model), data in zip(SEALED, sealed, strict=True):
        holder = model(
            public_id=patient_id if model is Patient else coverage_id, organization_id=actor.organization_id
        )
        field: Any = model._meta.get_field(name)
        told[name] = str(field.opened(bytes(data), holder)) if data is not None else ""
    return told
