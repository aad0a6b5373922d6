"""A document sent by a machine: one statement that asks the policy, one that writes blob, document, version, job and trail.

What they leave in the rows and in the trail is what `documents.upload_document` leaves; a test compares them.
"""

from __future__ import annotations

import base64
import functools
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from advocacy.access.compiled import rows_of
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.background.queue import packed
from advocacy.errors import NotAllowed, NotFound
from advocacy.hot import one_row
from advocacy.tenancy.scope import new_public_id
from cases.commands.documents import READ_JOB, VAULT_LOCK, checked_upload, document_vault
from cases.models import FOR_PATIENT_KINDS, Document, DocumentVersion
from cases.vault import Stored


@dataclass(frozen=True)
class Room:
    """A case that takes a machine's document, and the job that will read it (primary keys)."""

    case_id: int
    job: int


@dataclass(frozen=True)
class Kept:
    """A new document in its first version."""

    public_id: UUID
    for_patient: bool
    content_type: str
    page_count: int | None
    size: int
    sha256: str


def room_for_document(*, actor: Actor, case_id: UUID) -> Room:
    """Whether the machine may add a document to the case, asked before its body is read. One statement.

    Until the transaction ends nothing of the organization's folder is tidied away: the file is there before its row
    (`upkeep`). Raises NotAllowed, NotFound.
    """
    require(actor, Permission.UPLOAD_DOCUMENT)
    found = one_row(
        _room(rows_of(actor, "cases.Case"), rows_of(actor, "cases.Case", Permission.UPLOAD_DOCUMENT)),
        {
            "organization": actor.organization_id,
            "case": case_id,
            "space": VAULT_LOCK,
            "folder": actor.organization_id % 2**31,
        },
    )
    if found is None:
        raise NotFound("case")
    case, allowed, job, _locked = found
    if not allowed:
        raise NotAllowed(Permission.UPLOAD_DOCUMENT)
    return Room(case, job)


def keep_document(
    *,
    actor: Actor,
    room: Room,
    folder: UUID,
    kind: str,
    filename: str,
    stream: BinaryIO,
    sent_key: str,
    at: datetime,
) -> Kept:
    """Keep a new document as its version 1 and ask for its text; its title is its type. One statement. `stream` is seekable;
    `folder` is the organization's public id. Whoever gives a `sent_key` has asked `documents.already_sent`.

    Raises Refused as `documents.upload_document`.
    """
    checked = checked_upload(stream, filename)
    stream.seek(0)
    stored = document_vault().store(stream, organization_id=folder, max_bytes=checked.size)
    document = Document(
        public_id=new_public_id(), organization_id=actor.organization_id, title=Document.Kind(kind).label
    )
    version = DocumentVersion(
        public_id=new_public_id(), organization_id=actor.organization_id, filename=checked.filename
    )
    queue, payload = packed(READ_JOB, actor.organization_id, room.job)
    shown = kind in FOR_PATIENT_KINDS
    one_row(
        _KEEP,
        _stored_values(stored)
        | {
            "organization": actor.organization_id,
            "case": room.case_id,
            "document": document.public_id,
            "kind": kind,
            "title": _sealed(document, "title"),
            "for_patient": shown,
            "sent_key": sent_key,
            "version": version.public_id,
            "filename": _sealed(version, "filename"),
            "content_type": checked.content_type.value,
            "page_count": checked.page_count,
            "blob": new_public_id(),
            "job": room.job,
            "job_id": new_public_id(),
            "job_name": READ_JOB,
            "queue": queue,
            "payload": payload,
            "detail": json.dumps({"version": 1, "sha256": stored.sha256, "size": stored.size, "kind": kind}),
            "at": at,
        },
    )
    return Kept(
        document.public_id,
        shown,
        checked.content_type.value,
        checked.page_count,
        stored.size,
        stored.sha256,
    )


def _sealed(row: Any, name: str) -> bytes:
    field: Any = row._meta.get_field(name)
    data: bytes = field.pre_save(row, True)
    return data


def _stored_values(stored: Stored) -> dict[str, Any]:
    key_id, _, wrapped = stored.wrapped_key.partition(":")
    return {
        "sha256": stored.sha256,
        "size": stored.size,
        "location": stored.location,
        "wrapped_key": base64.b64decode(wrapped),
        "key_id": key_id,
    }


@functools.lru_cache(maxsize=256)
def _room(seen: str, allowed: str) -> str:
    return f"""
WITH c AS MATERIALIZED (
  SELECT cases_case.id, {allowed} AS allowed FROM cases_case WHERE {seen} AND cases_case.public_id = %(case)s::uuid
)
SELECT c.id, c.allowed,
       CASE WHEN c.allowed THEN nextval('background_job_id_seq') END,
       CASE WHEN c.allowed THEN pg_advisory_xact_lock_shared(%(space)s::int, %(folder)s::int)::text END
  FROM c
"""  # noqa: S608  our own text; values are bound


_KEEP = """
WITH d AS (
  INSERT INTO cases_document
    (public_id, organization_id, case_id, kind, title, is_frozen, for_patient, special, sent_key, created_at)
  VALUES (%(document)s::uuid, %(organization)s, %(case)s::bigint, %(kind)s::text, %(title)s::bytea, false,
          %(for_patient)s::boolean, '{}', %(sent_key)s::text, %(at)s::timestamptz)
  RETURNING id, case_id
), had AS (
  SELECT id FROM cases_blob WHERE organization_id = %(organization)s AND sha256 = %(sha256)s::text
), made AS (
  INSERT INTO cases_blob (public_id, organization_id, sha256, size, location, wrapped_key, key_id, stored_at)
  SELECT %(blob)s::uuid, %(organization)s, %(sha256)s::text, %(size)s::bigint, %(location)s::text, %(wrapped_key)s::bytea,
         %(key_id)s::text, %(at)s::timestamptz
    FROM d WHERE NOT EXISTS (SELECT FROM had)
  ON CONFLICT (organization_id, sha256) DO UPDATE SET sha256 = excluded.sha256
  RETURNING id
), v AS (
  INSERT INTO cases_documentversion (public_id, organization_id, case_id, document_id, number, blob_id, filename, content_type,
                                     page_count, text_status, text_note, uploaded_at)
  SELECT %(version)s::uuid, %(organization)s, d.case_id, d.id, 1, b.id, %(filename)s::bytea, %(content_type)s::text,
         %(page_count)s::int, 'pending', '', %(at)s::timestamptz
    FROM d, (SELECT id FROM had UNION ALL SELECT id FROM made) b
  RETURNING id
), j AS (
  INSERT INTO background_job (id, public_id, organization_id, name, arguments, status, attempts, reason, queued_at)
  SELECT %(job)s::bigint, %(job_id)s::uuid, %(organization)s, %(job_name)s::text, jsonb_build_object('version', v.id), 'queued',
         0, '', clock_timestamp()
    FROM v
), q AS (
  INSERT INTO django_q_ormq (key, payload, lock) SELECT %(queue)s::text, %(payload)s::text, clock_timestamp() FROM v
), touched AS (
  UPDATE cases_case SET last_touched_at = %(at)s::timestamptz FROM d
   WHERE cases_case.organization_id = %(organization)s AND cases_case.id = d.case_id
     AND cases_case.last_touched_at < %(at)s::timestamptz
)
SELECT d.id, audit.record('verb', 'document_uploaded', 'cases_document', d.id, ARRAY[d.case_id], '{}', %(detail)s::jsonb,
                          '')::text
  FROM d, v
"""
