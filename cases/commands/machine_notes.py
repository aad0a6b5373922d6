"""A note written by a machine: one statement that asks the policy, writes, notes the act, and moves the case's last touch.

What it leaves in the rows and in the trail is what `communications.write_note` leaves; a test compares them.
"""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from advocacy.access.compiled import rows_of
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.errors import NotAllowed, NotFound, Reason, Refused
from advocacy.hot import one_row
from advocacy.tenancy.scope import new_public_id
from cases.models import Case, Note

LONGEST = 20_000
REPEATS = UUID("5d0f3a3e-6f0b-5c1e-9a53-3d1f6a1a7c11")
"""The name space of notes that were sent with a key of their own."""


@dataclass(frozen=True)
class Written:
    """`is_new` is False for a note that had been sent before under the same key. `stale`: nothing was written."""

    note: UUID
    at: datetime
    version: int
    is_new: bool = True
    stale: bool = False


def write_machine_note(
    *, actor: Actor, case_id: UUID, body: str, version: int | None = None, key: str = "", at: datetime
) -> Written:
    """Write an internal note on the case. With `version` only while the case has it; with a `key` once, however often sent.

    Raises NotAllowed, NotFound, Refused ("note_empty", "note_long", or "key_reused" for another note under the key).
    """
    require(actor, Permission.WRITE_NOTE)
    body = body.strip()
    if not body:
        raise Refused([Reason("note_empty", "Write the note before saving it.", "body")])
    if len(body) > LONGEST:
        raise Refused([Reason("note_long", f"A note has at most {LONGEST:,} characters.", "body")])
    note = Note(
        public_id=uuid.uuid5(REPEATS, f"{actor.key} {key}") if key else new_public_id(),
        organization_id=actor.organization_id,
        body=body,
    )
    sealed: Any = Note._meta.get_field("body")
    found = one_row(
        _statement(rows_of(actor, "cases.Case", Permission.WRITE_NOTE)),
        {
            "organization": actor.organization_id,
            "case": case_id,
            "note": note.public_id,
            "body": sealed.pre_save(note, True),
            "at": at,
            "version": version,
        },
    )
    if found is None:
        if Case.objects.filter(visible(actor, Case), public_id=case_id).exists():
            raise NotAllowed(Permission.WRITE_NOTE)
        raise NotFound("case")
    current, written, _recorded = found
    if written is None and version is not None and current != version:
        return Written(note.public_id, at, current, is_new=False, stale=True)
    if written is None:
        return Written(note.public_id, _sent_before(note, case_id).written_at, current, is_new=False)
    return Written(note.public_id, at, current)


def _sent_before(note: Note, case_id: UUID) -> Note:
    """The note under the same key, which must be the same note."""
    kept = Note.objects.select_related("case").filter(public_id=note.public_id).first()
    if kept is None or kept.case.public_id != case_id or kept.body != note.body:
        said = "Another note was sent under this Idempotency-Key. Use a new one for a new note."
        raise Refused([Reason("key_reused", said, "Idempotency-Key")])
    return kept


@functools.lru_cache(maxsize=256)
def _statement(policy: str) -> str:
    return f"""
WITH c AS MATERIALIZED (
  SELECT cases_case.id, cases_case.version FROM cases_case WHERE {policy} AND cases_case.public_id = %(case)s::uuid
), n AS (
  INSERT INTO cases_note (public_id, organization_id, case_id, body, for_patient, written_at)
  SELECT %(note)s::uuid, %(organization)s, c.id, %(body)s::bytea, false, %(at)s::timestamptz FROM c
   WHERE coalesce(%(version)s::int, c.version) = c.version
  ON CONFLICT (public_id) DO NOTHING
  RETURNING id, case_id
), touched AS (
  UPDATE cases_case SET last_touched_at = %(at)s::timestamptz FROM n
   WHERE cases_case.organization_id = %(organization)s AND cases_case.id = n.case_id
     AND cases_case.last_touched_at < %(at)s::timestamptz
)
SELECT c.version, n.id, CASE WHEN n.id IS NOT NULL THEN
         audit.record('verb', 'note_written', 'cases_note', n.id, ARRAY[n.case_id], '{{}}',
                      '{{"for_patient": false}}', '')::text END
  FROM c LEFT JOIN n ON true
"""  # noqa: S608  our own text; values are bound
