"""The floor: the product's work without a framework. One WSGI function, one connection, prepared statements in binary, orjson.

It checks the token by the same function, works in the same scope under row-level security, runs the statements the product runs
(the texts come from it), seals and hashes as it does, and leaves the same rows and the same trail.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import os
import secrets
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.types.json import Jsonb, set_json_dumps
from uuid_utils.compat import uuid7

from advocacy.keyfile import load_keys
from advocacy.tenancy.keystore import KeyStore
from benchmarks.values import sealed as sealed_with
from cases.content import check_upload
from cases.vault import Keyring, Vault

KNOWN = json.loads(Path(os.environ["BENCHMARK_KNOWN"]).read_text())
SQL: dict[str, str] = KNOWN["statements"]
LOCAL = Path(os.environ["RECOURSE_LOCAL_DIR"])
KEYS = load_keys(environment=os.environ, path=LOCAL / "keys.json", production=False)
STORE = KeyStore(LOCAL / "keystore", KEYS)
TOKEN = "SELECT machine_id, organization_id, organization_public_id FROM search.machine_of(%s, %s)"
READ_FILE = """
WITH v AS (
  SELECT v.public_id, v.case_id, c.patient_id, b.location, v.content_type FROM cases_document d
    JOIN cases_case c ON c.organization_id = %(organization)s AND c.id = d.case_id
    JOIN LATERAL (SELECT * FROM cases_documentversion x WHERE x.organization_id = %(organization)s AND x.document_id = d.id
                   ORDER BY x.number DESC LIMIT 1) v ON true
    JOIN cases_blob b ON b.organization_id = %(organization)s AND b.id = v.blob_id
   WHERE d.organization_id = %(organization)s AND d.public_id = %(id)s AND NOT c.is_restricted)
SELECT v.location, v.content_type,
       audit.record('read', 'read_document', '', NULL, ARRAY[v.case_id], ARRAY[v.patient_id],
                    jsonb_build_object('page', 'floor', 'version', v.public_id), '')::text
  FROM v
"""
KEEP_FILE = """
WITH c AS MATERIALIZED (
  SELECT id FROM cases_case WHERE organization_id = %(organization)s AND public_id = %(case)s AND NOT is_restricted
), b AS (
  INSERT INTO cases_blob (public_id, organization_id, sha256, size, location, wrapped_key, key_id, stored_at)
  SELECT %(blob)s, %(organization)s, %(sha256)s, %(size)s, %(location)s, %(wrapped)s, %(key)s, %(at)s FROM c
  ON CONFLICT (organization_id, sha256) DO UPDATE SET key_id = excluded.key_id RETURNING id
), d AS (
  INSERT INTO cases_document (public_id, organization_id, case_id, kind, title, is_frozen, for_patient, special,
                              sent_key, created_at)
  SELECT %(document)s, %(organization)s, c.id, %(kind)s, %(title)s, false, false, '{}', '', %(at)s FROM c RETURNING id, case_id
), v AS (
  INSERT INTO cases_documentversion (public_id, organization_id, case_id, document_id, number, blob_id, filename, content_type,
                                     page_count, text_status, text_note, uploaded_at)
  SELECT %(version)s, %(organization)s, d.case_id, d.id, 1, b.id, %(name)s, 'application/pdf', %(pages)s, 'pending', '', %(at)s
    FROM d, b RETURNING id
), j AS (
  INSERT INTO background_job (public_id, organization_id, name, arguments, status, attempts, reason, queued_at)
  SELECT %(job)s, %(organization)s, 'cases.read_document', jsonb_build_object('version', v.id), 'queued', 0, '', %(at)s FROM v
), q AS (
  INSERT INTO django_q_ormq (key, payload, lock) SELECT 'recourse', repeat('x', 300), %(at)s FROM v
), touched AS (
  UPDATE cases_case SET last_touched_at = %(at)s FROM d WHERE organization_id = %(organization)s AND cases_case.id = d.case_id
)
SELECT d.id, audit.record('verb', 'document_uploaded', 'cases_document', d.id, ARRAY[d.case_id], '{}', %(detail)s, '')::text
  FROM d, v
"""
IDENTIFIERS = (
    ("given_name", "people_patient.given_name"),
    ("family_name", "people_patient.family_name"),
    ("birth_date", "people_patient.birth_date"),
    ("member_id", "cases_coverage.member_id"),
)
set_json_dumps(orjson.dumps)
_connection: psycopg.Connection[Any] | None = None
Answer = tuple[str, list[tuple[str, str]], Iterable[bytes]]


def connection() -> psycopg.Connection[Any]:
    global _connection
    if _connection is None or _connection.closed:
        _connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0)
    return _connection


def row(sql: str, values: Any) -> Any:
    return connection().cursor(binary=True).execute(sql, values).fetchone()


@functools.cache
def vault(organization: int) -> Vault:
    held = STORE.of(organization)
    ring = {name: hmac.digest(key, b"document vault", "sha256") for name, key in held.keys.items()}
    return Vault(LOCAL / "documents", Keyring(current=held.current, keys=ring))


sealed = functools.partial(sealed_with, STORE)


def opened(organization: int, public_id: uuid.UUID, column: str, data: bytes) -> str:
    start = 1 + data[0]
    cipher = STORE.cipher(organization, data[1:start].decode())
    context = f"{organization}|{public_id}|{column}".encode()
    return cipher.decrypt(data[start : start + 12], data[start + 12 :], context).decode()


def told(body: bytes, status: str = "200 OK", kind: str = "application/json") -> Answer:
    tag = hashlib.blake2b(body, digest_size=12).hexdigest()
    return status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("ETag", f'"{tag}"')], [body]


def cases(environ: Any, organization: int, _folder: uuid.UUID, _rest: list[str]) -> Answer:
    body, on, pk, _recorded = row(SQL["queue"], {"organization": organization, "size": 50, "page": "floor"})
    place = orjson.dumps([on, pk])
    signature = hmac.digest(KEYS.index, place, "sha256").hex()
    following = orjson.dumps(f"/cases?after={place.hex()}:{signature}")
    return told(b'{"data":[' + bytes(body) + b'],"next":' + following + b"}")


def case(environ: Any, organization: int, _folder: uuid.UUID, rest: list[str]) -> Answer:
    found = row(SQL["case"], {"organization": organization, "id": uuid.UUID(rest[0]), "page": "floor"})
    if not found:
        return told(b"{}", "404 Not Found")
    patient, coverage, *identifiers, _open = found[3:]
    names = {
        name: opened(organization, coverage if name == "member_id" else patient, column, bytes(data))
        for (name, column), data in zip(IDENTIFIERS, identifiers, strict=True)
    }
    return told(bytes(found[0])[:-1] + b',"identifiers":' + orjson.dumps(names) + b"}")


def note(environ: Any, organization: int, _folder: uuid.UUID, rest: list[str]) -> Answer:
    sent = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    public_id, at = uuid7(), datetime.now(UTC)
    body = sealed(organization, public_id, "cases_note.body", sent["body"].strip())
    values = {
        "organization": organization,
        "case": uuid.UUID(rest[0]),
        "note": public_id,
        "body": body,
        "at": at,
        "version": None,
    }
    if row(SQL["note"], values) is None:
        return told(b"{}", "404 Not Found")
    return told(orjson.dumps({"id": public_id, "case": rest[0], "written_at": at}), "201 Created")


class _Body:
    """The request's body as a stream that ends where its length says."""

    def __init__(self, environ: Any) -> None:
        self.left, self.source = int(environ["CONTENT_LENGTH"]), environ["wsgi.input"]

    def read(self, size: int, /) -> bytes:
        piece: bytes = self.source.read(min(size, self.left))
        self.left -= len(piece)
        return piece


def upload(environ: Any, organization: int, folder: uuid.UUID, rest: list[str]) -> Answer:
    with tempfile.SpooledTemporaryFile(2 * 2**20) as stream:
        shutil.copyfileobj(_Body(environ), stream, 256 * 1024)
        checked = check_upload(stream, filename="a.pdf")  # type: ignore[arg-type]  # seekable like a file
        stream.seek(0)
        stored = vault(organization).store(stream, organization_id=folder, max_bytes=50 * 2**20)
    keys = [uuid7() for _ in range(3)]
    key_id, _, wrapped = stored.wrapped_key.partition(":")
    values = {
        "organization": organization,
        "case": uuid.UUID(rest[0]),
        "blob": keys[0],
        "document": keys[1],
        "version": keys[2],
        "sha256": stored.sha256,
        "size": stored.size,
        "location": stored.location,
        "wrapped": base64.b64decode(wrapped),
        "key": key_id,
        "kind": environ["HTTP_DOCUMENT_KIND"],
        "pages": checked.page_count,
        "job": uuid7(),
        "title": sealed(organization, keys[1], "cases_document.title", "Clinical note"),
        "name": sealed(organization, keys[2], "cases_documentversion.filename", "document.pdf"),
        "at": datetime.now(UTC),
        "detail": Jsonb({"sha256": stored.sha256, "size": stored.size}),
    }
    row(KEEP_FILE, values)
    return told(orjson.dumps({"id": keys[1], "sha256": stored.sha256, "size": stored.size}), "201 Created")


def download(environ: Any, organization: int, folder: uuid.UUID, rest: list[str]) -> Answer:
    found = row(READ_FILE, {"organization": organization, "id": uuid.UUID(rest[0])})
    if found is None:
        return told(b"{}", "404 Not Found")
    blob = vault(organization).open(found[0], organization_id=folder)
    return "200 OK", [("Content-Type", found[1]), ("Content-Length", str(blob.size))], iter(blob)


ROUTES: dict[tuple[str, str, int], Callable[[Any, int, uuid.UUID, list[str]], Answer]] = {
    ("GET", "cases", 0): cases,
    ("GET", "cases", 1): case,
    ("POST", "notes", 2): note,
    ("POST", "documents", 2): upload,
    ("GET", "content", 2): download,
}


def application(environ: Any, start_response: Any) -> Iterable[bytes]:
    parts = environ["PATH_INFO"].strip("/").split("/")  # api/v1/cases/<id>/notes
    first, rest = parts[2], parts[3:]
    route = ROUTES[environ["REQUEST_METHOD"], rest[1] if len(rest) > 1 else first, len(rest)]
    hashed = hashlib.sha256(environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ").encode()).hexdigest()
    with connection().transaction():
        machine = row(TOKEN, (hashed, secrets.token_hex(8)))
        if machine is None:
            status, headers, body = told(b"{}", "401 Unauthorized")
        else:
            status, headers, body = route(environ, machine[1], machine[2], rest)
    headers.append(("X-Request-Id", f"{time.time_ns():x}"))
    start_response(status, headers)
    return body
